"""Sounds at the rate that a model wants."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hfaug.backends.loading import import_extra

__all__ = ["resampled"]


def resampled(samples: npt.NDArray[np.float32], rate: int, wanted: int) -> npt.NDArray[np.float32]:
    """The sound at another rate, by soxr's high quality; the very same array where it has that rate.

    soxr: the resampler of SoX, LGPL as a library of its own in its wheel; 130 dB, no dependency but NumPy, a
    thousandth of the time that any model takes. scipy's polyphase filter would have to be designed by us.

    Args:
        samples: Shape (n,).
        rate: Samples a second.
        wanted: Samples a second that are wanted.

    Raises:
        MissingExtra: soxr is not installed.
    """
    if rate == wanted or not samples.size:
        return samples
    found: npt.NDArray[np.float32] = import_extra("soxr", "speech").resample(samples, rate, wanted, quality="HQ")
    return found
