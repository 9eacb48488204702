"""Lose detail as small sensors do."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, ClassVar, Literal

import numpy.typing as npt

from hfaug.fields import Limit
from hfaug.kinds import PixelOp
from hfaug.ops.image.planes import on_colors
from hfaug.randomness import Stream

__all__ = ["Downscale"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Downscale(PixelOp):
    """Make an image smaller and large again, so that only as much detail is left as a small sensor or preview holds.

    Args:
        scale: Range of the small side over the large one, above 0 to 1; 1 changes nothing.
        interpolation: How it is made large again: ``nearest`` leaves square pixels, ``linear`` and ``cubic``
            smooth ones.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.image.Downscale(scale=(0.1, 0.2), interpolation="nearest").interpolation
    'nearest'
    """

    may_change: ClassVar[tuple[str, ...]] = ("fine detail",)

    scale: Annotated[tuple[float, float], Limit(0, 1, ordered=True, above=True)] = (0.25, 0.75)
    interpolation: Literal["nearest", "linear", "cubic"] = "linear"

    def pixels(self, array: npt.NDArray[Any], rng: Stream) -> npt.NDArray[Any]:
        """Draw the scale."""
        import cv2

        scale = rng.uniform(*self.scale)
        height, width = array.shape[:2]
        small = max(1, round(width * scale)), max(1, round(height * scale))
        if small == (width, height):
            return array
        # Not INTER_NEAREST, which is half a pixel off.
        ways = {"nearest": cv2.INTER_NEAREST_EXACT, "linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC}
        way = ways[self.interpolation]
        return on_colors(
            array,
            lambda colors: cv2.resize(
                cv2.resize(colors, small, interpolation=cv2.INTER_AREA), (width, height), interpolation=way
            ),
        )
