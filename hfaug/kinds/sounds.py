"""Kinds of ops on sounds."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.errors import RowError
from hfaug.op import Op, Reject
from hfaug.randomness import Stream
from hfaug.rows import Row

__all__ = ["Samples", "WaveOp"]

Samples = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True, kw_only=True)
class WaveOp(Op):
    """An op on samples that stay in time: ``wave(samples, rate, rng) -> samples`` of the same shape."""

    needs: ClassVar[tuple[str, ...]] = ("audio",)
    unit_rows: ClassVar[int] = 50

    @abstractmethod
    def wave(self, samples: Samples, rate: int, rng: Stream) -> Samples:
        """Change (channels, samples) float32; return the same object for no change, and never write into it."""

    def apply(self, row: Row, rng: Stream) -> Row | Reject:
        """Change the sound of one row."""
        sound = row.sound
        if sound is None:
            return row
        before = sound.samples
        after = self.wave(before, sound.rate, rng)
        if after.shape != before.shape:
            raise RowError(
                f"{type(self).__name__}: wave must return samples of shape {before.shape}, returned {after.shape}; "
                "mend the op"
            )
        if after is not before:
            sound.put(np.asarray(after, dtype=np.float32))
        return row
