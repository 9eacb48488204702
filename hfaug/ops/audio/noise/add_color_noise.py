"""Add coloured noise."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import numpy as np

from hfaug.fields import Limit, Range
from hfaug.kinds import Samples, WaveOp
from hfaug.randomness import Stream

__all__ = ["AddColorNoise"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class AddColorNoise(WaveOp):
    """Add pink, brown, blue or any noise between, as rain, traffic and hiss are. Silence stays silent.

    Args:
        snr_db: Range of the signal-to-noise ratio, in dB; lower is noisier.
        slope_db: Range of how the noise changes from octave to octave, in dB: -3 is pink, -6 brown, 3 blue, 6 violet.

    Moves: samples only; every time label stays.
    Rejects: nothing.
    Source: audiomentations, AddColorNoise; shaped over the whole spectrum, where its filter of 128 points ends.

    >>> import hfaug
    >>> hfaug.ops.audio.AddColorNoise(slope_db=(-3.01, -3.01)).slope_db
    (-3.01, -3.01)
    """

    snr_db: Range = (5, 40)
    slope_db: Annotated[tuple[float, float], Limit(-12, 12, ordered=True)] = (-6, 6)

    def wave(self, samples: Samples, rate: int, rng: Stream) -> Samples:
        """Draw ratio, slope and noise."""
        ratio, slope = rng.uniform(*self.snr_db), rng.uniform(*self.slope_db)
        power = float(np.mean(np.square(samples, dtype=np.float64)))
        if power == 0:
            return samples
        white = rng.generator().standard_normal(samples.shape, dtype=np.float32)
        spectrum = np.fft.rfft(white, axis=1)
        lowest = max(1, round(20 * samples.shape[1] / rate))  # below what is heard it stays as it is there
        octaves = np.log2(np.maximum(np.arange(spectrum.shape[1]), lowest))
        spectrum *= 10 ** ((octaves - octaves[-1]) * slope / 20)
        noise = np.fft.irfft(spectrum, samples.shape[1], axis=1)
        strength = float(np.sqrt(np.mean(np.square(noise))))
        noise *= power**0.5 / 10 ** (ratio / 20) / max(strength, 1e-12)
        return np.asarray(samples + noise, dtype=np.float32)
