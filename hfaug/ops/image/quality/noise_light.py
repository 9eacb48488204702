"""Noise that follows the light: photons, and a sensor at high sensitivity."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.fields import Limit, ShareRange
from hfaug.kinds import PixelOp
from hfaug.ops.image.planes import on_colors, top_level
from hfaug.ops.image.quality.grain import draws, normal
from hfaug.ops.image.quality.photons import GAMMA, counted_levels
from hfaug.randomness import Stream

__all__ = ["AddIsoNoise", "AddShotNoise"]

_FROM_YCC = np.array([[1, 1.402, 0], [1, -0.714136, -0.344136], [1, 0, 1.772]], np.float32)
_BLOT = 3  # pixels: how coarse the colour noise is after a camera's own filters
_BLOT_SD = 0.62  # what is left of a standard deviation between the points of a coarse grid


@dataclasses.dataclass(frozen=True, kw_only=True)
class AddShotNoise(PixelOp):
    """Count photons: the fewer arrive, the noisier the light. Counted in linear light, so dark parts suffer most.

    Args:
        photons: Range of the number that makes white, 1..1e6, drawn on a log scale; fewer are noisier.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: G. Healey, R. Kondepudy, Radiometric CCD Camera Calibration and Noise Estimation, PAMI 16, 1994.

    >>> import hfaug
    >>> hfaug.ops.image.AddShotNoise(photons=(50, 100)).photons
    (50.0, 100.0)
    """

    each_frame: ClassVar[bool] = True

    photons: Annotated[tuple[float, float], Limit(1, 1e6, ordered=True)] = (150, 1500)

    def pixels(self, array: npt.NDArray[Any], rng: Stream) -> npt.NDArray[Any]:
        """Draw how bright the light is, then count for each value."""
        low, high = np.log(self.photons)
        photons = float(np.exp(rng.uniform(low, high)))
        return on_colors(array, lambda colors: _counted(colors, photons, rng))


def _counted(colors: npt.NDArray[Any], photons: float, rng: Stream) -> npt.NDArray[Any]:
    if colors.dtype == np.uint16:
        drawn, done = rng.generator(), np.empty_like(colors)
        for row, before in enumerate(colors):  # a row at a time keeps what is held small
            counts = drawn.poisson((before / 65535) ** GAMMA * photons)
            done[row] = np.rint((counts / photons).clip(0, 1) ** (1 / GAMMA) * 65535)
        return done
    table = counted_levels(photons)
    bits = table.shape[1].bit_length() - 1
    place = colors.astype(np.uint32)
    place <<= np.uint32(bits)
    place |= draws(rng, colors.shape) >> np.uint16(16 - bits)
    return np.asarray(np.take(table.reshape(-1), place))


@dataclasses.dataclass(frozen=True, kw_only=True)
class AddIsoNoise(PixelOp):
    """Add the noise of a camera at high sensitivity: fine grain that grows with the light, and coarse colour blots.

    Args:
        grain: Range of the standard deviation of the grain at mid-grey, as a share of white, 0..1.
        color: Range of the standard deviation of the colour blots, as a share of white, 0..1.

    Moves: pixels only; every label stays. Grey images get grain alone.
    Rejects: nothing.
    Source: T. Plötz, S. Roth, Benchmarking Denoising Algorithms with Real Photographs, arXiv:1707.01313.

    >>> import hfaug
    >>> hfaug.ops.image.AddIsoNoise(color=(0, 0)).color
    (0.0, 0.0)
    """

    each_frame: ClassVar[bool] = True

    grain: ShareRange = (0.02, 0.07)
    color: ShareRange = (0.005, 0.03)

    def pixels(self, array: npt.NDArray[Any], rng: Stream) -> npt.NDArray[Any]:
        """Draw both standard deviations, then the noise."""
        grain, color = rng.uniform(*self.grain), rng.uniform(*self.color)
        if grain == color == 0:
            return array
        return on_colors(array, lambda colors: _noisy(colors, grain, color, rng))


def _noisy(colors: npt.NDArray[Any], grain: float, color: float, rng: Stream) -> npt.NDArray[Any]:
    import cv2

    height, width, channels = colors.shape
    top = top_level(colors)
    luma: Any = colors[:, :, 0] if channels == 1 else cv2.cvtColor(colors, cv2.COLOR_RGB2GRAY)
    # The variance follows the light; a little is there in the dark too.
    sd = (np.sqrt(0.1 + 1.8 * np.arange(top + 1) / top) * grain * top).astype(np.float32)
    noise: Any = normal(rng.child("grain"), (height, width)) * np.take(sd, luma)
    if channels == 3:
        coarse = normal(rng.child("color"), (-(-height // _BLOT), -(-width // _BLOT), 2)) * np.float32(
            color * top / _BLOT_SD
        )
        blots = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
        planes = cv2.merge([noise, *cv2.split(blots)])
        noise = cv2.transform(planes, _FROM_YCC)
    kind = cv2.CV_16U if colors.dtype == np.uint16 else cv2.CV_8U
    return np.asarray(cv2.add(colors, noise.reshape(colors.shape), dtype=kind))
