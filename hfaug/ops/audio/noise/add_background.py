"""Add another sound as background."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import ClassVar

import numpy as np

from hfaug.fields import Range
from hfaug.kinds import Samples
from hfaug.op import Reject
from hfaug.ops.audio.noise.blending import like_channels, looped, power_of
from hfaug.ops.audio.noise.others import OtherSoundsOp
from hfaug.randomness import Stream
from hfaug.rows import Row, Sound

__all__ = ["AddBackground"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class AddBackground(OtherSoundsOp):
    """Add another sound as background at a drawn signal-to-noise ratio: streets, crowds, music.

    Which one is drawn by the row, from the ring of the sounds' digests. A background that is longer than the sound
    begins at a drawn place, one that is shorter is repeated. Silence stays silent.

    Args:
        snr_db: Range of the signal-to-noise ratio, in dB; lower is louder background.
        sounds: What `gather_sounds` gives; in a recipe a folder, ``../noises``, or ``{path, data_files, column ...}``
            of a dataset. Without any, those of the split itself, so that others speak in the background.

    Moves: samples only; every time label stays.
    Rejects: rows that know no other sound; those whose background is silent at its drawn place.
    Source: audiomentations, AddBackgroundNoise.

    >>> import hfaug
    >>> hfaug.ops.audio.AddBackground(snr_db=(5, 15)).snr_db
    (5.0, 15.0)
    """

    version: ClassVar[int] = 2
    may_change: ClassVar[tuple[str, ...]] = ("what else is heard",)

    snr_db: Range = (3, 30)

    def change(self, sound: Sound, row: Row, rng: Stream) -> Reject | None:
        """Draw ratio, background and the place in it."""
        ratio, point, place = rng.uniform(*self.snr_db), rng.integers(0, 2**53), rng.random()
        other = self.others(sound)(point)
        if other is None:
            return Reject("no other sound to add")
        room = other.shape[1] - sound.count
        start = int(place * room) if room >= 0 else int(place * other.shape[1])
        played = other[:, start : start + sound.count] if room >= 0 else other
        if sound.count and not like_channels(played, sound.channels).any():
            return Reject("a silent background")
        sound.edit(partial(_added, other=other, ratio=ratio, start=start))
        return None


def _added(samples: Samples, _rate: int, other: Samples, ratio: float, start: int) -> Samples:
    loud = power_of(samples)
    if not loud:
        return samples
    behind = like_channels(looped(other, start, samples.shape[1]), samples.shape[0])
    return samples + np.float32((loud / power_of(behind)) ** 0.5 / 10 ** (ratio / 20)) * behind
