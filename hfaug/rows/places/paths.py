"""Columns and fields of a row: read and written by paths, the way they are stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from datasets import LargeList, List

from hfaug.columns import feature_at, split_path
from hfaug.errors import LabelError

if TYPE_CHECKING:
    from hfaug.rows.row import Row

__all__ = ["as_stored", "is_whole_at", "read_path", "thinned", "tops", "write_path"]


def read_path(row: Row, path: str, changed: Mapping[str, Any] | None = None) -> Any:
    """The value of a column or ``column.field`` of a row; through a list of structs it is the list of that field.

    Args:
        row: The row.
        path: Column, or column and field.
        changed: Values of columns that stand in place of the row's own.
    """
    top, field = split_path(row.batch.features, path)
    value = changed[top] if changed and top in changed else row.stored(top)
    if not field or value is None:
        return value
    return value[field] if isinstance(value, Mapping) else [item[field] for item in value]


def write_path(row: Row, changed: dict[str, Any], path: str, values: Any) -> None:
    """Put the value of a column or ``column.field`` into `changed`, which then holds a new value of the column."""
    top, field = split_path(row.batch.features, path)
    if not field:
        changed[top] = values
        return
    held = changed.get(top, row.stored(top))
    if isinstance(held, Mapping):
        changed[top] = {**held, field: values}
    else:
        changed[top] = [{**item, field: value} for item, value in zip(held, values, strict=True)]


def thinned(value: Any, kept: Sequence[int], count: int, path: str, owner: str) -> Any:
    """What is left of one value an object, stored as a list or as a struct of such lists.

    Args:
        value: What is stored.
        kept: The objects that are left.
        count: How many there were.
        path: Where the values stand, for errors.
        owner: Where the objects stand, for errors.

    Raises:
        LabelError: It is not one value an object.
    """
    if isinstance(value, Mapping) and value:
        return {name: thinned(item, kept, count, f"{path}.{name}", owner) for name, item in value.items()}
    if value is None or len(value) != count:
        raise LabelError(
            f"column {path!r}: must hold one value for each of the {count} objects in {owner!r}, "
            f"holds {value if value is None else len(value)}; bind box_labels to what belongs to them"
        )
    return [value[number] for number in kept]


def tops(row: Row, *paths: str) -> frozenset[str]:
    """The columns that paths lead into."""
    return frozenset(split_path(row.batch.features, path)[0] for path in paths)


def is_whole_at(row: Row, path: str) -> bool:
    """Whether the numbers at a path are stored as whole ones."""
    feature = feature_at(row.batch.features, path)
    while isinstance(feature, (List, LargeList)):
        feature = feature.feature
    return "int" in getattr(feature, "dtype", "")


def as_stored(row: Row, path: str, values: npt.NDArray[np.float64]) -> list[Any]:
    """Numbers as their feature stores them: whole ones are rounded."""
    result: list[Any] = (np.rint(values).astype(np.int64) if is_whole_at(row, path) else values).tolist()
    return result
