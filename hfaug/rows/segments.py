"""Time labels of a row: spans in seconds that follow a move of time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hfaug.errors import LabelError
from hfaug.moves import TimeMap

__all__ = ["move_segments"]


def move_segments(value: Any, moves: TimeMap, path: str) -> Any:
    """Segments after a move, in the form in which they are stored.

    A segment that is cut is as long as what is left of it, one that is cut out is dropped with what lies beside its
    times, and one that is played several times becomes several.

    Args:
        value: A list of ``{"start", "end", ...}`` or ``[start, end]``, or a struct of lists of starts, ends, ...
        moves: Where the moments go.
        path: The column, for errors.

    Raises:
        LabelError: A segment ends before it starts, or has no times.
    """
    if value is None:
        return None
    if isinstance(value, Mapping):
        items = [dict(zip(value, values, strict=True)) for values in zip(*value.values(), strict=True)]
        moved = move_segments(items, moves, path)
        return {name: [item[name] for item in moved] for name in value}
    found = []
    for item in value:
        is_struct = isinstance(item, Mapping)
        start, end = (item["start"], item["end"]) if is_struct else item
        if start is None or end is None or not start <= end:
            raise LabelError(
                f"column {path!r}: a segment must end after its start, is {start} to {end}; correct the row"
            )
        kind = int if isinstance(start, int) and isinstance(end, int) else float
        for low, high in moves.occurrences((float(start), float(end))):
            times = [kind(round(low)), kind(round(high))] if kind is int else [low, high]
            found.append({**item, "start": times[0], "end": times[1]} if is_struct else times)
    return found
