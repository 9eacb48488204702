"""Add noise to a sound."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np

from hfaug.fields import Range
from hfaug.kinds import Samples, WaveOp
from hfaug.randomness import Stream

__all__ = ["AddNoise"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class AddNoise(WaveOp):
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

    def wave(self, samples: Samples, rate: int, rng: Stream) -> Samples:
        """Draw the ratio and the noise."""
        ratio = rng.uniform(*self.snr_db)
        power = float(np.mean(np.square(samples, dtype=np.float64))) if samples.size else 0.0
        if power == 0:
            return samples
        noise = rng.generator().standard_normal(samples.shape, dtype=np.float32)
        noise *= np.float32(power**0.5 / 10 ** (ratio / 20))
        return np.add(samples, noise, out=noise)
