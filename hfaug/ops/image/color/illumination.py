"""Light an image unevenly."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from hfaug.fields import ShareRange
from hfaug.kinds import PixelOp
from hfaug.ops.image.planes import clouds, on_colors, rounded
from hfaug.randomness import Stream

__all__ = ["ChangeIllumination"]

Plane = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChangeIllumination(PixelOp):
    """Light an image unevenly, as windows, lamps, lenses and clouds do.

    Args:
        strength: Range of how much darker the darkest part is than the lightest, as a share, 0..1.
        pattern: ``linear`` from one side to the other, ``spot`` around a point, ``vignette`` towards the corners,
            ``plasma`` in soft patches, or ``any`` of them.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: folklore; plasma as in A. Nicolaou et al., TorMentor, arXiv:2204.03776.

    >>> import hfaug
    >>> hfaug.ops.image.ChangeIllumination(pattern="vignette").pattern
    'vignette'
    """

    may_change: ClassVar[tuple[str, ...]] = ()

    strength: ShareRange = (0.2, 0.6)
    pattern: Literal["any", "linear", "spot", "vignette", "plasma"] = "any"

    def pixels(self, array: npt.NDArray[Any], rng: Stream) -> npt.NDArray[Any]:
        """Draw strength and pattern, and multiply the light in."""
        strength = rng.uniform(*self.strength)
        pattern = rng.choice(("linear", "spot", "vignette", "plasma"))
        drawn = (rng.random(), rng.random())
        if strength == 0 or not array.size:
            return array
        shape = array.shape[0], array.shape[1]
        if self.pattern != "any":
            pattern = self.pattern
        dark = clouds(*shape, rng.generator(), octaves=4) if pattern == "plasma" else _shade(shape, pattern, drawn)
        # Half of the change lightens, so that the image does not get darker as a whole; a lens only takes light away.
        light = 1 if pattern == "vignette" else 1 + strength / 2
        return on_colors(array, lambda colors: _lit(colors, light - np.float32(strength) * dark))


def _lit(colors: npt.NDArray[Any], light: Plane) -> npt.NDArray[Any]:
    import cv2

    wide = light if colors.shape[2] == 1 else cv2.merge([light] * 3)
    return rounded(cv2.multiply(colors, wide, dtype=cv2.CV_32F), colors)


def _shade(shape: tuple[int, int], pattern: str, drawn: tuple[float, float]) -> Plane:
    """How dark each pixel is, 0..1."""
    height, width = shape
    y = (np.arange(height, dtype=np.float32)[:, None] + np.float32(0.5)) / height - np.float32(0.5)
    x = (np.arange(width, dtype=np.float32)[None] + np.float32(0.5)) / width - np.float32(0.5)
    if pattern == "linear":
        turn = 2 * math.pi * drawn[0]
        cos, sin = np.float32(math.cos(turn)), np.float32(math.sin(turn))
        return np.asarray((x * cos + y * sin) / (abs(cos) + abs(sin)) + np.float32(0.5))
    if pattern == "vignette":
        return np.asarray((2 * (x * x + y * y)) ** np.float32(1 + drawn[0]))  # 1 in the corners
    far = (x - np.float32(drawn[0] - 0.5)) ** 2 + (y - np.float32(drawn[1] - 0.5)) ** 2
    return np.asarray(1 - np.exp(far * np.float32(-4)))
