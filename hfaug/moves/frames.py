"""Frames under cuts and changes of speed, rate and direction: which is shown when, and where each moment went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hfaug.errors import ParameterError
from hfaug.moves.timemap import TimeMap

__all__ = ["FrameTimes", "Retiming"]

_SLACK = 1e-6  # of a frame's length; a moment this near to a frame's start is its start, the rest is rounding


@dataclass(frozen=True, eq=False)
class FrameTimes:
    """When the frames of a clip are shown.

    Args:
        starts_s: (n,) when each is first shown, ascending; it stays until the next one.
        duration_s: When the last one ends.

    >>> FrameTimes(np.array([0.0, 0.5, 1.0]), 1.5).at([0.0, 0.7, 9.0]).tolist()
    [0, 1, 2]
    """

    starts_s: NDArray[np.float64]
    duration_s: float

    @property
    def count(self) -> int:
        """Number of frames."""
        return len(self.starts_s)

    @property
    def rate(self) -> float:
        """Frames a second, on average."""
        return self.count / max(self.duration_s - float(self.starts_s[0]), 1e-9)

    @property
    def ends_s(self) -> NDArray[np.float64]:
        """When each frame ends."""
        return np.append(self.starts_s[1:], self.duration_s)

    def at(self, times_s: Any) -> NDArray[np.int64]:
        """The frames that are shown at some moments; the first one before all."""
        slack = _SLACK / max(self.rate, 1.0)
        places = np.searchsorted(self.starts_s, np.asarray(times_s, dtype=np.float64) + slack, side="right") - 1
        return np.clip(places, 0, self.count - 1)


@dataclass(frozen=True, eq=False)
class Retiming:
    """Which frames of a clip are shown afterwards, and when.

    Args:
        frames: (m,) number of the frame that is shown, in the new order; at least one.
        times: When they are shown.
        map: Where each moment of the clip lies afterwards; None where time stays as it is.
    """

    frames: NDArray[np.int64]
    times: FrameTimes
    map: TimeMap | None = None

    def __post_init__(self) -> None:
        if not len(self.frames) or len(self.frames) != self.times.count:
            raise ParameterError(
                f"Retiming: must show at least one frame, each at a time of its own, got {len(self.frames)} frames "
                f"and {self.times.count} times; keep a frame."
            )

    def is_identity(self, before: FrameTimes) -> bool:
        """Whether the same frames are shown at the same times."""
        return (
            (self.map is None or self.map.is_identity)
            and np.array_equal(self.frames, np.arange(before.count))
            and np.array_equal(self.times.starts_s, before.starts_s)
            and self.times.duration_s == before.duration_s
        )

    @classmethod
    def keep(cls, before: FrameTimes) -> Retiming:
        """Nothing changes."""
        return cls(np.arange(before.count), before)

    @classmethod
    def cut(cls, before: FrameTimes, start_s: float, stop_s: float) -> Retiming:
        """Whole frames: from the one that is shown at `start_s` to the last that is shown before `stop_s`.

        >>> cut = Retiming.cut(FrameTimes(np.arange(5) / 2, 2.5), 0.6, 1.5)
        >>> cut.frames.tolist(), cut.times.starts_s.tolist(), cut.times.duration_s
        ([1, 2], [0.0, 0.5], 1.0)
        """
        first = int(before.at(start_s))
        slack = _SLACK / max(before.rate, 1.0)
        last = max(first, int(np.searchsorted(before.starts_s, stop_s - slack, side="left")) - 1)
        if first == 0 and last == before.count - 1 and start_s <= before.starts_s[0]:
            return cls.keep(before)
        low, high = float(before.starts_s[first]), float(before.ends_s[last])
        times = FrameTimes(before.starts_s[first : last + 1] - low, high - low)
        return cls(np.arange(first, last + 1), times, TimeMap.crop(before.duration_s, low, high))

    @classmethod
    def speed(cls, before: FrameTimes, factor: float) -> Retiming:
        """Every frame, shown for a shorter or longer time."""
        times = FrameTimes(before.starts_s / factor, before.duration_s / factor)
        return cls(np.arange(before.count), times, TimeMap.speed(before.duration_s, factor))

    @classmethod
    def reverse(cls, before: FrameTimes) -> Retiming:
        """The last frame first, each for as long as before."""
        starts = before.duration_s - before.ends_s[::-1]
        times = FrameTimes(starts, before.duration_s)
        return cls(np.arange(before.count)[::-1], times, TimeMap.reverse(before.duration_s))

    @classmethod
    def loop(cls, before: FrameTimes, plays: int) -> Retiming:
        """The clip several times, one after the other."""
        length = before.duration_s
        starts = np.concatenate([before.starts_s + length * play for play in range(plays)])
        pieces = tuple((0.0, length, length * play, length * (play + 1)) for play in range(plays))
        return cls(
            np.tile(np.arange(before.count), plays),
            FrameTimes(starts, length * plays),
            TimeMap(pieces, length, length * plays),
        )

    @classmethod
    def thin(cls, before: FrameTimes, frames: NDArray[np.int64]) -> Retiming:
        """Some of the frames, ascending; each stays until the next one."""
        return cls(frames, FrameTimes(before.starts_s[frames], before.duration_s))

    def at_rate(self, rate: float) -> Retiming:
        """The same, seen by a camera of so many frames a second: frames are repeated or left out.

        >>> Retiming.keep(FrameTimes(np.arange(4) / 4, 1.0)).at_rate(2).frames.tolist()
        [0, 2]
        """
        first, duration = float(self.times.starts_s[0]), self.times.duration_s
        count = max(1, round((duration - first) * rate))
        starts = first + np.arange(count) / rate
        if count == self.times.count and np.abs(starts - self.times.starts_s).max() < _SLACK:
            return self
        return Retiming(self.frames[self.times.at(starts)], FrameTimes(starts, duration), self.map)
