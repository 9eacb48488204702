"""Add a low sun with its flare."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.fields import ShareRange
from hfaug.kinds import PixelOp
from hfaug.ops.image.planes import on_colors, rounded
from hfaug.randomness import Stream

__all__ = ["AddSunFlare"]

Plane = npt.NDArray[np.float32]
_WARM = np.array([1.0, 0.90, 0.70], np.float32)
# Reflections inside of the lens: place on the line from the sun (0) through the centre (1), radius as a share of the
# shorter side, colour.
_GHOSTS = (
    (0.45, 0.022, (0.9, 0.7, 0.4)), (0.80, 0.040, (0.4, 0.8, 0.5)), (1.25, 0.060, (0.4, 0.6, 0.9)),
    (1.45, 0.028, (0.9, 0.5, 0.4)), (1.80, 0.090, (0.5, 0.8, 0.8)), (2.10, 0.045, (0.8, 0.6, 0.9)),
)  # fmt: skip
_COARSE = 360  # pixels of the shorter side that the glow is drawn with: it has no fine detail


@dataclasses.dataclass(frozen=True, kw_only=True)
class AddSunFlare(PixelOp):
    """Let the sun shine into the lens: a glow with rays around it, a pale veil, and reflections across the centre.

    Args:
        strength: Range of how bright it is, 0..1; 0 changes nothing.
        x: Range of where the sun stands, as a share of the width.
        y: The same, of the height.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: M. Hullin et al., Physically-Based Real-Time Lens Flare Rendering, SIGGRAPH 2011.

    >>> import hfaug
    >>> hfaug.ops.image.AddSunFlare(x=(0.9, 1)).x
    (0.9, 1.0)
    """

    may_change: ClassVar[tuple[str, ...]] = ("light", "what lies behind the glow")

    strength: ShareRange = (0.4, 0.8)
    x: ShareRange = (0, 1)
    y: ShareRange = (0, 0.35)

    def pixels(self, array: npt.NDArray[Any], rng: Stream) -> npt.NDArray[Any]:
        """Draw strength and place, then the turn of the rays."""
        strength, x, y, turn = rng.uniform(*self.strength), rng.uniform(*self.x), rng.uniform(*self.y), rng.random()
        if strength == 0 or not array.size:
            return array
        height, width = array.shape[:2]
        share = min(1.0, _COARSE / min(height, width))
        small = max(1, round(height * share)), max(1, round(width * share))
        flare = _flare(small, np.array([x * small[1], y * small[0]]), strength, turn)
        return on_colors(array, lambda colors: _screened(colors, flare))


def _flare(shape: tuple[int, int], sun: npt.NDArray[np.float64], strength: float, turn: float) -> Plane:
    """The light that is added, (height, width, 3), in shares of white."""
    import cv2

    height, width = shape
    side = min(height, width)
    across = (np.arange(width, dtype=np.float32) + np.float32(0.5 - sun[0])) / side
    down = ((np.arange(height, dtype=np.float32) + np.float32(0.5 - sun[1])) / side)[:, None]
    grid = np.broadcast_to(across, shape).copy(), np.broadcast_to(down, shape).copy()
    far, angle = map(np.asarray, cv2.cartToPolar(*grid))
    core = np.exp(far * far * np.float32(-1 / 0.045**2))
    glow = np.float32(0.16) / (far * 3 + np.float32(0.16))
    rays = np.float32(0.5) + np.float32(0.5) * np.cos(angle * 6 + np.float32(2 * math.pi * turn))
    rays = rays**8 * np.exp(far * np.float32(-7)) * np.float32(0.5)
    light = np.float32(strength) * (core * 2 + glow + rays + np.float32(0.06))
    whole = light[:, :, None] * (_WARM + (1 - _WARM) * core[:, :, None])
    middle = np.array([width, height]) / 2
    for place, radius, color in _GHOSTS:
        _draw_ghost(whole, sun + place * (middle - sun), radius * side, np.array(color) * 0.16 * strength)
    return np.asarray(np.minimum(whole, np.float32(1)))


def _draw_ghost(light: Plane, middle: npt.NDArray[np.float64], radius: float, color: npt.NDArray[np.float64]) -> None:
    """Add a disc that is brightest at its rim, with soft edges."""
    height, width = light.shape[:2]
    low = np.maximum(np.floor(middle - radius - 2), 0).astype(int)
    high = np.minimum(np.ceil(middle + radius + 2), [width, height]).astype(int)
    if (high <= low).any():
        return
    y, x = np.ogrid[low[1] : high[1], low[0] : high[0]]
    far = np.hypot(x + 0.5 - middle[0], y + 0.5 - middle[1]) / max(radius, 0.5)
    disc = ((1 - far) * max(radius, 2) / 2).clip(0, 1) * (0.55 + 0.45 * far**3)
    light[low[1] : high[1], low[0] : high[0]] += (disc[:, :, None] * color).astype(np.float32)


def _screened(colors: npt.NDArray[Any], flare: Plane) -> npt.NDArray[Any]:
    """Light on light: what is missing to white is multiplied."""
    import cv2

    height, width, channels = colors.shape
    plane = flare if channels == 3 else cv2.cvtColor(flare, cv2.COLOR_RGB2GRAY)
    if colors.dtype == np.uint16:
        wide = cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR).reshape(colors.shape)
        return rounded(65535 - (65535 - colors.astype(np.float32)) * (1 - wide), colors)
    rest = cv2.resize(cv2.convertScaleAbs(1 - plane, alpha=255), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.bitwise_not(cv2.multiply(cv2.bitwise_not(colors), rest.reshape(colors.shape), scale=1 / 255)))
