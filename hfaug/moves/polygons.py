"""Convex polygons cut by straight lines, and what is left of them.

Points are homogeneous ``(x, y, w)`` and a line keeps the points where ``a*x + b*y + c*w >= 0``, so that perspective
moves are cut before the division by ``w``: the only moment at which that is right.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from hfaug.moves.plane import sides

__all__ = ["area", "clip", "perimeter", "project", "visible_boxes"]

Point = tuple[float, float, float]
Floats = NDArray[np.float64]
_FLAT = 1e-12  # area over squared perimeter; what is flatter has its area from rounding


def clip(polygon: Sequence[Point], lines: Iterable[Sequence[float]]) -> list[Point]:
    """The part of a convex polygon that every line keeps (Sutherland and Hodgman 1974); empty when nothing is left.

    >>> clip([(0, 0, 1), (4, 0, 1), (4, 2, 1), (0, 2, 1)], [(-1, 0, 3)])
    [(0, 0, 1), (3.0, 0.0, 1.0), (3.0, 2.0, 1.0), (0, 2, 1)]
    """
    corners = list(polygon)
    for a, b, c in lines:
        if not corners:
            break
        kept: list[Point] = []
        px, py, pw = corners[-1]
        before = a * px + b * py + c * pw
        for corner in corners:
            x, y, w = corner
            here = a * x + b * y + c * w
            if (here >= 0) != (before >= 0):
                share = before / (before - here)
                kept.append((px + share * (x - px), py + share * (y - py), pw + share * (w - pw)))
            if here >= 0:
                kept.append(corner)
            px, py, pw, before = x, y, w, here
        corners = kept
    return corners


def project(polygon: Sequence[Point]) -> list[tuple[float, float]]:
    """Plane points of homogeneous ones; ``w`` must be above 0."""
    return [(x / w, y / w) for x, y, w in polygon]


def area(points: Sequence[tuple[float, float]]) -> float:
    """Area of a convex polygon, whichever way round its corners go.

    >>> area([(0, 0), (2, 0), (2, 3), (0, 3)])
    6.0
    """
    if len(points) < 3:
        return 0.0
    # Relative to the first corner: far from the origin the products would cancel and lose digits.
    total, (x0, y0) = 0.0, points[0]
    for (xa, ya), (xb, yb) in pairwise(points[1:]):
        total += (xa - x0) * (yb - y0) - (xb - x0) * (ya - y0)
    return abs(total) / 2.0


def perimeter(points: Sequence[tuple[float, float]]) -> float:
    """Length of the closed line through the points: the measure of a polygon that is flat.

    >>> perimeter([(0, 0), (3, 4)])
    10.0
    """
    return sum(math.dist(points[i - 1], points[i]) for i in range(len(points)))


def visible_boxes(corners: Floats, lines: Floats, inverse: Floats) -> tuple[Floats, Floats]:
    """Upright boxes around what lines keep of four-cornered figures, and the share 0..1 of each figure that is.

    Most figures lie wholly inside or outside, which is seen for all at once; only those that a line cuts are taken one
    by one.

    Args:
        corners: Nx4x3 homogeneous corners of the figures.
        lines: Kx3; for a perspective the horizon ``(0, 0, 1)`` is among them.
        inverse: 3x3, back to where no figure reaches behind a horizon.

    Returns:
        Nx4 ``(x0, y0, x1, y1)``, zeros where nothing is left, and N shares.
    """
    inside = sides(corners, lines)
    crossed = np.asarray((inside < 0).any(axis=1))
    outside = np.asarray((crossed & (inside <= 0).all(axis=1)).any(axis=1))
    shares = np.where(outside, 0.0, 1.0)
    depth = corners[:, :, 2:]
    flat = corners[:, :, :2] / np.where(depth > 0, depth, 1.0)
    boxes = np.concatenate([flat.min(axis=1), flat.max(axis=1)], axis=1)
    boxes[outside] = 0.0
    for i in np.flatnonzero(crossed.any(axis=1) & ~outside).tolist():
        boxes[i], shares[i] = _visible(corners[i].tolist(), lines[crossed[i]].tolist(), lines.tolist(), inverse)
    return boxes, shares


def _visible(
    figure: list[Point], crossed: list[list[float]], lines: list[list[float]], inverse: Floats
) -> tuple[tuple[float, float, float, float], float]:
    if min(w for _, _, w in figure) > 0:
        left = clip(figure, crossed)
        whole, seen = project(figure), project(left)
    else:
        # Behind the horizon a figure has no finite area, so the shares are measured where it came from.
        left = clip(figure, lines)
        whole, seen = (project(_back(part, inverse)) for part in (figure, left))
    measure = area if area(whole) > _FLAT * perimeter(whole) ** 2 else perimeter
    total, kept = measure(whole), measure(seen)
    if not left or (kept <= 0 < total):
        return (0.0, 0.0, 0.0, 0.0), 0.0
    xs, ys = zip(*project(left), strict=True)
    return (min(xs), min(ys), max(xs), max(ys)), min(kept / total, 1.0) if total > 0 else 1.0


def _back(part: Sequence[Point], inverse: Floats) -> list[Point]:
    (a, b, c), (d, e, f), (g, h, i) = inverse.tolist()
    return [(a * x + b * y + c * w, d * x + e * y + f * w, g * x + h * y + i * w) for x, y, w in part]
