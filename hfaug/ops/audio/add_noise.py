"""Add noise to a sound."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from hfaug.fields import Range
from hfaug.kinds import Samples
from hfaug.randomness import Stream
from hfaug.transforms import TransformOp

__all__ = ["AddNoise"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class AddNoise(TransformOp):
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

    transform: ClassVar[str] = "AddGaussianSNR"
    draws: ClassVar[bool] = True

    snr_db: Range = (10, 40)

    def parameters(self, samples: Samples, rate: int, rng: Stream) -> Mapping[str, Any] | None:
        """Draw the ratio; the noise itself is drawn by the transform."""
        ratio = rng.uniform(*self.snr_db)
        power = float(np.mean(np.square(samples, dtype=np.float64))) if samples.size else 0.0
        return {"noise_std": power**0.5 / 10 ** (ratio / 20)} if power > 0 else None
