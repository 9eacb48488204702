"""Sharpen by an unsharp mask."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.fields import Limit
from hfaug.kinds import PixelOp
from hfaug.ops.image.planes import gaussian, on_colors
from hfaug.randomness import Stream

__all__ = ["Sharpen"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sharpen(PixelOp):
    """Sharpen by an unsharp mask, as cameras and photo editors do.

    Args:
        strength: Range of how much of the difference from a blurred copy is added, from 0 up; 0 changes nothing.
        sigma_px: Range of the standard deviation of that blur in pixels, 0.3..100; larger ones make wide halos.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.image.Sharpen(strength=(1, 1)).strength
    (1.0, 1.0)
    """

    may_change: ClassVar[tuple[str, ...]] = ()

    strength: Annotated[tuple[float, float], Limit(0, ordered=True)] = (0.3, 1.2)
    sigma_px: Annotated[tuple[float, float], Limit(0.3, 100, ordered=True)] = (0.8, 1.6)

    def pixels(self, array: npt.NDArray[Any], rng: Stream) -> npt.NDArray[Any]:
        """Draw strength and blur, and sharpen."""
        strength, sigma = rng.uniform(*self.strength), rng.uniform(*self.sigma_px)
        if strength == 0:
            return array
        return on_colors(array, lambda colors: _unsharp(colors, strength, sigma))


def _unsharp(colors: npt.NDArray[Any], strength: float, sigma: float) -> npt.NDArray[Any]:
    import cv2

    return np.asarray(cv2.addWeighted(colors, 1 + strength, gaussian(colors, sigma), -strength, 0))
