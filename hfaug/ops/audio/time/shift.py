"""Move a sound in time."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Literal

from hfaug.fields import Range
from hfaug.kinds import TimeOp
from hfaug.moves import TimeMap
from hfaug.randomness import Stream

__all__ = ["Shift"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Shift(TimeOp):
    """Play a sound later or earlier at the same length, so that what happens in it does not always begin at one time.

    Args:
        shift: Range of the shift, in the unit below; above 0 is later.
        unit: ``share`` of the sound's length, or ``seconds``.
        edge: ``roll`` brings in at one end what leaves at the other; ``silence`` loses it.

    Moves: samples, exactly; segments, of which one that is torn becomes two.
    Rejects: nothing. A transcript beside the sound is refused, unless kept by hand.
    Source: audiomentations, Shift.

    >>> import hfaug
    >>> hfaug.ops.audio.Shift(shift=(-1, 1), unit="seconds").edge
    'roll'
    """

    shifts: ClassVar[tuple[str, ...]] = ("audio", "speech")
    may_change: ClassVar[tuple[str, ...]] = ("order", "what is heard, where it leaves the sound")

    shift: Range = (-0.5, 0.5)
    unit: Literal["share", "seconds"] = "share"
    edge: Literal["roll", "silence"] = "roll"

    def time(self, duration_s: float, rng: Stream) -> TimeMap:
        """Draw the shift."""
        shift_s = rng.uniform(*self.shift) * (duration_s if self.unit == "share" else 1.0)
        return TimeMap.roll(duration_s, shift_s) if self.edge == "roll" else TimeMap.shift(duration_s, shift_s)
