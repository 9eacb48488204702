"""Change the gain of a sound."""

from __future__ import annotations

import dataclasses

from hfaug.fields import Range
from hfaug.kinds import GainOp
from hfaug.randomness import Stream

__all__ = ["ChangeGain"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChangeGain(GainOp):
    """Make a sound louder or softer, as distance and microphones do.

    Integer formats clip what leaves -1..1 when written. Neighbouring gains in a chain multiply.

    Args:
        gain_db: Range of the gain, in dB; below 0 is softer.

    Moves: samples only; every time label stays.
    Rejects: nothing.
    Source: audiomentations, Gain.

    >>> import hfaug
    >>> hfaug.ops.audio.ChangeGain(gain_db=(-6, 6)).gain_db
    (-6.0, 6.0)
    """

    gain_db: Range = (-12, 6)

    def ratio(self, rng: Stream) -> float:
        """Draw the gain."""
        return float(10 ** (rng.uniform(*self.gain_db) / 20))
