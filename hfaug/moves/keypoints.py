"""Key points in the forms data sets write them, to and from continuous pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hfaug.errors import ParameterError, RowError

__all__ = ["ORIGINS", "from_points", "to_points"]

ORIGINS: dict[str, float] = {"corner": 0.0, "center": 0.5}
"""Where a whole number points: at the ``corner`` of a pixel (continuous), or at its ``center`` (pixel numbers)."""


def _shift_and_scale(origin: str, units: str, size: Sequence[int] | None) -> tuple[float, NDArray[np.float64]]:
    if origin not in ORIGINS:
        raise ParameterError(
            f"keypoints: origin must be 'corner' or 'center', is {origin!r}; say what whole numbers mean."
        )
    if units == "pixels":
        return ORIGINS[origin], np.ones(2)
    if units != "relative":
        raise ParameterError(f"keypoints: units must be 'pixels' or 'relative', is {units!r}; give one of them.")
    if size is None:
        raise ParameterError(
            "keypoints: relative ones need the size of their image, none is given; pass size=(height, width)."
        )
    return ORIGINS[origin], np.array([size[1], size[0]], dtype=np.float64)


def to_points(
    values: Any, origin: str = "corner", units: str = "pixels", size: Sequence[int] | None = None
) -> NDArray[np.float64]:
    """Key points in continuous pixels.

    Args:
        values: N points ``(x, y)``.
        origin: ``corner`` or ``center``: what a whole number means. ``center`` adds half a pixel.
        units: ``pixels`` or ``relative`` (shares of width and height).
        size: ``(height, width)`` of the image; needed for relative units.

    Returns:
        Nx2 float64.

    Raises:
        ParameterError: The origin or unit is unknown, or the size is missing.
        RowError: A point is not two numbers.

    >>> to_points([[0, 0]], origin="center").tolist()
    [[0.5, 0.5]]
    """
    shift, scale = _shift_and_scale(origin, units, size)
    try:
        points = np.asarray(values, dtype=np.float64)
        points = np.empty((0, 2)) if points.size == 0 else points.reshape(-1, 2)
    except (ValueError, TypeError) as error:
        raise RowError(f"keypoints: each must be two numbers, given {str(values)[:80]}; correct the row.") from error
    return points * scale + shift


def from_points(
    points: Any, origin: str = "corner", units: str = "pixels", size: Sequence[int] | None = None
) -> NDArray[np.float64]:
    """Key points in the form they were written in; the inverse of `to_points`.

    Args:
        points: Nx2 ``(x, y)`` in continuous pixels.
        origin: See `to_points`.
        units: See `to_points`.
        size: ``(height, width)`` of the image *after* the move; needed for relative units.

    >>> from_points([[0.5, 2.5]], origin="center").tolist()
    [[0.0, 2.0]]
    """
    shift, scale = _shift_and_scale(origin, units, size)
    given = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    return (given - shift) / scale
