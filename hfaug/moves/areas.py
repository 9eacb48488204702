"""Upright stretches of whole windows, and averages over areas: what OpenCV resizes faster and better than it warps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from hfaug.moves.pixels import Array, Border, bordered, mirrored, transposed
from hfaug.moves.plane import EXACT_PX, Matrix, Size

__all__ = ["AREA_BELOW", "Interpolation", "average_areas", "shrink_areas", "stretched"]

Interpolation = Literal["linear", "cubic", "lanczos", "nearest"]
_Span = tuple[int, int, int, int]

AREA_BELOW = 0.67
"""Scale under which interpolation between neighbours would skip source pixels."""


def stretched(
    array: Array, matrix: Matrix, size: Size, *, interpolation: Interpolation, border: Border, fill: Sequence[float]
) -> Array | None:
    """An image of which a window of whole pixels goes to one of whole pixels, upright, mirrored or transposed.

    Args:
        array: uint8 or uint16 with 1 to 4 channels.
        matrix: Source to destination in continuous coordinates.
        size: ``(height, width)`` of the result.
        interpolation: How values between pixel centres are found; where it shrinks much, areas are averaged.
        border: What lies outside the source.
        fill: One value per channel, for the border ``constant``.

    Returns:
        None where the move is another one.
    """
    (wide, b, right), (d, tall, below), last = matrix.tolist()
    if interpolation == "nearest" or last != [0.0, 0.0, 1.0]:
        return None
    if wide == tall == 0:
        array = transposed(array)
        wide, b, d, tall = b, wide, tall, d
    if b != 0 or d != 0:
        return None
    across = _span(wide, right, array.shape[1], size[1])
    down = _span(tall, below, array.shape[0], size[0])
    if across is None or down is None:
        return None
    (left, right, x0, x1), (top, bottom, y0, y1) = across, down
    whole = (y0, y1, x0, x1) == (0, size[0], 0, size[1])
    if border == "reflect" and not whole:
        return None
    done = _resized(array[top:bottom, left:right], (y1 - y0, x1 - x0), interpolation)
    done = mirrored(done, across=wide < 0, down=tall < 0)
    if not whole:
        done = bordered(done, (y0, size[0] - y1, x0, size[1] - x1), border, fill)
    return np.ascontiguousarray(done)


def _span(scale: float, shift: float, length: int, after: int) -> _Span | None:
    """Along one axis: the first and last edge of the pixels that show, before and after the move, if all are whole."""
    low, high = sorted((shift, shift + scale * length))
    edges = max(low, 0.0), min(high, float(after))
    at, end = round(edges[0]), round(edges[1])
    start, stop = sorted(((at - shift) / scale, (end - shift) / scale))
    off = max(abs(edges[0] - at), abs(edges[1] - end), abs(start - round(start)), abs(stop - round(stop)))
    if end <= at or round(stop) <= round(start) or off > EXACT_PX:
        return None
    return round(start), round(stop), at, end


def _resized(array: Array, size: Size, interpolation: Interpolation) -> Array:
    import cv2

    height, width = array.shape[:2]
    after = array
    if min(size[0] / height, size[1] / width) < AREA_BELOW:
        after = average_areas(after, (min(height, size[0]), min(width, size[1])))
    if after.shape[:2] != size:
        kinds = {"linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC, "lanczos": cv2.INTER_LANCZOS4}
        after = np.asarray(cv2.resize(after, size[::-1], interpolation=kinds[interpolation]))
    return after.copy() if after is array else after.reshape(*size, *array.shape[2:])


def shrink_areas(array: Array, factors: tuple[float, float]) -> Array:
    """A smaller image of averaged areas.

    Args:
        array: uint8 or uint16 with 1 to 4 channels.
        factors: Scale ``(x, y)``, 0..1; that reached is a ratio of whole sizes.
    """
    height, width = array.shape[:2]
    return average_areas(array, (max(1, round(height * factors[1])), max(1, round(width * factors[0]))))


def average_areas(array: Array, size: Size) -> Array:
    """A smaller image of averaged areas.

    Args:
        array: uint8 or uint16 with 1 to 4 channels; a part of a larger one will do.
        size: ``(height, width)`` of the result, neither larger than the array's.
    """
    import cv2

    small = cv2.resize(array, size[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(small).reshape(*size, *array.shape[2:])
