"""A smooth displacement of the plane that never folds, so that each point has one place to come from and one to go to.

The displacement is known at the nodes of a grid and bilinear in between. Then its steepest slope is that at a corner of
some cell, and a slope below 1 proves that no two points of the result show the same point of the source: ``x -> x +
d(x)`` keeps at least the share ``1 - slope`` of every distance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hfaug.errors import ParameterError
from hfaug.moves import plane
from hfaug.moves.checks import checked_size
from hfaug.moves.motion import boxes_of
from hfaug.moves.outlines import Rings, as_rings, bend_edges, clip_ring, is_flat, seen_share
from hfaug.moves.plane import EXACT_PX, Size

__all__ = ["STEEPEST", "Bend", "steepest_slope"]

Floats = NDArray[np.float64]

STEEPEST = 0.9
"""The steepest slope that is let pass: nothing is squeezed to less than a tenth or stretched to more than ten times."""

_SHORTFALL_PX = 1e-9
_SAGITTA_PX = 0.03  # how far a moved edge may lie from the chord that stands for it


def steepest_slope(size: Size, nodes: Floats) -> float:
    """The steepest slope of a displacement: the largest singular value of its derivative, over the whole image.

    Args:
        size: ``(height, width)`` of the image.
        nodes: RxCx2 displacements ``(x, y)`` in pixels, from corner to corner.

    >>> steepest_slope((10, 10), np.array([[[0, 0], [2.0, 0]], [[0, 0], [2.0, 0]]]))
    0.2
    """
    rows, columns = nodes.shape[:2]
    x, y = np.moveaxis(nodes, -1, 0)
    a, c = (np.diff(one, axis=1) * ((columns - 1) / size[1]) for one in (x, y))
    b, d = (np.diff(one, axis=0) * ((rows - 1) / size[0]) for one in (x, y))
    steepest = 0.0
    for upper in (slice(None, -1), slice(1, None)):
        for left in (slice(None, -1), slice(1, None)):
            ax, cx, bx, dx = a[upper], c[upper], b[:, left], d[:, left]
            squares = ax * ax + bx * bx + cx * cx + dx * dx
            whole = ax * dx - bx * cx
            root = np.sqrt(np.maximum(squares * squares - 4 * whole * whole, 0.0))
            steepest = max(steepest, float((squares + root).max()) / 2)
    return math.sqrt(steepest)


@dataclass(frozen=True, eq=False)
class Bend:
    """A dense move of positions: the point ``p`` of the result shows the point ``p + d(p)`` of the source.

    Beyond the image the displacement continues as it is at the border. Where it would fold the picture it is weakened
    as a whole, until its slope is `STEEPEST`.

    Args:
        source: ``(height, width)`` of the image; it stays.
        nodes: RxCx2 displacements ``(x, y)`` in pixels at a regular grid, at least 2x2, that reaches from corner to
            corner of the image.

    Raises:
        ParameterError: The grid is no such array.

    >>> bend = Bend((10, 10), np.full((2, 2, 2), 1.5))
    >>> bend.points([[5, 5]]).tolist()
    [[3.5, 3.5]]
    >>> float(Bend((10, 10), np.array([[[0, 0], [20, 0]], [[0, 0], [20, 0]]])).nodes[0, 1, 0])
    9.0
    """

    source: Size
    nodes: Floats

    def __post_init__(self) -> None:
        nodes = np.array(self.nodes, dtype=np.float64)
        if nodes.ndim != 3 or nodes.shape[2] != 2 or min(nodes.shape[:2]) < 2 or not np.isfinite(nodes).all():
            raise ParameterError(
                f"Bend: nodes must be finite, of shape (rows, columns, 2) from 2x2 up, is {nodes.shape}; mend it."
            )
        object.__setattr__(self, "source", checked_size("Bend", "source", self.source))
        if (slope := steepest_slope(self.source, nodes)) > STEEPEST:
            nodes *= STEEPEST / slope
        nodes.flags.writeable = False
        object.__setattr__(self, "nodes", nodes)

    @property
    def size(self) -> Size:
        """``(height, width)`` of the result: that of the source."""
        return self.source

    @cached_property
    def is_identity(self) -> bool:
        """Whether the displacement is zero everywhere."""
        return not self.nodes.any()

    @property
    def mirrors(self) -> bool:
        """Never."""
        return False

    @cached_property
    def shows_outside(self) -> bool:
        """Whether a point of the result may come from outside the source."""
        # The border goes to a closed line; what it goes round is what the result shows.
        height, width = self.source
        outer = self._outer_nodes()
        low, high = outer.min(axis=0), outer.max(axis=0)
        return bool((low < -EXACT_PX).any() or high[0] > width + EXACT_PX or high[1] > height + EXACT_PX)

    @cached_property
    def keeps(self) -> bool:
        """Whether all of the source is still to be seen."""
        (left, right), (top, bottom) = self.nodes[:, [0, -1], 0].T, self.nodes[[0, -1], :, 1]
        return bool(max(left.max(), top.max()) <= EXACT_PX and min(right.min(), bottom.min()) >= -EXACT_PX)

    def _outer_nodes(self) -> Floats:
        """What the nodes along the border show."""
        rows, columns = self.nodes.shape[:2]
        y, x = np.linspace(0, self.source[0], rows), np.linspace(0, self.source[1], columns)
        shown = self.nodes + np.stack(np.broadcast_arrays(x[None, :], y[:, None]), axis=-1)
        return np.concatenate([shown[0], shown[-1], shown[:, 0], shown[:, -1]])

    # ---- single positions

    def shown(self, points: Floats) -> Floats:
        """Which points of the source Nx2 points of the result show."""
        return np.asarray(points + self._slopes(points)[0])

    def points(self, points: Any) -> Floats:
        """Where points of the source go, to a billionth of a pixel; also those that leave the image.

        Newton's method; a step that helps less than the plain iteration ``x <- p - d(x)``, which always converges,
        is replaced by one of that.

        Args:
            points: Nx2 ``(x, y)`` in continuous pixels.
        """
        wanted = np.array(points, dtype=np.float64).reshape(-1, 2)
        found = wanted.copy()
        todo = np.flatnonzero(np.isfinite(wanted).all(axis=1))
        shift, across, down = self._slopes(found[todo])
        for _ in range(300):
            x, goal = found[todo], wanted[todo]
            off = x + shift - goal
            open_ = (np.abs(off) > _SHORTFALL_PX).any(axis=1)
            if not open_.any():
                break
            todo, x, goal, off, shift = todo[open_], x[open_], goal[open_], off[open_], shift[open_]
            newton = x - _newton_steps(off, across[open_], down[open_])
            after = self._slopes(newton)
            worse = _lengths(newton + after[0] - goal) > STEEPEST * _lengths(off)
            if worse.any():
                newton[worse] = goal[worse] - shift[worse]
                for array, mended in zip(after, self._slopes(newton[worse]), strict=True):
                    array[worse] = mended
            found[todo] = newton
            shift, across, down = after
        return found

    def _slopes(self, points: Floats) -> tuple[Floats, Floats, Floats]:
        """The displacement at points, and its derivatives along x and y; all Nx2."""
        rows, columns = self.nodes.shape[:2]
        u, inside_x = _graded(points[:, 0], self.source[1], columns)
        v, inside_y = _graded(points[:, 1], self.source[0], rows)
        column, row = np.minimum(u.astype(np.int64), columns - 2), np.minimum(v.astype(np.int64), rows - 2)
        right, below = (u - column)[:, None], (v - row)[:, None]
        flat, at = self.nodes.reshape(-1, 2), row * columns + column
        a, b, c, d = flat[at], flat[at + 1], flat[at + columns], flat[at + columns + 1]
        upper, lower = a + right * (b - a), c + right * (d - c)
        across = (b - a + below * (d - c - b + a)) * (inside_x * (columns - 1) / self.source[1])[:, None]
        down = (lower - upper) * (inside_y * (rows - 1) / self.source[0])[:, None]
        return upper + below * (lower - upper), across, down

    def visible(self, points: Any) -> NDArray[np.bool_]:
        """Which points of the source are still to be seen."""
        height, width = self.source
        x, y = self.points(points).T
        return np.asarray((x >= -EXACT_PX) & (y >= -EXACT_PX) & (x <= width + EXACT_PX) & (y <= height + EXACT_PX))

    # ---- figures

    def boxes(self, boxes: Any) -> tuple[Floats, Floats]:
        """See `hfaug.moves.Motion.boxes`."""
        return boxes_of(self, boxes)

    def outlines(self, rings: Sequence[Any]) -> tuple[Rings, Floats]:
        """See `hfaug.moves.Motion.outlines`. Edges get further points where they bend."""
        given = as_rings(rings)
        if self.is_identity:
            return given, np.ones(len(given))
        lines = plane.frame(self.source)
        moved, shares = [], np.ones(len(given))
        rows, columns = self.nodes.shape[:2]
        cell = max(self.source[0] / (rows - 1), self.source[1] / (columns - 1))
        bent_rings = bend_edges(given, self.points, longest=cell, sagitta=_SAGITTA_PX)
        for number, (ring, bent) in enumerate(zip(given, bent_rings, strict=True)):
            left = clip_ring(np.column_stack([bent, np.ones(len(bent))]), lines)[:, :2] if len(bent) else bent
            shares[number] = seen_share(bent, left, flat=is_flat(ring)) if len(left) else 0.0
            moved.append(left if shares[number] > 0 else np.empty((0, 2)))
        return moved, shares


def _graded(places: Floats, length: int, count: int) -> tuple[Floats, Floats]:
    """Places in units of the grid, held within it; and 1 where they lay in it, else 0, for their derivatives."""
    graded = places * ((count - 1) / length)
    held = graded.clip(0, count - 1)
    return held, (held == graded).astype(np.float64)


def _lengths(vectors: Floats) -> Floats:
    """Lengths of Nx2 vectors; square roots alone, which are the same on every processor."""
    return np.asarray(np.sqrt((vectors * vectors).sum(axis=1)))


def _newton_steps(off: Floats, across: Floats, down: Floats) -> Floats:
    """What to go back by, where a displacement with these derivatives is off by so much."""
    a, c = np.add(across, [1.0, 0.0]).T
    b, d = np.add(down, [0.0, 1.0]).T
    whole = a * d - b * c  # at least (1 - slope)^2
    return np.stack([(d * off[:, 0] - b * off[:, 1]) / whole, (a * off[:, 1] - c * off[:, 0]) / whole], axis=1)
