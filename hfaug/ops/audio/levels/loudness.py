"""Integrated loudness, as ITU-R BS.1770-4 defines it."""

from __future__ import annotations

import numpy as np

from hfaug.kinds import Samples

__all__ = ["integrated_lufs"]

_BLOCK_S, _STEP_S = 0.4, 0.1
_SILENT_LUFS, _RELATIVE_LU = -70.0, -10.0
_OFFSET = -0.691


def integrated_lufs(samples: Samples, rate: int) -> float | None:
    """The loudness of a sound in LUFS; None where it is silent or too short to have one.

    Args:
        samples: Shape (channels, n); all channels count alike.
        rate: Samples a second.

    >>> tone = np.sin(2 * np.pi * 997 * np.arange(96_000) / 48_000, dtype=np.float32)[None]
    >>> round(integrated_lufs(tone, 48_000), 1)
    -3.0
    """
    from scipy.signal import sosfilt

    size, step = round(_BLOCK_S * rate), round(_STEP_S * rate)
    if samples.shape[1] < size or not step:
        return None
    heard = sosfilt(_weighting(rate), samples.astype(np.float64), axis=1)
    sums = np.concatenate([[0.0], np.cumsum(np.square(heard).sum(axis=0))])
    starts = np.arange(0, samples.shape[1] - size + 1, step)
    power = (sums[starts + size] - sums[starts]) / size
    loud = power[power > 10 ** ((_SILENT_LUFS - _OFFSET) / 10)]
    if not len(loud):
        return None
    gate = loud.mean() * 10 ** (_RELATIVE_LU / 10)
    return float(_OFFSET + 10 * np.log10(loud[loud > gate].mean()))


def _weighting(rate: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """The head's shelf and the low cut, by the analogue filters behind the standard's numbers for 48 kHz."""
    k, q = np.tan(np.pi * min(1681.974450955533, 0.49 * rate) / rate), 0.7071752369554196
    high = 10 ** (3.999843853973347 / 20)
    middle = high**0.4996667741545416
    a0 = 1 + k / q + k * k
    shelf = [(high + middle * k / q + k * k) / a0, 2 * (k * k - high) / a0, (high - middle * k / q + k * k) / a0]
    shelf += [1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]
    k, q = np.tan(np.pi * 38.13547087602444 / rate), 0.5003270373238773
    a0 = 1 + k / q + k * k
    cut = [1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]
    return np.array([shelf, cut])
