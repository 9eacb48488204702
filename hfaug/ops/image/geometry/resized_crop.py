"""Cut a random window out of an image and bring it to one size, as image classifiers are trained."""

from __future__ import annotations

import dataclasses
import math
from typing import Annotated, ClassVar

from hfaug.fields import Limit
from hfaug.kinds import Size, WarpOp
from hfaug.moves import Warp, compose, scaling, translation
from hfaug.moves.areas import Interpolation
from hfaug.ops.image.geometry.canvas import Side
from hfaug.randomness import Stream

__all__ = ["RandomResizedCrop", "resized_window", "window_of_area"]

_TRIES = 10


@dataclasses.dataclass(frozen=True, kw_only=True)
class RandomResizedCrop(WarpOp):
    """Cut out a window of random area and shape, anywhere, and stretch it to one size: the crop of Inception.

    Args:
        height: Height of the result, in pixels.
        width: Width of the result, in pixels.
        area: Range of the share of the image's area that the window has, above 0, at most 1.
        aspect: Range of width over height of the window, above 0; drawn on a log scale.
        interpolation: ``linear``, ``cubic``, ``lanczos`` or ``nearest``; areas are averaged where it shrinks much.

    Moves: image, mask, boxes, keypoints; boxes that are cut away drop.
    Rejects: nothing.
    Source: C. Szegedy et al., Going Deeper with Convolutions, arXiv:1409.4842.

    >>> import hfaug
    >>> hfaug.ops.image.RandomResizedCrop(height=96, width=96).area
    (0.08, 1.0)
    """

    may_change: ClassVar[tuple[str, ...]] = ("whether what a class names is still in the picture",)

    height: Side = 224
    width: Side = 224
    area: Annotated[tuple[float, float], Limit(0, 1, ordered=True, above=True)] = (0.08, 1)
    aspect: Annotated[tuple[float, float], Limit(0, ordered=True, above=True)] = (3 / 4, 4 / 3)
    interpolation: Interpolation = "linear"

    def warp(self, size: Size, rng: Stream) -> Warp:
        """Draw the window: area and aspect, ten times at most, then its place down and across."""
        height, width = window_of_area(size, self.area, self.aspect, rng)
        top, left = rng.integers(0, size[0] - height + 1), rng.integers(0, size[1] - width + 1)
        return resized_window(size, (top, left, height, width), (self.height, self.width), self.interpolation)


def window_of_area(size: Size, area: tuple[float, float], aspect: tuple[float, float], rng: Stream) -> Size:
    """Height and width of a window of drawn area and aspect; of the nearest aspect that fits if ten do not."""
    height, width = size
    for _ in range(_TRIES):
        pixels = rng.uniform(*area) * height * width
        ratio = math.exp(rng.uniform(math.log(aspect[0]), math.log(aspect[1])))
        tall, wide = round(math.sqrt(pixels / ratio)), round(math.sqrt(pixels * ratio))
        if 0 < tall <= height and 0 < wide <= width:
            return tall, wide
    ratio = min(max(width / height, aspect[0]), aspect[1])
    return max(1, min(height, round(width / ratio))), max(1, min(width, round(height * ratio)))


def resized_window(size: Size, window: tuple[int, int, int, int], after: Size, interpolation: str) -> Warp:
    """The move of a window ``(top, left, height, width)`` of whole pixels to a size of its own."""
    top, left, height, width = window
    matrix = compose(translation(-left, -top), scaling(after[1] / width, after[0] / height))
    return Warp(matrix, size, after, interpolation=interpolation)  # type: ignore[arg-type]
