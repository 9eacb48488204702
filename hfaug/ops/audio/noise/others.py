"""What ops share that add other sounds: where these come from, and which one a row meets."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Annotated

from datasets import Dataset
from typing_extensions import Self

from hfaug.assets import Asset
from hfaug.errors import CallError
from hfaug.fields import Sounds
from hfaug.kinds import Samples, SoundOp
from hfaug.ops.audio.noise.gathering import gather_sounds
from hfaug.ops.audio.noise.library import digest_of, draw_sound
from hfaug.rows import Sound

__all__ = ["OtherSoundsOp"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class OtherSoundsOp(SoundOp):
    """Base of ops that add other sounds.

    Args:
        sounds: See `gather_sounds`. Without any, those of the split itself.
    """

    sounds: Annotated[Asset | None, Sounds()] = None

    @property
    def ready(self) -> bool:
        """Whether there are sounds."""
        return self.sounds is not None

    def fit(self, dataset: Dataset) -> Self:
        """The op with the sounds of a dataset: those of the split that it is for, where no others were given."""
        return dataclasses.replace(self, sounds=gather_sounds(dataset, next(iter(self.binding.audio), None)))

    def others(self, sound: Sound) -> Callable[[int], Samples | None]:
        """Gives the sound at a point drawn from 0 to 2**53 - 1, at the row's own rate; None where there is no other."""
        if self.sounds is None:
            raise CallError(
                f"{type(self).__name__}: needs other sounds, has none; give it sounds=gather_sounds(folder), use "
                "hfaug.augment(ds, op), or op.fit(train_split) before map"
            )
        return partial(draw_sound, self.sounds, own=digest_of(sound), rate=sound.rate)
