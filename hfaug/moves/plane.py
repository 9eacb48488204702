"""Arithmetic of 3x3 matrices and homogeneous points.

Written out number by number: a matrix library may add in another order, or fuse products, on another processor, and
then labels would differ in their last digit between machines. For single matrices it is faster, too.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "EXACT_PX",
    "Matrix",
    "Size",
    "WholeMove",
    "carry",
    "depths",
    "derivative",
    "determinant",
    "frame",
    "inverse",
    "is_affine",
    "least_scale",
    "lies_within",
    "multiply",
    "sides",
    "whole_pixels",
]

Matrix = NDArray[np.float64]
Floats = NDArray[np.float64]
Size = tuple[int, int]

EXACT_PX = 1e-6
"""A move this near to whole pixels is meant to be one; the rest is rounding of products."""


def multiply(second: Matrix, first: Matrix) -> Matrix:
    """The move ``first`` and then ``second``; more rows than three (lines) are allowed on the left."""
    (a, b, c), (d, e, f), (g, h, i) = first.tolist()
    rows = [(x * a + y * d + z * g, x * b + y * e + z * h, x * c + y * f + z * i) for x, y, z in second.tolist()]
    return np.array(rows, dtype=np.float64).reshape(-1, 3)


def determinant(matrix: Matrix) -> float:
    """By how much a matrix stretches volumes; below 0 when it mirrors."""
    (a, b, c), (d, e, f), (g, h, i) = matrix.tolist()
    return float(a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g))


def inverse(matrix: Matrix) -> Matrix:
    """The way back; the matrix must be invertible.

    >>> inverse(np.diag([2.0, 4.0, 1.0])).tolist()
    [[0.5, 0.0, 0.0], [0.0, 0.25, 0.0], [0.0, 0.0, 1.0]]
    """
    (a, b, c), (d, e, f), (g, h, i) = matrix.tolist()
    whole = determinant(matrix)
    rows = (
        (e * i - f * h, c * h - b * i, b * f - c * e),
        (f * g - d * i, a * i - c * g, c * d - a * f),
        (d * h - e * g, b * g - a * h, a * e - b * d),
    )
    return np.array([[value / whole + 0.0 for value in row] for row in rows])


def is_affine(matrix: Matrix) -> bool:
    """Whether parallels stay parallel, so that no division by depth is needed."""
    return bool(matrix[2].tolist() == [0.0, 0.0, 1.0])


def carry(matrix: Matrix, points: Floats) -> Floats:
    """Homogeneous points ``(..., 3)`` of plane ones ``(..., 2)`` after a move."""
    x, y = points[..., 0], points[..., 1]
    return np.stack([a * x + b * y + c for a, b, c in matrix.tolist()], axis=-1)


def sides(points: Floats, lines: Floats) -> Floats:
    """How far, in units of each line, homogeneous points ``(..., 3)`` lie inside lines ``(k, 3)``: ``(..., k)``."""
    x, y, w = points[..., 0, None], points[..., 1, None], points[..., 2, None]
    return np.asarray(x * lines[:, 0] + y * lines[:, 1] + w * lines[:, 2])


def frame(size: Size) -> Floats:
    """The four lines that keep the inside of an image."""
    return np.array([[1.0, 0.0, 0.0], [-1.0, 0.0, size[1]], [0.0, 1.0, 0.0], [0.0, -1.0, size[0]]])


def depths(matrix: Matrix, size: Size) -> list[float]:
    """The depths ``w`` of an image's corners after a move."""
    a, b, c = matrix[2].tolist()
    height, width = size
    return [c, a * width + c, b * height + c, a * width + b * height + c]


def lies_within(matrix: Matrix, size: Size, target: Size) -> bool:
    """Whether a whole image of one size lies, after a move, within an image of another."""
    (a, b, c), (d, e, f), (g, h, i) = matrix.tolist()
    height, width = target
    for x, y in ((0, 0), (size[1], 0), (0, size[0]), (size[1], size[0])):
        w = g * x + h * y + i
        u, v = a * x + b * y + c, d * x + e * y + f
        slack = EXACT_PX * w
        if not (w > 0 and -slack <= u <= width * w + slack and -slack <= v <= height * w + slack):
            return False
    return True


class WholeMove(NamedTuple):
    """A move of whole pixels: rows and columns swap or not, each axis is mirrored or not, then all is shifted.

    Attributes:
        swaps: Whether rows become columns.
        across: 1, or -1 where ``x`` of the result runs backwards.
        down: Likewise ``y``.
        right: Shift in pixels.
        below: Likewise.
    """

    swaps: bool = False
    across: int = 1
    down: int = 1
    right: int = 0
    below: int = 0

    @property
    def matrix(self) -> Matrix:
        """The same as a matrix."""
        rows = [[self.across, 0.0, self.right], [0.0, self.down, self.below]]
        if self.swaps:
            rows = [[0.0, self.across, self.right], [self.down, 0.0, self.below]]
        return np.array([*rows, [0.0, 0.0, 1.0]], dtype=np.float64)


def whole_pixels(matrix: Matrix, source: Size) -> WholeMove | None:
    """A matrix as a move of whole pixels, or None when it is none.

    >>> whole_pixels(np.array([[0.9999999999, 0, 3], [0, -1, 5], [0, 0, 1]]), (4, 4))
    WholeMove(swaps=False, across=1, down=-1, right=3, below=5)
    """
    (a, b, c), (d, e, f), last = matrix.tolist()
    if last != [0.0, 0.0, 1.0]:
        return None
    swaps = abs(a) < abs(b)
    along, aside, below, beside = (b, a, d, e) if swaps else (a, b, e, d)
    if not (abs(abs(along) - 1) <= EXACT_PX and abs(abs(below) - 1) <= EXACT_PX):  # most moves
        return None
    move = WholeMove(swaps, round(along), round(below), round(c), round(f))
    tall, wide = source if swaps else source[::-1]
    off_x = abs(along - move.across) * tall + abs(aside) * wide + abs(c - move.right)
    off_y = abs(below - move.down) * wide + abs(beside) * tall + abs(f - move.below)
    return move if max(off_x, off_y) <= EXACT_PX else None


def derivative(matrix: Matrix, source: Size) -> tuple[float, float, float, float]:
    """The linear move ``((a, b), (c, d))`` that a matrix makes in the middle of an image."""
    (a, b, c), (d, e, f), (g, h, i) = matrix.tolist()
    x, y = source[1] / 2, source[0] / 2
    w = g * x + h * y + i
    u, v = (a * x + b * y + c) / w, (d * x + e * y + f) / w
    return (a - u * g) / w, (b - u * h) / w, (d - v * g) / w, (e - v * h) / w


def least_scale(a: float, b: float, c: float, d: float) -> float:
    """The scale of a linear move in the direction in which it shrinks most: its smaller singular value.

    >>> least_scale(3.0, 0.0, 0.0, 0.5)
    0.5
    """
    squares, whole = a * a + b * b + c * c + d * d, abs(a * d - b * c)
    # As a quotient, since the difference under the other root loses its digits when the scales differ much.
    largest = math.sqrt((squares + math.sqrt(max(squares * squares - 4 * whole * whole, 0.0))) / 2)
    return whole / largest
