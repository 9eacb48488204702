"""Erase rectangles of an image."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from hfaug.fields import Limit, Rgb
from hfaug.kinds import PixelOp, Size
from hfaug.ops.image.planes import levels_of, top_level
from hfaug.randomness import Stream

__all__ = ["Erase"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Erase(PixelOp):
    """Cover rectangles with a colour or with noise, so that a model learns to look at the rest.

    Args:
        holes: Range of the number of rectangles, from 0 up.
        area: Range of the area of each, as a share of the image, 0..1.
        aspect: Range of width over height, above 0; drawn on a log scale, given up where a rectangle would stick out.
        fill: RGB value of the rectangles, 0..255, of which grey images get the luma; or ``random``, a colour drawn for
            each; or ``noise``, a colour drawn for each pixel, as in the paper.

    Moves: pixels only; every label stays, since what is covered is still there, unless `min_visibility` is bound.
    Rejects: nothing.
    Source: Z. Zhong et al., Random Erasing Data Augmentation, arXiv:1708.04896; T. DeVries, G. Taylor, Cutout,
        arXiv:1708.04552.

    >>> import hfaug
    >>> hfaug.ops.image.Erase(holes=(1, 3)).holes
    (1, 3)
    """

    may_change: ClassVar[tuple[str, ...]] = ("small objects that are covered wholly",)

    holes: Annotated[tuple[int, int], Limit(0, ordered=True)] = (1, 1)
    area: Annotated[tuple[float, float], Limit(0, 1, ordered=True)] = (0.02, 0.2)
    aspect: Annotated[tuple[float, float], Limit(0, ordered=True, above=True)] = (0.3, 3.3)
    fill: Rgb | Literal["random", "noise"] = (0, 0, 0)

    def pixels(self, array: npt.NDArray[Any], rng: Stream) -> npt.NDArray[Any]:
        """Draw the rectangles and cover them."""
        height, width, channels = array.shape
        holes = self._holes(height, width, rng)
        if not any(bottom > top and right > left for top, bottom, left, right in holes):
            return array
        after = array.copy()
        paint = self._painter(array, rng)
        for top, bottom, left, right in holes:
            after[top:bottom, left:right, : min(channels, 3)] = paint((bottom - top, right - left))
        return after

    def covered(self, size: Size, rng: Stream) -> npt.NDArray[np.bool_]:
        """The pixels of the rectangles."""
        hidden = np.zeros(size, dtype=bool)
        for top, bottom, left, right in self._holes(*size, rng):
            hidden[top:bottom, left:right] = True
        return hidden

    def _holes(self, height: int, width: int, rng: Stream) -> list[tuple[int, int, int, int]]:
        count = rng.integers(self.holes[0], self.holes[1] + 1)
        return [self._hole(height, width, rng) for _ in range(count)]

    def _hole(self, height: int, width: int, rng: Stream) -> tuple[int, int, int, int]:
        pixels = rng.uniform(*self.area) * height * width
        aspect = math.exp(rng.uniform(math.log(self.aspect[0]), math.log(self.aspect[1])))
        # What would stick out on one side grows on the other: the area counts more than the aspect.
        long = min(width, math.sqrt(pixels * aspect))
        tall = min(height, round(pixels / long)) if long else 0
        wide = min(width, round(pixels / tall)) if tall else 0
        top = rng.integers(0, height - tall + 1)
        left = rng.integers(0, width - wide + 1)
        return top, top + tall, left, left + wide

    def _painter(self, array: npt.NDArray[Any], rng: Stream) -> Callable[[Size], npt.NDArray[Any]]:
        """Makes what lies over a rectangle, or over each of its rows: NumPy repeats rows faster than pixels."""
        if not isinstance(self.fill, str):
            color = levels_of(self.fill, array)
            return lambda size: np.tile(color, (1, size[1], 1))
        draw: Any = partial(
            rng.child("fill").generator().integers, 0, top_level(array), dtype=array.dtype, endpoint=True
        )
        channels = min(array.shape[2], 3)
        if self.fill == "noise":
            return lambda size: draw(size=(*size, channels))
        return lambda size: np.tile(draw(size=(1, 1, channels)), (1, size[1], 1))
