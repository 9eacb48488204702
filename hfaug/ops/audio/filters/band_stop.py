"""Take a band of frequencies away."""

from __future__ import annotations

import dataclasses
from typing import Annotated

from hfaug.fields import Limit
from hfaug.kinds import Samples, WaveOp
from hfaug.ops.audio.filters.butterworth import draw_band, filtered
from hfaug.randomness import Stream

__all__ = ["BandStop"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class BandStop(WaveOp):
    """Take a band of frequencies away, so that a model does not lean on one of them.

    Args:
        center_hz: Range of the middle of the band, in Hz, above 0, drawn on a log scale.
        octaves: Range of the width of the band, above 0.
        rolloff_db: Steepness, in dB an octave, 12..96; rounded to a multiple of 12.

    Moves: samples only; every time label stays: the filter runs both ways, so nothing is late.
    Rejects: nothing.
    Source: audiomentations, BandStopFilter with zero phase.

    >>> import hfaug
    >>> hfaug.ops.audio.BandStop(center_hz=(800, 1200)).center_hz
    (800.0, 1200.0)
    """

    center_hz: Annotated[tuple[float, float], Limit(0, ordered=True, above=True)] = (200, 4000)
    octaves: Annotated[tuple[float, float], Limit(0, ordered=True, above=True)] = (0.5, 2)
    rolloff_db: Annotated[int, Limit(12, 96)] = 24

    def wave(self, samples: Samples, rate: int, rng: Stream) -> Samples:
        """Draw the band."""
        hz = draw_band(self.center_hz, self.octaves, rng)
        return filtered(samples, rate, "bandstop", hz, self.rolloff_db)
