"""Add another sound as background."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import ClassVar

import numpy as np
from datasets import Dataset
from typing_extensions import Self

from hfaug.assets import Asset
from hfaug.errors import CallError
from hfaug.fields import Range
from hfaug.kinds import Samples, SoundOp
from hfaug.op import Reject
from hfaug.ops.audio.noise.blending import like_channels, looped, power_of
from hfaug.ops.audio.noise.gathering import gather_sounds
from hfaug.ops.audio.noise.library import digest_of, draw_sound
from hfaug.randomness import Stream
from hfaug.rows import Row, Sound

__all__ = ["AddBackground"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class AddBackground(SoundOp):
    """Add another sound as background at a drawn signal-to-noise ratio: streets, crowds, music.

    Which one is drawn by the row, from the ring of the sounds' digests. A background that is longer than the sound
    begins at a drawn place, one that is shorter is repeated.

    Args:
        snr_db: Range of the signal-to-noise ratio, in dB; lower is louder background.
        sounds: See `gather_sounds`. Without any, those of the split itself, so that others speak in the background.

    Moves: samples only; every time label stays.
    Rejects: rows that know no other sound.
    Source: audiomentations, AddBackgroundNoise.

    >>> import hfaug
    >>> hfaug.ops.audio.AddBackground(snr_db=(5, 15)).snr_db
    (5.0, 15.0)
    """

    may_change: ClassVar[tuple[str, ...]] = ("what else is heard",)

    snr_db: Range = (3, 30)
    sounds: Asset | None = None

    @property
    def ready(self) -> bool:
        """Whether there are sounds."""
        return self.sounds is not None

    def fit(self, dataset: Dataset) -> Self:
        """The op with the sounds of a dataset: those of the split that it is for, where no others were given."""
        return dataclasses.replace(self, sounds=gather_sounds(dataset, next(iter(self.binding.audio), None)))

    def change(self, sound: Sound, row: Row, rng: Stream) -> Reject | None:
        """Draw ratio, background and the place in it."""
        if self.sounds is None:
            raise CallError(
                f"{type(self).__name__}: needs other sounds, has none; give it sounds=gather_sounds(folder), use "
                "hfaug.augment(ds, op), or op.fit(train_split) before map"
            )
        ratio, point, place = rng.uniform(*self.snr_db), rng.integers(0, 2**53), rng.random()
        other = draw_sound(self.sounds, point, digest_of(sound), sound.rate)
        if other is None:
            return Reject("no other sound to add")
        sound.edit(partial(_added, other=other, ratio=ratio, place=place))
        return None


def _added(samples: Samples, _rate: int, other: Samples, ratio: float, place: float) -> Samples:
    count = samples.shape[1]
    start = int(place * max(other.shape[1] - count, 0)) if other.shape[1] >= count else int(place * other.shape[1])
    behind = looped(other, start, count) if count and other.shape[1] else samples[:, :0]
    loud, soft = power_of(samples), power_of(behind)
    if not (loud and soft):
        return samples
    strength = np.float32((loud / soft) ** 0.5 / 10 ** (ratio / 20))
    return samples + strength * like_channels(behind, samples.shape[0])
