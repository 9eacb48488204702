"""Blur with the trace of a point: a line where the camera moved, a disc where it is out of focus."""

from __future__ import annotations

import dataclasses
import math
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.fields import Angle, Limit
from hfaug.kinds import PixelOp
from hfaug.ops.image.planes import on_colors
from hfaug.randomness import Stream

__all__ = ["BlurMotion", "Defocus"]

Kernel = npt.NDArray[np.float32]

_FINE = 8  # points along a pixel


@dataclasses.dataclass(frozen=True, kw_only=True)
class BlurMotion(PixelOp):
    """Blur along a line, as a moving camera or object does.

    Args:
        length_px: Range of the length of the line in pixels, 0..999; 0 changes nothing.
        degrees: Range of its direction, counter-clockwise from the horizontal, -360..360.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.image.BlurMotion(length_px=(10, 10), degrees=(0, 0)).length_px
    (10.0, 10.0)
    """

    may_change: ClassVar[tuple[str, ...]] = ("fine detail",)

    length_px: Annotated[tuple[float, float], Limit(0, 999, ordered=True)] = (3, 12)
    degrees: Angle = (0, 180)

    def pixels(self, array: npt.NDArray[Any], rng: Stream) -> npt.NDArray[Any]:
        """Draw length and direction and blur."""
        length, turn = rng.uniform(*self.length_px), math.radians(rng.uniform(*self.degrees))
        if length == 0:
            return array
        return _blurred(array, _line(length, turn))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Defocus(PixelOp):
    """Blur with a disc, as a lens that is focused elsewhere does: lights become discs, unlike under a Gaussian.

    Args:
        radius_px: Range of the radius of the disc in pixels, 0..499; 0 changes nothing.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: D. Hendrycks, T. Dietterich, Benchmarking Neural Network Robustness, arXiv:1903.12261.

    >>> import hfaug
    >>> hfaug.ops.image.Defocus(radius_px=(3, 6)).radius_px
    (3.0, 6.0)
    """

    may_change: ClassVar[tuple[str, ...]] = ("fine detail",)

    radius_px: Annotated[tuple[float, float], Limit(0, 499, ordered=True)] = (1, 4)

    def pixels(self, array: npt.NDArray[Any], rng: Stream) -> npt.NDArray[Any]:
        """Draw the radius and blur."""
        radius = rng.uniform(*self.radius_px)
        if radius == 0:
            return array
        return _blurred(array, _disc(radius))


def _blurred(array: npt.NDArray[Any], kernel: Kernel) -> npt.NDArray[Any]:
    import cv2

    return on_colors(array, lambda colors: cv2.filter2D(colors, -1, kernel, borderType=cv2.BORDER_REFLECT))


def _line(length: float, turn: float) -> Kernel:
    """The trace of a pixel along a line through the middle: one tap a pixel of its longer axis, for speed."""
    cos, sin = math.cos(turn), -math.sin(turn)  # y points down
    longer = max(abs(cos), abs(sin))
    way = (length + 1) * longer / 2  # a line of length 0 is the pixel itself
    half = math.ceil(way - 0.5)
    steps = np.arange(-half, half + 1)
    weights = (way + 0.5 - abs(steps)).clip(0, 1)
    kernel = np.zeros((2 * half + 1, 2 * half + 1))
    x, y = (np.rint(steps * share / longer).astype(int) + half for share in (cos, sin))
    kernel[y, x] = weights
    return _trimmed(kernel)


def _disc(radius: float) -> Kernel:
    """How much of each pixel a disc around the middle covers."""
    half = math.ceil(radius)
    fine = (np.arange((2 * half + 1) * _FINE) + 0.5) / _FINE - half - 0.5
    inside = fine[:, None] ** 2 + fine**2 <= (radius + 0.5) ** 2  # a disc of radius 0 is the pixel itself
    return _trimmed(inside.reshape(2 * half + 1, _FINE, 2 * half + 1, _FINE).mean(axis=(1, 3)))


def _trimmed(kernel: npt.NDArray[np.float64]) -> Kernel:
    """The kernel of sum 1 without an empty frame; small kernels are fast."""
    while kernel.shape[0] > 1 and not (kernel[[0, -1]] > 1e-9).any() and not (kernel[:, [0, -1]] > 1e-9).any():
        kernel = kernel[1:-1, 1:-1]
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)
