"""Change seven bands of frequencies."""

from __future__ import annotations

import dataclasses
import math
from typing import Annotated

import numpy as np

from hfaug.fields import Limit
from hfaug.kinds import Samples, WaveOp
from hfaug.ops.audio.filters.butterworth import draw_log
from hfaug.randomness import Stream

__all__ = ["Equalize"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Equalize(WaveOp):
    """Make seven bands of frequencies louder or softer, as rooms, microphones and loudspeakers do.

    A low shelf, five peaks and a high shelf, an octave and more apart; bands that the sampling rate cannot hold are
    left out.

    Args:
        gain_db: Range of the gain of each band, in dB.
        bands: Range of how many of the seven bands change, 0..7; one alone is a shelf or a peak.

    Moves: samples only; every time label stays. Filters of this kind are late by a few samples at most.
    Rejects: nothing.
    Source: audiomentations, SevenBandParametricEQ, PeakingFilter, LowShelfFilter and HighShelfFilter; here in one pass
        of SciPy. R. Bristow-Johnson, Cookbook formulae for audio EQ biquad filter coefficients.

    >>> import hfaug
    >>> hfaug.ops.audio.Equalize(gain_db=(-6, 6)).gain_db
    (-6.0, 6.0)
    """

    gain_db: Annotated[tuple[float, float], Limit(-60, 60, ordered=True)] = (-12, 12)
    bands: Annotated[tuple[int, int], Limit(0, 7, ordered=True)] = (7, 7)

    def wave(self, samples: Samples, rate: int, rng: Stream) -> Samples:
        """Draw middle, gain and width of each band."""
        from scipy.signal import sosfilt, sosfilt_zi

        sections, chosen = [], self._chosen(rng)
        for number, (low, high) in enumerate(_BANDS):
            hz, gain, q = draw_log((low, high), rng), rng.uniform(*self.gain_db), rng.uniform(0.5, 1.0)
            if hz < 0.49 * rate and number in chosen:
                sections.append(_biquad(number, 2 * math.pi * hz / rate, 10 ** (gain / 40), q))
        if not sections:
            return samples
        sos = np.array(sections)
        start = sosfilt_zi(sos)[:, None, :] * samples[None, :, :1]
        return np.asarray(sosfilt(sos, samples, axis=1, zi=start)[0], dtype=np.float32)

    def _chosen(self, rng: Stream) -> set[int]:
        """Draw which bands change."""
        whole = set(range(len(_BANDS)))
        count = rng.integers(self.bands[0], self.bands[1] + 1) if self.bands[0] < len(_BANDS) else len(_BANDS)
        keys = [rng.random() for _ in whole] if count < len(_BANDS) else [0.0] * len(_BANDS)
        return set(sorted(whole, key=keys.__getitem__)[:count])


_BANDS = ((42, 95), (91, 204), (196, 441), (421, 948), (909, 2045), (1957, 4404), (4216, 9486))


def _biquad(number: int, w: float, gain: float, q: float) -> list[float]:
    """A low shelf, a peak or a high shelf, by the number of its band."""
    cos, alpha = math.cos(w), math.sin(w) / (2 * q)
    if 0 < number < len(_BANDS) - 1:
        b = (1 + alpha * gain, -2 * cos, 1 - alpha * gain)
        a = (1 + alpha / gain, -2 * cos, 1 - alpha / gain)
    else:
        side = 1 if number == 0 else -1
        root = 2 * math.sqrt(gain) * alpha
        more, less = gain + 1, gain - 1
        b = (
            gain * (more - side * less * cos + root),
            side * 2 * gain * (less - side * more * cos),
            gain * (more - side * less * cos - root),
        )
        a = (more + side * less * cos + root, -side * 2 * (less + side * more * cos), more + side * less * cos - root)
    return [value / a[0] for value in (*b, *a)]
