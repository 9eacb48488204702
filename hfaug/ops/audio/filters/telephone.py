"""Send a sound through a telephone line."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import numpy as np

from hfaug.fields import Limit
from hfaug.kinds import Samples, WaveOp
from hfaug.ops.audio.filters.butterworth import filtered
from hfaug.randomness import Stream
from hfaug.rows import resampled

__all__ = ["Telephone"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Telephone(WaveOp):
    """Send a sound through a telephone line: 300 to 3400 Hz, eight thousand samples a second, eight bits each.

    Args:
        low_hz: Range of the lower end of the band, in Hz, above 0.
        high_hz: Range of its upper end, in Hz, up to 3900.
        mu: Strength of the companding of eight bits, 255 in North America and Japan; 0 leaves it out.

    Moves: samples only; every time label stays. The file keeps its sampling rate.
    Rejects: nothing.
    Source: ITU-T G.711, G.712.

    >>> import hfaug
    >>> hfaug.ops.audio.Telephone(mu=0).low_hz
    (200.0, 400.0)
    """

    low_hz: Annotated[tuple[float, float], Limit(0, 3900, ordered=True, above=True)] = (200, 400)
    high_hz: Annotated[tuple[float, float], Limit(0, 3900, ordered=True, above=True)] = (3000, 3400)
    mu: Annotated[float, Limit(0, 255)] = 255

    def wave(self, samples: Samples, rate: int, rng: Stream) -> Samples:
        """Draw the band."""
        band = rng.uniform(*self.low_hz), rng.uniform(*self.high_hz)
        count, line = samples.shape[1], max(1, round(samples.shape[1] * _LINE_HZ / rate))
        sent = filtered(samples, rate, "bandpass", band, 24)
        if rate > _LINE_HZ:
            sent = resampled(sent, line, count, line)
        if self.mu:
            sign, size = np.sign(sent), np.minimum(np.abs(sent), 1.0)
            steps = np.rint(np.log1p(self.mu * size) / np.log1p(self.mu) * 127) / 127
            sent = (sign * np.expm1(steps * np.log1p(self.mu)) / self.mu).astype(np.float32)
        return resampled(sent, count, line, count) if rate > _LINE_HZ else sent


_LINE_HZ = 8_000
