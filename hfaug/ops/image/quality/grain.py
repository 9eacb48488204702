"""Random numbers for every pixel, fast: 16 random bits each, looked up in a table of quantiles."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hfaug.randomness import Stream
from hfaug.randomness.quantile import normal_quantile

__all__ = ["draws", "normal", "normal_table"]


def draws(rng: Stream, shape: Sequence[int]) -> npt.NDArray[np.uint16]:
    """Even numbers of 16 bits, as many as an array of some shape holds."""
    count = int(np.prod(shape))
    raw = rng.generator().bit_generator.random_raw(-(-count // 4))
    return np.asarray(raw).astype("<u8", copy=False).view("<u2")[:count].reshape(shape)


@functools.cache
def normal_table() -> npt.NDArray[np.float32]:
    """65536 quantiles of the standard normal distribution, in the middle of equal shares; the last are ±4.33."""
    upper = np.array([normal_quantile((place + 0.5) / 65536) for place in range(32768, 65536)])
    table = np.concatenate([-upper[::-1], upper]).astype(np.float32)
    table /= table.std()  # what lies beyond the last quantiles is missing in the tails
    table.flags.writeable = False
    return table


def normal(rng: Stream, shape: Sequence[int]) -> npt.NDArray[np.float32]:
    """Standard normal numbers."""
    return np.asarray(np.take(normal_table(), draws(rng, shape)))
