"""What drops of water and mud on a lens look like."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hfaug.ops.image.planes import clouds, gaussian, rounded, top_level
from hfaug.ops.image.veils import veil

__all__ = ["on_mud", "on_water"]

Pixels = npt.NDArray[Any]
Plane = npt.NDArray[np.float32]

_WET, _DRY = (0.20, 0.14, 0.09), (0.42, 0.33, 0.24)  # mud, in shares of white
_FINE = 4  # bits behind the point in OpenCV's drawing coordinates


def _drawn(shape: tuple[int, ...], cover: float, mean: float, spread: float, rng: np.random.Generator) -> Plane:
    """Drops that cover a share of an image, about: x, y and radius of each; a few large ones, many small ones.

    Args:
        shape: (height, width).
        cover: Share of the image, 0..1.
        mean: Median radius in pixels.
        spread: Standard deviation of the logarithm of the radius.
        rng: Where numbers come from.
    """
    height, width = shape[:2]
    area = np.pi * mean**2 * np.exp(2 * spread**2)
    count = max(1, round(-np.log(max(1 - cover, 1e-3)) * width * height / max(area, 1)))
    radii = mean * np.exp(spread * rng.normal(size=count).clip(-2.5, 2.2))
    return np.column_stack([rng.random((count, 2)) * [width, height], radii]).astype(np.float32)


def _grid(height: int, width: int) -> tuple[Plane, Plane]:
    """Where each pixel lies."""
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return x, y


def on_mud(colors: Pixels, cover: float, rng: np.random.Generator) -> Pixels:
    """Cover an image with splashes of mud: ragged, thin at their rims, drier where they are thick."""
    import cv2

    height, width = colors.shape[:2]
    side = min(height, width)
    plane = np.zeros((height, width), np.uint8)
    for x, y, radius in _drawn(colors.shape, cover, 0.010 * side, 0.85, rng) * 2**_FINE:
        cv2.circle(plane, (round(float(x)), round(float(y))), round(float(radius)), 255, -1, cv2.LINE_AA, _FINE)
    reach = np.float32(side * 0.075)
    x, y = _grid(height, width)
    x += (clouds(height, width, rng, coarsest=14, octaves=3) - np.float32(0.5)) * reach
    y += (clouds(height, width, rng, coarsest=14, octaves=3) - np.float32(0.5)) * reach
    ragged = cv2.remap(gaussian(plane, max(0.3, side * 0.003)), x, y, cv2.INTER_LINEAR)
    thick = gaussian(ragged, max(0.3, side * 0.0015)).astype(np.float32) * np.float32(1 / 255)
    dry = thick * clouds(height, width, rng, coarsest=12, octaves=4)
    return veil(veil(colors, thick * np.float32(0.95), _WET), dry * np.float32(0.8), _DRY)


def on_water(colors: Pixels, cover: float, rng: np.random.Generator) -> Pixels:
    """Look through drops of water: each shows the scene small and upside down, with a dark rim and a light in it."""
    import cv2

    height, width = colors.shape[:2]
    side = min(height, width)
    x, y = _grid(height, width)
    alpha, light = np.zeros((height, width), np.float32), np.ones((height, width), np.float32)
    drops = _drawn(colors.shape, cover, 0.016 * side, 0.6, rng)
    for drop, squeeze in zip(drops[np.argsort(drops[:, 2])], rng.uniform(0.8, 1.15, len(drops)), strict=True):
        _look_through(x, y, alpha, light, drop, float(squeeze))
    soft = gaussian(colors, max(0.3, side * 0.002))
    seen = cv2.remap(soft, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT).reshape(colors.shape)
    shown = np.minimum(seen * light[:, :, None], np.float32(top_level(colors)))
    return rounded(colors + (shown - colors) * alpha[:, :, None], colors)


def _look_through(x: Plane, y: Plane, alpha: Plane, light: Plane, drop: Plane, squeeze: float) -> None:
    """Bend the view inside of one drop, in place."""
    height, width = x.shape
    middle, radius = drop[:2], float(max(drop[2], 1.0))
    low = np.maximum(np.floor(middle - radius * 1.2 - 1), 0).astype(int)
    high = np.minimum(np.ceil(middle + radius * 1.2 + 1), [width, height]).astype(int)
    if (high <= low).any():
        return
    part = slice(low[1], high[1]), slice(low[0], high[0])
    across = (np.arange(low[0], high[0], dtype=np.float32) - middle[0]) / np.float32(radius)
    down = ((np.arange(low[1], high[1], dtype=np.float32) - middle[1]) / np.float32(radius * squeeze))[:, None]
    far = across**2 + down**2
    inside = ((1 - np.sqrt(far)) * np.float32(max(radius, 2.0) * 0.5)).clip(0, 1)
    dome = np.sqrt((1 - far).clip(0, 1))
    reach = np.float32(-2.2 * radius) * (np.float32(1.15) - dome)
    mine = inside > alpha[part]
    x[part] = np.where(mine, middle[0] + across * reach * np.float32(1.6), x[part])
    y[part] = np.where(mine, middle[1] + down * reach * np.float32(1.6), y[part])
    # The sky stands at the bottom of a drop; its rim is dark, and a window shines near its top.
    glint = np.exp(((across + np.float32(0.35)) ** 2 + (down + np.float32(0.45)) ** 2) * np.float32(-28))
    shade = np.float32(0.86) + down * np.float32(0.22) - far**3 * np.float32(0.35) + glint * np.float32(0.9)
    light[part] = np.where(mine, shade, light[part])
    alpha[part] = np.maximum(alpha[part], inside)
