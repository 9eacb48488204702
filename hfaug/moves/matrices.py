"""3x3 matrices of plane moves in continuous coordinates.

A matrix maps ``(x, y, 1)`` of the source to the destination. Pixel ``i`` covers ``[i, i + 1)``, its centre is ``i +
1/2``; ``x`` grows to the right, ``y`` downwards. Products read from right to left: ``second @ first``. Flips and
quarter turns have exact entries, so that a chain of them stays exact.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain
from typing import Any, Literal

import numpy as np

from hfaug.errors import ParameterError
from hfaug.moves.plane import Matrix, Size, determinant, inverse, multiply

__all__ = [
    "centre",
    "compose",
    "flip",
    "identity",
    "perspective",
    "quarter_turns",
    "rotation",
    "scaling",
    "shear",
    "translation",
]

_COS = (1.0, 0.0, -1.0, 0.0)


def _matrix(*rows: tuple[float, float, float]) -> Matrix:
    matrix = np.array(rows, dtype=np.float64)
    if not all(map(math.isfinite, chain.from_iterable(rows))):
        raise ParameterError(
            f"matrix: its numbers must be finite, are {matrix.tolist()}; check the parameters of the move."
        )
    return matrix


def _about(matrix: Matrix, about: tuple[float, float]) -> Matrix:
    """The same linear move, with the point ``about`` staying where it is."""
    x, y = about
    (a, b, _), (c, d, _), _ = matrix.tolist()
    return _matrix((a, b, x - (a * x + b * y)), (c, d, y - (c * x + d * y)), (0.0, 0.0, 1.0))


def compose(*moves: Matrix) -> Matrix:
    """One move of several, the first one made first.

    The product that ``@`` gives may differ in the last digit between processors; this one does not.

    >>> compose(translation(1, 0), scaling(2))[0].tolist()
    [2.0, 0.0, 2.0]
    """
    product = np.eye(3)
    for move in moves:
        product = multiply(move, product)
    return product


def centre(size: Sequence[int]) -> tuple[float, float]:
    """The point ``(x, y)`` in the middle of an image, about which most moves turn.

    Args:
        size: ``(height, width)`` in pixels.

    >>> centre((10, 20))
    (10.0, 5.0)
    """
    return size[1] / 2, size[0] / 2


def identity() -> Matrix:
    """The move that leaves every point where it is."""
    return np.eye(3)


def translation(x: float = 0.0, y: float = 0.0) -> Matrix:
    """Shift by ``x`` pixels to the right and ``y`` pixels down."""
    return _matrix((1.0, 0.0, x), (0.0, 1.0, y), (0.0, 0.0, 1.0))


def scaling(x: float, y: float | None = None, about: tuple[float, float] = (0.0, 0.0)) -> Matrix:
    """Scale by the factor ``x`` across and ``y`` down (the same when left out), about a fixed point.

    Raises:
        ParameterError: A factor is not above 0.
    """
    y = x if y is None else y
    if not (x > 0 and y > 0):
        raise ParameterError(f"scaling: the factors must be above 0, are {x} and {y}; to mirror, use flip.")
    return _about(_matrix((x, 0.0, 0.0), (0.0, y, 0.0), (0.0, 0.0, 1.0)), about)


def rotation(degrees: float, about: tuple[float, float] = (0.0, 0.0)) -> Matrix:
    """Turn counter-clockwise as seen on the screen; multiples of 90 degrees have exact entries.

    Args:
        degrees: Angle; positive is counter-clockwise although ``y`` grows downwards.
        about: Fixed point ``(x, y)`` in pixels.

    >>> (rotation(90) @ [1, 0, 1])[:2].tolist()
    [0.0, -1.0]
    """
    turns, rest = divmod(degrees, 90.0)
    if rest == 0.0:
        cos, sin = _COS[int(turns) % 4], _COS[(int(turns) - 1) % 4]
    else:
        cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return _about(_matrix((cos, sin, 0.0), (-sin, cos, 0.0), (0.0, 0.0, 1.0)), about)


def shear(x_degrees: float = 0.0, y_degrees: float = 0.0, about: tuple[float, float] = (0.0, 0.0)) -> Matrix:
    """Slant: ``x`` moves by ``tan(x_degrees)`` times ``y`` and the other way round, about a fixed point.

    Args:
        x_degrees: Slant of vertical lines, within -90..90 (exclusive).
        y_degrees: Slant of horizontal lines, within -90..90 (exclusive).
        about: Fixed point ``(x, y)`` in pixels.

    Raises:
        ParameterError: An angle is out of limits.
    """
    if not (abs(x_degrees) < 90 and abs(y_degrees) < 90):
        raise ParameterError(
            f"shear: the angles must lie within -90..90, are {x_degrees} and {y_degrees}; give smaller ones."
        )
    slant_x, slant_y = math.tan(math.radians(x_degrees)), math.tan(math.radians(y_degrees))
    return _about(_matrix((1.0, slant_x, 0.0), (slant_y, 1.0, 0.0), (0.0, 0.0, 1.0)), about)


def flip(size: Sequence[int], axis: Literal["horizontal", "vertical"] = "horizontal") -> Matrix:
    """Mirror an image onto itself: ``horizontal`` swaps left and right, ``vertical`` top and bottom.

    Raises:
        ParameterError: Another axis is named.

    >>> (flip((10, 20)) @ [0, 3, 1])[:2].tolist()
    [20.0, 3.0]
    """
    height, width = float(size[0]), float(size[1])
    if axis == "horizontal":
        return _matrix((-1.0, 0.0, width), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    if axis == "vertical":
        return _matrix((1.0, 0.0, 0.0), (0.0, -1.0, height), (0.0, 0.0, 1.0))
    raise ParameterError(f"flip: axis must be 'horizontal' or 'vertical', is {axis!r}; give one of them.")


def quarter_turns(size: Sequence[int], turns: int) -> tuple[Matrix, Size]:
    """Turn an image counter-clockwise by quarter turns without losing a pixel.

    Args:
        size: ``(height, width)`` before.
        turns: Number of quarter turns; any integer.

    Returns:
        The matrix, and the size ``(height, width)`` after it.

    >>> matrix, size = quarter_turns((10, 20), 1)
    >>> size, (matrix @ [20, 0, 1])[:2].tolist()
    ((20, 10), [0.0, 0.0])
    """
    height, width = int(size[0]), int(size[1])
    turns = turns % 4
    after = (width, height) if turns % 2 else (height, width)
    shift = ((0, 0), (0, width), (width, height), (height, 0))[turns]
    matrix = rotation(90.0 * turns)
    matrix[:2, 2] = shift
    return matrix, after


def perspective(source: Any, destination: Any) -> Matrix:
    """The move that carries four points onto four others, straight lines staying straight.

    Args:
        source: 4x2 points ``(x, y)``.
        destination: 4x2 points; the same order.

    Raises:
        ParameterError: Three of four points lie on one line, so there is no such move.

    >>> square = [(0, 0), (1, 0), (1, 1), (0, 1)]
    >>> bool(np.allclose(perspective(square, square), np.eye(3)))
    True
    """
    before, after = _from_unit_square(source), _from_unit_square(destination)
    if before is None or after is None:
        raise ParameterError(
            "perspective: no three of the four points may lie on one line, "
            f"given {np.asarray(source).tolist()} and {np.asarray(destination).tolist()}; move one."
        )
    moved = multiply(after, inverse(before))
    return moved / moved[2, 2] if moved[2, 2] != 0 else moved


def _from_unit_square(points: Any) -> Matrix | None:
    """The move of (0, 0), (1, 0), (1, 1), (0, 1) onto four points (Heckbert 1989), or None when there is none."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = np.asarray(points, dtype=np.float64).reshape(4, 2).tolist()
    ax, ay, bx, by = x1 - x2, y1 - y2, x3 - x2, y3 - y2
    skew_x, skew_y = x0 - x1 + x2 - x3, y0 - y1 + y2 - y3
    whole = ax * by - bx * ay
    if not math.isfinite(whole) or whole == 0.0:
        return None
    g, h = (skew_x * by - bx * skew_y) / whole, (ax * skew_y - skew_x * ay) / whole
    matrix = _matrix((x1 - x0 + g * x1, x3 - x0 + h * x3, x0), (y1 - y0 + g * y1, y3 - y0 + h * y3, y0), (g, h, 1.0))
    largest = max(abs(value) for value in (x0 - x2, y0 - y2, x1 - x3, y1 - y3))
    return matrix if abs(determinant(matrix)) > 1e-12 * largest**2 else None
