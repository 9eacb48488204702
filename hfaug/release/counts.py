"""Rows by split, origin and class, counted from the data that is released, never taken from what a run said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from datasets import Dataset, DatasetDict

from hfaug import provenance
from hfaug.classes import class_column, class_name
from hfaug.record import Counts

__all__ = ["count_data", "count_rows", "merge_classes", "totals"]

_ROWS = 10_000


def count_rows(dataset: Dataset) -> dict[str, dict[str, int]]:
    """Rows of one split by origin and class; without lineage every row counts as ``source``."""
    label = class_column(dataset.features)
    lineage = provenance.has_lineage(dataset.features.arrow_schema)
    columns = [name for name in (label, provenance.COLUMN if lineage else None) if name is not None]
    if not columns:
        return {"source": {"": len(dataset)}} if len(dataset) else {}
    counts: Counter[tuple[str, int | None]] = Counter()
    for batch in dataset.select_columns(columns).with_format("arrow").iter(_ROWS):
        origins = pc.struct_field(batch[provenance.COLUMN], "origin") if lineage else pa.array(["source"] * len(batch))
        labels = batch[label] if label else pa.array([0] * len(batch))
        grouped = (
            pa.table({"origin": origins, "label": labels}).group_by(["origin", "label"]).aggregate([([], "count_all")])
        )
        for row in grouped.to_pylist():
            counts[row["origin"] or "source", row["label"]] += row["count_all"]
    return _named(counts, dataset.features[label].names if label else None)


def _named(counts: Mapping[tuple[str, int | None], int], names: list[str] | None) -> dict[str, dict[str, int]]:
    result: dict[str, dict[str, int]] = {}
    order = {"source": 0, "augmented": 1, "synthetic": 2}
    for (origin, label), rows in sorted(
        counts.items(), key=lambda item: (order.get(item[0][0], 3), item[0][0], _last(item[0][1]))
    ):
        name = class_name(label, names)
        by_class = result.setdefault(origin, {})
        by_class[name] = by_class.get(name, 0) + rows
    return result


def _last(label: int | None) -> float:
    return float("inf") if label is None or label < 0 else label


def count_data(data: Mapping[str, DatasetDict]) -> Counts:
    """Counts of every config and split."""
    return {config: {str(split): count_rows(rows) for split, rows in splits.items()} for config, splits in data.items()}


def totals(by_origin: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Rows by origin.

    >>> totals({"source": {"ham": 3, "spam": 1}, "synthetic": {"spam": 2}})
    {'source': 4, 'synthetic': 2}
    """
    return {origin: sum(classes.values()) for origin, classes in by_origin.items()}


def merge_classes(by_origin: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Classes in the order of the features, each once."""
    return list(dict.fromkeys(name for classes in by_origin.values() for name in classes))
