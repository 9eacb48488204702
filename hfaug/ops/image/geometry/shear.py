"""Slant an image."""

from __future__ import annotations

import dataclasses

from hfaug.kinds import Size
from hfaug.moves import Warp, centre, shear
from hfaug.ops.image.geometry.affine import Slant, check_slants
from hfaug.ops.image.geometry.canvas import enclosing
from hfaug.ops.image.geometry.filled import FilledOp
from hfaug.randomness import Stream

__all__ = ["Shear"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Shear(FilledOp):
    """Slant an image about its centre, as handwriting leans or a wall is seen from the side.

    Args:
        shear_x_degrees: Range of the slant of upright lines, -80..80; positive leans their lower end to the right.
        shear_y_degrees: Range of the slant of level lines, -80..80; positive lowers their right end.
        expand: Grow the canvas until the whole slanted image is on it.
        fill: See `FilledOp`: RGB value outside the image, 0..255.
        mask_fill: See `FilledOp`.
        border: See `FilledOp`.
        interpolation: See `FilledOp`.

    Moves: image, mask, boxes, keypoints.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.image.Shear(shear_y_degrees=(-5, 5)).shear_y_degrees
    (-5.0, 5.0)
    """

    shear_x_degrees: Slant = (-15, 15)
    shear_y_degrees: Slant = (0, 0)
    expand: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_slants("Shear", self.shear_x_degrees, self.shear_y_degrees)

    @property
    def keeps_size(self) -> bool:
        """True, unless the canvas grows."""
        return not self.expand

    def warp(self, size: Size, rng: Stream) -> Warp:
        """Draw both slants."""
        x, y = rng.uniform(*self.shear_x_degrees), rng.uniform(*self.shear_y_degrees)
        matrix, after = shear(x, y, about=centre(size)), size
        if self.expand:
            matrix, after = enclosing(matrix, size)
        return Warp(matrix, size, after, **self._style)
