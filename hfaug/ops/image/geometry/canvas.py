"""Canvases for moved images: how large one must be, and where an image or a window lies on it."""

from __future__ import annotations

import math
from typing import Annotated, Literal

import numpy as np

from hfaug.errors import ParameterError
from hfaug.fields import Limit
from hfaug.kinds import Size
from hfaug.moves import compose, translation
from hfaug.moves.plane import Matrix, carry
from hfaug.randomness import Stream

__all__ = ["Extent", "Place", "Side", "check_extent", "enclosing", "extent", "placed"]

Place = Literal["center", "top left", "top right", "bottom left", "bottom right", "random"]
Side = Annotated[int, Limit(1)]
Extent = Annotated[int | float, Limit(0, above=True)]
"""A whole number of pixels, or a share 0..1 of the image's side: 1 is one pixel, 1.0 the whole side."""

_ROUNDING = 1e-6


def check_extent(who: str, name: str, value: float) -> None:
    """Refuse a share above 1.

    Raises:
        ParameterError: It is one.
    """
    if isinstance(value, float) and value > 1:
        hint = "write 1.0 for the whole side" if value < 2 else f"write {round(value)} for pixels"
        raise ParameterError(f"{who}: {name} must be a whole number of pixels or a share 0..1, is {value}; {hint}")


def extent(value: float, side: int) -> int:
    """Side that an extent asks for of an image's side.

    >>> extent(10, 40), extent(0.5, 40), extent(1.0, 40)
    (10, 20, 40)
    """
    return value if isinstance(value, int) else max(1, round(value * side))


def enclosing(matrix: Matrix, size: Size) -> tuple[Matrix, Size]:
    """The move onto a canvas just large enough for the whole moved image, and its size.

    Args:
        matrix: Source to destination.
        size: ``(height, width)`` of the image.
    """
    corners = carry(matrix, np.array([[0.0, 0.0], [size[1], 0.0], [0.0, size[0]], [size[1], size[0]]]))
    flat = corners[:, :2] / corners[:, 2:]
    low, high = flat.min(axis=0).tolist(), flat.max(axis=0).tolist()
    width, height = (max(1, math.ceil(b - a - _ROUNDING)) for a, b in zip(low, high, strict=True))
    left, top = (width - low[0] - high[0]) / 2, (height - low[1] - high[1]) / 2
    return compose(matrix, translation(left, top)), (height, width)


def placed(place: Place, spare: int, rng: Stream, axis: Literal["down", "across"]) -> int:
    """Where something starts along one axis that has room to spare, or a lack of it (below 0). Takes one uniform.

    >>> from hfaug.randomness import Streams
    >>> placed("bottom left", 10, Streams([1], digest="x")[0], "down")
    10
    """
    low, high = min(spare, 0), max(spare, 0)
    drawn = rng.integers(low, high + 1)
    if place == "random":
        return drawn
    if place == "center":
        return spare // 2
    return spare if ("bottom" if axis == "down" else "right") in place else 0
