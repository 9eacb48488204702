"""Kinds of ops on videos."""

from __future__ import annotations

import copy
import dataclasses
from abc import abstractmethod
from typing import ClassVar, Literal

from hfaug.frames import FRAME_ROLES
from hfaug.moves import FrameTimes, Retiming
from hfaug.op import Op, Reject
from hfaug.randomness import Stream
from hfaug.rows import Row

__all__ = ["RetimeOp"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class RetimeOp(Op):
    """An op on the time of a video: ``retime(times, rng) -> Retiming``. Neighbours fuse into one pass over the file.

    Args:
        sound: ``"follow"`` cuts, turns and stretches the sound along with the frames, ``"drop"`` leaves it out. Where
            time stays as it is, its packets are copied.
    """

    needs: ClassVar[tuple[str, ...]] = ("video",)
    shifts: ClassVar[tuple[str, ...]] = ("time",)
    moves: ClassVar[tuple[str, ...]] = ("segments", *FRAME_ROLES)
    unit_rows: ClassVar[int] = 10

    sound: Literal["follow", "drop"] = "follow"

    @abstractmethod
    def retime(self, times: FrameTimes, rng: Stream) -> Retiming:
        """Draw which frames are shown, and when."""

    @property
    def defers(self) -> bool:
        """True: frames are read when the row is written."""
        return True

    def apply(self, row: Row, rng: Stream) -> Row | Reject:
        """Change the time of each video of a row alike."""
        for footage in row.footage:
            footage.retime(self.retime(footage.times, copy.copy(rng)))
            if self.sound == "drop":
                footage.drop_sound()
        return row
