"""Blur an image evenly: out of reach of the lens, or by a median."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.fields import Limit
from hfaug.kinds import PixelOp
from hfaug.ops.image.planes import gaussian, on_colors
from hfaug.randomness import Stream

__all__ = ["Blur", "BlurMedian"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Blur(PixelOp):
    """Blur with a Gaussian, as a soft lens does.

    Args:
        sigma_px: Range of the standard deviation of the blur in pixels, from 0 up; 0 changes nothing.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.image.Blur(sigma_px=(1, 3)).sigma_px
    (1.0, 3.0)
    """

    may_change: ClassVar[tuple[str, ...]] = ("fine detail",)

    sigma_px: Annotated[tuple[float, float], Limit(0, ordered=True)] = (0.5, 2)

    def pixels(self, array: npt.NDArray[Any], rng: Stream) -> npt.NDArray[Any]:
        """Draw the standard deviation and blur."""
        sigma = rng.uniform(*self.sigma_px)
        return on_colors(array, lambda colors: gaussian(colors, sigma))


@dataclasses.dataclass(frozen=True, kw_only=True)
class BlurMedian(PixelOp):
    """Replace each pixel by the median around it: textures go, edges stay.

    Args:
        side_px: Range of the side of the window in pixels, 1..99; even sizes count as the next smaller odd one, and 1
            changes nothing.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: J. Tukey, Exploratory Data Analysis, 1977.

    >>> import hfaug
    >>> hfaug.ops.image.BlurMedian(side_px=(3, 3)).side_px
    (3, 3)
    """

    may_change: ClassVar[tuple[str, ...]] = ("fine detail",)

    side_px: Annotated[tuple[int, int], Limit(1, 99, ordered=True)] = (3, 7)

    def pixels(self, array: npt.NDArray[Any], rng: Stream) -> npt.NDArray[Any]:
        """Draw the side among the odd ones and take the medians."""
        halves = [(side - 1) // 2 for side in self.side_px]
        side = 2 * rng.integers(halves[0], halves[1] + 1) + 1
        if side == 1:
            return array
        return on_colors(array, lambda colors: _median(colors, side))


def _median(colors: npt.NDArray[Any], side: int) -> npt.NDArray[Any]:
    import cv2

    if colors.dtype == np.uint8 or side <= 5:
        return np.asarray(cv2.medianBlur(colors, side))
    # OpenCV has no larger window for 16 bits. A row at a time keeps what is held small.
    half = side // 2
    wide = np.pad(colors, ((half, half), (half, half), (0, 0)), mode="edge")
    done = np.empty_like(colors)
    for y in range(len(colors)):
        window = np.lib.stride_tricks.sliding_window_view(wide[y : y + side], side, axis=1)
        flat = np.moveaxis(window, 0, -1).reshape(*colors.shape[1:], side * side)
        done[y] = np.partition(flat, flat.shape[-1] // 2, axis=-1)[..., flat.shape[-1] // 2]
    return done
