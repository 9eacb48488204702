"""Rotate an image."""

from __future__ import annotations

import dataclasses
import math
from typing import ClassVar

from hfaug.errors import ParameterError
from hfaug.fields import Angle
from hfaug.kinds import Size
from hfaug.moves import Warp, centre, compose, rotation, translation
from hfaug.ops.image.geometry.canvas import enclosing
from hfaug.ops.image.geometry.filled import FilledOp
from hfaug.randomness import Stream

__all__ = ["Rotate"]

_STRAIGHT = 1e-9


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rotate(FilledOp):
    """Rotate about the centre, as a hand-held camera does. The size stays; corners are cut off unless asked otherwise.

    Args:
        degrees: Range of the angle, counter-clockwise, -360..360.
        expand: Grow the canvas until the whole turned image is on it.
        crop: Cut the result to the largest upright window in which no fill shows.
        fill: See `FilledOp`: RGB value outside the source image, 0..255.
        mask_fill: See `FilledOp`.
        border: See `FilledOp`: ``constant`` (the fill), ``reflect`` or ``edge``.
        interpolation: See `FilledOp`.

    Moves: image, mask, boxes, keypoints.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.image.Rotate(degrees=(-10, 10)).degrees
    (-10.0, 10.0)
    """

    may_change: ClassVar[tuple[str, ...]] = ("6 and 9", "arrows", "text")

    degrees: Angle = (-30, 30)
    expand: bool = False
    crop: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.expand and self.crop:
            raise ParameterError("Rotate: only one of expand and crop can be done, both are set; unset one")

    @property
    def keeps_size(self) -> bool:
        """True, unless the canvas grows or corners are cut off."""
        return not (self.expand or self.crop)

    def warp(self, size: Size, rng: Stream) -> Warp:
        """Draw the angle."""
        matrix = rotation(degrees := rng.uniform(*self.degrees), about=centre(size))
        after = size
        if self.expand:
            matrix, after = enclosing(matrix, size)
        elif self.crop:
            after = _largest_inside(size, math.radians(degrees))
            (x, y), (new_x, new_y) = centre(size), centre(after)
            matrix = compose(matrix, translation(new_x - x, new_y - y))
        return Warp(matrix, size, after, **self._style)


def _largest_inside(size: Size, angle: float) -> Size:
    """The largest upright window, about the centre, within an image that was turned about it."""
    height, width = size
    sin, cos = abs(math.sin(angle)), abs(math.cos(angle))
    # A window of half sides a and b is inside when a * cos + b * sin <= width / 2 and a * sin + b * cos <= height / 2.
    corners = [(width / 2, height / 2)] if sin < _STRAIGHT else [(height / 2, width / 2)] if cos < _STRAIGHT else []
    if not corners:
        corners = [(width / cos / 4, width / sin / 4), (height / sin / 4, height / cos / 4)]
        if abs(whole := cos * cos - sin * sin) > _STRAIGHT:
            corners += [((width * cos - height * sin) / whole / 2, (height * cos - width * sin) / whole / 2)]
    fits = [
        (a, b)
        for a, b in corners
        if min(a, b) > 0
        and a * cos + b * sin <= width / 2 + _STRAIGHT * width
        and a * sin + b * cos <= height / 2 + _STRAIGHT * height
    ]
    wide, tall = max(fits, key=lambda half: half[0] * half[1])
    return max(1, math.floor(2 * tall + 1e-6)), max(1, math.floor(2 * wide + 1e-6))
