"""Add rain."""

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

__all__ = ["AddRain"]

# Far to near: streaks for each strength of 1, their length as a share of the shorter side, their thickness likewise,
# and how much of what lies behind they hide.
_LAYERS = ((1400, 0.025, 0.0011, 0.22), (500, 0.055, 0.0018, 0.30), (120, 0.11, 0.0032, 0.26))
_DROP = (0.82, 0.85, 0.88)
_AIR = (0.62, 0.66, 0.70)
_FINE = 4  # bits behind the point in OpenCV's drawing coordinates


@dataclasses.dataclass(frozen=True, kw_only=True)
class AddRain(PixelOp):
    """Let it rain: streaks near and far, all in one wind, before a duller and greyer scene.

    Args:
        strength: Range of how much it rains, 0..1; 0 changes nothing.
        slant_degrees: Range of the angle of the streaks from the vertical, -360..360; they fall to the right above 0.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: K. Garg, S. Nayar, Vision and Rain, IJCV 75, 2007: streaks show the light around them.

    >>> import hfaug
    >>> hfaug.ops.image.AddRain(slant_degrees=(0, 0)).slant_degrees
    (0.0, 0.0)
    """

    may_change: ClassVar[tuple[str, ...]] = ("weather",)
    each_frame: ClassVar[bool] = True

    strength: ShareRange = (0.3, 0.8)
    slant_degrees: Angle = (-20, 20)

    def pixels(self, array: npt.NDArray[Any], rng: Stream) -> npt.NDArray[Any]:
        """Draw how much and from where, then every streak."""
        strength, slant = rng.uniform(*self.strength), math.radians(rng.uniform(*self.slant_degrees))
        if strength == 0 or not array.size:
            return array
        cover = _streaks(array.shape[:2], strength, slant, rng.generator())
        return on_colors(array, lambda colors: veil(haze(colors, 0.3 * strength, _AIR), cover, _DROP))


def _streaks(
    shape: tuple[int, ...], strength: float, slant: float, rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    """How much of each pixel is hidden by streaks, 0..1."""
    import cv2

    height, width = shape
    side = min(height, width)
    cover: npt.NDArray[Any] = np.zeros(shape, np.uint8)
    for count, length, thickness, opacity in _LAYERS:
        streaks = max(1, round(count * strength * width * height / max(side, 1) ** 2))
        drawn = rng.random((streaks, 4), dtype=np.float32)
        start = drawn[:, :2] * np.array([width, height * (1 + length)], np.float32)
        way = side * length * (0.6 + 0.8 * drawn[:, 2:3])
        turn = slant + (drawn[:, 3:4] - 0.5) * np.float32(0.06)
        lines = np.stack([start, start - way * np.hstack([np.sin(turn), np.cos(turn)])], axis=1)
        wide = side * thickness
        ends = list(np.rint(lines * 2**_FINE).astype(np.int32))
        # A streak thinner than a pixel hides less of it, a thick one is soft.
        hidden = round(255 * opacity * min(1.0, 0.4 + wide))
        plane = cover if wide <= 1 else np.zeros(shape, np.uint8)
        cv2.polylines(plane, ends, False, hidden, max(1, round(wide)), cv2.LINE_AA, _FINE)
        if plane is not cover:
            cv2.max(cover, gaussian(plane, wide * 0.45), cover)
    return cover
