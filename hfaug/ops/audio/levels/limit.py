"""Hold a sound below a level."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import numpy as np

from hfaug.fields import Limit as Within
from hfaug.fields import Positive
from hfaug.kinds import Samples, WaveOp
from hfaug.randomness import Stream

__all__ = ["Limit"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Limit(WaveOp):
    """Hold a sound below a level by turning down around its peaks, as broadcasters do.

    Args:
        threshold_db: Range of the level, in dB relative to the loudest sample, at most 0.
        attack_s: How long before a peak the gain begins to fall, in seconds, above 0.
        release_s: How long behind it the gain takes to come back, in seconds, above 0.

    Moves: samples only; every time label stays.
    Rejects: nothing.
    Source: audiomentations, Limiter; by SciPy, without the package that it needs and without its delay.

    >>> import hfaug
    >>> hfaug.ops.audio.Limit(threshold_db=(-12, -6)).threshold_db
    (-12.0, -6.0)
    """

    threshold_db: Annotated[tuple[float, float], Within(-120, 0, ordered=True)] = (-24, -2)
    attack_s: Positive = 0.005
    release_s: Positive = 0.1

    def wave(self, samples: Samples, rate: int, rng: Stream) -> Samples:
        """Draw the level; every sample stays below it."""
        from scipy.ndimage import minimum_filter1d, uniform_filter1d

        heights = np.abs(samples).max(axis=0)
        level = heights.max(initial=0.0) * 10 ** (rng.uniform(*self.threshold_db) / 20)
        if not level:
            return samples
        before, after = (max(1, round(time * rate)) for time in (self.attack_s, self.release_s))
        gains = np.minimum(1.0, level / np.maximum(heights, level))
        reach = before + after
        # The smallest gain near a moment, then smoothed over no more than that: so no peak comes through.
        shift = (after - before) // 2
        held = minimum_filter1d(gains, 2 * reach + 1, mode="nearest", origin=0)
        smooth = uniform_filter1d(held, reach + 1, mode="nearest", origin=int(np.clip(shift, -reach // 2, reach // 2)))
        return np.asarray(samples * np.minimum(smooth, level / np.maximum(heights, level)), dtype=np.float32)
