"""Lists of names by their type, given by hand or learnt from a dataset."""

from __future__ import annotations

import functools
from bisect import bisect_left
from collections.abc import Iterable, Sequence

import pyarrow as pa

from hfaug.assets import Asset
from hfaug.errors import ParameterError

__all__ = ["given_names", "learnt_names", "other_name", "store_names"]

Names = tuple[tuple[str, tuple[str, ...]], ...]


def given_names(given: Iterable[tuple[str, Sequence[str]]]) -> Names:
    """Names by their type, sorted and each once.

    Raises:
        ParameterError: A type has no names, or one of nothing but blanks.

    >>> given_names([("place", ("Rome", "Oslo", "Rome"))])
    (('place', ('Oslo', 'Rome')),)
    """
    found = {kind: tuple(sorted(set(names))) for kind, names in sorted(given)}
    empty = next((kind for kind, names in found.items() if not names or not all(map(str.strip, names))), None)
    if empty is not None:
        raise ParameterError(
            f"SwapEntities: given must hold names that are not empty, {empty!r} has {list(found[empty])}; mend it"
        )
    return tuple(found.items())


def store_names(found: Iterable[tuple[str, str]]) -> Asset:
    """Names with their type before each, as an asset."""
    return Asset.save(pa.Table.from_pylist([{"type": kind, "name": name} for kind, name in sorted(found)]))


@functools.lru_cache(maxsize=8)
def learnt_names(names: Asset | None) -> dict[str, tuple[str, ...]]:
    """The names of each type, sorted as they are stored."""
    found: dict[str, list[str]] = {}
    for row in names.table().to_pylist() if names is not None else ():
        found.setdefault(row["type"], []).append(row["name"])
    return {kind: tuple(values) for kind, values in found.items()}


def other_name(names: tuple[str, ...], own: str, pick: float) -> str | None:
    """A name that is not the one there, drawn evenly; None where there is none.

    Args:
        names: Sorted.
        own: The one that is there; it need not be among them.
        pick: A number from 0 up to 1.

    >>> [other_name(("a", "b", "c"), "b", pick) for pick in (0, 0.49, 0.5)]
    ['a', 'a', 'c']
    """
    place = bisect_left(names, own)
    known = names[place : place + 1] == (own,)
    number = int(pick * (len(names) - known))
    return names[number + (known and number >= place)] if len(names) > known else None
