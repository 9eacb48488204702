"""Scale an image."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from hfaug.kinds import Size
from hfaug.moves import Warp, centre
from hfaug.ops.image.geometry.affine import Zoom, drawn_scaling
from hfaug.ops.image.geometry.canvas import enclosing
from hfaug.ops.image.geometry.filled import FilledOp
from hfaug.randomness import Stream

__all__ = ["Scale"]


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

    @property
    def keeps_size(self) -> bool:
        """True, unless the canvas grows."""
        return not self.expand

    def warp(self, size: Size, rng: Stream) -> Warp:
        """Draw the factor and the aspect."""
        matrix, after = drawn_scaling(self.scale, self.aspect, centre(size), rng), size
        if not self.expand:
            return Warp(matrix, size, after, **self._style)
        _, after = enclosing(matrix, size)
        return Warp.resize(size, after, **self._style)
