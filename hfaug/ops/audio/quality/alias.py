"""Fold high frequencies down."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import numpy as np

from hfaug.fields import Limit
from hfaug.kinds import Samples, WaveOp
from hfaug.randomness import Stream

__all__ = ["Alias"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Alias(WaveOp):
    """Keep every n-th sample only, without the filter that belongs before it, so that high frequencies fold down.

    Args:
        rate_hz: Range of the samples a second that are left, above 0; a sound with fewer stays as it is.

    Moves: samples only; every time label stays. The file keeps its sampling rate.
    Rejects: nothing.
    Source: audiomentations, Aliasing.

    >>> import hfaug
    >>> hfaug.ops.audio.Alias(rate_hz=(4000, 8000)).rate_hz
    (4000.0, 8000.0)
    """

    rate_hz: Annotated[tuple[float, float], Limit(0, ordered=True, above=True)] = (4000, 16000)

    def wave(self, samples: Samples, rate: int, rng: Stream) -> Samples:
        """Draw the rate."""
        wanted = rng.uniform(*self.rate_hz)
        if wanted >= rate:
            return samples
        count = samples.shape[1]
        kept = np.arange(0, count, rate / wanted)
        found = [np.interp(np.arange(count), kept, np.interp(kept, np.arange(count), one)) for one in samples]
        return np.asarray(found, dtype=np.float32)
