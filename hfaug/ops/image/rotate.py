"""Rotate an image."""

from __future__ import annotations

import dataclasses
from typing import Annotated, ClassVar, Literal

from hfaug.fields import Angle, Limit
from hfaug.kinds import Size, WarpOp
from hfaug.moves import Warp, centre, rotation
from hfaug.randomness import Stream

__all__ = ["Rotate"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rotate(WarpOp):
    """Rotate about the centre, as a hand-held camera does. The size stays; corners are cut off.

    Args:
        degrees: Range of the angle, counter-clockwise, -360..360.
        fill: RGB value outside the source image, 0..255.
        border: What lies outside: ``constant`` (the fill), ``reflect`` or ``edge``.

    Moves: image, mask, boxes, keypoints.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.image.Rotate(degrees=(-10, 10)).degrees
    (-10.0, 10.0)
    """

    may_change: ClassVar[tuple[str, ...]] = ("6 and 9", "arrows", "text")

    degrees: Angle = (-30, 30)
    fill: Annotated[tuple[float, float, float], Limit(0, 255)] = (0, 0, 0)
    border: Literal["constant", "reflect", "edge"] = "constant"

    def warp(self, size: Size, rng: Stream) -> Warp:
        """Draw the angle."""
        angle = rng.uniform(*self.degrees)
        return Warp(rotation(angle, about=centre(size)), size, fill=self.fill, border=self.border)
