"""Filter with a 3x3 kernel: soften, sharpen, emboss."""

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

__all__ = ["ChangeSharpness", "Emboss"]

_SMOOTH = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]]) / 13
_SELF = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]])


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChangeSharpness(PixelOp):
    """Soften or sharpen the finest detail by a factor, as the enhancer that the published policies use.

    Args:
        factor: Range of the factor, from 0 (smooth) over 1 (no change) up (sharper).

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: Pillow's ``ImageEnhance.Sharpness``, as in E. Cubuk et al., AutoAugment, arXiv:1805.09501; the outermost
        pixels are changed like all others.

    >>> import hfaug
    >>> hfaug.ops.image.ChangeSharpness(factor=(0, 2)).factor
    (0.0, 2.0)
    """

    may_change: ClassVar[tuple[str, ...]] = ()

    factor: Annotated[tuple[float, float], Limit(0, ordered=True)] = (0.5, 1.5)

    def pixels(self, array: npt.NDArray[Any], rng: Stream) -> npt.NDArray[Any]:
        """Draw the factor."""
        factor = rng.uniform(*self.factor)
        return array if factor == 1 else _filtered(array, factor * _SELF + (1 - factor) * _SMOOTH)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Emboss(PixelOp):
    """Emboss an image: edges look lit from one side.

    Args:
        strength: Range of the relief, from 0 up; 0 changes nothing.
        degrees: Range of where the light comes from, counter-clockwise from the right, -360..360.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.image.Emboss(strength=(0.5, 0.5)).strength
    (0.5, 0.5)
    """

    may_change: ClassVar[tuple[str, ...]] = ()

    strength: Annotated[tuple[float, float], Limit(0, ordered=True)] = (0.2, 0.7)
    degrees: Angle = (0, 360)

    def pixels(self, array: npt.NDArray[Any], rng: Stream) -> npt.NDArray[Any]:
        """Draw relief and light."""
        strength, turn = rng.uniform(*self.strength), math.radians(rng.uniform(*self.degrees))
        across, down = math.cos(turn), -math.sin(turn)  # y points down
        slope = np.array([[0, down, 0], [across, 0, -across], [0, -down, 0]])
        return array if strength == 0 else _filtered(array, _SELF + strength * slope)


def _filtered(array: npt.NDArray[Any], kernel: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
    import cv2

    weights = kernel.astype(np.float32)
    return on_colors(array, lambda colors: cv2.filter2D(colors, -1, weights, borderType=cv2.BORDER_REPLICATE))
