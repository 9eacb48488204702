"""The steps of a recipe as stages of the engine."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
from datasets import Dataset, Features, Value

from hfaug import provenance
from hfaug.augment import COPY, Numbered, Untouched
from hfaug.balance import Repeat, class_columns, resample, target_of
from hfaug.classes import combined_classes
from hfaug.columns import is_video
from hfaug.config import OUTPUT_VERSION
from hfaug.engine import Concat, Deferred, MapStep, Node, Pick, RowsStep, Stage, UnitResult, UnitRule, View, WholeStep
from hfaug.engine.units import plan_ranges
from hfaug.errors import ParameterError, RecipeError, RoleError
from hfaug.ids import holds_copies
from hfaug.lineage import id_digest, unused
from hfaug.op import Op
from hfaug.recipe.judging import check_filter, learnt, passing
from hfaug.recipe.model_runs import held_settings, model_events
from hfaug.recipe.schema import Augment, Balance, FilterRows
from hfaug.recipe.sources import digest_of

__all__ = [
    "OpStep",
    "add_columns",
    "augment_nodes",
    "balance_nodes",
    "check_balance",
    "check_splits",
    "filter_nodes",
    "fitted",
    "op_stage",
    "resample_stage",
]


_VIDEOS = 10
"""Rows of videos in a unit: encoding takes long, whatever is done to the frames."""


def rule_of(op: Op, features: Features) -> UnitRule:
    """Units of an op: as small as its slowest part wants them."""
    rows = min(part.unit_rows for part in op.walk())
    return UnitRule(rows=min(rows, _VIDEOS) if any(map(is_video, features.values())) else rows)


@dataclasses.dataclass(frozen=True)
class OpStep:
    """An op as the function of a step."""

    op: Op
    features: Features

    def __call__(self, table: pa.Table, *_more: View) -> UnitResult:
        parts = tuple(self.op.walk())
        before = model_events(parts)
        done, rejects = self.op.run_table(table, self.features)
        counts = {f"rejected:{reason}": count for reason, count in rejects.items()}
        return UnitResult(done, counts, model_events(parts, before), held_settings(parts))


def op_stage(name: str, op: Op, node: Node, features: Features, result: Features | None = None) -> Stage:
    """A stage that runs an op over the rows of a node; `result` says what they are beside rows that it did not meet."""
    said = () if result in (None, op.features(features)) else (str(result),)
    digest = digest_of("op", op.fingerprint, op.model_digest(), OUTPUT_VERSION, *said)
    after = op.features if result is None else lambda _: result
    return Stage(MapStep(name, digest, OpStep(op, features), after, rule_of(op, features)), (node,))


def fitted(op: Op, node: Node, build: Any) -> Node:
    """What `build` makes of the op, once it has learnt what it needs from the rows of a node.

    Where an equal op has made copies of the rows before, it is the next pass of the op that makes these.
    """
    if op.ready:
        made: Node = build(unused(op, _made_before(node)))
        return made
    return Deferred((node,), lambda rows: build(_fitted_to(op, rows.dataset())))


def _fitted_to(op: Op, rows: Dataset) -> Op:
    return unused(op.fit(rows), lambda digest: holds_copies(rows, digest))


def _made_before(node: Node) -> Callable[[str], bool]:
    """Whether the ids of a node's rows may hold a digest, as far as the plan and the source tell before any work."""
    digests: set[str] = set()
    sources: list[Dataset] = []
    waiting, seen = [node], {id(node)}
    while waiting:
        part = waiting.pop()
        step = part.step if isinstance(part, Stage) else None
        if isinstance(step, _FillStep):
            digests.add(id_digest(Numbered.around(step.op)))
        elif isinstance(step, MapStep) and isinstance(step.function, OpStep):
            if not isinstance(step.function.op, Untouched):
                digests.add(id_digest(step.function.op))
        elif isinstance(step, RowsStep):
            sources.append(step.load())
        waiting.extend(more for more in part.inputs if id(more) not in seen)
        seen.update(map(id, part.inputs))
    return lambda digest: digest in digests or any(holds_copies(source, digest) for source in sources)


def add_columns(name: str, op: Op, node: Node, features: Features) -> Node:
    """The rows of a node with the columns that an op adds; the node itself when it adds none."""
    untouched = Untouched.around(op)
    return node if untouched.features(features) == features else op_stage(f"columns-{name}", untouched, node, features)


def augment_nodes(number: int, step: Augment, nodes: dict[str, Node], features: dict[str, Features]) -> dict[str, Node]:
    """The copies of each split; `nodes` and `features` are brought up to date."""
    check_splits(number, step.splits, nodes)
    made: dict[str, Node] = {}
    mixes = step.keep or set(step.splits) != set(nodes)
    for name in list(nodes):
        before, node = features[name], nodes[name]
        after = (Untouched.around(step.op) if mixes else step.op).features(before)
        rest = add_columns(f"{number}-{name}", step.op, node, before)
        if name in step.splits:
            made[name] = fitted(
                step.op,
                node,
                lambda op, n=name, r=node, f=before, a=after: op_stage(
                    f"augment-{number}-{n}", op.times(step.copies), r, f, a
                ),
            )
            nodes[name] = Concat((rest, made[name])) if step.keep else made[name]
        else:
            nodes[name] = rest
        features[name] = after
    return made


