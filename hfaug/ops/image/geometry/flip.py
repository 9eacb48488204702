"""Flip an image."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Literal

from hfaug.kinds import Size, WarpOp
from hfaug.moves import Warp
from hfaug.randomness import Stream

__all__ = ["Flip"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Flip(WarpOp):
    """Mirror an image, since most things may be seen from either side. Pixels are moved, not resampled.

    Args:
        axis: ``horizontal`` swaps left and right, ``vertical`` top and bottom, ``both`` does both: half a turn.

    Moves: image, mask, boxes, keypoints.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> op = hfaug.ops.image.Flip().sometimes(0.5)
    """

    may_change: ClassVar[tuple[str, ...]] = ("left and right", "text", "digits")

    axis: Literal["horizontal", "vertical", "both"] = "horizontal"

    @property
    def keeps_size(self) -> bool:
        """True."""
        return True

    def warp(self, size: Size, rng: Stream) -> Warp:
        """Mirror the whole image; nothing is drawn."""
        return Warp.quarter_turns(size, 2) if self.axis == "both" else Warp.flip(size, self.axis)
