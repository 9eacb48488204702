"""Play a video faster or slower."""

from __future__ import annotations

import dataclasses
import math
from typing import Annotated, ClassVar, Literal

from hfaug.fields import Limit
from hfaug.kinds import RetimeOp
from hfaug.moves import FrameTimes, Retiming
from hfaug.randomness import Stream

__all__ = ["ChangeSpeed"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChangeSpeed(RetimeOp):
    """Play a video faster or slower, as people do the same thing at their own pace.

    Args:
        factor: Range of the speed, above 0, drawn on a log scale: 2 plays twice as fast.
        frames: ``resample`` keeps the frames a second, so that frames are left out or repeated; ``all`` keeps every
            frame and shows each for a shorter or longer time.
        sound: ``follow`` stretches the sound alike at the same pitch, ``drop`` leaves it out.

    Moves: segments, and all labels of frames.
    Rejects: nothing.
    Source: folklore; the sound by FFmpeg's atempo, a waveform-similarity overlap-add.

    >>> import hfaug
    >>> hfaug.ops.video.ChangeSpeed(factor=(0.5, 2)).factor
    (0.5, 2.0)
    """

    may_change: ClassVar[tuple[str, ...]] = ("speed", "duration", "actions told apart by their pace, such as walk, run")

    factor: Annotated[tuple[float, float], Limit(0, ordered=True, above=True)] = (0.75, 1.33)
    frames: Literal["resample", "all"] = "resample"

    def retime(self, times: FrameTimes, rng: Stream) -> Retiming:
        """Draw the speed."""
        low, high = self.factor
        factor = math.exp(rng.uniform(math.log(low), math.log(high)))
        if factor == 1:
            return Retiming.keep(times)
        faster = Retiming.speed(times, factor)
        return faster if self.frames == "all" else faster.at_rate(times.rate)
