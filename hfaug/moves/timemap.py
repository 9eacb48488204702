"""Times under cuts, changes of speed and reversal, and the labels that lie on them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hfaug.errors import ParameterError

__all__ = ["Piece", "TimeMap"]

Piece = tuple[float, float, float, float]
Segment = tuple[float, float]
_SLACK = 1e-9  # seconds; borders this near are one border, the rest is rounding
_SAME_LENGTH_S = 0.01  # codecs and resampling round lengths to samples and frames


@dataclass(frozen=True)
class TimeMap:
    """Where each moment of a recording lies afterwards.

    A piece ``(start, end, moved_start, moved_end)`` says that the times from ``start`` to ``end`` are played from
    ``moved_start`` to ``moved_end``; a reversed piece has ``moved_end < moved_start``. Times in no piece are cut out;
    stretches of the result that no piece fills are silence. A moment may be played several times (a loop).

    Args:
        pieces: In any order; those of the result do not overlap.
        source_s: Length of the recording; the end of the last piece when left out.
        duration_s: Length of the result; the end of the last piece there when left out.

    Raises:
        ParameterError: A piece is empty or not finite, two fill the same time, or one lies outside the result.

    >>> faster = TimeMap.speed(10.0, 2.0)
    >>> faster.duration_s, faster.segments([(2.0, 4.0)])
    (5.0, ([(1.0, 2.0)], [1.0]))
    """

    pieces: tuple[Piece, ...]
    source_s: float = math.nan
    duration_s: float = math.nan

    def __post_init__(self) -> None:
        pieces = tuple((float(a), float(b), float(c), float(d)) for a, b, c, d in self.pieces)
        pieces = tuple(sorted(pieces, key=lambda piece: min(piece[2:])))
        source = float(self.source_s)
        source = max((piece[1] for piece in pieces), default=0.0) if math.isnan(source) else source
        duration = float(self.duration_s)
        duration = max((max(piece[2:]) for piece in pieces), default=0.0) if math.isnan(duration) else duration
        last = 0.0
        for piece in pieces:
            start, stop, moved_start, moved_stop = piece
            if not (math.isfinite(sum(piece)) and start < stop and moved_start != moved_stop):
                raise ParameterError(
                    f"TimeMap: a piece must be finite and not empty, is {piece}; leave it out or give it length."
                )
            if start < -_SLACK or stop > source + _SLACK:
                raise ParameterError(
                    f"TimeMap: a piece must lie within the source's 0..{source} s, is {piece}; shorten it."
                )
            if min(moved_start, moved_stop) < last - _SLACK or max(moved_start, moved_stop) > duration + _SLACK:
                raise ParameterError(
                    f"TimeMap: pieces must lie side by side within 0..{duration} s, {piece} does not; "
                    "shift or shorten it."
                )
            last = max(moved_start, moved_stop)
        object.__setattr__(self, "pieces", pieces)
        object.__setattr__(self, "source_s", source)
        object.__setattr__(self, "duration_s", duration)

    @classmethod
    def identity(cls, duration_s: float) -> TimeMap:
        """Nothing moves."""
        return cls.speed(duration_s, 1.0)

    @classmethod
    def speed(cls, duration_s: float, factor: float) -> TimeMap:
        """Play ``factor`` times as fast; 2 halves the duration.

        Raises:
            ParameterError: The factor is not above 0.
        """
        if not factor > 0:
            raise ParameterError(
                f"TimeMap.speed: the factor must be above 0, is {factor}; to play backwards, use reverse."
            )
        moved_s = duration_s / factor
        return cls(((0.0, duration_s, 0.0, moved_s),) if duration_s > 0 else (), duration_s, moved_s)

    @classmethod
    def reverse(cls, duration_s: float) -> TimeMap:
        """Play backwards."""
        return cls(((0.0, duration_s, duration_s, 0.0),) if duration_s > 0 else (), duration_s, duration_s)

    @classmethod
    def crop(cls, duration_s: float, start_s: float, end_s: float) -> TimeMap:
        """Keep the times from ``start_s`` to ``end_s``; where that reaches outside the recording, silence is put in.

        Raises:
            ParameterError: Nothing is kept: the end is not behind the start.

        >>> TimeMap.crop(10.0, 4.0, 8.0).segments([(3.0, 5.0), (8.5, 9.0)])
        ([(0.0, 1.0), None], [0.5, 0.0])
        """
        if not start_s < end_s:
            raise ParameterError(
                f"TimeMap.crop: the end must lie behind the start, they are {end_s} and {start_s}; keep something."
            )
        low, high = max(start_s, 0.0), min(end_s, duration_s)
        pieces = ((low, high, low - start_s, high - start_s),) if low < high else ()
        return cls(pieces, duration_s, end_s - start_s)

    @classmethod
    def shift(cls, duration_s: float, shift_s: float) -> TimeMap:
        """Play later by ``shift_s`` (earlier when negative); the duration stays, what leaves it is lost."""
        return cls.crop(duration_s, -shift_s, duration_s - shift_s)

    @classmethod
    def roll(cls, duration_s: float, shift_s: float) -> TimeMap:
        """Play later by ``shift_s``; what leaves the end comes in at the start.

        >>> TimeMap.roll(10.0, 3.0).occurrences((6.0, 8.0))
        [(0.0, 1.0), (9.0, 10.0)]
        """
        if duration_s <= 0:
            return cls((), 0.0, 0.0)
        late = shift_s % duration_s
        pieces = ((0.0, duration_s - late, late, duration_s), (duration_s - late, duration_s, 0.0, late))
        return cls(tuple(piece for piece in pieces if piece[0] < piece[1]), duration_s, duration_s)

    @property
    def is_identity(self) -> bool:
        """Whether every moment stays where it is and nothing is cut out or put in."""
        stays = all(piece[:2] == piece[2:] for piece in self.pieces)
        return stays and sum(piece[1] - piece[0] for piece in self.pieces) == self.source_s == self.duration_s

    def scaled(self, source: float, result: float) -> TimeMap:
        """The same map in other units: times of the recording and of the result multiplied by a number each.

        >>> TimeMap.crop(8.0, 2.0, 4.0).scaled(100, 100).pieces
        ((200.0, 400.0, 0.0, 200.0),)
        """
        pieces = tuple((a * source, b * source, c * result, d * result) for a, b, c, d in self.pieces)
        return TimeMap(pieces, self.source_s * source, self.duration_s * result)

    def on_samples(self, rate: float, count: int) -> TimeMap:
        """The map in samples, with every border on a whole one; what keeps its pace keeps its length to the sample.

        What is heard at all keeps one sample at least.

        Args:
            rate: Samples a second.
            count: Samples of the recording.

        >>> TimeMap.crop(1.0, 0.3, 0.72).on_samples(10, 10).pieces
        ((3.0, 7.0, 0.0, 4.0),)
        """
        pieces: list[Piece] = []
        length, last = max(round(self.duration_s * rate), 0), 0
        if not length and count and self.pieces:
            first = min(int(self.pieces[0][0] * rate), count - 1)
            return TimeMap(((first, first + 1, 0, 1),), count, 1)
        for start, stop, moved_start, moved_stop in self.pieces:
            first, end = min(round(start * rate), count), min(round(stop * rate), count)
            low, high = sorted((moved_start, moved_stop))
            at = max(round(low * rate), last)
            keeps_pace = abs((high - low) - (stop - start)) * rate < 0.5
            size = end - first if keeps_pace else max(1, round((high - low) * rate))
            size = min(size, length - at)
            if first >= end or size <= 0:
                continue
            if keeps_pace:
                first, end = (end - size, end) if moved_stop < moved_start else (first, first + size)
            last = at + size
            pieces.append((first, end, last, at) if moved_stop < moved_start else (first, end, at, last))
        return TimeMap(tuple(pieces), count, length)

    def points(self, times: Any) -> NDArray[np.float64]:
        """Moved moments; not-a-number where one is cut out. Of a moment that is played several times, the first.

        Args:
            times: N times in seconds.

        >>> TimeMap.reverse(4.0).points([1.0, 5.0]).tolist()
        [3.0, nan]
        """
        given = np.asarray(times, dtype=np.float64).reshape(-1)
        moved = np.full(len(given), np.nan)
        for start, stop, moved_start, moved_stop in self.pieces:
            inside = (given >= start) & (given <= stop) & np.isnan(moved)
            moved[inside] = moved_start + (given[inside] - start) * ((moved_stop - moved_start) / (stop - start))
        return moved

    def occurrences(self, segment: Segment) -> list[Segment]:
        """Every stretch of the result in which a segment of the source is played, in order.

        A stretch goes on over a cut inside the segment. A segment without length is a moment, and is found in one piece
        once.

        >>> TimeMap(((0, 2, 0, 2), (0, 2, 2, 4))).occurrences((1.0, 1.5))
        [(1.0, 1.5), (3.0, 3.5)]
        """
        found: list[Segment] = []
        for _, _, ends in self._parts(segment):
            if found and ends[0] <= found[-1][1] + _SLACK:
                found[-1] = (found[-1][0], max(ends[1], found[-1][1]))
            else:
                found.append(ends)
        return found

    def _parts(self, segment: Segment) -> Iterator[tuple[float, float, Segment]]:
        """What each piece plays of a segment: start and end there, and the stretch of the result."""
        low, high = segment
        for start, stop, moved_start, moved_stop in self.pieces:
            a, b = max(low, start), min(high, stop)
            if a > b or (a == b and low < high):
                continue
            rate = (moved_stop - moved_start) / (stop - start)
            first, last = sorted((moved_start + (a - start) * rate, moved_start + (b - start) * rate))
            yield a, b, (first, last)

    def share(self, segment: Segment) -> float:
        """How much of a segment of the source is still to be heard, 0..1; a moment counts 1 where it is played.

        >>> TimeMap.crop(10.0, 4.0, 8.0).share((3.0, 5.0))
        0.5
        """
        low, high = segment
        if low == high:
            return 1.0 if self.occurrences(segment) else 0.0
        heard, at = 0.0, low
        for start, stop, _, _ in sorted(self.pieces):
            a, b = max(at, start), min(high, stop)
            if a < b:
                heard, at = heard + (b - a), b
        return min(heard / (high - low), 1.0)

    def segments(self, segments: Iterable[Segment]) -> tuple[list[Segment | None], list[float]]:
        """Where segments lie afterwards, cut to what is still played, and how much of each that is.

        A segment reaches from its first to its last stretch, also over what was put in between. Of one that is played
        several times it is the first time; `occurrences` gives them all.

        Args:
            segments: ``(start, end)`` in seconds of the source.

        Returns:
            The moved segments, None where nothing is left; and the shares 0..1 of their lengths that are still played.
        """
        given = [(float(start), float(end)) for start, end in segments]
        return [self._first_time(segment) for segment in given], [self.share(segment) for segment in given]

    def _first_time(self, segment: Segment) -> Segment | None:
        stretches: list[Segment] = []
        played: list[Segment] = []
        for a, b, ends in self._parts(segment):
            if any(max(a, start) < min(b, stop) - _SLACK for start, stop in played):
                break
            played.append((a, b))
            stretches.append(ends)
        return (stretches[0][0], stretches[-1][1]) if stretches else None

    def then(self, other: TimeMap) -> TimeMap:
        """Both maps as one.

        Raises:
            ParameterError: The other map is for recordings of another length than this one makes.

        >>> TimeMap.speed(8.0, 2.0).then(TimeMap.crop(4.0, 1.0, 3.0)).segments([(0.0, 4.0)])
        ([(0.0, 1.0)], [0.5])
        """
        if abs(other.source_s - self.duration_s) > _SAME_LENGTH_S:
            raise ParameterError(
                f"TimeMap.then: the next map must take {self.duration_s} s, takes {other.source_s} s; "
                "make it for that length."
            )
        pieces: list[Piece] = []
        for start, stop, moved_start, moved_stop in other.pieces:
            rate = (moved_stop - moved_start) / (stop - start)
            for early, late, between_start, between_stop in self.pieces:
                a, b = max(start, min(between_start, between_stop)), min(stop, max(between_start, between_stop))
                if b - a <= _SLACK:
                    continue
                back = (late - early) / (between_stop - between_start)
                ends = sorted(
                    (early + (place - between_start) * back, moved_start + (place - start) * rate) for place in (a, b)
                )
                pieces.append((ends[0][0], ends[1][0], ends[0][1], ends[1][1]))
        return TimeMap(tuple(pieces), self.source_s, other.duration_s)
