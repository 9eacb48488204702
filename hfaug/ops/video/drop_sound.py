"""Leave the sound of a video out."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from hfaug.op import Op, Reject
from hfaug.randomness import Stream
from hfaug.rows import Row

__all__ = ["DropSound"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class DropSound(Op):
    """Leave the sound of a video out, for models that must do without it, and where it no longer fits.

    Where nothing else changes, the frames are copied as they are stored. A video without sound stays byte for byte.

    Moves: nothing; every label stays.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> op = hfaug.Chain(hfaug.ops.image.Rotate(), hfaug.ops.video.DropSound())
    """

    needs: ClassVar[tuple[str, ...]] = ("video",)
    may_change: ClassVar[tuple[str, ...]] = ("what is only heard",)

    @property
    def defers(self) -> bool:
        """True: the file is written with the row."""
        return True

    def apply(self, row: Row, rng: Stream) -> Row | Reject:
        """Mark the sound of each video of a row."""
        for footage in row.footage:
            footage.drop_sound()
        return row
