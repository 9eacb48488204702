"""Let a sound be heard in a recorded room."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Annotated, ClassVar

from datasets import Dataset
from typing_extensions import Self

from hfaug.assets import Asset
from hfaug.errors import CallError, ParameterError
from hfaug.fields import ShareRange, Sounds
from hfaug.kinds import SoundOp
from hfaug.op import Reject
from hfaug.ops.audio.noise.blending import like_channels
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
        responses: Recorded impulse responses, as `gather_sounds` gives them; in a recipe a folder, ``../rooms``. It
            cannot do without.
        wet: Range of the share 0..1 of the room in what is heard.

    Moves: samples only; every time label stays.
    Rejects: rows that draw a response which is silent, or cancels itself out in the channels of the sound.
    Source: audiomentations, ApplyImpulseResponse.

    >>> import hfaug
    >>> hfaug.ops.audio.Reverberate().wet
    (0.5, 1.0)
    """

    may_change: ClassVar[tuple[str, ...]] = ("how far away a speaker seems",)

    responses: Annotated[Asset | None, Sounds()] = None
    wet: ShareRange = (0.5, 1)

    @property
    def ready(self) -> bool:
        """Whether there are rooms."""
        return self.responses is not None

    def fit(self, dataset: Dataset) -> Self:
        """Refused: rooms are no part of a dataset.

        Raises:
            ParameterError: Always.
        """
        raise ParameterError(
            "Reverberate: must be given recorded rooms, has none; write "
            "Reverberate(responses=gather_sounds(folder)), or use SimulateRoom()"
        )

    def change(self, sound: Sound, row: Row, rng: Stream) -> Reject | None:
        """Draw the room and its share."""
        point, wet = rng.integers(0, 2**53), rng.uniform(*self.wet)
        if self.responses is None:
            raise CallError("Reverberate: needs recorded rooms, has none; give it responses=gather_sounds(folder)")
        response = draw_sound(self.responses, point, None, sound.rate)
        if response is None or not like_channels(response, sound.channels).any():
            return Reject("a silent room")
        sound.edit(partial(in_room, response=response, wet=wet))
        return None