def filter_nodes(
    number: int, step: FilterRows, nodes: dict[str, Node], features: Mapping[str, Features]
) -> dict[str, Node]:
    """The scans of each split; `nodes` is brought up to date.

    A filter that learns does so from the rows of the train split, for all splits; from each split's own without one.
    """
    splits = step.splits or tuple(nodes)
    check_splits(number, splits, nodes)
    made: dict[str, Node] = {}
    real = None if step.filter.ready else nodes.get("train")
    known = None if real is None else learnt(f"filter-{number}", step.filter, real)
    for name in splits:
        check_filter(f"recipe, steps[{number}].filter", step.filter, features[name])
        made[name] = passing(f"filter-{number}-{name}", step.filter, nodes[name], known=known)
        nodes[name] = Pick(nodes[name], made[name])
    return made


def balance_nodes(number: int, step: Balance, nodes: dict[str, Node], features: dict[str, Features]) -> dict[str, Node]:
    """The copies that fill small classes; `nodes` and `features` are brought up to date."""
    check_balance(number, step, features)
    op = step.op or Repeat()
    node, before = nodes[step.split], features[step.split]
    kept = resample_stage(f"keep-{number}-{step.split}", step, node, extra=False)
    extra = resample_stage(f"fill-{number}-{step.split}", step, node, extra=True)
    made = fitted(
        op,
        node,
        lambda ready: Stage(_FillStep(f"balance-{number}-{step.split}", ready, before), (Pick(node, extra), extra)),
    )
    rest = add_columns(f"{number}-{step.split}", op, Pick(node, kept), before)
    nodes[step.split] = Concat((rest, made))
    after = Untouched.around(op).features(before)
    for name, other in list(nodes.items()):
        if name != step.split:
            nodes[name] = add_columns(f"{number}-{name}", op, other, features[name])
        features[name] = after
    return {step.split: made}


def check_balance(number: int, step: Balance, features: Mapping[str, Features]) -> None:
    """Make sure, before any work, that there are such a split, columns and classes.

    Raises:
        RecipeError: There are not.
    """
    check_splits(number, (step.split,), features)
    try:
        columns = class_columns("balance", step.columns, features[step.split])
        target_of("balance", step.target, columns, features[step.split])
    except (RoleError, ParameterError) as error:
        raise RecipeError(f"recipe, steps[{number}].{error}") from error


def resample_stage(name: str, step: Balance, node: Node, *, extra: bool) -> Stage:
    """The places of the rows of a node that stay, or of those to copy."""
    column = step.columns[0] if len(step.columns) == 1 else list(step.columns)
    digest = digest_of("resample-2", column, step.target, step.drop, extra)
    return Stage(WholeStep(name, digest, _Resample(step, extra), _numbered_places), (node,))


def _numbered_places(*_inputs: Features) -> Features:
    return Features({"row": Value("int64"), COPY: Value("int64")})


@dataclasses.dataclass(frozen=True)
class _Resample:
    """The places of the rows that stay, or of those to copy with the number of each copy."""

    step: Balance
    extra: bool

    def __call__(self, rows: View) -> pa.Table:
        table = rows.read(columns=[*self.step.columns, provenance.COLUMN])
        ids = [item["id"] for item in table[provenance.COLUMN].to_pylist()]
        classes = combined_classes(table.to_pydict(), rows.features, self.step.columns)
        target = target_of("balance", self.step.target, self.step.columns, rows.features)
        plan = resample(classes, ids, target, drop=self.step.drop)
        places = plan.extra if self.extra else plan.kept
        copies = plan.copies if self.extra else [0] * len(plan.kept)
        return pa.table({"row": pa.array(places, pa.int64()), COPY: pa.array(copies, pa.int64())})


@dataclasses.dataclass(frozen=True, eq=False)
class _FillStep:
    """Runs an op over picked rows, each as the copy that the resampling numbered it."""

    name: str
    op: Op
    source: Features

    @property
    def digest(self) -> str:
        """Everything the rows follow from, besides those picked."""
        return digest_of("fill", self.op.fingerprint, self.op.model_digest(), OUTPUT_VERSION)

    @property
    def rule(self) -> UnitRule:
        """Size of a unit."""
        return rule_of(self.op, self.source)

    def features(self, inputs: Sequence[Features]) -> Features:
        return Untouched.around(self.op).features(inputs[0])

    def units(self, inputs: Sequence[View]) -> list[dict[str, Any]]:
        return [{"rows": [start, stop]} for start, stop in plan_ranges(inputs[0].row_sizes(), self.rule)]

    def run(self, unit: dict[str, Any], inputs: Sequence[View]) -> UnitResult:
        start, stop = unit["rows"]
        table = inputs[0].read(start, stop).append_column(COPY, inputs[1].read(start, stop, [COPY])[COPY])
        features = Features({**self.source, COPY: Value("int64")})
        return OpStep(Numbered.around(self.op), features)(table)


def check_splits(number: int, splits: Sequence[str], nodes: Mapping[str, Any]) -> None:
    """Make sure that there are such splits.

    Raises:
        RecipeError: There are not.
    """
    unknown = [name for name in splits if name not in nodes]
    if unknown:
        raise RecipeError(f"recipe, steps[{number}]: splits must be among {', '.join(nodes)}, got {', '.join(unknown)}")
