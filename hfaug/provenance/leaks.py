"""Whether what was made from one source row stands in two splits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from hfaug.errors import LeakError
from hfaug.provenance.column import COLUMN, has_lineage
from hfaug.provenance.ids import row_ids

__all__ = ["check_leaks", "roots", "roots_by_split"]

_NAMED = 3

Tables: TypeAlias = "pa.Table | Iterable[pa.Table]"


def roots(tables: Tables, id_column: str | None = None) -> set[str]:
    """Find the source rows that a dataset goes back to: the roots of all its ids and all their parents.

    Args:
        tables: One table, or an iterable of them, read one at a time.
        id_column: As for `row_ids`, for tables without lineage.

    >>> from hfaug.provenance import lineage
    >>> sorted(roots(pa.table({COLUMN: lineage(["a~1/f00d.0"], [["a~1", "b"]], "augmented", "[]")})))
    ['a', 'b']
    """
    found: set[str] = set()
    for table in (tables,) if isinstance(tables, pa.Table) else tables:
        if has_lineage(table):
            kin = pc.list_flatten(pc.struct_field(table[COLUMN], "parents"))
            ids = [pc.struct_field(table[COLUMN], "id"), kin]
        else:
            ids = [pa.array(row_ids(table, id_column, unique=False), pa.large_string())]
        for names in ids:
            whole = pc.replace_substring_regex(names.cast(pa.large_string()), "[~/].*", "")
            found.update(whole.unique().to_pylist())
    return found


def roots_by_split(splits: Mapping[str, Tables], id_column: str | None = None) -> dict[str, set[str]]:
    """Find the roots of each split; see `roots`.

    >>> from hfaug.provenance import source_lineage
    >>> roots_by_split({"train": pa.table({COLUMN: source_lineage(["a"])})})
    {'train': {'a'}}
    """
    return {name: roots(tables, id_column) for name, tables in splits.items()}


def check_leaks(splits: Mapping[str, Tables], id_column: str | None = None) -> None:
    """Make sure that no source row, equal row, copy or descendant of it stands in two splits.

    Args:
        splits: The tables of each split.
        id_column: As for `row_ids`, for splits without lineage.

    Raises:
        LeakError: One does; names the splits, how many source rows and some of them.

    >>> check_leaks({"train": pa.table({"x": [1, 2]}), "test": pa.table({"x": [3]})})
    """
    found = roots_by_split(splits, id_column)
    told = []
    for first, second in combinations(found, 2):
        shared = sorted(found[first] & found[second])
        if shared:
            some = ", ".join(shared[:_NAMED]) + (", ..." if len(shared) > _NAMED else "")
            told.append(f"{len(shared)} in {first!r} and {second!r} ({some})")
    if told:
        raise LeakError(
            f"check_leaks: a source row and all that is made from it must stay in one split, found {'; '.join(told)}; "
            "remove rows that are equal across splits first, and augment or mix each split from its own rows only"
        )
