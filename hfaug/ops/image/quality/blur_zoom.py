"""Blur towards the centre, or as through glass."""

from __future__ import annotations

import dataclasses
import math
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.fields import Limit
from hfaug.kinds import PixelOp
from hfaug.ops.image.planes import gaussian, on_colors
from hfaug.randomness import Stream

__all__ = ["BlurGlass", "BlurZoom"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class BlurZoom(PixelOp):
    """Blur away from the centre, as a camera does that moves forward or zooms while the shutter is open.

    Args:
        zoom: Range of how much larger the image gets meanwhile, as a share, 0..1; 0 changes nothing.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: D. Hendrycks, T. Dietterich, Benchmarking Neural Network Robustness, arXiv:1903.12261.

    >>> import hfaug
    >>> hfaug.ops.image.BlurZoom(zoom=(0.1, 0.1)).zoom
    (0.1, 0.1)
    """

    may_change: ClassVar[tuple[str, ...]] = ("fine detail",)

    zoom: Annotated[tuple[float, float], Limit(0, 1, ordered=True)] = (0.02, 0.08)

    def pixels(self, array: npt.NDArray[Any], rng: Stream) -> npt.NDArray[Any]:
        """Draw the zoom and blur."""
        zoom = rng.uniform(*self.zoom)
        if zoom == 0:
            return array
        return on_colors(array, lambda colors: _zoomed(colors, 1 + zoom))


def _zoomed(colors: npt.NDArray[Any], largest: float) -> npt.NDArray[Any]:
    """The mean over all zooms from 1 to the largest, in even steps on a log scale.

    A mean over some steps, and the same once more zoomed by as many, make one over twice as many: four resamplings do
    for sixteen steps.
    """
    import cv2

    height, width = colors.shape[:2]
    way = (largest - 1) * max(height, width) / 2  # of a pixel at the border
    doublings = min(7, max(2, math.ceil(math.log2(max(way, 1)))))
    step = largest ** (1 / (2**doublings - 1))
    done = colors
    for doubling in range(doublings):
        scale = step ** (2**doubling)
        shift = [(1 - scale) * (side - 1) / 2 for side in (width, height)]
        matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
        moved = cv2.warpAffine(done, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
        done = cv2.addWeighted(done, 0.5, moved.reshape(colors.shape), 0.5, 0).reshape(colors.shape)
    return np.asarray(done)


@dataclasses.dataclass(frozen=True, kw_only=True)
class BlurGlass(PixelOp):
    """Scatter pixels, as frosted glass and wet panes do.

    Args:
        reach: Range of the largest way of a pixel along each axis, in pixels, from 0 up; 0 changes nothing.
        sigma: Standard deviation of the blur before and after, in pixels, from 0 up.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: D. Hendrycks, T. Dietterich, Benchmarking Neural Network Robustness, arXiv:1903.12261; each pixel is
        scattered once and by itself.

    >>> import hfaug
    >>> hfaug.ops.image.BlurGlass(reach=(3, 3)).reach
    (3, 3)
    """

    may_change: ClassVar[tuple[str, ...]] = ("fine detail",)

    reach: Annotated[tuple[int, int], Limit(0, 100, ordered=True)] = (1, 3)
    sigma: Annotated[float, Limit(0)] = 0.6

    def pixels(self, array: npt.NDArray[Any], rng: Stream) -> npt.NDArray[Any]:
        """Draw the reach, then where each pixel comes from."""
        reach = rng.integers(self.reach[0], self.reach[1] + 1)
        if reach == 0:
            return array
        return on_colors(array, lambda colors: self._scattered(colors, reach, rng.generator()))

    def _scattered(self, colors: npt.NDArray[Any], reach: int, rng: np.random.Generator) -> npt.NDArray[Any]:
        height, width, channels = colors.shape
        ways = rng.integers(-reach, reach + 1, size=(2, height, width), dtype=np.int8)
        y = np.clip(np.arange(height, dtype=np.int32)[:, None] + ways[0], 0, height - 1)
        x = np.clip(np.arange(width, dtype=np.int32) + ways[1], 0, width - 1)
        moved = np.take(gaussian(colors, self.sigma).reshape(-1, channels), y * width + x, axis=0)
        return gaussian(moved, self.sigma)
