"""Take bands of frequencies out of a sound."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import numpy as np

from hfaug.fields import Limit, ShareRange
from hfaug.kinds import Samples, WaveOp
from hfaug.randomness import Stream

__all__ = ["MaskFrequency"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class MaskFrequency(WaveOp):
    """Take bands of frequencies out of a sound wholly, so that a model does not lean on one of them.

    Args:
        share: Range of the share 0..1 of the mel scale that each band takes.
        masks: Range of how many bands, from 0 up.

    Moves: samples only; every time label stays.
    Rejects: nothing.
    Source: D. Park et al., SpecAugment, arXiv:1904.08779, on waves.

    >>> import hfaug
    >>> hfaug.ops.audio.MaskFrequency(masks=(1, 2)).masks
    (1, 2)
    """

    share: ShareRange = (0.02, 0.15)
    masks: Annotated[tuple[int, int], Limit(0, ordered=True)] = (1, 1)

    def wave(self, samples: Samples, rate: int, rng: Stream) -> Samples:
        """Draw the bands."""
        count = samples.shape[1]
        mel = np.log1p(np.fft.rfftfreq(count, 1 / rate) / 700)
        mel /= max(mel[-1], 1e-9)
        kept = np.ones(len(mel))
        for _ in range(rng.integers(self.masks[0], self.masks[1] + 1)):
            width, place = rng.uniform(*self.share), rng.random()
            low = place * (1 - width)
            outside = np.maximum(np.maximum(low - mel, mel - low - width), 0) / 0.005  # edges that do not ring
            kept = np.minimum(kept, outside)
        if (kept >= 1).all():
            return samples
        return np.asarray(np.fft.irfft(np.fft.rfft(samples, axis=1) * kept, count, axis=1), dtype=np.float32)
