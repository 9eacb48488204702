"""Ids of rows, wherever they come from."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from hfaug.errors import RoleError, RowIdError
from hfaug.provenance.column import COLUMN, has_lineage
from hfaug.provenance.content import content_ids
from hfaug.provenance.encoding import is_text

__all__ = ["bound_ids", "number_repeats", "row_ids"]

_ESCAPES = (("%", "%25"), ("/", "%2F"), ("~", "%7E"))


def row_ids(table: pa.Table, id_column: str | None = None, *, unique: bool = True) -> list[str]:
    """Find the id of each row: from the bound column, else from its lineage, else from its content.

    Args:
        table: Rows as stored.
        id_column: Column of strings or integers that names each row, if the user bound one; see `bound_ids`.
        unique: Whether a value that this column repeats is an error. False for a batch that a sampler may fill with one
            row twice.

    Raises:
        RoleError: There is no such column, or it holds neither strings nor integers.
        RowIdError: A row has no id, or two rows have the same one.

    >>> row_ids(pa.table({"text": ["x", "y"], "name": [7, 8]}), "name")
    ['7', '8']
    """
    if id_column is None:
        return _filled(pc.struct_field(table[COLUMN], "id")) if has_lineage(table) else content_ids(table)
    if id_column not in table.column_names:
        raise RoleError(
            f"row_ids: id column {id_column!r} must be a column, was not among {table.column_names}; bind another"
        )
    column = table[id_column]
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not (pa.types.is_integer(kind) or is_text(kind)):
        raise RoleError(
            f"row_ids: id column {id_column!r} must hold strings or integers, was {column.type}; bind another column"
        )
    return bound_ids(column.cast(kind).cast(pa.large_string()).to_numpy().tolist(), id_column, unique=unique)


def bound_ids(values: Sequence[str | int | None], column: str, *, unique: bool = True) -> list[str]:
    """Turn the values of a bound id column into ids; ``%``, ``/`` and ``~``, which have a meaning, are percent-encoded.

    Args:
        values: One a row.
        column: Name of the column, for errors.
        unique: As for `row_ids`.

    Raises:
        RowIdError: A row has no value, or two rows have the same one.

    >>> bound_ids(["cats/1.jpg", "cats/2.jpg"], "file")
    ['cats%2F1.jpg', 'cats%2F2.jpg']
    """
    for row, value in enumerate(values):
        if value is None or value == "":
            raise RowIdError(
                f"row_ids: id column {column!r} must name every row, row {row} has {value!r}; "
                "fill it in or bind another column"
            )
    ids = [str(value) for value in values]
    if unique and len(set(ids)) < len(ids):
        first: dict[str, int] = {}
        row = next(row for row, value in enumerate(ids) if first.setdefault(value, row) != row)
        raise RowIdError(
            f"row_ids: id column {column!r} must name each row once, rows {first[ids[row]]} and {row} are both "
            f"{ids[row]!r}; bind another column, or none: then ids come from the lineage or the content"
        )
    for plain, escape in _ESCAPES:
        if any(plain in value for value in ids):
            ids = [value.replace(plain, escape) for value in ids]
    return ids


def _filled(column: pa.ChunkedArray) -> list[str]:
    ids: list[str] = column.cast(pa.large_string()).to_numpy().tolist()
    if not all(ids):
        row = next(row for row, value in enumerate(ids) if not value)
        raise RowIdError(
            f"row_ids: {COLUMN}.id must name every row, row {row} has {ids[row]!r}; "
            f"drop the column {COLUMN!r} to get new ids"
        )
    return ids


def number_repeats(ids: Sequence[str], seen: dict[str, int]) -> list[str]:
    """Tell equal rows apart by their order: the first keeps its id, the next are ``id~1``, ``id~2`` and so on.

    Args:
        ids: Ids in the order of the rows.
        seen: How often each was met; pass the same dict for each batch of one dataset. Changed here.

    >>> seen = {}
    >>> number_repeats(["a", "b", "a"], seen), number_repeats(["a"], seen)
    (['a', 'b', 'a~1'], ['a~2'])
    """
    numbered = []
    for plain in ids:
        name, count = plain, seen.get(plain, 0)
        while name in seen:
            name, count = f"{plain}~{count}", count + 1
        seen[plain] = max(count, 1)
        seen.setdefault(name, 1)
        numbered.append(name)
    return numbered
