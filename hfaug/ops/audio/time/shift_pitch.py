"""Make a sound higher or lower."""

from __future__ import annotations

import dataclasses
from typing import Annotated, ClassVar

from hfaug.fields import Limit
from hfaug.kinds import SoundOp
from hfaug.op import Reject
from hfaug.randomness import Stream
from hfaug.rows import Row, Sound

__all__ = ["ShiftPitch"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ShiftPitch(SoundOp):
    """Make a sound higher or lower at the same speed, as voices and instruments differ.

    Neighbouring stretches and shifts of pitch in a chain are one pass of the engine.

    Args:
        semitones: Range of the shift, -24..24; 12 is an octave up.

    Moves: samples only; every time label stays.
    Rejects: nothing.
    Source: Signalsmith Stretch, as audiomentations' PitchShift has it.

    >>> import hfaug
    >>> hfaug.ops.audio.ShiftPitch(semitones=(-2, 2)).semitones
    (-2.0, 2.0)
    """

    may_change: ClassVar[tuple[str, ...]] = ("pitch", "who seems to speak")

    semitones: Annotated[tuple[float, float], Limit(-24, 24, ordered=True)] = (-4, 4)

    def change(self, sound: Sound, row: Row, rng: Stream) -> Reject | None:
        """Draw the shift."""
        sound.shift_pitch(rng.uniform(*self.semitones))
        return None
