"""Kinds of ops on sounds."""

from __future__ import annotations

import copy
import dataclasses
from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.errors import RowError, add_context
from hfaug.moves import TimeMap
from hfaug.op import Op, Reject
from hfaug.randomness import Stream
from hfaug.rows import Heard, Row, Sound

__all__ = ["FlowOp", "GainOp", "Samples", "SoundOp", "TimeOp", "WaveOp"]

Samples = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True, kw_only=True)
class SoundOp(Op):
    """What ops on sounds share. What they ask for waits until the samples are looked at or the row is written."""

    needs: ClassVar[tuple[str, ...]] = ("audio",)
    unit_rows: ClassVar[int] = 50

    @property
    def defers(self) -> bool:
        """True: nothing is decoded while it runs."""
        return True

    def apply(self, row: Row, rng: Stream) -> Row | Reject:
        """Change the sound of one row."""
        sound = row.sound
        if sound is None:
            return row
        refused = self.change(sound, row, rng)
        return row if refused is None else refused

    @abstractmethod
    def change(self, sound: Sound, row: Row, rng: Stream) -> Reject | None:
        """Change a sound with its labels."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class WaveOp(SoundOp):
    """An op on samples that stay in time: ``wave(samples, rate, rng) -> samples`` of the same shape."""

    @abstractmethod
    def wave(self, samples: Samples, rate: int, rng: Stream) -> Samples:
        """Change (channels, samples) float32; return the same object for no change, and never write into it."""

    def change(self, sound: Sound, row: Row, rng: Stream) -> Reject | None:
        """Change the samples, once somebody looks at them."""
        sound.edit(partial(self._edited, rng=rng))
        return None

    def _edited(self, before: Samples, rate: int, rng: Stream) -> Samples:
        if not before.shape[1]:
            return before
        try:
            after = self.wave(before, rate, copy.copy(rng))  # from its start for each copy of a row
        except Exception as error:
            add_context(error, f"in {type(self).__name__}")
            raise
        if after.shape != before.shape:
            raise RowError(
                f"{type(self).__name__}: wave must return samples of shape {before.shape}, returned {after.shape}; "
                "mend the op"
            )
        return after if after is before else np.asarray(after, dtype=np.float32)


@dataclasses.dataclass(frozen=True, kw_only=True)
class FlowOp(WaveOp):
    """An op on samples that can work block by block: ``flow(heard, rng)`` gives what changes each block in turn.

    So hours of sound need no more memory than minutes. Short sounds are one block.
    """

    @abstractmethod
    def flow(self, heard: Heard, rng: Stream) -> Callable[[Samples], Samples]:
        """Draw what changes the blocks of a sound, from its first to its last; each keeps its shape."""

    def wave(self, samples: Samples, rate: int, rng: Stream) -> Samples:
        """Change the sound as one block."""
        return self.flow(Heard.of(samples, rate), rng)(samples) if samples.size else samples

    def change(self, sound: Sound, row: Row, rng: Stream) -> Reject | None:
        """Change the samples, once somebody looks at them."""
        sound.edit(partial(self._edited, rng=rng), lambda heard: self.flow(heard, copy.copy(rng)))
        return None


@dataclasses.dataclass(frozen=True, kw_only=True)
class GainOp(SoundOp):
    """An op that multiplies all samples by one number that does not depend on them. Neighbours multiply."""

    @abstractmethod
    def ratio(self, rng: Stream) -> float:
        """Draw the number."""

    def wave(self, samples: Samples, rate: int, rng: Stream) -> Samples:
        """Samples by themselves, multiplied."""
        ratio = self.ratio(rng)
        return samples if ratio == 1 else samples * np.float32(ratio)

    def change(self, sound: Sound, row: Row, rng: Stream) -> Reject | None:
        """Multiply the samples."""
        sound.gain(self.ratio(rng))
        return None


@dataclasses.dataclass(frozen=True, kw_only=True)
class TimeOp(SoundOp):
    """An op on the time of a sound: ``time(duration_s, rng) -> TimeMap``. Time labels follow.

    Borders are put on samples. What keeps its pace is moved to the sample; what does not is stretched at its pitch, or
    resampled where ``keeps_pitch`` says False. Neighbours fuse: cuts into one copy, stretches into one pass.
    """

    shifts: ClassVar[tuple[str, ...]] = ("audio",)
    moves: ClassVar[tuple[str, ...]] = ("segments",)
    keeps_pitch: ClassVar[bool] = True

    @abstractmethod
    def time(self, duration_s: float, rng: Stream) -> TimeMap:
        """Draw where each moment of a sound of some length goes."""

    def change(self, sound: Sound, row: Row, rng: Stream) -> Reject | None:
        """Move the sound in time."""
        if sound.count:
            sound.retime(self.time(sound.duration_s, rng), row, pitch=not self.keeps_pitch)
        return None
