"""Keep few bits of each sample."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import numpy as np

from hfaug.fields import Limit
from hfaug.kinds import Samples, WaveOp
from hfaug.randomness import Stream

__all__ = ["CrushBits"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class CrushBits(WaveOp):
    """Keep few bits of each sample, as old recorders and games do.

    Args:
        bits: Range of how many, 1..24.

    Moves: samples only; every time label stays.
    Rejects: nothing.
    Source: audiomentations, BitCrush.

    >>> import hfaug
    >>> hfaug.ops.audio.CrushBits(bits=(8, 8)).bits
    (8, 8)
    """

    bits: Annotated[tuple[int, int], Limit(1, 24, ordered=True)] = (5, 10)

    def wave(self, samples: Samples, rate: int, rng: Stream) -> Samples:
        """Draw the number of bits."""
        steps = np.float32(2 ** (rng.integers(self.bits[0], self.bits[1] + 1) - 1) + 1)
        return np.asarray(np.round(samples * steps) / steps, dtype=np.float32)
