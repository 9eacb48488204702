"""A run record read off the rows, for data that comes without one: what `provenance` says of the steps and models."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from datasets import Dataset, DatasetDict

from hfaug import provenance
from hfaug.catalog import lookup
from hfaug.classes import class_column, class_name
from hfaug.errors import ParameterError
from hfaug.record import Model, RunRecord, Step

__all__ = ["library_versions", "record_from_data"]

_BATCH = 10_000
_OP_KEYS = ("op", "fields", "version", "output")
_LIBRARIES = ("datasets", "pyarrow")
_MEDIA_LIBRARIES = ("opencv-python-headless", "pillow", "soundfile")
_MODEL_LIBRARIES = ("torch", "transformers", "diffusers")


@dataclass
class _Found:
    """What the rows tell of one op."""

    counts: Counter[str] = field(default_factory=Counter)
    rejects: Counter[str] = field(default_factory=Counter)
    origins: set[str] = field(default_factory=set)

    def step(self, op: str) -> Step:
        kind = "synthesise" if self.origins == {"synthetic"} else "augment"
        return Step(
            op=op,
            kind=kind,
            may_change=_may_change(json.loads(op)),
            counts=dict(sorted(self.counts.items())),
            rejects=dict(sorted(self.rejects.items())),
        )

    def add(self, step: Mapping[str, Any], told: str, group: Mapping[str, Any]) -> None:
        if "rejected" in step:
            self.rejects[str(step["rejected"]["reason"])] += group["count_all"]
            return
        self.counts[told] += group["count_all"]
        self.origins.add(group["origin"])


def record_from_data(name: str, data: Mapping[str, DatasetDict]) -> RunRecord:
    """Steps with their counts by class, and models, as the rows tell them; sources and licences no row knows.

    Args:
        name: Title of the dataset.
        data: Configs and splits.
    """
    found: defaultdict[str, _Found] = defaultdict(_Found)
    models: dict[str, None] = {}
    for splits in data.values():
        for rows in splits.values():
            if provenance.has_lineage(rows.features.arrow_schema):
                _collect(rows, found, models)
    steps = tuple(told.step(op) for op, told in found.items())
    return RunRecord(name=name, steps=steps, models=tuple(_model(text) for text in models))


def _collect(rows: Dataset, found: defaultdict[str, _Found], models: dict[str, None]) -> None:
    label = class_column(rows.features)
    names = rows.features[label].names if label else None
    columns = [provenance.COLUMN, *([label] if label else [])]
    keys = ["steps", "origin", "label"]
    for batch in rows.select_columns(columns).with_format("arrow").iter(_BATCH):
        lineage = batch[provenance.COLUMN]
        labels = batch[label] if label else pa.nulls(len(batch), pa.int64())
        values = [pc.struct_field(lineage, "steps"), pc.struct_field(lineage, "origin"), labels]
        grouped = pa.table(values, names=keys).group_by(keys).aggregate([([], "count_all")])
        for group in grouped.to_pylist():
            told = class_name(group["label"], names)
            for step in json.loads(group["steps"]):
                found[_op(step)].add(step, told, group)
                models.update(dict.fromkeys(step.get("models", ())))


def _op(step: Mapping[str, Any]) -> str:
    """The op of a step, without what differs from row to row."""
    op = step["op"] if isinstance(step.get("op"), dict) else {key: step[key] for key in _OP_KEYS if key in step}
    return json.dumps(op, sort_keys=True, ensure_ascii=False)


def _may_change(op: Any) -> tuple[str, ...]:
    """What the op and the ops inside it say of themselves; ops from elsewhere say nothing here."""
    if isinstance(op, list):
        return tuple(dict.fromkeys(text for inner in op for text in _may_change(inner)))
    if not isinstance(op, dict):
        return ()
    try:
        own = getattr(lookup(op["op"]), "may_change", ()) if isinstance(op.get("op"), str) else ()
    except ParameterError:
        own = ()
    return tuple(dict.fromkeys([*own, *_may_change(list(op.values()))]))


def _model(text: str) -> Model:
    name, _, revision = text.partition("@")
    return Model(id=name, revision=None if revision in {"", "None"} else revision, determinism="row")


def library_versions(data: Mapping[str, DatasetDict], *, models: bool) -> dict[str, str]:
    """Versions of the installed libraries that decide the bytes of this data.

    Args:
        data: Configs and splits.
        models: Whether models made rows.
    """
    from datasets.features.features import require_storage_embed

    media = any(
        require_storage_embed(feature)
        for splits in data.values()
        for feature in splits[next(iter(splits))].features.values()
    )
    names = (*_LIBRARIES, *(_MEDIA_LIBRARIES if media else ()), *(_MODEL_LIBRARIES if models else ()))
    return {name: version for name in names if (version := _version(name)) is not None}


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
