"""Play a sound several times."""

from __future__ import annotations

import dataclasses
from typing import Annotated, ClassVar

from hfaug.fields import Limit
from hfaug.kinds import TimeOp
from hfaug.moves import TimeMap
from hfaug.randomness import Stream

__all__ = ["Loop"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Loop(TimeOp):
    """Play a sound several times, one after the other, as short noises repeat.

    Args:
        plays: Range of how often it is played, from 1 to 100.

    Moves: samples, exactly; segments, which are there as often; duration and number of samples.
    Rejects: nothing. A transcript beside the sound is refused, unless kept by hand.
    Source: audiomentations, RepeatPart.

    >>> import hfaug
    >>> hfaug.ops.audio.Loop(plays=(2, 4)).plays
    (2, 4)
    """

    shifts: ClassVar[tuple[str, ...]] = ("audio", "speech")
    may_change: ClassVar[tuple[str, ...]] = ("duration", "counts of what is heard")

    plays: Annotated[tuple[int, int], Limit(1, 100, ordered=True)] = (2, 3)

    def time(self, duration_s: float, rng: Stream) -> TimeMap:
        """Draw how often."""
        plays = rng.integers(self.plays[0], self.plays[1] + 1)
        pieces = ((0.0, duration_s, duration_s * play, duration_s * (play + 1)) for play in range(plays))
        return TimeMap(tuple(pieces), duration_s, duration_s * plays)
