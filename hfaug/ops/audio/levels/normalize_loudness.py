"""Bring a sound to a loudness."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import numpy as np

from hfaug.fields import Limit
from hfaug.kinds import Samples, WaveOp
from hfaug.ops.audio.levels.loudness import integrated_lufs
from hfaug.randomness import Stream

__all__ = ["NormalizeLoudness"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class NormalizeLoudness(WaveOp):
    """Bring a sound to one loudness as people hear it. Silence, and what is shorter than 0.4 seconds, stays.

    What then leaves full scale is clipped by integer formats when written.

    Args:
        loudness_lufs: Range of the integrated loudness, in LUFS, at most 0.

    Moves: samples only; every time label stays.
    Rejects: nothing.
    Source: ITU-R BS.1770-4, as audiomentations' LoudnessNormalization, which needs one more package for it.

    >>> import hfaug
    >>> hfaug.ops.audio.NormalizeLoudness(loudness_lufs=(-23, -23)).loudness_lufs
    (-23.0, -23.0)
    """

    loudness_lufs: Annotated[tuple[float, float], Limit(-70, 0, ordered=True)] = (-31, -13)

    def wave(self, samples: Samples, rate: int, rng: Stream) -> Samples:
        """Draw the loudness."""
        wanted = rng.uniform(*self.loudness_lufs)
        measured = integrated_lufs(samples, rate)
        return samples if measured is None else samples * np.float32(10 ** ((wanted - measured) / 20))
