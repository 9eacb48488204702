"""Noise of sensors and cables: Gaussian and speckle."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.fields import Limit, ShareRange
from hfaug.kinds import PixelOp
from hfaug.ops.image.planes import on_colors, top_level
from hfaug.ops.image.quality.grain import draws, normal, normal_table
from hfaug.randomness import Stream

__all__ = ["AddNoise", "AddSpeckle"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class AddNoise(PixelOp):
    """Add Gaussian noise, as the electronics of a camera do.

    Args:
        sigma: Range of its standard deviation, as a share of white, 0..1; 0 changes nothing.
        shared: Whether all channels of a pixel get the same, so that colours stay.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.image.AddNoise(sigma=(0.1, 0.1)).sigma
    (0.1, 0.1)
    """

    each_frame: ClassVar[bool] = True

    sigma: ShareRange = (0.02, 0.08)
    shared: bool = False

    def pixels(self, array: npt.NDArray[Any], rng: Stream) -> npt.NDArray[Any]:
        """Draw the standard deviation, then the noise."""
        sigma = rng.uniform(*self.sigma) * top_level(array)
        return array if sigma == 0 else on_colors(array, lambda colors: self._noisy(colors, sigma, rng))

    def _noisy(self, colors: npt.NDArray[Any], sigma: float, rng: Stream) -> npt.NDArray[Any]:
        import cv2

        height, width, channels = colors.shape
        deep = colors.dtype == np.uint16
        # Levels are whole, so noise may be rounded before it is added.
        table = np.rint(normal_table() * np.float32(sigma)).astype(np.int32 if deep else np.int16)
        noise: Any = np.take(table, draws(rng, (height, width, 1 if self.shared else channels)))
        if noise.shape[2] < channels:
            noise = cv2.merge([noise] * channels)
        return np.asarray(cv2.add(colors, noise.reshape(colors.shape), dtype=cv2.CV_16U if deep else cv2.CV_8U))


@dataclasses.dataclass(frozen=True, kw_only=True)
class AddSpeckle(PixelOp):
    """Multiply each value by noise, as radar, ultrasound and laser light do: what is bright gets more of it.

    Args:
        sigma: Range of the standard deviation of the factor, which is 1 on average, from 0 up; 0 changes nothing.
        shared: Whether all channels of a pixel get the same factor, so that hues stay.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: J. Goodman, Some Fundamental Properties of Speckle, JOSA 66, 1976; its Gaussian approximation.

    >>> import hfaug
    >>> hfaug.ops.image.AddSpeckle(shared=True).shared
    True
    """

    each_frame: ClassVar[bool] = True

    sigma: Annotated[tuple[float, float], Limit(0, ordered=True)] = (0.05, 0.2)
    shared: bool = False

    def pixels(self, array: npt.NDArray[Any], rng: Stream) -> npt.NDArray[Any]:
        """Draw the standard deviation, then the factors."""
        sigma = rng.uniform(*self.sigma)
        return array if sigma == 0 else on_colors(array, lambda colors: self._noisy(colors, sigma, rng))

    def _noisy(self, colors: npt.NDArray[Any], sigma: float, rng: Stream) -> npt.NDArray[Any]:
        import cv2

        height, width, channels = colors.shape
        factors: Any = normal(rng, (height, width, 1 if self.shared else channels)) * np.float32(sigma) + np.float32(1)
        if factors.shape[2] < channels:
            factors = cv2.merge([factors] * channels)
        kind = cv2.CV_16U if colors.dtype == np.uint16 else cv2.CV_8U
        return np.asarray(cv2.multiply(colors, factors.reshape(colors.shape), dtype=kind))
