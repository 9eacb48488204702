"""Blur towards the centre."""

from __future__ import annotations

import dataclasses
import math
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.fields import Limit
from hfaug.kinds import PixelOp
from hfaug.ops.image.planes import on_colors
from hfaug.randomness import Stream

__all__ = ["BlurZoom"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class BlurZoom(PixelOp):
    """Blur away from the centre, as a camera does that moves forward or zooms while the shutter is open.

    Args:
        scale: Range of how much larger things get meanwhile, 1..2; 1 changes nothing.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: D. Hendrycks, T. Dietterich, Benchmarking Neural Network Robustness, arXiv:1903.12261.

    >>> import hfaug
    >>> hfaug.ops.image.BlurZoom(scale=(1.1, 1.1)).scale
    (1.1, 1.1)
    """

    may_change: ClassVar[tuple[str, ...]] = ("fine detail",)

    scale: Annotated[tuple[float, float], Limit(1, 2, ordered=True)] = (1.02, 1.08)

    def pixels(self, array: npt.NDArray[Any], rng: Stream) -> npt.NDArray[Any]:
        """Draw the largest scale and blur."""
        scale = rng.uniform(*self.scale)
        if scale == 1:
            return array
        return on_colors(array, lambda colors: _zoomed(colors, scale))


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
    # OpenCV moves four channels nearly twice as fast as three, to the same values.
    widened = colors.shape[2] == 3
    done = cv2.cvtColor(colors, cv2.COLOR_RGB2RGBA) if widened else colors
    for doubling in range(doublings):
        scale = step ** (2**doubling)
        shift = [(1 - scale) * (side - 1) / 2 for side in (width, height)]
        matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
        moved = cv2.warpAffine(done, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
        done = cv2.addWeighted(done, 0.5, moved.reshape(done.shape), 0.5, 0).reshape(done.shape)
    return np.asarray(cv2.cvtColor(done, cv2.COLOR_RGBA2RGB) if widened else done)
