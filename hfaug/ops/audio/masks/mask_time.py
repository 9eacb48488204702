"""Silence stretches of a sound."""

from __future__ import annotations

import dataclasses
from typing import Annotated, ClassVar

import numpy as np

from hfaug.fields import Limit, ShareRange
from hfaug.kinds import Samples, WaveOp
from hfaug.randomness import Stream

__all__ = ["MaskTime"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class MaskTime(WaveOp):
    """Silence stretches of a sound, so that a model does not lean on one moment.

    Args:
        share: Range of the share 0..1 of the sound that each stretch takes.
        masks: Range of how many stretches, from 0 up.
        fade_s: How long the sound takes to fade out and in, in seconds, from 0 up.

    Moves: samples only; every time label stays, also of what can no longer be heard.
    Rejects: nothing.
    Source: D. Park et al., SpecAugment, arXiv:1904.08779, on waves as audiomentations' TimeMask has it.

    >>> import hfaug
    >>> hfaug.ops.audio.MaskTime(masks=(1, 2)).masks
    (1, 2)
    """

    may_change: ClassVar[tuple[str, ...]] = ("what is heard: stretches are silenced",)

    share: ShareRange = (0.01, 0.2)
    masks: Annotated[tuple[int, int], Limit(0, ordered=True)] = (1, 1)
    fade_s: Annotated[float, Limit(0)] = 0.005

    def wave(self, samples: Samples, rate: int, rng: Stream) -> Samples:
        """Draw the stretches."""
        count = samples.shape[1]
        gains = np.ones(count, np.float32)
        for _ in range(rng.integers(self.masks[0], self.masks[1] + 1)):
            size, place = round(rng.uniform(*self.share) * count), rng.random()
            start = round(place * (count - size))
            fade = min(round(self.fade_s * rate), size // 2)
            ramp = (np.arange(fade, dtype=np.float32) + 0.5) / max(fade, 1)
            hole = np.concatenate([1 - ramp, np.zeros(size - 2 * fade, np.float32), ramp])
            gains[start : start + size] = np.minimum(gains[start : start + size], hole)
        return samples if gains.all() and (gains == 1).all() else samples * gains
