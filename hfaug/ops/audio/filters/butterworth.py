"""Butterworth filters: what those ops share that let some frequencies through."""

from __future__ import annotations

import math

import numpy as np

from hfaug.kinds import Samples
from hfaug.randomness import Stream

__all__ = ["draw_band", "draw_log", "filtered"]


def draw_log(low_high: tuple[float, float], rng: Stream) -> float:
    """Draw a frequency, even in octaves."""
    low, high = low_high
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def draw_band(center_hz: tuple[float, float], octaves: tuple[float, float], rng: Stream) -> tuple[float, float]:
    """Draw the middle and the width of a band: its lower and its upper frequency."""
    center = draw_log(center_hz, rng)
    half = 2 ** (rng.uniform(*octaves) / 2)
    return center / half, center * half


def filtered(samples: Samples, rate: int, kind: str, hz: float | tuple[float, float], rolloff_db: int) -> Samples:
    """Samples through a Butterworth filter that keeps every moment in its place: run forwards and backwards.

    Args:
        samples: Shape (channels, n).
        rate: Samples a second.
        kind: As `scipy.signal.butter` calls it; frequencies that the rate cannot hold are brought just below its half.
        hz: Cutoff, or the lower and the upper one.
        rolloff_db: Steepness in dB an octave, rounded to a multiple of 12.
    """
    from scipy.signal import butter, sosfiltfilt

    most = 0.495 * rate
    edges = [min(edge, most) for edge in (hz if isinstance(hz, tuple) else (hz,))]
    if len(edges) == 2 and edges[0] >= edges[1]:
        edges[0] = edges[1] * 0.9
    sos = butter(round(rolloff_db / 12), edges if len(edges) == 2 else edges[0], kind, fs=rate, output="sos")
    reach = min(samples.shape[1] - 1, round(3 * rate / max(edges[0], 1.0)) + 9)
    return np.asarray(sosfiltfilt(sos, samples, axis=1, padlen=max(reach, 0)), dtype=np.float32)
