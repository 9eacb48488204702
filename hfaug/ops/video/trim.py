"""Keep a stretch of a video."""

from __future__ import annotations

import dataclasses
from typing import Annotated, ClassVar, Literal

from hfaug.fields import Limit, ShareRange
from hfaug.kinds import RetimeOp
from hfaug.moves import FrameTimes, Retiming
from hfaug.randomness import Stream

__all__ = ["Trim"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trim(RetimeOp):
    """Keep a stretch of a video, so that what happens in it does not always begin at the same time.

    The stretch is whole frames: it begins with the frame that is shown at its start, and holds at least one.

    Args:
        length: Range of the length, in the unit below, above 0; what is longer than the video keeps all of it.
        start: Range of where it begins, as a share 0..1 of the time that is left over: 0 is the video's start, 1 ends
            with the video.
        unit: ``share`` of the video's length, or ``seconds``.
        sound: ``follow`` cuts the sound alike, which is then encoded anew; ``drop`` leaves it out.

    Moves: segments, and all labels of frames; what is cut out of a segment goes.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.video.Trim(length=(2, 5), unit="seconds").length
    (2.0, 5.0)
    """

    may_change: ClassVar[tuple[str, ...]] = ("actions that are cut out wholly", "actions that are cut short")

    length: Annotated[tuple[float, float], Limit(0, ordered=True, above=True)] = (0.5, 0.9)
    start: ShareRange = (0, 1)
    unit: Literal["share", "seconds"] = "share"

    def retime(self, times: FrameTimes, rng: Stream) -> Retiming:
        """Draw length and start."""
        drawn, place = rng.uniform(*self.length), rng.uniform(*self.start)
        first = float(times.starts_s[0])
        whole = times.duration_s - first
        length = min(whole, drawn * whole if self.unit == "share" else drawn)
        if length >= whole:
            return Retiming.keep(times)
        start = float(times.starts_s[times.at(first + place * (whole - length))])
        return Retiming.cut(times, start, start + length)
