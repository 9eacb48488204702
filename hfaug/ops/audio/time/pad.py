"""Put silence around a sound."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, ClassVar

from hfaug.fields import Limit, ShareRange
from hfaug.kinds import TimeOp
from hfaug.moves import TimeMap
from hfaug.randomness import Stream

if TYPE_CHECKING:
    from hfaug.op import Reject
    from hfaug.rows import Row, Sound

__all__ = ["Pad"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pad(TimeOp):
    """Put silence before and after a sound, as recordings begin early and end late.

    Args:
        silence_s: Range of the silence that is added, in seconds, from 0 up.
        before: Range of the share 0..1 of it that comes first.
        shortest_s: Length that the result has at least, in seconds; what lacks is added too.

    Moves: samples, exactly; segments; duration and number of samples.
    Rejects: nothing.
    Source: audiomentations, Padding and AdjustDuration.

    >>> import hfaug
    >>> hfaug.ops.audio.Pad(silence_s=(0, 0), shortest_s=3).shortest_s
    3.0
    """

    may_change: ClassVar[tuple[str, ...]] = ("duration",)

    silence_s: Annotated[tuple[float, float], Limit(0, ordered=True)] = (0, 0.5)
    before: ShareRange = (0, 1)
    shortest_s: Annotated[float, Limit(0)] = 0

    def time(self, duration_s: float, rng: Stream) -> TimeMap:
        """Draw how much silence, and where."""
        added, first = rng.uniform(*self.silence_s), rng.uniform(*self.before)
        added = max(added, self.shortest_s - duration_s)
        if not added:
            return TimeMap.identity(duration_s)
        return TimeMap.crop(duration_s, -added * first, duration_s + added * (1 - first))

    def change(self, sound: Sound, row: Row, rng: Stream) -> Reject | None:
        """Pad, be it a sound of no samples."""
        sound.retime(self.time(sound.duration_s, rng), row)
        return None
