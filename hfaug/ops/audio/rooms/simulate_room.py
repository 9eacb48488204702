"""Let a sound be heard in a simulated room."""

from __future__ import annotations

import copy
import dataclasses
from functools import partial
from typing import Annotated, Any, ClassVar

import numpy as np

from hfaug.fields import Limit, ShareRange
from hfaug.kinds import Samples, SoundOp
from hfaug.op import Reject
from hfaug.ops.audio.rooms.box import response_of
from hfaug.ops.audio.rooms.response import in_room
from hfaug.randomness import Stream
from hfaug.rows import Row, Sound

__all__ = ["SimulateRoom"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class SimulateRoom(SoundOp):
    """Let a sound be heard in a room that is made up: its size, its walls, and where source and microphone stand.

    Args:
        size_m: Range of length and width of the room, in metres, 1..100.
        height_m: Range of its height, in metres, 1..100.
        reverberation_s: Range of the time in which its echo falls by 60 dB, in seconds, 0.05..5, by the slope from -5
            to -35 dB (T30). Where the direct sound rules, as in a dry hall, no slope of echoes can be measured.
        wet: Range of the share 0..1 of the room in what is heard.

    Moves: samples only; every time label stays: the direct sound is heard when it was.
    Rejects: nothing.
    Source: J. Allen and D. Berkley, Image method for efficiently simulating small-room acoustics, JASA 65, 1979, for
        the echoes that stand alone, and noise behind them; in NumPy, without pyroomacoustics, which audiomentations'
        RoomSimulator needs.

    >>> import hfaug
    >>> hfaug.ops.audio.SimulateRoom(reverberation_s=(0.2, 0.3)).reverberation_s
    (0.2, 0.3)
    """

    version: ClassVar[int] = 2
    may_change: ClassVar[tuple[str, ...]] = ("how far away a speaker seems",)

    size_m: Annotated[tuple[float, float], Limit(1, 100, ordered=True)] = (3, 8)
    height_m: Annotated[tuple[float, float], Limit(1, 100, ordered=True)] = (2.4, 3.5)
    reverberation_s: Annotated[tuple[float, float], Limit(0.05, 5, ordered=True)] = (0.15, 0.6)
    wet: ShareRange = (0.7, 1)

    def change(self, sound: Sound, row: Row, rng: Stream) -> Reject | None:
        """Draw the room, and where source and microphone stand."""
        size = np.array([rng.uniform(*self.size_m), rng.uniform(*self.size_m), rng.uniform(*self.height_m)])
        echo, wet = rng.uniform(*self.reverberation_s), rng.uniform(*self.wet)
        source, microphone = (size * [rng.uniform(0.1, 0.9) for _ in range(3)] for _ in range(2))
        room: dict[str, Any] = {"size": size, "source": source, "microphone": microphone, "echo_s": echo}
        sound.edit(partial(_simulated, wet=wet, rng=rng, **room))
        return None


def _simulated(samples: Samples, rate: int, wet: float, rng: Stream, **room: Any) -> Samples:
    return in_room(samples, rate, response_of(rate=rate, generator=copy.copy(rng).generator(), **room), wet, direct=0)
