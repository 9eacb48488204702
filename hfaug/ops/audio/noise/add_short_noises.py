"""Add short noises here and there."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Annotated, ClassVar

import numpy as np

from hfaug.fields import Limit, Range
from hfaug.kinds import Samples
from hfaug.op import Reject
from hfaug.ops.audio.noise.blending import heard_part, like_channels, power_of
from hfaug.ops.audio.noise.others import OtherSoundsOp
from hfaug.randomness import Stream
from hfaug.rows import Row, Sound

__all__ = ["AddShortNoises"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class AddShortNoises(OtherSoundsOp):
    """Add short noises at drawn moments, each at its own signal-to-noise ratio: doors, coughs, clicks.

    Args:
        count: Range of how many, from 0 to 100.
        snr_db: Range of the signal-to-noise ratio of each, in dB.
        longest_s: What of a noise is taken at most, in seconds, above 0, from where it is first heard; it fades in and
            out.
        sounds: What `gather_sounds` gives; in a recipe a folder, ``../noises``, or ``{path, data_files, column ...}``
            of a dataset. Without any, those of the split itself.

    Moves: samples only; every time label stays.
    Rejects: rows that know no other sound; those that draw a silent one.
    Source: audiomentations, AddShortNoises.

    >>> import hfaug
    >>> hfaug.ops.audio.AddShortNoises(count=(2, 4)).count
    (2, 4)
    """

    version: ClassVar[int] = 2
    may_change: ClassVar[tuple[str, ...]] = ("what else is heard",)

    count: Annotated[tuple[int, int], Limit(0, 100, ordered=True)] = (1, 3)
    snr_db: Range = (-6, 18)
    longest_s: Annotated[float, Limit(0, above=True)] = 0.8

    def change(self, sound: Sound, row: Row, rng: Stream) -> Reject | None:
        """Draw the noises, and when each is heard."""
        draw_other = self.others(sound)
        for _ in range(rng.integers(self.count[0], self.count[1] + 1)):
            ratio, point, place = rng.uniform(*self.snr_db), rng.integers(0, 2**53), rng.random()
            other = draw_other(point)
            if other is None:
                return Reject("no other sound to add")
            noise = heard_part(like_channels(other, sound.channels))[:, : max(1, round(self.longest_s * sound.rate))]
            if not noise.size:
                return Reject("a silent noise")
            sound.edit(partial(_added, noise=noise, ratio=ratio, place=place))
        return None


def _added(samples: Samples, rate: int, noise: Samples, ratio: float, place: float) -> Samples:
    size = min(noise.shape[1], samples.shape[1])
    loud = power_of(samples)
    if not loud:
        return samples
    fade = min(round(0.01 * rate), size // 2)
    ramp = np.interp(np.arange(size), (-1, fade, size - 1 - fade, size), (0, 1, 1, 0)).astype(np.float32)
    start = round(place * (samples.shape[1] - size))
    done = samples.copy()
    strength = np.float32((loud / power_of(noise[:, :size])) ** 0.5 / 10 ** (ratio / 20))
    done[:, start : start + size] += strength * ramp * noise[:, :size]
    return done
