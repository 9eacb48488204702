"""Play a video backwards."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from hfaug.kinds import RetimeOp
from hfaug.moves import FrameTimes, Retiming
from hfaug.randomness import Stream

__all__ = ["Reverse"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reverse(RetimeOp):
    """Play a video backwards, for models that should not care which way time runs.

    Args:
        sound: ``follow`` plays the sound backwards too, ``drop`` leaves it out.

    Moves: segments, and all labels of frames.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> op = hfaug.ops.video.Reverse(sound="drop").sometimes(0.5)
    """

    may_change: ClassVar[tuple[str, ...]] = ("actions that have an opposite, such as open and close", "speech")

    def retime(self, times: FrameTimes, rng: Stream) -> Retiming:
        """Turn the order round; nothing is drawn."""
        return Retiming.reverse(times)
