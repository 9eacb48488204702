"""What a move must be before it is made: sizes, matrices and styles that can be right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from hfaug.errors import ParameterError, RowError
from hfaug.moves import plane
from hfaug.moves.pixels import Array, is_plain
from hfaug.moves.plane import Matrix, Size

__all__ = ["check_array", "check_image", "check_mask_fill", "checked_fill", "checked_matrix", "checked_size"]


def checked_size(who: str, name: str, value: Sequence[int]) -> Size:
    """A size as whole numbers.

    Raises:
        ParameterError: A side is no whole number from 1 up.
    """
    height, width = value
    if not (int(height) == height > 0 and int(width) == width > 0):
        raise ParameterError(
            f"{who}: {name} must be (height, width) of at least one pixel, is {tuple(value)}; keep something to show."
        )
    return int(height), int(width)


def checked_matrix(matrix: Matrix, source: Size, *, fused: bool) -> Matrix:
    """A matrix under which every pixel of its source stays before the horizon.

    Raises:
        ParameterError: It is not 3x3, finite and invertible, or the horizon crosses the image.
    """
    fits = matrix.shape == (3, 3) and all(map(math.isfinite, matrix.ravel().tolist()))
    if not fits or abs(plane.determinant(matrix)) < 1e-12:
        raise ParameterError(
            f"Warp: matrix must be 3x3, finite and invertible, is {matrix.tolist()}; "
            "build it with hfaug.moves.rotation or its like."
        )
    if fused or plane.is_affine(matrix):
        return matrix
    depths = plane.depths(matrix, source)
    if max(depths) <= 0:
        matrix, depths = -matrix, [-depth for depth in depths]
    if min(depths) <= 1e-9 * max(depths):
        raise ParameterError("Warp: every pixel must stay before the horizon, some do not; use a weaker perspective.")
    return matrix / matrix[2, 2] if matrix[2, :2].tolist() == [0.0, 0.0] else matrix


def checked_fill(who: str, fill: Sequence[float], border: str, interpolation: str) -> tuple[float, float, float]:
    """The fill as three numbers, once the style is known to be one.

    Raises:
        ParameterError: A name is unknown, or the fill is no colour.
    """
    if border not in {"constant", "reflect", "edge"}:
        raise ParameterError(f"{who}: border must be constant, reflect or edge, is {border!r}; give one of them.")
    if interpolation not in {"linear", "cubic", "lanczos", "nearest"}:
        raise ParameterError(
            f"{who}: interpolation must be linear, cubic, lanczos or nearest, is {interpolation!r}; give one."
        )
    colour = tuple(map(float, fill))
    if len(colour) != 3 or [value for value in colour if not 0 <= value <= 255]:
        raise ParameterError(f"{who}: fill must be (red, green, blue) of 0..255, is {fill}; give such a colour.")
    return colour


def check_array(who: str, array: Array, source: Size, what: str) -> None:
    """Refuse an array of another size.

    Raises:
        RowError: It has one.
    """
    if array.ndim not in (2, 3) or array.shape[:2] != source:
        raise RowError(
            f"{who}: the {what} must be of (height, width) {source}, has shape {array.shape}; make them equal."
        )


def check_image(who: str, array: Array, source: Size) -> None:
    """Refuse what is no image of this size.

    Raises:
        RowError: Its size, type or number of channels is another.
    """
    check_array(who, array, source, "image")
    if not is_plain(array):
        raise RowError(
            f"{who}: an image must be uint8 or uint16 with 1 to 4 channels, is {array.dtype} of {array.shape}; "
            "convert it first, or move it as a mask."
        )


def check_mask_fill(who: str, dtype: np.dtype[Any], fill: int) -> None:
    """Refuse a fill that a mask's type cannot hold.

    Raises:
        ParameterError: It cannot.
    """
    if dtype.kind in "iu" and not np.iinfo(dtype).min <= fill <= np.iinfo(dtype).max:
        raise ParameterError(f"{who}: the fill of a mask must fit its type {dtype}, is {fill}; give another.")
