"""Leave frames of a video out."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import numpy as np

from hfaug.fields import Limit
from hfaug.kinds import RetimeOp
from hfaug.moves import FrameTimes, Retiming
from hfaug.randomness import Stream

__all__ = ["DropFrames"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class DropFrames(RetimeOp):
    """Leave frames of a video out, as a bad connection does; the frame before stays on until the next one.

    Time runs as before, so the result has a variable rate of frames. The first and the last frame are kept.

    Args:
        share: Range of the share of frames that are left out, 0..1.
        sound: ``follow`` copies the sound as it is, ``drop`` leaves it out.

    Moves: all labels of frames; segments stay, as time does.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.video.DropFrames(share=(0.1, 0.3)).share
    (0.1, 0.3)
    """

    share: Annotated[tuple[float, float], Limit(0, 1, ordered=True)] = (0.05, 0.25)

    def retime(self, times: FrameTimes, rng: Stream) -> Retiming:
        """Draw how many frames go, and which."""
        most = max(0, times.count - 2)
        gone = min(most, round(rng.uniform(*self.share) * times.count))
        if gone <= 0:
            return Retiming.keep(times)
        order = rng.generator().permutation(most) + 1
        return Retiming.thin(times, np.sort(np.append(order[gone:], [0, times.count - 1])))
