"""Add falling snow."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.fields import Angle, ShareRange
from hfaug.kinds import PixelOp
from hfaug.ops.image.planes import gaussian, on_colors
from hfaug.ops.image.veils import haze, veil
from hfaug.randomness import Stream

__all__ = ["AddSnow"]

# Far to near: flakes for each strength of 1, their radius as a share of the shorter side, how far they fall while the
# shutter is open in radii, and how much of what lies behind they hide: near ones are out of focus.
_LAYERS = ((2200, 0.0013, 1.2, 0.75), (380, 0.0028, 1.8, 0.8), (60, 0.0062, 2.2, 0.6), (8, 0.019, 1.0, 0.3))
_FLAKE = (0.97, 0.98, 1.0)
_AIR = (0.80, 0.83, 0.87)
_FINE = 4  # bits behind the point in OpenCV's drawing coordinates


@dataclasses.dataclass(frozen=True, kw_only=True)
class AddSnow(PixelOp):
    """Let it snow: flakes from far specks to near, blurred ones, all in one wind, before a paler scene.

    Args:
        strength: Range of how much it snows, 0..1; 0 changes nothing.
        slant_degrees: Range of the angle of their fall from the vertical, -360..360; to the right above 0.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: D. Hendrycks, T. Dietterich, Benchmarking Neural Network Robustness, arXiv:1903.12261, for the layers.

    >>> import hfaug
    >>> hfaug.ops.image.AddSnow(strength=(1, 1)).strength
    (1.0, 1.0)
    """

    may_change: ClassVar[tuple[str, ...]] = ("weather", "small objects")
    each_frame: ClassVar[bool] = True

    strength: ShareRange = (0.3, 0.8)
    slant_degrees: Angle = (-35, 35)

    def pixels(self, array: npt.NDArray[Any], rng: Stream) -> npt.NDArray[Any]:
        """Draw how much and from where, then every flake."""
        strength, slant = rng.uniform(*self.strength), math.radians(rng.uniform(*self.slant_degrees))
        if strength == 0 or not array.size:
            return array
        cover = _flakes(array.shape[:2], strength, slant, rng.generator())
        return on_colors(array, lambda colors: veil(haze(colors, 0.3 * strength, _AIR), cover, _FLAKE))


def _flakes(shape: tuple[int, ...], strength: float, slant: float, rng: np.random.Generator) -> npt.NDArray[Any]:
    """How much of each pixel is hidden by flakes, 0..1."""
    import cv2

    height, width = shape
    side = min(height, width)
    cover: npt.NDArray[Any] = np.zeros(shape, np.uint8)
    for count, radius, fall, opacity in _LAYERS:
        flakes = max(1, round(count * strength * width * height / max(side, 1) ** 2))
        drawn = rng.random((flakes, 4), dtype=np.float32)
        # Near flakes are so blurred that a coarse picture of them is enough.
        coarse = max(1, int(side * radius / 2))
        plane = cover if side * radius < 1 else np.zeros((-(-height // coarse), -(-width // coarse)), np.uint8)
        middle = drawn[:, :2] * np.array([width, height], np.float32) / coarse
        size = side * radius / coarse * (0.5 + drawn[:, 2])
        turn = slant + (drawn[:, 3] - 0.5) * np.float32(0.8)
        way = np.stack([np.sin(turn), np.cos(turn)], axis=1) * (size * np.float32(fall))[:, None]
        ends = np.rint(np.stack([middle - way / 2, middle + way / 2], axis=1) * 2**_FINE).astype(np.int32)
        thick = np.maximum(1, np.rint(2 * size)).astype(int)
        for wide in np.unique(thick).tolist():
            cv2.polylines(plane, list(ends[thick == wide]), False, 255 * opacity, wide, cv2.LINE_AA, _FINE)
        if plane is cover:
            continue
        soft = gaussian(plane, max(0.5, side * radius / coarse * 0.55))
        if coarse > 1:
            soft = cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR)
        cv2.max(cover, cv2.convertScaleAbs(soft, alpha=1.25), cover)
    return cover
