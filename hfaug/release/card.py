"""The body of a dataset card, made from the run record, the measured counts and the columns.

The template (`cards/dataset.md.jinja`) decides the words, this module what they are filled with. It runs sandboxed
and escapes every value.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any
from urllib.parse import quote

from datasets import ClassLabel, Features, LargeList, List, Value
from jinja2 import FunctionLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from hfaug import provenance
from hfaug.publishing.licenses import Answer
from hfaug.publishing.versions import Version
from hfaug.record import Counts, Effect, ModelRun, RunRecord, Step
from hfaug.release.counts import merge_classes, totals
from hfaug.release.diff import Diff
from hfaug.release.escape import block, cell, clean, code, escape
from hfaug.release.marker import RECIPE, RECORD

__all__ = ["CardFacts", "feature_text", "op_text", "render_card"]

TEMPLATE = "dataset.md.jinja"

_CLASSES = 40  # classes listed in a table; the rest is summed up
_REASONS = 20
_ORIGINS = {"source": "original", "augmented": "augmented", "synthetic": "synthetic"}
_DETERMINISM = {
    "row": "the same row gives the same result",
    "request": "the same batch gives the same result",
    "recorded": "answers were recorded; asking again may give others",
}

_RAN_BY = ("device", "dtype", "runtime", "scheduler")
_EVENTS = {
    "out_of_memory": "Batches halved for want of memory",
    "bought": "Answers bought",
    "reused": "Answers had from disk",
    "cost": "Cost",
}


@dataclass(frozen=True, kw_only=True)
class CardFacts:
    """What a card is made from.

    Args:
        record: The run record, with measured counts.
        version: Version that is released.
        features: Columns by config.
        answer: The licence.
        load: First argument for ``load_dataset``: repo id or folder.
        revision: Tag to load, None for a folder.
        images: Paths of pictures in the release.
        pages: Paths of HTML pages in the release.
        previous: Version before, None for the first.
        diff: What changed since, None for the first version.
        history: Earlier versions, newest first: ``version`` and ``summary``.
    """

    record: RunRecord
    version: Version
    features: Mapping[str, Features]
    answer: Answer
    load: str
    revision: str | None
    images: Sequence[str] = ()
    pages: Sequence[str] = ()
    previous: Version | None = None
    diff: Diff | None = None
    history: Sequence[Mapping[str, str]] = ()


def render_card(facts: CardFacts) -> str:
    """The body of the card, without the marks around it."""
    environment = SandboxedEnvironment(
        loader=FunctionLoader(_source),
        autoescape=False,  # finalize escapes, for Markdown and HTML alike
        finalize=escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(code=code, cell=cell, block=block, quoted=_quoted, href=_href)
    text = environment.get_template(TEMPLATE).render(_context(facts))
    return "\n".join(_single_blanks(text.strip().split("\n")))


def _source(name: str) -> str:
    return resources.files("hfaug.cards").joinpath(name).read_text(encoding="utf-8")


def _single_blanks(lines: Sequence[str]) -> Iterator[str]:
    """The lines with runs of blank ones outside fences made one."""
    fence, blank = "", False
    for line in lines:
        mark = line[: len(line) - len(line.lstrip("`"))]
        if len(mark) >= 3 and (not fence or line.rstrip() == fence):
            fence = "" if fence else mark
        if line.strip() or fence or not blank:
            yield line.rstrip() if not fence else line
        blank = not line.strip()


def _quoted(value: Any) -> Any:
    """A Python string literal, for the code that loads the data."""
    return Markup(json.dumps(clean(value), ensure_ascii=False))  # noqa: S704  stands in a fence, on one line


def _href(path: str) -> Markup:
    """A path in the repo as the target of a link."""
    return Markup(quote(path))  # noqa: S704  nothing but letters, digits and %


def _context(facts: CardFacts) -> dict[str, Any]:
    record = facts.record
    return {
        **_contents(facts),
        **_making(record),
        "summary": record.summary,
        "version": str(facts.version),
        "load": facts.load,
        "revision": facts.revision,
        "first_config": next(iter(facts.features)) if len(facts.features) > 1 else None,
        "images": facts.images,
        "pages": facts.pages,
        "license": facts.answer.license,
        "reasons": facts.answer.reasons,
        "duties": facts.answer.duties,
        "effect": _effect(record.effect),
        "previous": facts.previous.tag if facts.previous else None,
        "changes": facts.diff.lines if facts.diff else [],
        "history": list(facts.history),
    }


def _contents(facts: CardFacts) -> dict[str, Any]:
    """What is inside: rows, classes, columns."""
    counts = facts.record.counts
    rows = _total(counts)
    return {
        "rows": sum(rows.values()),
        "rows_by_origin": [{"word": word, "rows": rows[name]} for name, word in _ORIGINS.items() if rows.get(name)],
        "generated": sum(number for origin, number in rows.items() if origin != "source"),
        "lineage": any(provenance.has_lineage(features.arrow_schema) for features in facts.features.values()),
        "splits": list(_splits(counts)),
        "several_configs": len(counts) > 1,
        "originals_only": _originals_only(counts),
        "class_tables": [table for table in (_class_table(name, counts[name]) for name in counts) if table],
        "columns": _columns(facts.features),
    }


def _making(record: RunRecord) -> dict[str, Any]:
    """How it was made: steps, sources, models, recipe."""
    return {
        "steps": [_step(step) for step in record.steps],
        "rejects": list(_rejects(record.steps)),
        "missing": [(step.title, name, rows) for step in record.steps for name, rows in step.missing.items()],
        "may_change": list(dict.fromkeys((step.title, text) for step in record.steps for text in step.may_change)),
        "sources": record.sources,
        "citations": [source for source in record.sources if source.citation],
        "models": [
            {"model": model, "determinism": _DETERMINISM.get(model.determinism, model.determinism)}
            for model in record.models
        ],
        "ran": [{"model": _title(run, record), "text": _told(run)} for run in record.ran],
        "rebuild": record.rebuild,
        "recipe": record.recipe,
        "recipe_path": RECIPE,
        "recipe_digest": (record.recipe_digest or "")[:12],
        "record_path": RECORD,
        "made_with": _made_with(record),
    }


def _title(run: ModelRun, record: RunRecord) -> str:
    """The name of a model; with its revision where another has the same."""
    alone = sum(one.id == run.id for one in record.ran) == 1
    return run.id if alone or run.revision is None else f"{run.id}@{run.revision}"


def _told(run: ModelRun) -> str:
    """How a model ran, and what happened to it, in sentences.

    >>> _told(ModelRun(id="m", settings=({"device": "cpu", "dtype": "float32", "units": 2},), events={"bought": 3}))
    'ran on cpu, float32 (2 units). Answers bought: 3.'
    """
    ways = [
        f"{', '.join(str(way[name]) for name in _RAN_BY if name in way)} ({way['units']:,} units)"
        for way in run.settings
    ]
    events = [f"{title}: {run.events[name]:,}" for name, title in _EVENTS.items() if run.events.get(name)]
    return " ".join(f"{part}." for part in ("ran on " + "; ".join(ways) if ways else "", "; ".join(events)) if part)


def _total(counts: Counts) -> dict[str, int]:
    rows: dict[str, int] = {}
    for by_split in counts.values():
        for by_origin in by_split.values():
            for origin, number in totals(by_origin).items():
                rows[origin] = rows.get(origin, 0) + number
    return rows


def _splits(counts: Counts) -> Iterator[dict[str, Any]]:
    for config, by_split in counts.items():
        for split, by_origin in by_split.items():
            rows = totals(by_origin)
            origins = [rows.get(origin, 0) for origin in _ORIGINS]
            yield {"config": config, "split": split, "rows": sum(rows.values()), "origins": origins}


def _class_table(config: str, by_split: Mapping[str, Mapping[str, Mapping[str, int]]]) -> dict[str, Any] | None:
    """Rows by class and split of one config; generated rows beside the original ones."""
    names = list(dict.fromkeys(name for by_origin in by_split.values() for name in merge_classes(by_origin)))
    if not names or names == [""]:
        return None
    lines = []
    for name in names[:_CLASSES]:
        cells = []
        for by_origin in by_split.values():
            source = by_origin.get("source", {}).get(name, 0)
            made = sum(classes.get(name, 0) for origin, classes in by_origin.items() if origin != "source")
            cells.append({"source": source, "made": made})
        lines.append({"name": name, "cells": cells})
    return {"config": config, "splits": list(by_split), "lines": lines, "more": max(0, len(names) - _CLASSES)}


def _originals_only(counts: Counts) -> list[str]:
    """Splits without generated rows, where others have some: the ones to measure on."""
    mixed = {
        (config, split): set(by_origin) - {"source"}
        for config, by_split in counts.items()
        for split, by_origin in by_split.items()
    }
    if not any(mixed.values()):
        return []
    alone = [(config, split) for (config, split), made in mixed.items() if not made]
    return list(dict.fromkeys(split if len(counts) == 1 else f"{config}/{split}" for config, split in alone))


def _columns(features: Mapping[str, Features]) -> list[dict[str, Any]]:
    """Columns, those of equal configs once."""
    groups: list[dict[str, Any]] = []
    for config, columns in features.items():
        fields = list(_fields(columns))
        same = next((group for group in groups if group["fields"] == fields), None)
        if same is None:
            groups.append({"configs": [config], "fields": fields})
        else:
            same["configs"].append(config)
    return groups


def _fields(features: Features) -> Iterator[dict[str, str]]:
    lineage = provenance.has_lineage(features.arrow_schema)
    for name, feature in features.items():
        own = lineage and name == provenance.COLUMN
        yield {"name": name, "type": "where the row comes from" if own else feature_text(feature)}


def feature_text(feature: Any) -> str:
    """A column's type for people.

    >>> feature_text(ClassLabel(names=["ham", "spam"])), feature_text(List(Value("int64")))
    ('class: ham, spam', 'list of int64')
    """
    if isinstance(feature, ClassLabel):
        names = feature.names[:8]
        return f"class: {', '.join(names)}{f' and {feature.num_classes - 8} more' if feature.num_classes > 8 else ''}"
    if isinstance(feature, Value):
        return str(feature.dtype)
    if isinstance(feature, (List, LargeList)):
        return f"list of {feature_text(feature.feature)}"
    if isinstance(feature, dict):
        return ", ".join(f"{name} ({feature_text(inner)})" for name, inner in feature.items())
    return type(feature).__name__.lower()


def _step(step: Step) -> dict[str, Any]:
    classes = {name: number for name, number in step.counts.items() if name}
    return {
        "title": step.title,
        "settings": op_text(step.op),
        "filters": [op_text(one) for one in step.filters],
        "kind": step.kind,
        "rows": sum(step.counts.values()),
        "classes": [{"name": name, "rows": number} for name, number in list(classes.items())[:_CLASSES]],
        "more": max(0, len(classes) - _CLASSES),
        "rejected": sum(step.rejects.values()),
    }


def op_text(op: str) -> str:
    """An op with its settings as one would write it, from its canonical JSON; the text itself if it is none.

    What is not set is left out.

    >>> op_text('{"fields": {"degrees": [-30.0, 30.0]}, "op": "image.rotate", "output": 1, "version": 1}')
    'image.rotate(degrees=(-30, 30))'
    """
    try:
        parsed = json.loads(op)
    except ValueError:
        return op
    return _setting(parsed) if isinstance(parsed, dict) else op


def _setting(value: Any) -> str:
    if isinstance(value, dict) and "op" in value:
        return _call(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_setting(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "(" + ", ".join(_setting(inner) for inner in value) + ")"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else json.dumps(value)


def _call(op: Mapping[str, Any]) -> str:
    fields = op["fields"] if isinstance(op.get("fields"), dict) else {}
    inner = [_setting(one) for one in fields.get("ops", [fields["op"]] if "op" in fields else [])]
    told = {key: value for key, value in fields.items() if key not in {"op", "ops"} and value not in (None, [])}
    named = [f"{key}={_setting(value)}" for key, value in told.items()]  # what was left out says nothing
    said = ", ".join([*inner, *named])
    return f"{op['op']}({said})" if said else str(op["op"])


def _rejects(steps: Sequence[Step]) -> Iterator[dict[str, Any]]:
    lines = [(step.title, reason, rows) for step in steps for reason, rows in step.rejects.items()]
    for title, reason, rows in sorted(lines, key=lambda line: -line[2])[:_REASONS]:
        yield {"title": title, "reason": reason, "rows": rows}


def _effect(effect: Effect | None) -> dict[str, Any] | None:
    if effect is None:
        return None
    low, high = effect.interval
    return {
        "metric": effect.metric,
        "without": _number(effect.without, ".4g"),
        "with_": _number(effect.with_, ".4g"),
        "difference": _number(effect.with_ - effect.without, "+.4g"),
        "interval": Markup("{} to {}").format(_number(low, "+.4g"), _number(high, "+.4g")),
        "verdict": effect.verdict,
    }


def _number(value: float, form: str) -> Markup:
    return Markup(format(value, form))  # noqa: S704  a number


def _made_with(record: RunRecord) -> str:
    parts = [f"hfaug {record.hfaug}"] if record.hfaug else []
    parts += [f"{name} {version}" for name, version in record.libraries.items()]
    return ", ".join(parts)
