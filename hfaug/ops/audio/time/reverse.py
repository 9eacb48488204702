"""Play a sound backwards."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from hfaug.kinds import TimeOp
from hfaug.moves import TimeMap
from hfaug.randomness import Stream

__all__ = ["Reverse"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reverse(TimeOp):
    """Play a sound backwards, for sounds that are told by their spectrum.

    Moves: samples, exactly; segments.
    Rejects: nothing. A transcript beside the sound is refused, unless kept by hand.
    Source: audiomentations, Reverse.

    >>> import hfaug
    >>> hfaug.ops.audio.Reverse().shifts
    ('audio', 'speech')
    """

    shifts: ClassVar[tuple[str, ...]] = ("audio", "speech")
    may_change: ClassVar[tuple[str, ...]] = ("order", "speech, which is no longer understood")

    def time(self, duration_s: float, rng: Stream) -> TimeMap:
        """Nothing is drawn."""
        return TimeMap.reverse(duration_s)
