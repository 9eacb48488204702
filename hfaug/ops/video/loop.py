"""Play a video several times over."""

from __future__ import annotations

import dataclasses
from typing import Annotated, ClassVar

from hfaug.fields import Limit
from hfaug.kinds import RetimeOp
from hfaug.moves import FrameTimes, Retiming
from hfaug.randomness import Stream

__all__ = ["Loop"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Loop(RetimeOp):
    """Play a video several times over, as short clips are played and as counting repetitions needs them.

    Args:
        plays: Range of how often it is played, from 1 up.
        sound: ``follow`` repeats the sound too, ``drop`` leaves it out.

    Moves: segments, of which each play gets its own, and all labels of frames.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.video.Loop(plays=(2, 4)).plays
    (2, 4)
    """

    may_change: ClassVar[tuple[str, ...]] = ("how often something happens", "duration")

    plays: Annotated[tuple[int, int], Limit(1, ordered=True)] = (2, 3)

    def retime(self, times: FrameTimes, rng: Stream) -> Retiming:
        """Draw how often."""
        plays = rng.integers(self.plays[0], self.plays[1] + 1)
        return Retiming.keep(times) if plays == 1 else Retiming.loop(times, plays)
