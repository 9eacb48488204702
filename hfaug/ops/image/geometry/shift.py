"""Shift an image."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Literal

from hfaug.fields import Range
from hfaug.kinds import Size
from hfaug.moves import Warp
from hfaug.ops.image.geometry.affine import drawn_shift
from hfaug.ops.image.geometry.filled import FilledOp
from hfaug.randomness import Stream

__all__ = ["Shift"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Shift(FilledOp):
    """Move an image by whole pixels, as a camera that aims elsewhere. No pixel is computed.

    Args:
        shift_x: Range of the shift to the right; negative to the left.
        shift_y: Range of the shift down; negative upwards.
        unit: ``share`` of width and height, or ``pixels``.
        fill: See `FilledOp`: RGB value outside the image, 0..255.
        mask_fill: See `FilledOp`.
        border: See `FilledOp`.
        interpolation: See `FilledOp`; it plays a part where the shift is fused with other moves.

    Moves: image, mask, boxes, keypoints.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.image.Shift(shift_x=(-8, 8), shift_y=(0, 0), unit="pixels").unit
    'pixels'
    """

    may_change: ClassVar[tuple[str, ...]] = ("places that mean something",)

    shift_x: Range = (-0.1, 0.1)
    shift_y: Range = (-0.1, 0.1)
    unit: Literal["share", "pixels"] = "share"

    @property
    def keeps_size(self) -> bool:
        """True."""
        return True

    def warp(self, size: Size, rng: Stream) -> Warp:
        """Draw the shift across and down."""
        return Warp(drawn_shift(self.shift_x, self.shift_y, self.unit, size, rng), size, **self._style)
