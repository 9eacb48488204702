"""Affine moves: scale, shift and shear, and all of them with a turn in one draw."""

from __future__ import annotations

import dataclasses
import math
from typing import Annotated, ClassVar, Literal

from hfaug.errors import ParameterError
from hfaug.fields import Angle, Limit, Range
from hfaug.kinds import Size
from hfaug.moves import Warp, centre, compose, rotation, scaling, shear, translation
from hfaug.moves.plane import Matrix
from hfaug.ops.image.geometry.canvas import enclosing
from hfaug.ops.image.geometry.filled import FilledOp
from hfaug.randomness import Stream

__all__ = ["Affine", "Slant", "Zoom", "check_slants", "drawn_scaling", "drawn_shift"]

Zoom = Annotated[tuple[float, float], Limit(0, ordered=True, above=True)]
Slant = Annotated[tuple[float, float], Limit(-80, 80, ordered=True)]


def check_slants(who: str, x_degrees: tuple[float, float], y_degrees: tuple[float, float]) -> None:
    """Refuse two slants that would together press an image flat.

    Raises:
        ParameterError: They might.
    """
    tangents = [[math.tan(math.radians(angle)) for angle in angles] for angles in (x_degrees, y_degrees)]
    if max(x * y for x in tangents[0] for y in tangents[1]) > 0.9:
        raise ParameterError(
            f"{who}: slants of both axes at once must stay well below 45 degrees, got {x_degrees} and {y_degrees}; "
            "make one smaller"
        )


def drawn_scaling(
    scale: tuple[float, float], aspect: tuple[float, float], about: tuple[float, float], rng: Stream
) -> Matrix:
    """A scaling of drawn strength: factor and aspect on a log scale, so that in and out are alike."""
    factor, ratio = (math.exp(rng.uniform(*map(math.log, limits))) for limits in (scale, aspect))
    return scaling(factor * math.sqrt(ratio), factor / math.sqrt(ratio), about=about)


def drawn_shift(
    across: tuple[float, float], down: tuple[float, float], unit: Literal["share", "pixels"], size: Size, rng: Stream
) -> Matrix:
    """A shift of drawn length, of whole pixels, so that nothing has to be resampled for it alone."""
    height, width = size if unit == "share" else (1, 1)
    x, y = rng.uniform(*across) * width, rng.uniform(*down) * height
    return translation(round(x), round(y))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Affine(FilledOp):
    """Scale, slant, turn and shift in one draw, about the centre: the same thing from elsewhere, once resampled.

    Args:
        degrees: Range of the turn, counter-clockwise, -360..360.
        scale: Range of the factor, above 0; 2 shows things twice as large. Drawn on a log scale.
        aspect: Range of width over height that a square gets, above 0, its area staying; drawn on a log scale.
        shift_x: Range of the shift to the right, in shares of the width; negative to the left.
        shift_y: Range of the shift down, in shares of the height; negative upwards.
        shear_x_degrees: Range of the slant of upright lines, -80..80.
        shear_y_degrees: Range of the slant of level lines, -80..80.
        expand: Grow or shrink the canvas to the whole moved image.
        fill: See `FilledOp`: RGB value outside the image, 0..255.
        mask_fill: See `FilledOp`.
        border: See `FilledOp`.
        interpolation: See `FilledOp`.

    Moves: image, mask, boxes, keypoints.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.image.Affine(scale=(0.5, 1)).scale
    (0.5, 1.0)
    """

    may_change: ClassVar[tuple[str, ...]] = ("6 and 9", "arrows", "text", "sizes that mean something")

    degrees: Angle = (-15, 15)
    scale: Zoom = (0.85, 1.15)
    aspect: Zoom = (1, 1)
    shift_x: Range = (-0.06, 0.06)
    shift_y: Range = (-0.06, 0.06)
    shear_x_degrees: Slant = (-5, 5)
    shear_y_degrees: Slant = (0, 0)
    expand: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_slants("Affine", self.shear_x_degrees, self.shear_y_degrees)

    @property
    def keeps_size(self) -> bool:
        """True, unless the canvas grows."""
        return not self.expand

    def warp(self, size: Size, rng: Stream) -> Warp:
        """Draw the turn, scale, slant and shift; they are made as scale, slant, turn, shift."""
        about = centre(size)
        turn = rotation(rng.uniform(*self.degrees), about=about)
        scale = drawn_scaling(self.scale, self.aspect, about, rng)
        slant = shear(rng.uniform(*self.shear_x_degrees), rng.uniform(*self.shear_y_degrees), about=about)
        shift = drawn_shift(self.shift_x, self.shift_y, "share", size, rng)
        matrix, after = compose(scale, slant, turn, shift), size
        if self.expand:
            matrix, after = enclosing(matrix, size)
        return Warp(matrix, size, after, **self._style)
