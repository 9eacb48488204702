"""Keep few bits of each sample."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Annotated

import numpy as np

from hfaug.fields import Limit
from hfaug.kinds import FlowOp, Samples
from hfaug.randomness import Stream
from hfaug.rows import Heard

__all__ = ["CrushBits"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class CrushBits(FlowOp):
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

    def flow(self, heard: Heard, rng: Stream) -> Callable[[Samples], Samples]:
        """Draw the number of bits."""
        steps = np.float32(2 ** (rng.integers(self.bits[0], self.bits[1] + 1) - 1) + 1)
        return lambda block: np.asarray(np.round(block * steps) / steps, dtype=np.float32)
