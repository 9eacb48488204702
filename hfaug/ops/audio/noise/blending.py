"""Sounds in the form of others, so that they can be added."""

from __future__ import annotations

import numpy as np

from hfaug.kinds import Samples

__all__ = ["heard_part", "like_channels", "looped", "power_of"]


def looped(samples: Samples, start: int, count: int) -> Samples:
    """So many samples from a start on; a sound that is too short begins anew."""
    return np.take(samples, np.arange(start, start + count), axis=1, mode="wrap")


def heard_part(samples: Samples) -> Samples:
    """The samples without the silence before and after; none of silence."""
    places = np.flatnonzero(samples.any(axis=0))
    return samples[:, places[0] : places[-1] + 1] if len(places) else samples[:, :0]


def like_channels(samples: Samples, channels: int) -> Samples:
    """The sound with as many channels as another one: mixed down, or the same in all."""
    if samples.shape[0] == channels:
        return samples
    return np.repeat(samples.mean(axis=0, keepdims=True), channels, axis=0)


def power_of(samples: Samples) -> float:
    """Mean square of all samples."""
    return float(np.mean(np.square(samples, dtype=np.float64))) if samples.size else 0.0
