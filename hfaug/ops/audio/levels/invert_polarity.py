"""Turn a wave upside down."""

from __future__ import annotations

import dataclasses

from hfaug.kinds import GainOp
from hfaug.randomness import Stream

__all__ = ["InvertPolarity"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class InvertPolarity(GainOp):
    """Turn a wave upside down, as a microphone wired the other way round does: nobody hears it, no model should.

    Moves: samples only; every time label stays.
    Rejects: nothing.
    Source: audiomentations, PolarityInversion.

    >>> import hfaug
    >>> hfaug.ops.audio.InvertPolarity().shifts
    ()
    """

    def ratio(self, rng: Stream) -> float:
        """Nothing is drawn."""
        return -1.0
