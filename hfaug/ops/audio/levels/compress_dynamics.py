"""Make loud moments less loud."""

from __future__ import annotations

import dataclasses
import math
from typing import Annotated

import numpy as np
import numpy.typing as npt

from hfaug.fields import Limit, Positive
from hfaug.kinds import Samples, WaveOp
from hfaug.randomness import Stream

__all__ = ["CompressDynamics"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class CompressDynamics(WaveOp):
    """Make loud moments softer and, by the gain behind it, soft ones louder, as telephones and broadcasters do.

    Args:
        threshold_db: Range of the level above which gain is reduced, in dB relative to the loudest moment, at most 0.
        ratio: Range of the ratio, from 1 up: at 4, four dB above the threshold become one.
        attack_s: How long the gain takes to fall, in seconds, above 0.
        release_s: How long it takes to come back, in seconds, above 0.

    Moves: samples only; every time label stays.
    Rejects: nothing.
    Source: D. Giannoulis et al., Digital Dynamic Range Compressor Design, JAES 60(6), 2012.

    >>> import hfaug
    >>> hfaug.ops.audio.CompressDynamics(ratio=(4, 4)).ratio
    (4.0, 4.0)
    """

    threshold_db: Annotated[tuple[float, float], Limit(-120, 0, ordered=True)] = (-30, -10)
    ratio: Annotated[tuple[float, float], Limit(1, ordered=True)] = (2, 8)
    attack_s: Positive = 0.005
    release_s: Positive = 0.1

    def wave(self, samples: Samples, rate: int, rng: Stream) -> Samples:
        """Draw threshold and ratio; the peak stays as high as it was."""
        threshold, ratio = rng.uniform(*self.threshold_db), rng.uniform(*self.ratio)
        peak = float(np.abs(samples).max(initial=0.0))
        if not peak:
            return samples
        size = max(1, round(0.001 * rate))  # gain is worked out a thousand times a second
        heights = np.maximum.reduceat(np.abs(samples).max(axis=0), np.arange(0, samples.shape[1], size))
        over = np.maximum(20 * np.log10(np.maximum(heights / peak, 1e-6)) - threshold, 0.0)
        gains = -_followed(over * (1 - 1 / ratio), self.attack_s * rate / size, self.release_s * rate / size)
        each = np.interp(np.arange(samples.shape[1]), np.arange(len(gains)) * size + size / 2, gains)
        done = samples * (10 ** (each / 20)).astype(np.float32)
        return np.asarray(done * np.float32(peak / np.abs(done).max()))


def _followed(wanted: npt.NDArray[np.float64], attack: float, release: float) -> npt.NDArray[np.float64]:
    """A reduction that follows another one, faster upwards than downwards."""
    rise, fall = math.exp(-1 / max(attack, 1e-3)), math.exp(-1 / max(release, 1e-3))
    now, found = 0.0, []
    for value in wanted.tolist():
        keep = rise if value > now else fall
        now = keep * now + (1 - keep) * value
        found.append(now)
    return np.array(found)
