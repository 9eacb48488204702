"""Play a sound faster or slower, as a tape."""

from __future__ import annotations

import dataclasses
import math
from typing import Annotated, ClassVar

from hfaug.fields import Limit
from hfaug.kinds import TimeOp
from hfaug.moves import TimeMap
from hfaug.randomness import Stream

__all__ = ["ChangeSpeed"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChangeSpeed(TimeOp):
    """Play a sound faster or slower with its pitch, as a tape does: the usual speed perturbation of speech recognition.

    Neighbouring changes of speed in a chain are one resampling.

    Args:
        factor: Range of the speed, 0.1..10, drawn on a log scale: 2 plays twice as fast, an octave higher.

    Moves: samples; segments, duration and number of samples.
    Rejects: nothing.
    Source: T. Ko et al., Audio Augmentation for Speech Recognition, Interspeech 2015; resampled by soxr.

    >>> import hfaug
    >>> hfaug.ops.audio.ChangeSpeed().factor
    (0.9, 1.1)
    """

    may_change: ClassVar[tuple[str, ...]] = ("speed", "duration", "pitch", "who seems to speak")
    keeps_pitch: ClassVar[bool] = False

    factor: Annotated[tuple[float, float], Limit(0.1, 10, ordered=True)] = (0.9, 1.1)

    def time(self, duration_s: float, rng: Stream) -> TimeMap:
        """Draw the speed."""
        low, high = self.factor
        return TimeMap.speed(duration_s, math.exp(rng.uniform(math.log(low), math.log(high))))
