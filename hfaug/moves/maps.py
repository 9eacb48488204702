"""Which point of the source each pixel of a result shows, through bends and warps, as one dense map.

The way goes back from the result, step by step. As long as there were only warps it is a matrix; a bend makes it a map.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hfaug.moves import plane
from hfaug.moves.bend import Bend
from hfaug.moves.pixels import Border, Lines
from hfaug.moves.plane import Matrix, Size
from hfaug.moves.warp import Warp

__all__ = ["FAR", "linear_part", "shown_map"]

Map = NDArray[np.float32]
Lost = NDArray[np.bool_]
Floats = NDArray[np.float64]

FAR = -20_000.0
"""A coordinate beyond every border, for pixels that show nothing. OpenCV counts to 32767."""

_ONE_MAP: Any = None  # both coordinates lie in one array
_SLACK_PX = 1e-3  # coordinates of large images in float32


def linear_part(steps: Sequence[Warp | Bend]) -> Matrix:
    """The product of the warps among steps: how much the whole shrinks."""
    product = np.eye(3)
    for step in steps:
        if isinstance(step, Warp):
            product = plane.multiply(step.matrix, product)
    return product


def shown_map(steps: Sequence[Warp | Bend], border: Border) -> Map:
    """(height, width, 2) points ``(x, y)`` of the source, one for each pixel of the result, in continuous pixels.

    Between two steps lies an image with borders of its own. What is beyond them is fill, which is written as `FAR`, or
    the image goes on there as its border says.

    Args:
        steps: The first one made first.
        border: What lies outside.
    """
    way = _Way(steps[-1].size, border)
    for number in reversed(range(len(steps))):
        step = steps[number]
        if isinstance(step, Warp):
            way.through_warp(step)
        else:
            way.through_bend(step)
        # Where nothing was cut away, what is beyond the image between is beyond the source as well.
        if not all(earlier.keeps for earlier in steps[:number]):
            way.stop_at(step.source)
    return way.finished()


class _Way:
    """The way back from the pixels of a result: a matrix, from the first bend on a map."""

    def __init__(self, size: Size, border: Border) -> None:
        self._size = size
        self._border = border
        self._back: Matrix = np.eye(3)
        self._map: Map | None = None
        self._lost: Lost | None = None

    def through_warp(self, warp: Warp) -> None:
        if len(warp.clips):
            self._lose(_beyond(self._points(), warp.clips))
        back = plane.inverse(warp.matrix)
        if self._map is None:
            self._back = plane.multiply(back, self._back)
        else:
            self._map, behind = _carried(back, self._map[..., 0], self._map[..., 1])
            self._lose(behind)

    def through_bend(self, bend: Bend) -> None:
        a, b, c, d = self._back[0, 0], self._back[0, 1], self._back[1, 0], self._back[1, 1]
        if self._map is None and plane.is_affine(self._back) and b == c == 0:
            x, y = (scale * (np.arange(n) + 0.5) for scale, n in zip((a, d), reversed(self._size), strict=True))
            self._map = _grid_shown(bend, x + self._back[0, 2], y + self._back[1, 2])
        else:
            points = self._points()
            self._map = points + _displacement(bend, points)

    def stop_at(self, size: Size) -> None:
        """Beyond an image that something was cut from: fill, or the image continued."""
        if self._map is None and plane.lies_within(self._back, self._size, size):
            return
        shown = self._points()
        x, y = shown[..., 0], shown[..., 1]
        outside = (x < -_SLACK_PX) | (y < -_SLACK_PX) | (x > size[1] + _SLACK_PX) | (y > size[0] + _SLACK_PX)
        if not outside.any():
            return
        if self._border == "constant":
            self._lose(outside)
            return
        for axis, length in ((0, size[1]), (1, size[0])):
            shown[..., axis] = _continued(shown[..., axis], length, self._border)

    def finished(self) -> Map:
        shown = self._points()
        if self._lost is not None:
            shown[self._lost] = FAR
        return shown

    def _points(self) -> Map:
        """The map, which from now on takes the place of the matrix."""
        if self._map is None:
            x, y = np.arange(self._size[1]) + 0.5, np.arange(self._size[0])[:, None] + 0.5
            self._map, behind = _carried(self._back, x, y)
            self._lose(behind)
        return self._map

    def _lose(self, more: Lost | None) -> None:
        if more is not None and more.any():
            self._lost = more if self._lost is None else self._lost | more


def _carried(matrix: Matrix, x: NDArray[np.floating], y: NDArray[np.floating]) -> tuple[Map, Lost | None]:
    """Points under a matrix, and which of them come from behind a horizon."""
    (a, b, c), (d, e, f), (g, h, i) = matrix.tolist()
    shown = np.empty((*np.broadcast_shapes(x.shape, y.shape), 2), dtype=np.float32)
    shown[..., 0], shown[..., 1] = a * x + b * y + c, d * x + e * y + f
    if plane.is_affine(matrix):
        return shown, None
    depth = (g * x + h * y + i)[..., None]
    behind = depth <= 1e-9
    shown /= np.where(behind, 1.0, depth)
    return shown, behind[..., 0]


def _grid_shown(bend: Bend, x: Floats, y: Floats) -> Map:
    """What a bend shows at the points of a grid: columns at ``x``, rows at ``y``, from left to right or back."""
    rows, columns = bend.nodes.shape[:2]
    height, width = bend.source
    column, right = _cells(x, width, columns)
    nodes = bend.nodes.astype(np.float32)
    wide = nodes[:, column] * (1 - right[:, None]) + nodes[:, column + 1] * right[:, None]
    # Added to what is interpolated between rows, so that it costs nothing: it is linear there.
    wide[..., 0] += x
    wide[..., 1] += np.linspace(0, height, rows)[:, None]
    wide = wide.reshape(rows, -1)
    steps = np.diff(wide, axis=0)
    down = y if y[0] <= y[-1] else y[::-1]
    row, below = _cells(down, height, rows)
    lines = np.empty((len(y), wide.shape[1]), dtype=np.float32)
    ends = np.searchsorted(row, np.arange(rows)).tolist()
    for k, (start, stop) in enumerate(pairwise(ends)):
        if start < stop:
            block = lines[start:stop]
            np.multiply(below[start:stop, None], steps[k], out=block)
            block += wide[k]
    shown = lines.reshape(len(y), len(x), 2)
    beyond = down - down.clip(0, height)
    for k in np.flatnonzero(beyond).tolist():
        shown[k, :, 1] += beyond[k]
    return shown if down is y else np.ascontiguousarray(shown[::-1])


def _cells(places: Floats, length: int, count: int) -> tuple[NDArray[np.int64], Map]:
    """The cell of the grid that each place lies in, and the share of the cell before it."""
    graded = (places * ((count - 1) / length)).clip(0, count - 1)
    cell = np.minimum(graded.astype(np.int64), count - 2)
    return cell, (graded - cell).astype(np.float32)


def _displacement(bend: Bend, points: Map) -> Map:
    """The displacement at any points, off by less than a sixtieth of a pixel: OpenCV looks up 32 places in a cell.

    The cells are parts of those of the bend, none larger than a pixel: across its own lines it has kinks.
    """
    import cv2

    height, width = bend.source
    grid = [int(nodes) - 1 for nodes in bend.nodes.shape[:2]]
    down, across = (n * math.ceil(side / n) for n, side in zip(grid, bend.source, strict=True))
    x, y = np.linspace(0, width, across + 1), np.linspace(0, height, down + 1)
    fine = _grid_shown(bend, x, y)
    fine[..., 0] -= x
    fine[..., 1] -= y[:, None]
    places = points * np.array([across / width, down / height], dtype=np.float32)
    moved = cv2.remap(fine, places, _ONE_MAP, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, dtype=np.float32).reshape(points.shape)


def _beyond(points: Map, lines: Lines) -> Lost:
    """Which points lie beyond one of the lines ``a*x + b*y + c >= 0``."""
    x, y = points[..., 0], points[..., 1]
    beyond = np.zeros(x.shape, dtype=bool)
    for a, b, c in lines.tolist():
        beyond |= a * x + b * y + c < -_SLACK_PX
    return beyond


def _continued(places: Map, length: int, border: Border) -> Map:
    """Places within an image where its borders repeat or mirror it: between its outermost centres, as it is there."""
    if border == "reflect":
        turn = np.mod(places, 2 * length)
        places = np.minimum(turn, 2 * length - turn)
    return np.asarray(places.clip(0.5, length - 0.5))
