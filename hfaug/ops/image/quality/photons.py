"""What levels become when their light is counted photon by photon."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hfaug.ops.image.quality.grain import normal_table

__all__ = ["GAMMA", "counted_levels"]

GAMMA = 2.2
"""Between levels and light, near enough to the curve of sRGB."""

_SHARES = 4096
_FEW = 60.0  # photons: below them the distribution is summed up, above them it is nearly normal


def counted_levels(photons: float) -> npt.NDArray[np.uint8]:
    """(256, 4096): for each level of 8 bits what its light may be counted as, each result as often as it is likely.

    Args:
        photons: How many make white on average.
    """
    mean = photons * (np.arange(256) / 255) ** GAMMA
    # Counts up to these come out as level 0, 1, 2 ...; what is more than the last is white.
    last = np.floor(photons * ((np.arange(255) + 0.5) / 255) ** GAMMA)
    shares = np.ones((256, 256))
    few = mean < _FEW
    shares[few, :255] = _summed(mean[few], last)
    shares[~few, :255] = _nearly_normal(mean[~few], last)
    slots = np.rint(shares * _SHARES).astype(np.int64)
    slots = np.diff(np.maximum.accumulate(slots, axis=1), axis=1, prepend=0)
    table = np.repeat(np.tile(np.arange(256, dtype=np.uint8), 256), slots.reshape(-1))
    return table.reshape(256, _SHARES)


def _summed(mean: npt.NDArray[np.float64], last: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Chances that a Poisson count is at most `last`."""
    most = int(2 * _FEW + 50)
    counts = np.arange(most)
    factorial = np.concatenate([[0.0], np.cumsum(np.log(counts[1:]))])
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.where(counts == 0, 0.0, counts * np.log(mean[:, None])) - mean[:, None] - factorial
    below = np.cumsum(np.exp(log), axis=1).clip(0, 1)
    return np.asarray(below[:, np.minimum(last, most - 1).astype(int)])


def _nearly_normal(mean: npt.NDArray[np.float64], last: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The same for many photons: a normal distribution with the first correction for its skewness (Edgeworth)."""
    sd = np.sqrt(mean)[:, None]
    z = (last + 0.5 - mean[:, None]) / sd
    quantiles = normal_table()
    even = np.interp(z, quantiles, (np.arange(65536) + 0.5) / 65536, left=0.0, right=1.0)
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    return np.asarray((even - density * (z**2 - 1) / (6 * sd)).clip(0, 1))
