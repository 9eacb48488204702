"""Build a recipe: its stages, run to their end, and what there is to say about them."""

from __future__ import annotations

import dataclasses
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import version as installed
from pathlib import Path

from datasets import Dataset, DatasetDict, Features

import hfaug
from hfaug import provenance
from hfaug.classes import class_column, class_name, classes_of
from hfaug.engine import Engine, Node, RunReport, View, World
from hfaug.engine.launch import stoppable
from hfaug.filters import Filter
from hfaug.op import Op
from hfaug.recipe.missing import generation_nodes, missing_in, tell_missing
from hfaug.recipe.model_runs import model_runs
from hfaug.recipe.requests import occurrence
from hfaug.recipe.schema import Augment, Balance, FilterRows, Recipe, Synthesise, parts_of
from hfaug.recipe.sources import file_names, is_builder, load_source, source_nodes
from hfaug.recipe.steps import augment_nodes, balance_nodes, filter_nodes
from hfaug.record import DETERMINISM, Model, ModelRun, RunRecord, Source, Step

__all__ = ["Build", "Stages", "build", "model_records", "plan_stages", "source_record"]


@dataclasses.dataclass
class Stages:
    """The stages of a recipe, and which of them belong to which step."""

    nodes: dict[str, Node]
    features: dict[str, Features]
    made: list[dict[str, Node]]
    splits: Mapping[str, Dataset]


@dataclasses.dataclass(frozen=True)
class Build:
    """A finished build.

    Attributes:
        recipe: What was built.
        splits: The result.
        record: Where the rows come from, for the card.
        report: Stages, units and who computed them.
    """

    recipe: Recipe
    splits: DatasetDict
    record: RunRecord
    report: RunReport


def build(recipe: Recipe, work: str | Path, world: World | None = None, *, progress: bool = True) -> Build:
    """Build a recipe, or go on with a build that broke off. Call it alike in every process.

    Args:
        recipe: What to build.
        work: Folder or fsspec address of the stages, shared by all processes; finished stages in it are used again.
        world: Which process of how many this is, from ``hfaug.engine.world()``.
        progress: Whether the main process shows how far it is.

    Raises:
        RecipeError: The recipe does not fit its source.
        LabelError: A label would not move.
        StageError: The folder refuses, or another process failed.
    """
    stages = plan_stages(recipe)
    names = list(stages.nodes)
    with stoppable(), Engine(work, world, progress=progress) as engine:
        views = engine.finish(*stages.nodes.values())
        made = [{split: engine.finish(node)[0] for split, node in step.items()} for step in stages.made]
        report = RunReport(views, tuple(names), engine.stages, engine.world, engine.store, engine.events)
    splits = DatasetDict({name: view.dataset() for name, view in zip(names, views, strict=True)})
    record = _record(recipe, stages, made, report)
    for number, step in enumerate(record.steps):
        tell_missing(f"recipe, steps[{number}]", step.missing, report.world)
    return Build(recipe, splits, record, report)


def plan_stages(recipe: Recipe) -> Stages:
    """The stages of a recipe. Roles, labels and columns of every step are checked here, before any work."""
    splits = load_source(recipe)
    stages = Stages({}, {}, [], splits)
    stages.nodes = source_nodes(recipe, splits, stages)
    stages.features = {
        name: Features({**split.features, provenance.COLUMN: provenance.feature()}) for name, split in splits.items()
    }
    for number, step in enumerate(recipe.steps):
        if isinstance(step, Augment):
            stages.made.append(augment_nodes(number, step, stages.nodes, stages.features))
        elif isinstance(step, FilterRows):
            stages.made.append(filter_nodes(number, step, stages.nodes, stages.features))
        elif isinstance(step, Balance) and step.generate is None:
            stages.made.append(balance_nodes(number, step, stages.nodes, stages.features))
        else:
            again = occurrence(recipe.steps, number)
            stages.made.append(generation_nodes(number, step, stages.nodes, stages.features, again))
    return stages


def _as_it_ran(model: Model, runs: Sequence[ModelRun]) -> Model:
    """The record of a model, which repeats no further than it did where it ran: rows, equal batches, or not at all."""
    own = [run for run in runs if (run.id, run.revision) == (model.id, model.revision)]
    seen = [str(settings["determinism"]) for run in own for settings in run.settings]
    return dataclasses.replace(model, determinism=max([model.determinism, *seen], key=DETERMINISM.index))


def source_record(recipe: Recipe, rows: int | None = None) -> Source:
    """What a card says of the source.

    Args:
        recipe: The recipe.
        rows: Rows that were read; None where nobody has.
    """
    spec = recipe.source
    return Source(
        path=spec.path,
        config=spec.name,
        revision=spec.revision,
        licence=spec.license,
        citation=spec.citation,
        files=file_names(spec) if is_builder(spec.path) else (),
        rows=rows,
    )


def _record(recipe: Recipe, stages: Stages, made: list[dict[str, View]], report: RunReport) -> RunRecord:
    ran = model_runs(report.happened(stage.name) for stage in report.stages)
    source = source_record(recipe, sum(len(split) for split in stages.splits.values()))
    steps = tuple(_step_record(step, views) for step, views in zip(recipe.steps, made, strict=True))
    return RunRecord(
        name=recipe.name,
        version=recipe.version,
        summary=recipe.release.summary,
        recipe=recipe.text,
        sources=(source,),
        steps=steps,
        models=tuple(_as_it_ran(model, ran) for model in model_records(recipe)),
        ran=ran,
        rebuild="hfaug build recipe.yaml",
        hfaug=hfaug.__version__,
        libraries={name: installed(name) for name in ("datasets", "pyarrow", "numpy", "opencv-python-headless")}
        | {"python": platform.python_version()},
    )


def _step_record(step: Augment | Synthesise | FilterRows | Balance, views: Mapping[str, View]) -> Step:
    counts: Counter[str] = Counter()
    rejects: Counter[str] = Counter()
    missing: Counter[str] = Counter()
    for view in views.values():
        counts.update(_by_class(view))
        for name, count in view.counts.items():
            if name.startswith("rejected:"):
                rejects[name.removeprefix("rejected:")] += count
        missing.update(missing_in(view.counts))
    parts = parts_of(step)
    changes = sorted({text for part in parts if isinstance(part, Op) for text in part.may_change})
    kind = {Augment: "augment", Synthesise: "synthesise", FilterRows: "filter", Balance: "balance"}[type(step)]
    return Step(
        op=parts[0].published_json if parts else f"repeat rows of small classes of {', '.join(step.columns)}",  # type: ignore[union-attr]
        kind=kind,
        may_change=tuple(changes),
        counts=dict(counts),
        rejects=dict(rejects),
        missing=dict(missing),
        filters=tuple(part.published_json for part in parts[1:] if isinstance(part, Filter)),
    )


def _by_class(view: View) -> dict[str, int]:
    column = class_column(view.features)
    if column is None:
        return {class_name(None, None): len(view)}
    names = view.features[column].names
    labels = Counter(classes_of(view.read(columns=[column])[column].to_pylist(), view.features[column]))
    return {class_name(label, names): labels[label] for label in sorted(labels, key=str)}


def model_records(recipe: Recipe) -> tuple[Model, ...]:
    """What a card says of the models that the steps use."""
    found: dict[tuple[str, str | None], Model] = {}
    for step in recipe.steps:
        for part in parts_of(step):
            for model in part.models():
                found[str(model["id"]), model["revision"]] = Model(
                    id=str(model["id"]),
                    revision=model["revision"],
                    licence=model["licence"],
                    determinism=str(model["determinism"]),
                )
    return tuple(found.values())
