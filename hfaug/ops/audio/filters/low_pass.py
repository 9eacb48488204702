"""Let low frequencies through."""

from __future__ import annotations

import dataclasses
from typing import Annotated

from hfaug.fields import Limit
from hfaug.kinds import Samples, WaveOp
from hfaug.ops.audio.filters.butterworth import draw_log, filtered
from hfaug.randomness import Stream

__all__ = ["LowPass"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class LowPass(WaveOp):
    """Take high frequencies away, as walls and cheap loudspeakers do.

    Args:
        cutoff_hz: Range of the frequency above which it is quieter, in Hz, above 0, drawn on a log scale.
        rolloff_db: Steepness, in dB an octave, 12..96; rounded to a multiple of 12.

    Moves: samples only; every time label stays: the filter runs both ways, so nothing is late.
    Rejects: nothing.
    Source: audiomentations, LowPassFilter with zero phase.

    >>> import hfaug
    >>> hfaug.ops.audio.LowPass(cutoff_hz=(1000, 4000)).cutoff_hz
    (1000.0, 4000.0)
    """

    cutoff_hz: Annotated[tuple[float, float], Limit(0, ordered=True, above=True)] = (150, 7500)
    rolloff_db: Annotated[int, Limit(12, 96)] = 24

    def wave(self, samples: Samples, rate: int, rng: Stream) -> Samples:
        """Draw the frequency."""
        hz = draw_log(self.cutoff_hz, rng)
        return filtered(samples, rate, "lowpass", hz, self.rolloff_db)
