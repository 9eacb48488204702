"""Scale or shift an image."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Literal

from hfaug.fields import Range
from hfaug.kinds import Size
from hfaug.moves import Warp, centre
from hfaug.ops.image.geometry.affine import Zoom, drawn_scaling, drawn_shift
from hfaug.ops.image.geometry.canvas import enclosing
from hfaug.ops.image.geometry.filled import FilledOp
from hfaug.randomness import Stream

__all__ = ["Scale", "Shift"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scale(FilledOp):
    """Show things larger or smaller, as from nearer or farther away, about the centre.

    Args:
        scale: Range of the factor, above 0; 2 shows things twice as large. Drawn on a log scale.
        aspect: Range of width over height that a square gets, above 0, its area staying; drawn on a log scale.
        expand: The canvas grows and shrinks along, so that the whole image stays on it and no fill shows.
        fill: See `FilledOp`: RGB value outside the image, 0..255.
        mask_fill: See `FilledOp`.
        border: See `FilledOp`.
        interpolation: See `FilledOp`.

    Moves: image, mask, boxes, keypoints.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.image.Scale(scale=(1, 2)).scale
    (1.0, 2.0)
    """

    may_change: ClassVar[tuple[str, ...]] = ("sizes that mean something",)

    scale: Zoom = (0.8, 1.25)
    aspect: Zoom = (1, 1)
    expand: bool = False

    def warp(self, size: Size, rng: Stream) -> Warp:
        """Draw the factor and the aspect."""
        matrix, after = drawn_scaling(self.scale, self.aspect, centre(size), rng), size
        if not self.expand:
            return Warp(matrix, size, after, **self._style)
        _, after = enclosing(matrix, size)
        return Warp.resize(size, after, **self._style)


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

    def warp(self, size: Size, rng: Stream) -> Warp:
        """Draw the shift across and down."""
        return Warp(drawn_shift(self.shift_x, self.shift_y, self.unit, size, rng), size, **self._style)
