"""Cut the peaks off a sound."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np

from hfaug.fields import ShareRange
from hfaug.kinds import Samples, WaveOp
from hfaug.randomness import Stream

__all__ = ["Clip"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Clip(WaveOp):
    """Cut off the loudest samples, as a microphone that is too near or an overdriven amplifier does.

    Args:
        share: Range of the share 0..1 of the samples that are cut off, of those that are not silent.

    Moves: samples only; every time label stays.
    Rejects: nothing.
    Source: audiomentations, ClippingDistortion.

    >>> import hfaug
    >>> hfaug.ops.audio.Clip(share=(0.1, 0.1)).share
    (0.1, 0.1)
    """

    version: ClassVar[int] = 2

    share: ShareRange = (0, 0.4)

    def wave(self, samples: Samples, rate: int, rng: Stream) -> Samples:
        """Draw the share; half of it is above, half below."""
        half = 50 * rng.uniform(*self.share)
        heard = samples[samples != 0]  # of a click in silence most samples are equal, and none of them loud
        if not half or not heard.size:
            return samples
        low, high = np.percentile(heard, (half, 100 - half)).astype(np.float32)
        return np.clip(samples, min(low, np.float32(0)), max(high, np.float32(0)))
