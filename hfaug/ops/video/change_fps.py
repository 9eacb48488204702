"""Show a video at another rate of frames."""

from __future__ import annotations

import dataclasses
from typing import Annotated

from hfaug.fields import Limit
from hfaug.kinds import RetimeOp
from hfaug.moves import FrameTimes, Retiming
from hfaug.randomness import Stream

__all__ = ["ChangeFps"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChangeFps(RetimeOp):
    """Show a video at another rate of frames, as cameras and streams differ; time runs as before.

    Frames are left out or repeated, never mixed.

    Args:
        fps: Range of the frames a second, above 0; a whole number is drawn where the range holds one.
        sound: ``follow`` copies the sound as it is, ``drop`` leaves it out.

    Moves: all labels of frames; segments stay, as time does.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.video.ChangeFps(fps=(10, 15)).fps
    (10.0, 15.0)
    """

    fps: Annotated[tuple[float, float], Limit(0, ordered=True, above=True)] = (8, 20)

    def retime(self, times: FrameTimes, rng: Stream) -> Retiming:
        """Draw the rate."""
        low, high = self.fps
        drawn = rng.uniform(low, high)
        whole = float(round(drawn))
        rate = whole if low <= whole <= high and whole > 0 else drawn
        return Retiming.keep(times).at_rate(rate)
