"""Leave out the silence around a sound."""

from __future__ import annotations

import dataclasses
from typing import Annotated, ClassVar

import numpy as np

from hfaug.fields import Limit
from hfaug.kinds import SoundOp
from hfaug.moves import TimeMap
from hfaug.op import Reject
from hfaug.randomness import Stream
from hfaug.rows import Row, Sound

__all__ = ["Trim"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trim(SoundOp):
    """Leave out the silence before and after what is heard, so that clips begin and end where their content does.

    Args:
        threshold_db: Range of how far below the loudest moment a moment still counts as heard, in dB, above 0.
        frame_s: How long a moment is, in seconds, above 0.

    Moves: samples, exactly; segments; duration and number of samples. A transcript stays.
    Rejects: nothing; a sound without anything heard stays as it is.
    Source: librosa.effects.trim, as audiomentations' Trim has it.

    >>> import hfaug
    >>> hfaug.ops.audio.Trim(threshold_db=(30, 40)).threshold_db
    (30.0, 40.0)
    """

    shifts: ClassVar[tuple[str, ...]] = ("audio",)
    moves: ClassVar[tuple[str, ...]] = ("segments",)
    may_change: ClassVar[tuple[str, ...]] = ("duration",)

    threshold_db: Annotated[tuple[float, float], Limit(0, ordered=True, above=True)] = (30, 50)
    frame_s: Annotated[float, Limit(0, above=True)] = 0.02

    @property
    def defers(self) -> bool:
        """False: where silence ends is seen in the samples."""
        return False

    def change(self, sound: Sound, row: Row, rng: Stream) -> Reject | None:
        """Find the first and the last moment that is loud enough."""
        ratio = 10 ** (-rng.uniform(*self.threshold_db) / 10)
        size = max(1, round(self.frame_s * sound.rate))
        power = np.mean(np.square(sound.samples, dtype=np.float64), axis=0)
        frames = np.add.reduceat(power, np.arange(0, len(power), size)) if len(power) else power
        heard = np.flatnonzero(frames > ratio * frames.max(initial=0.0))
        if len(heard):
            start, stop = heard[0] * size, min((heard[-1] + 1) * size, sound.count)
            sound.retime(TimeMap.crop(sound.duration_s, start / sound.rate, stop / sound.rate), row)
        return None
