"""One resampling of an array by a dense map: what `resampling` is for matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hfaug.errors import RowError
from hfaug.moves.areas import Interpolation, shrink_areas
from hfaug.moves.pixels import Array, Border
from hfaug.moves.plane import Matrix
from hfaug.moves.resampling import by_planes, reduction

__all__ = ["remap_image", "remap_mask"]

Map = NDArray[np.float32]
_HALF = np.float32(0.5)
_ONE_MAP: Any = None  # both coordinates lie in one array


def remap_image(
    array: Array,
    places: Map,
    *,
    shrinks: Matrix,
    interpolation: Interpolation,
    border: Border,
    fill: Sequence[float],
    outside: bool,
) -> Array:
    """Move an image by a map. Where the whole shrinks much, areas are averaged first.

    Args:
        array: uint8 or uint16 with 1 to 4 channels.
        places: (height, width, 2): the point ``(x, y)`` of the source that each pixel shows, in OpenCV's coordinates.
        shrinks: Matrix that says how much the whole shrinks.
        interpolation: How values between pixel centres are found.
        border: What lies outside the source.
        fill: One value per channel, for the border ``constant``.
        outside: Whether a pixel may show what lies outside. If none does, no rim of fill may show at the edge.
    """
    source = (int(array.shape[0]), int(array.shape[1]))
    covered = not outside or _lies_within(places, source)
    if interpolation != "nearest" and (factors := reduction(shrinks, source)) != (1.0, 1.0):
        array = shrink_areas(array, factors)
        scale = np.array([array.shape[1] / source[1], array.shape[0] / source[0]], dtype=np.float32)
        places = (places + _HALF) * scale - _HALF
    moved = _remap(array, places, interpolation, "edge" if covered else border, fill)
    return moved.reshape(*places.shape[:2], *array.shape[2:])


def remap_mask(array: Array, places: Map, *, border: Border, fill: Sequence[float], outside: bool) -> Array:
    """Move a mask by a map: each pixel takes the value of the source pixel that its centre shows.

    Args:
        array: Any integer, boolean or float type, any number of channels.
        places: See `remap_image`.
        border: See `remap_image`.
        fill: See `remap_image`.
        outside: See `remap_image`.
    """
    mode: Border = border if outside else "edge"
    return by_planes(
        array, places.shape[:2], fill, lambda plane, values: _remap(plane, places, "nearest", mode, values)
    )


def _lies_within(places: Map, size: tuple[int, int]) -> bool:
    import cv2

    height, width = size
    within = cv2.inRange(places, (-0.5, -0.5), (width - 0.5, height - 0.5))  # faster than the four extremes by NumPy
    return bool(cv2.countNonZero(within) == within.size)


def _remap(array: Array, places: Map, interpolation: Interpolation, border: Border, fill: Sequence[float]) -> Array:
    import cv2

    kinds = {"linear": 1, "cubic": 2, "lanczos": 4, "nearest": 0}
    borders = {"constant": cv2.BORDER_CONSTANT, "reflect": cv2.BORDER_REFLECT, "edge": cv2.BORDER_REPLICATE}
    options: dict[str, Any] = {"borderMode": borders[border], "borderValue": tuple(float(value) for value in fill)}
    # Four channels are moved nearly twice as fast as three, to the same values.
    widened = interpolation == "linear" and array.ndim == 3 and array.shape[2] == 3
    try:
        given = cv2.cvtColor(array, cv2.COLOR_RGB2RGBA) if widened else array
        moved = cv2.remap(given, places, _ONE_MAP, kinds[interpolation], **options)
        return np.asarray(cv2.cvtColor(moved, cv2.COLOR_RGBA2RGB) if widened else moved)
    except cv2.error as error:
        raise RowError(
            f"Field: OpenCV must be able to move the image, it cannot move {array.shape} to {places.shape[:2]} with "
            f"{interpolation} interpolation ({error}); resize it or cut it into tiles."
        ) from error
