"""Let a sound be heard in a simulated room."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.fields import Limit, ShareRange
from hfaug.kinds import Samples, SoundOp
from hfaug.op import Reject
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
        reverberation_s: Range of the time in which its echo falls by 60 dB, in seconds, 0.05..5.
        wet: Range of the share 0..1 of the room in what is heard.

    Moves: samples only; every time label stays: the direct sound is heard when it was.
    Rejects: nothing.
    Source: J. Allen and D. Berkley, Image method for efficiently simulating small-room acoustics, JASA 65, 1979; in
        NumPy, without pyroomacoustics, which audiomentations' RoomSimulator needs.

    >>> import hfaug
    >>> hfaug.ops.audio.SimulateRoom(reverberation_s=(0.2, 0.3)).reverberation_s
    (0.2, 0.3)
    """

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
        sound.edit(partial(_simulated, size=size, source=source, microphone=microphone, echo_s=echo, wet=wet))
        return None


Array = npt.NDArray[np.float64]
_SPEED = 343.0
_MOST_IMAGES = 20


def _simulated(samples: Samples, rate: int, wet: float, **room: Any) -> Samples:
    return in_room(samples, rate, response_of(rate=rate, **room), wet)


def response_of(size: Array, source: Array, microphone: Array, echo_s: float, rate: int) -> Samples:
    """The answer of a box-shaped room to a click, by the images of the source behind its walls.

    Args:
        size: Length, width and height, in metres.
        source: Where the click is, in metres.
        microphone: Where it is heard, in metres.
        echo_s: Seconds until it has fallen by 60 dB, by Sabine's formula.
        rate: Samples a second.

    >>> room = response_of(np.array([5.0, 4, 3]), np.array([1.0, 1, 1]), np.array([1.0, 1, 2]), 0.3, 16_000)
    >>> int(np.abs(room[0]).argmax()), round(1 / 343 * 16_000)
    (47, 47)
    """
    volume, walls = size.prod(), 2 * (size[0] * size[1] + size[1] * size[2] + size[0] * size[2])
    reflected = np.sqrt(max(1 - min(0.161 * volume / (walls * echo_s), 0.99), 1e-4))
    orders = [np.arange(-n, n + 1) for n in np.minimum(np.ceil(echo_s * _SPEED / (2 * size)), _MOST_IMAGES).astype(int)]
    ways, bounces = [], []
    for axis in range(3):
        here = 2 * orders[axis] * size[axis]
        ways.append(np.concatenate([here + source[axis], here - source[axis]]) - microphone[axis])
        bounces.append(np.concatenate([2 * np.abs(orders[axis]), np.abs(2 * orders[axis] - 1)]))
    far = np.sqrt(ways[0][:, None, None] ** 2 + ways[1][:, None] ** 2 + ways[2] ** 2)
    strength = reflected ** (bounces[0][:, None, None] + bounces[1][:, None] + bounces[2]) / np.maximum(far, 0.1)
    places = np.rint(far / _SPEED * rate).astype(np.int64)
    within = places < round((echo_s + 0.05) * rate)
    found = np.bincount(places[within], strength[within], minlength=1)
    return found.astype(np.float32)[None]
