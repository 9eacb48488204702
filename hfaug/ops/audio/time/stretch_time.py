"""Play a sound faster or slower at the same pitch."""

from __future__ import annotations

import dataclasses
import math
from typing import Annotated, ClassVar

from hfaug.fields import Limit
from hfaug.kinds import TimeOp
from hfaug.moves import TimeMap
from hfaug.randomness import Stream

__all__ = ["StretchTime"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class StretchTime(TimeOp):
    """Play a sound faster or slower at the same pitch, as people speak at their own pace.

    Neighbouring stretches and shifts of pitch in a chain are one pass of the engine.

    Args:
        factor: Range of the speed, 0.1..10, drawn on a log scale: 2 plays twice as fast.

    Moves: samples; segments, duration and number of samples. Moments stay within about a millisecond of their place.
    Rejects: nothing.
    Source: Signalsmith Stretch, as audiomentations' TimeStretch has it.

    >>> import hfaug
    >>> hfaug.ops.audio.StretchTime(factor=(0.9, 1.1)).factor
    (0.9, 1.1)
    """

    may_change: ClassVar[tuple[str, ...]] = ("speed", "duration")

    factor: Annotated[tuple[float, float], Limit(0.1, 10, ordered=True)] = (0.8, 1.25)

    def time(self, duration_s: float, rng: Stream) -> TimeMap:
        """Draw the speed."""
        low, high = self.factor
        return TimeMap.speed(duration_s, math.exp(rng.uniform(math.log(low), math.log(high))))
