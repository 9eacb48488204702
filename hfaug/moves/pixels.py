"""Whole pixels on the move: transposed, mirrored, cut, padded and painted, without computing a value."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hfaug.moves.plane import Size, WholeMove

__all__ = [
    "LUMA",
    "Array",
    "Border",
    "Lines",
    "bordered",
    "continued",
    "counts",
    "image_fill",
    "is_plain",
    "mirrored",
    "paint_outside",
    "per_channel",
    "slice_exact",
    "transposed",
]

Array = NDArray[Any]
Border = Literal["constant", "reflect", "edge"]
Lines = NDArray[np.float64]

LUMA = (0.299, 0.587, 0.114)
"""Weights of ITU-R BT.601: what a grey image shows of a colour."""

counts: Counter[str] = Counter()
"""Work done by this process: "warp" and "slice" count images, "warp.mask" and "slice.mask" count masks."""


_PLAIN = (np.dtype(np.uint8), np.dtype(np.uint16))


def is_plain(array: Array) -> bool:
    """Whether OpenCV takes this array; its copies of interleaved channels are up to 50 times faster than NumPy's."""
    return array.dtype in _PLAIN and (array.ndim == 2 or 1 <= array.shape[2] <= 4)


def image_fill(array: Array, colour: tuple[float, float, float]) -> tuple[float, ...]:
    """An RGB colour in the channels and range of an image: grey takes its luma, alpha 0, 16 bits as much of white."""
    return _filled(colour, array.shape[2] if array.ndim == 3 else 1, 257 if array.itemsize == 2 else 1)


@functools.lru_cache(maxsize=64)
def _filled(colour: tuple[float, float, float], channels: int, scale: int) -> tuple[float, ...]:
    red, green, blue = colour
    values = (red, green, blue) if channels >= 3 else (LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue,)
    alpha = (0.0,) if channels in (2, 4) else ()
    return (*(float(round(value * scale)) for value in values), *alpha)


def slice_exact(array: Array, move: WholeMove, size: Size, *, border: Border, fill: Sequence[float]) -> Array:
    """Move whole pixels: transpose, mirror, then cut or pad.

    Args:
        array: ``(height, width)`` or ``(height, width, channels)``.
        move: Source to destination.
        size: ``(height, width)`` of the result.
        border: What lies outside the source.
        fill: One value per channel, for the border ``constant``.
    """
    given = array
    if move.swaps:
        array = transposed(array)
    array = mirrored(array, across=move.across < 0, down=move.down < 0)
    height, width = array.shape[:2]
    left = move.right - (width if move.across < 0 else 0)
    top = move.below - (height if move.down < 0 else 0)
    if top <= 0 and left <= 0 and size[0] - top <= height and size[1] - left <= width:
        window = array[-top : size[0] - top, -left : size[1] - left]
        if array is not given and not np.may_share_memory(window, given):
            return np.ascontiguousarray(window)
        return window.copy() if given.flags.writeable else window  # what nobody may write into need not be copied
    y0, y1, x0, x1 = max(top, 0), min(top + height, size[0]), max(left, 0), min(left + width, size[1])
    margins = y0, size[0] - y1, x0, size[1] - x1
    shown = y0 < y1 and x0 < x1
    if shown and is_plain(array) and (border != "reflect" or max(margins) <= min(y1 - y0, x1 - x0)):
        return bordered(array[y0 - top : y1 - top, x0 - left : x1 - left], margins, border, fill)
    if border != "constant":
        rows = continued(np.arange(-top, size[0] - top), height, border)
        return np.ascontiguousarray(array[rows][:, continued(np.arange(-left, size[1] - left), width, border)])
    canvas = np.empty((*size, *array.shape[2:]), dtype=array.dtype)
    canvas[...] = per_channel(array, fill)
    if shown:
        canvas[y0:y1, x0:x1] = array[y0 - top : y1 - top, x0 - left : x1 - left]
    return canvas


def bordered(array: Array, margins: tuple[int, int, int, int], border: Border, fill: Sequence[float]) -> Array:
    """An image with pixels added at its top, bottom, left and right.

    Args:
        array: uint8 or uint16 with up to 4 channels; a part of a larger one will do.
        margins: How many; of ``reflect`` no more than the image has.
        border: What is added.
        fill: One value per channel, for the border ``constant``.
    """
    import cv2

    kinds = {"constant": cv2.BORDER_CONSTANT, "reflect": cv2.BORDER_REFLECT, "edge": cv2.BORDER_REPLICATE}
    done = cv2.copyMakeBorder(array, *margins, kinds[border], value=tuple(fill))
    return np.asarray(done).reshape(*done.shape[:2], *array.shape[2:])


def per_channel(array: Array, fill: Sequence[float]) -> Array:
    """Fill values in the type of an array, to be assigned to any part of it."""
    return np.asarray(fill, dtype=array.dtype) if array.ndim == 3 else np.asarray(fill[0], dtype=array.dtype)


def transposed(array: Array) -> Array:
    """Rows and columns swapped."""
    if not is_plain(array):
        return array.swapaxes(0, 1)
    import cv2

    moved: Array = cv2.transpose(np.ascontiguousarray(array))
    return moved.reshape(array.shape[1], array.shape[0], *array.shape[2:])


def mirrored(array: Array, *, across: bool, down: bool) -> Array:
    """Left and right, or top and bottom, swapped; the very same array for neither."""
    if not (across or down):
        return array
    if not is_plain(array):
        return array[:: -1 if down else 1, :: -1 if across else 1]
    import cv2

    axis = -1 if across and down else 1 if across else 0
    moved: Array = cv2.flip(np.ascontiguousarray(array), axis)
    return moved.reshape(array.shape)


def continued(index: NDArray[np.int64], length: int, border: Border) -> NDArray[np.int64]:
    """Source index for positions that may lie outside; ``reflect`` mirrors at the border line, again and again."""
    if border == "edge":
        return index.clip(0, length - 1)
    index = index % (2 * length)
    return np.minimum(index, 2 * length - 1 - index)


def paint_outside(array: Array, lines: Lines, fill: Sequence[float]) -> Array:
    """Fill, in place where it may, the pixels whose centre lies beyond one of the lines ``a*x + b*y + c >= 0``.

    What is kept of a row of pixels is one stretch, so only its two ends are computed.
    """
    height, width = array.shape[:2]
    y = np.arange(height) + 0.5
    low, high = np.full(height, -np.inf), np.full(height, np.inf)
    for a, b, c in lines:
        rest = b * y + c + 1e-7
        if abs(a) < 1e-12:
            high = np.where(rest < 0, -np.inf, high)
        elif a > 0:
            low = np.maximum(low, -rest / a)
        else:
            high = np.minimum(high, -rest / a)
    first = np.ceil(low - 0.5).clip(0, width).astype(int)
    behind = np.maximum(np.floor(high - 0.5).clip(-1, width).astype(int) + 1, first)
    values = per_channel(array, fill)
    if not array.flags.writeable:  # a window of the source, see `slice_exact`
        array = array.copy()
    for row in np.flatnonzero((first > 0) | (behind < width)).tolist():
        array[row, : first[row]] = values
        array[row, behind[row] :] = values
    return array
