"""Time labels of a row: spans in seconds that follow a move of time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hfaug.errors import LabelError
from hfaug.moves import TimeMap

__all__ = ["move_segments"]

_ROUNDING = 1e-6


def move_segments(value: Any, moves: TimeMap, path: str) -> Any:
    """Segments after a move, in the form in which they are stored.

    A segment that is cut is as long as what is left of it, one that is cut out is dropped with what lies beside its
    times, and one that is played several times becomes several.

    Args:
        value: A list of ``{"start", "end", ...}`` or ``[start, end]``, or a struct of lists of starts, ends, ...
        moves: Where the moments go.
        path: The column, for errors.

    Raises:
        LabelError: A segment ends before it starts, has no times, or has times in whole numbers that cannot hold what
            became of them.
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
        is_whole = isinstance(start, int) or isinstance(end, int)
        for low, high in moves.occurrences((float(start), float(end))):
            times = [_whole(low, path), _whole(high, path)] if is_whole else [low, high]
            found.append({**item, "start": times[0], "end": times[1]} if is_struct else times)
    return found


def _whole(seconds: float, path: str) -> int:
    """A time as a whole number; one between two is refused, since rounded segments shrink to nothing or touch."""
    if abs(seconds - round(seconds)) > _ROUNDING:
        raise LabelError(
            f"column {path!r}: times in whole numbers cannot hold {seconds:.3f} seconds; cast starts and ends to "
            'Value("float64") with ds.cast_column(...)'
        )
    return round(seconds)
