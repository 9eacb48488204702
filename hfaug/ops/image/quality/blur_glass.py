"""Blur as through glass."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.fields import Limit
from hfaug.kinds import PixelOp
from hfaug.ops.image.planes import gaussian, on_colors
from hfaug.randomness import Stream

__all__ = ["BlurGlass"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class BlurGlass(PixelOp):
    """Scatter pixels, as frosted glass and wet panes do.

    Args:
        reach_px: Range of the largest way of a pixel along each axis, in pixels, from 0 up; 0 changes nothing.
        sigma_px: Range of the standard deviation of the blur before and after, in pixels, from 0 up.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: D. Hendrycks, T. Dietterich, Benchmarking Neural Network Robustness, arXiv:1903.12261; each pixel is
        scattered once and by itself.

    >>> import hfaug
    >>> hfaug.ops.image.BlurGlass(reach_px=(3, 3)).reach_px
    (3, 3)
    """

    may_change: ClassVar[tuple[str, ...]] = ("fine detail",)

    reach_px: Annotated[tuple[int, int], Limit(0, 100, ordered=True)] = (1, 3)
    sigma_px: Annotated[tuple[float, float], Limit(0, ordered=True)] = (0.6, 0.6)

    def pixels(self, array: npt.NDArray[Any], rng: Stream) -> npt.NDArray[Any]:
        """Draw the reach and the blur, then where each pixel comes from."""
        reach = rng.integers(self.reach_px[0], self.reach_px[1] + 1)
        sigma = rng.uniform(*self.sigma_px)
        if reach == 0:
            return array
        return on_colors(array, lambda colors: _scattered(colors, reach, sigma, rng.generator()))


def _scattered(colors: npt.NDArray[Any], reach: int, sigma: float, rng: np.random.Generator) -> npt.NDArray[Any]:
    height, width, channels = colors.shape
    ways = rng.integers(-reach, reach + 1, size=(2, height, width), dtype=np.int8)
    y = np.clip(np.arange(height, dtype=np.int32)[:, None] + ways[0], 0, height - 1)
    x = np.clip(np.arange(width, dtype=np.int32) + ways[1], 0, width - 1)
    moved = np.take(gaussian(colors, sigma).reshape(-1, channels), y * width + x, axis=0)
    return gaussian(moved, sigma)
