"""What ops on pixels share: colours without their alpha, levels of either depth, smooth random fields."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hfaug.rows import LUMA

__all__ = ["clouds", "gaussian", "levels_of", "on_colors", "rounded", "top_level"]

Pixels = npt.NDArray[Any]
Plane = npt.NDArray[np.float32]


def top_level(array: Pixels) -> int:
    """What white is: 255 or 65535."""
    return 65535 if array.dtype == np.uint16 else 255


def levels_of(fill: Sequence[float], like: Pixels) -> Pixels:
    """A colour as levels of the colour channels of an image: three numbers, or the luma alone where it is grey.

    Args:
        fill: RGB, 0..255.
        like: (height, width, channels), uint8 or uint16.

    >>> levels_of((255, 0, 0), np.zeros((1, 1, 1), np.uint16))
    array([19595], dtype=uint16)
    """
    values = np.array(fill) * (top_level(like) / 255)
    return np.asarray(np.rint([values @ LUMA] if like.shape[2] == 1 else values)).astype(like.dtype)


def on_colors(array: Pixels, change: Callable[[Pixels], Pixels]) -> Pixels:
    """Change the colour channels, 1 or 3 of them, of an array; alpha stays as it is.

    Args:
        array: (height, width, channels).
        change: Gets a contiguous array without alpha; returns one like it, whose single channel may have lost its axis,
            or the same object for no change.
    """
    import cv2

    if not array.size:
        return array
    colors = np.asarray(cv2.cvtColor(array, cv2.COLOR_RGBA2RGB)) if array.shape[2] == 4 else np.ascontiguousarray(array)
    done = change(colors)
    if done is colors:
        return array
    if array.shape[2] < 4:
        return done.reshape(array.shape)
    whole = array.copy()
    whole[:, :, :3] = done
    return whole


def rounded(values: Any, like: Pixels) -> Pixels:
    """Levels as numbers of the kind of another array, rounded and clipped."""
    import cv2

    kind = cv2.CV_16U if like.dtype == np.uint16 else cv2.CV_8U
    zero: Any = 0.0
    return np.asarray(cv2.add(values, zero, dtype=kind)).reshape(like.shape)  # rounds and saturates in one pass


def gaussian(array: Pixels, sigma: float) -> Pixels:
    """Blur by a Gaussian that is cut off at three standard deviations.

    Args:
        array: (height, width) or (height, width, channels).
        sigma: Standard deviation in pixels.
    """
    import cv2

    reach = math.ceil(3 * sigma)
    if reach == 0:
        return array
    steps = np.arange(-reach, reach + 1) / sigma
    kernel = np.exp(-(steps**2) / 2)
    kernel /= kernel.sum()
    # In float32: twice as fast as the whole numbers of cv2.GaussianBlur, and at most one level apart.
    done = cv2.sepFilter2D(array, -1, kernel.astype(np.float32), kernel.astype(np.float32))
    return np.asarray(done).reshape(array.shape)


def clouds(height: int, width: int, rng: np.random.Generator, *, coarsest: int = 2, octaves: int = 5) -> Plane:
    """A smooth random field of (height, width), 0..1, like plasma: each octave twice as fine and half as strong.

    Args:
        height: In pixels.
        width: In pixels.
        rng: Where numbers come from.
        coarsest: How many hills fit along the shorter side in the first octave.
        octaves: How many octaves are summed.
    """
    import cv2

    shorter = max(1, min(height, width))
    share = min(1.0, (coarsest << (octaves - 1)) * 6 / shorter)  # six pixels for the finest hill are enough
    size = max(1, round(width * share)), max(1, round(height * share))
    field = np.zeros(size[::-1], np.float32)
    for octave in range(octaves):
        cells = coarsest << octave
        grid = rng.random([max(2, round(cells * side / shorter) + 1) for side in (height, width)], dtype=np.float32)
        cv2.scaleAdd(cv2.resize(grid, size, interpolation=cv2.INTER_CUBIC), 0.5**octave, field, field)
    low, high, _, _ = cv2.minMaxLoc(field)
    field -= np.float32(low)
    field /= np.float32(max(high - low, 1e-6))
    return np.asarray(cv2.resize(field, (width, height), interpolation=cv2.INTER_LINEAR))
