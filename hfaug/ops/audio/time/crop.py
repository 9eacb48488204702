"""Keep a stretch of a sound."""

from __future__ import annotations

import dataclasses
from typing import Annotated, ClassVar, Literal

from hfaug.fields import Limit, ShareRange
from hfaug.kinds import TimeOp
from hfaug.moves import TimeMap
from hfaug.randomness import Stream

__all__ = ["Crop"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Crop(TimeOp):
    """Keep a stretch of a sound, so that what happens in it does not always begin at one time.

    Args:
        length: Range of the length, in the unit below, above 0; what is longer than the sound keeps all of it.
        start: Range of where it begins, as a share 0..1 of the time that is left over.
        unit: ``share`` of the sound's length, or ``seconds``.

    Moves: samples, exactly; segments, of which what is cut out goes; duration and number of samples.
    Rejects: nothing. A transcript beside the sound is refused, unless kept by hand.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.audio.Crop(length=(2, 5), unit="seconds").length
    (2.0, 5.0)
    """

    shifts: ClassVar[tuple[str, ...]] = ("audio", "speech")
    may_change: ClassVar[tuple[str, ...]] = ("what is heard: parts are cut out",)

    length: Annotated[tuple[float, float], Limit(0, ordered=True, above=True)] = (0.5, 0.9)
    start: ShareRange = (0, 1)
    unit: Literal["share", "seconds"] = "share"

    def time(self, duration_s: float, rng: Stream) -> TimeMap:
        """Draw length and start."""
        drawn, place = rng.uniform(*self.length), rng.uniform(*self.start)
        length = min(duration_s, drawn * duration_s if self.unit == "share" else drawn)
        start = place * (duration_s - length)
        return TimeMap.crop(duration_s, start, start + length)
