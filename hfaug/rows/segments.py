"""Time labels of a row: stretches and moments that follow a move of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hfaug.columns import time_fields
from hfaug.errors import LabelError
from hfaug.moves import TimeMap

__all__ = ["Clock", "clock_of", "move_segments", "segment_times"]

_ROUNDING = 1e-6


@dataclass(frozen=True)
class Clock:
    """How many units of a label's times are a second, in the recording and in the result.

    Args:
        source: 1 for seconds, 1000 for milliseconds, the sampling rate for samples.
        result: Likewise of the result, which may have another sampling rate.
        rounds: Whether times in whole numbers may be rounded: a millisecond or a sample is short enough.
    """

    source: float = 1.0
    result: float = 1.0
    rounds: bool = False


_SECONDS = Clock()


def clock_of(units: str | None, source_rate: float, result_rate: float) -> Clock:
    """The clock of a label in some units (see `hfaug.binding.Binding`), by the sampling rates before and afterwards."""
    if units == "samples":
        return Clock(source_rate, result_rate, rounds=True)
    return Clock(1000.0, 1000.0, rounds=True) if units == "milliseconds" else _SECONDS


def move_segments(value: Any, moves: TimeMap, path: str, clock: Clock = _SECONDS) -> Any:
    """Segments after a move, in the form in which they are stored.

    A segment that is cut is as long as what is left of it, one that is cut out is dropped with what lies beside its
    times, and one that is played several times becomes several.

    Args:
        value: A list of structs or of ``[start, end]``, or a struct of lists (see `hfaug.binding.Binding`).
        moves: Where the moments go, in seconds.
        path: The column, for errors.
        clock: The units of the label.

    Raises:
        LabelError: A segment ends before it starts, has no times, or has times in whole numbers that cannot hold what
            became of them.
    """
    if value is None:
        return None
    if isinstance(value, Mapping):
        items = [dict(zip(value, values, strict=True)) for values in _rows_of(value, path)]
        moved = move_segments(items, moves, path, clock)
        return {name: [item[name] for item in moved] for name in value}
    found = []
    for item in value:
        start, end = segment_times(item, path)
        is_whole = isinstance(start, int) or isinstance(end, int)
        for low, high in moves.occurrences((start / clock.source, end / clock.source)):
            low, high = low * clock.result, high * clock.result  # noqa: PLW2901
            found.append(_with_times(item, *(_whole(low, high, path, clock) if is_whole else (low, high))))
    return sorted(found, key=lambda item: segment_times(item, path)[0]) if _is_sorted(value, path) else found


def _rows_of(value: Mapping[str, Any], path: str) -> Any:
    """The fields of a struct of lists, one segment after the other."""
    lengths = {name: -1 if some is None else len(some) for name, some in value.items()}
    if len(set(lengths.values())) > 1:
        raise LabelError(f"column {path!r}: its lists must be one value a segment, have {lengths}; correct the row")
    return zip(*value.values(), strict=True)


def _is_sorted(value: Any, path: str) -> bool:
    starts = [segment_times(item, path)[0] for item in value]
    return starts == sorted(starts)


def segment_times(item: Any, path: str) -> tuple[Any, Any]:
    """Start and end of a segment as they are stored; both the same for a moment.

    Raises:
        LabelError: It ends before it starts, or has no times.
    """
    if isinstance(item, Mapping):
        fields = time_fields(item)
        start = item[fields.start] if fields else None
        if fields is None:
            end = None
        elif fields.pair:
            start, end = start if start is not None else (None, None)
        elif fields.length:
            length = item[fields.length]
            end = None if start is None or length is None else start + length
        else:
            end = item[fields.end] if fields.end else start
    else:
        start, end = item
    if start is None or end is None or not start <= end:
        raise LabelError(f"column {path!r}: a segment must end after its start, is {start} to {end}; correct the row")
    return start, end


def _with_times(item: Any, start: float, end: float) -> Any:
    """A segment at other times, all else as it was."""
    if not isinstance(item, Mapping):
        return [start, end]
    fields = time_fields(item)
    if fields is None:
        return item
    if fields.pair:
        return {**item, fields.start: [start, end]}
    if fields.length:
        return {**item, fields.start: start, fields.length: end - start}
    return {**item, fields.start: start, **({fields.end: end} if fields.end else {})}


def _whole(start: float, end: float, path: str, clock: Clock) -> tuple[int, int]:
    """Times as whole numbers; in seconds one between two is refused: rounded segments shrink to nothing or touch."""
    for time in (start, end):
        if not clock.rounds and abs(time - round(time)) > _ROUNDING:
            raise LabelError(
                f"column {path!r}: times in whole numbers cannot hold {time:.3f} seconds; cast starts and ends to "
                'Value("float64") with ds.cast_column(...), or say .on(time_units=...) if they are no seconds'
            )
    return round(start), round(end)
