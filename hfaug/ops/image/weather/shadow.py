"""Cast shadows."""

from __future__ import annotations

import dataclasses
import math
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.fields import Limit, ShareRange
from hfaug.kinds import PixelOp
from hfaug.ops.image.planes import gaussian, on_colors, rounded
from hfaug.randomness import Stream

__all__ = ["AddShadow"]

_SKY = np.array([1.0, 0.93, 0.80])
"""What of the shadow's darkness each channel gets: what is left in a shadow is the blue light of the sky."""
_FINE = 4  # bits behind the point in OpenCV's drawing coordinates


@dataclasses.dataclass(frozen=True, kw_only=True)
class AddShadow(PixelOp):
    """Cast shadows of things outside of the image: across it, with soft edges, a little bluer than the light.

    Args:
        count: Range of the number of shadows, 0..20.
        strength: Range of how much of the light a shadow takes, 0..1; drawn for each.
        softness: Range of the width of their edges, as a share of the shorter side, 0..1; drawn for all.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: folklore; soft edges and the blue of skylight as in outdoor photographs.

    >>> import hfaug
    >>> hfaug.ops.image.AddShadow(count=(2, 2)).count
    (2, 2)
    """

    may_change: ClassVar[tuple[str, ...]] = ("light",)

    count: Annotated[tuple[int, int], Limit(0, 20, ordered=True)] = (1, 2)
    strength: ShareRange = (0.3, 0.6)
    softness: ShareRange = (0.005, 0.04)

    def pixels(self, array: npt.NDArray[Any], rng: Stream) -> npt.NDArray[Any]:
        """Draw how many and how soft, then each with seven numbers."""
        count, soft = rng.integers(self.count[0], self.count[1] + 1), rng.uniform(*self.softness)
        shadows = [(rng.uniform(*self.strength), [rng.random() for _ in range(7)]) for _ in range(count)]
        if not array.size or not any(strength for strength, _ in shadows):
            return array
        dark = _darkness(array.shape[:2], shadows, soft)
        return on_colors(array, lambda colors: _shaded(colors, dark))


def _darkness(shape: tuple[int, ...], shadows: list[tuple[float, list[float]]], soft: float) -> npt.NDArray[np.uint8]:
    """How much light is missing at each pixel, 0..255."""
    import cv2

    height, width = shape
    light: Any = np.full(shape, 255, np.uint8)
    for strength, drawn in shadows:
        plane = np.zeros(shape, np.uint8)
        outline = np.rint(_outline(width, height, drawn) * 2**_FINE).astype(np.int32)
        cv2.fillPoly(plane, [outline], round(255 * strength), cv2.LINE_AA, _FINE)
        light = cv2.multiply(light, cv2.bitwise_not(plane), scale=1 / 255)
    sigma = soft * min(height, width) / 2
    if sigma > 0.3:
        # A wide blur of a coarse picture is the same, and much faster.
        less = max(1, int(sigma / 2))
        small = cv2.resize(light, (max(1, width // less), max(1, height // less)), interpolation=cv2.INTER_AREA)
        small = gaussian(small, sigma / less)
        light = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.bitwise_not(light))


def _outline(width: int, height: int, drawn: list[float]) -> npt.NDArray[np.float64]:
    """A band right across the image whose two sides are bent and not parallel, so that it comes from outside."""
    reach = math.hypot(width, height)
    turn = math.pi * drawn[0]
    along, across = np.array([math.cos(turn), math.sin(turn)]), np.array([-math.sin(turn), math.cos(turn)])
    middle = np.array([width, height]) * (0.2 + 0.6 * np.array(drawn[1:3]))
    wide = reach * (0.12 + 0.28 * drawn[3])
    ends = [middle - along * reach, middle, middle + along * reach]
    bent = np.array([0, (drawn[4] - 0.5) * 0.5 * wide, 0])
    taper = wide * (1 + (drawn[5] - 0.5) * np.array([-1.6, 0, 1.6]))
    other = bent * (2 * drawn[6] - 1)
    sides = [end + across * (bend + half / 2) for end, bend, half in zip(ends, bent, taper, strict=True)]
    back = [end + across * (bend - half / 2) for end, bend, half in zip(ends, other, taper, strict=True)]
    return np.array([*sides, *back[::-1]])


def _shaded(colors: npt.NDArray[Any], dark: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
    import cv2

    shares = _SKY if colors.shape[2] == 3 else _SKY[:1]
    light = cv2.merge([cv2.bitwise_not(cv2.convertScaleAbs(dark, alpha=float(share))) for share in shares])
    if colors.dtype == np.uint8:
        return np.asarray(cv2.multiply(colors, light.reshape(colors.shape), scale=1 / 255))
    return rounded(colors.astype(np.float32) * light.reshape(colors.shape) / np.float32(255), colors)
