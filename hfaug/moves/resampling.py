"""One resampling of an array under a matrix; the only place that speaks OpenCV's coordinates.

There a pixel's centre is a whole number; elsewhere pixel ``i`` covers ``[i, i + 1)``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hfaug.errors import RowError
from hfaug.moves.areas import AREA_BELOW, Interpolation, average_areas, shrink_areas
from hfaug.moves.pixels import Array, Border, continued, per_channel, slice_exact
from hfaug.moves.plane import (
    Matrix,
    Size,
    derivative,
    inverse,
    is_affine,
    least_scale,
    multiply,
    whole_pixels,
)

__all__ = ["by_planes", "reduction", "resample_image", "resample_mask"]

_MOST_OVERSAMPLING = 8
_OPENCV_SIDE = 32_766  # where its sampling by position counts in 16 bits
_HALF = np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.5], [0.0, 0.0, 1.0]])
_HALF_BACK = np.array([[1.0, 0.0, -0.5], [0.0, 1.0, -0.5], [0.0, 0.0, 1.0]])


def resample_image(
    array: Array,
    matrix: Matrix,
    size: Size,
    *,
    interpolation: Interpolation,
    border: Border,
    fill: Sequence[float],
    covered: bool,
) -> Array:
    """Move an image. Where it shrinks much, areas are averaged first, so that no source pixel is skipped.

    Args:
        array: uint8 or uint16 with 1 to 4 channels.
        matrix: Source to destination in continuous coordinates, affine or perspective.
        size: ``(height, width)`` of the result.
        interpolation: How values between pixel centres are found.
        border: What lies outside the source.
        fill: One value per channel, for the border ``constant``.
        covered: Whether no destination pixel reaches outside the source. Then no border shows: the half pixel between
            the outermost centres and the edge takes the edge's value instead of a rim of fill.
    """
    factors = reduction(matrix, array.shape[:2]) if interpolation != "nearest" else (1.0, 1.0)
    if factors != (1.0, 1.0):
        array, matrix = _shrunk(array, matrix, factors)
    whole = whole_pixels(matrix, array.shape[:2])
    if whole is not None:
        return slice_exact(array, whole, size, border=border, fill=fill)
    across, down = _oversampling(matrix, array.shape[:2]) if interpolation != "nearest" else (1, 1)
    mode: Border = "edge" if covered else border
    if (across, down) != (1, 1):
        matrix = multiply(np.diag([across, down, 1.0]), matrix)
    moved = _warp(array, matrix, (size[0] * down, size[1] * across), interpolation, mode, fill)
    if (across, down) != (1, 1):
        moved = average_areas(moved, size)
    return moved.reshape(*size, *array.shape[2:])


def resample_mask(
    array: Array, matrix: Matrix, size: Size, *, border: Border, fill: Sequence[float], covered: bool
) -> Array:
    """Move a mask: every destination pixel takes the value of the source pixel in which its centre lies.

    Args:
        array: Any integer, boolean or float type, any number of channels.
        matrix: See `resample_image`.
        size: See `resample_image`.
        border: See `resample_image`.
        fill: See `resample_image`.
        covered: See `resample_image`.
    """
    if max(*array.shape[:2], *size) > _OPENCV_SIDE:
        return _nearest(array, matrix, size, border=border, fill=fill)
    mode: Border = "edge" if covered else border
    return by_planes(array, size, fill, lambda plane, values: _warp(plane, matrix, size, "nearest", mode, values))


def by_planes(
    array: Array, size: Size, fill: Sequence[float], move: Callable[[Array, Sequence[float]], Array]
) -> Array:
    """Move an array of any type and number of channels by nearest sampling, as arrays that OpenCV takes.

    Args:
        array: ``(height, width)`` or ``(height, width, channels)``.
        size: ``(height, width)`` of the result.
        fill: One value, or one per channel.
        move: Moves an array of at most four channels, with the fill of each.
    """
    whole = np.ascontiguousarray(array.reshape(*array.shape[:2], -1))
    values = np.broadcast_to(np.asarray(fill, dtype=array.dtype), (whole.shape[2],))
    # OpenCV moves these only in another dress; wide integers go as two halves, which nearest sampling never mixes.
    dress = {"bool": np.uint8, "int64": np.int32, "uint32": np.int32, "uint64": np.int32, "float16": np.int16}
    worn = np.dtype(dress.get(array.dtype.name, array.dtype))
    planes, values = whole.view(worn), np.ascontiguousarray(values).view(worn)
    moved = np.empty((*size, planes.shape[2]), dtype=worn)
    for at in range(0, planes.shape[2], 4):
        some = slice(at, at + 4)
        moved[:, :, some] = move(np.ascontiguousarray(planes[:, :, some]), values[some].tolist()).reshape(*size, -1)
    return moved.view(array.dtype).reshape(*size, *array.shape[2:])


def _warp(
    array: Array, matrix: Matrix, size: Size, interpolation: Interpolation, border: Border, fill: Sequence[float]
) -> Array:
    import cv2

    kinds = {"linear": 1, "cubic": 2, "lanczos": 4, "nearest": 0}
    borders = {"constant": cv2.BORDER_CONSTANT, "reflect": cv2.BORDER_REFLECT, "edge": cv2.BORDER_REPLICATE}
    back = multiply(multiply(_HALF_BACK, inverse(matrix)), _HALF)
    options: dict[str, Any] = {
        "flags": kinds[interpolation] | cv2.WARP_INVERSE_MAP,
        "borderMode": borders[border],
        "borderValue": tuple(float(value) for value in fill),
    }
    move, way = (cv2.warpAffine, back[:2]) if is_affine(matrix) else (cv2.warpPerspective, back)
    # Between neighbours OpenCV moves four channels nearly twice as fast as three, to the same values.
    widened = interpolation == "linear" and array.ndim == 3 and array.shape[2] == 3
    try:
        moved = move(cv2.cvtColor(array, cv2.COLOR_RGB2RGBA) if widened else array, way, size[::-1], **options)
        return np.asarray(cv2.cvtColor(moved, cv2.COLOR_RGBA2RGB) if widened else moved)
    except cv2.error as error:
        raise RowError(
            f"Warp: OpenCV must be able to move the image, it cannot move {array.shape} to {size} with {interpolation} "
            f"interpolation ({error}); resize it or cut it into tiles."
        ) from error


def _nearest(array: Array, matrix: Matrix, size: Size, *, border: Border, fill: Sequence[float]) -> Array:
    """The same for sides that OpenCV cannot count: slow, row by row, without limits."""
    height, width = array.shape[:2]
    (ax, bx, cx), (ay, by, cy), (aw, bw, cw) = inverse(matrix).tolist()
    x = np.arange(size[1]) + 0.5
    moved = np.empty((*size, *array.shape[2:]), dtype=array.dtype)
    moved[...] = per_channel(array, fill)
    for row, line in enumerate(moved):
        y = row + 0.5
        depth = aw * x + bw * y + cw
        columns = np.floor((ax * x + bx * y + cx) / depth).astype(np.int64)
        rows = np.floor((ay * x + by * y + cy) / depth).astype(np.int64)
        if border == "constant":
            inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height) & (depth > 0)
            line[inside] = array[rows[inside], columns[inside]]
        else:
            line[...] = array[continued(rows, height, border), continued(columns, width, border)]
    return moved


def reduction(matrix: Matrix, source: Size) -> tuple[float, float]:
    """Scale ``(x, y)`` of the source axes by which to average areas first; 1 where the move does not shrink much.

    A perspective is judged in the middle of the source.
    """
    a, b, c, d = derivative(matrix, source)
    if least_scale(a, b, c, d) >= AREA_BELOW:
        return 1.0, 1.0
    return min(math.hypot(a, c), 1.0), min(math.hypot(b, d), 1.0)


def _oversampling(matrix: Matrix, source: Size) -> tuple[int, int]:
    """Times ``(x, y)`` by which to enlarge the result before averaging it, where it is still squeezed."""
    a, b, c, d = derivative(matrix, source)
    if least_scale(a, b, c, d) >= AREA_BELOW:
        return 1, 1
    times = [math.ceil(1.0 / length) if length < AREA_BELOW else 1 for length in (math.hypot(a, b), math.hypot(c, d))]
    return min(times[0], _MOST_OVERSAMPLING), min(times[1], _MOST_OVERSAMPLING)


def _shrunk(array: Array, matrix: Matrix, factors: tuple[float, float]) -> tuple[Array, Matrix]:
    """A smaller image of averaged areas, and the matrix from it; the scale reached is a ratio of whole sizes."""
    height, width = array.shape[:2]
    small = shrink_areas(array, factors)
    return small, multiply(matrix, np.diag([width / small.shape[1], height / small.shape[0], 1.0]))
