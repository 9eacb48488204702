"""Add noise to a sound."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import ClassVar

import numpy as np

from hfaug.fields import Range
from hfaug.kinds import FlowOp, Samples
from hfaug.randomness import Stream
from hfaug.rows import Heard

__all__ = ["AddNoise"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class AddNoise(FlowOp):
    """Add white Gaussian noise at a drawn signal-to-noise ratio, as cheap microphones do. Silence stays silent.

    Args:
        snr_db: Range of the signal-to-noise ratio, in dB; lower is noisier.

    Moves: samples only; every time label stays.
    Rejects: nothing.
    Source: audiomentations, AddGaussianSNR.

    >>> import hfaug
    >>> hfaug.ops.audio.AddNoise(snr_db=(10, 20)).snr_db
    (10.0, 20.0)
    """

    version: ClassVar[int] = 2

    snr_db: Range = (10, 40)

    def flow(self, heard: Heard, rng: Stream) -> Callable[[Samples], Samples]:
        """Draw the ratio and the noise."""
        ratio = rng.uniform(*self.snr_db)
        strength = np.float32(heard.power**0.5 / 10 ** (ratio / 20))
        generator = rng.generator()

        def add(block: Samples) -> Samples:
            if strength == 0:
                return block
            noise = generator.standard_normal((block.shape[1], block.shape[0]), dtype=np.float32).T
            noise *= strength
            return np.add(block, noise, out=noise)

        return add
