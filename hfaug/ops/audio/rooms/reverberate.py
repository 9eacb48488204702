"""Let a sound be heard in a recorded room."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import ClassVar

from hfaug.assets import Asset
from hfaug.fields import ShareRange
from hfaug.kinds import SoundOp
from hfaug.op import Reject
from hfaug.ops.audio.noise.library import draw_sound
from hfaug.ops.audio.rooms.response import in_room
from hfaug.randomness import Stream
from hfaug.rows import Row, Sound

__all__ = ["Reverberate"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reverberate(SoundOp):
    """Let a sound be heard as in a room whose impulse response was recorded.

    The sound keeps its length, its loudness and its moments: what the response holds before its peak is the way from
    the loudspeaker, and is taken back.

    Args:
        responses: Recorded impulse responses, see `gather_sounds`.
        wet: Range of the share 0..1 of the room in what is heard.

    Moves: samples only; every time label stays.
    Rejects: nothing.
    Source: audiomentations, ApplyImpulseResponse.

    >>> import hfaug
    >>> from hfaug.assets import Asset
    >>> hfaug.ops.audio.Reverberate(responses=Asset("0" * 32)).wet
    (0.5, 1.0)
    """

    may_change: ClassVar[tuple[str, ...]] = ("how far away a speaker seems",)

    responses: Asset
    wet: ShareRange = (0.5, 1)

    def change(self, sound: Sound, row: Row, rng: Stream) -> Reject | None:
        """Draw the room and its share."""
        point, wet = rng.integers(0, 2**53), rng.uniform(*self.wet)
        response = draw_sound(self.responses, point, None, sound.rate)
        if response is not None and response.any():
            sound.edit(partial(in_room, response=response, wet=wet))
        return None
