"""Distort an image as a grid of uneven cells, or as a lens does."""

from __future__ import annotations

import dataclasses
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.fields import Limit
from hfaug.kinds import Size
from hfaug.moves import Field
from hfaug.ops.image.geometry.filled import FilledOp
from hfaug.randomness import Stream

__all__ = ["DistortGrid", "DistortLens"]

Floats = npt.NDArray[np.float64]

_FINE = 65  # nodes a side: between them a lens is off by a fiftieth of a pixel at 512 pixels


@dataclasses.dataclass(frozen=True, kw_only=True)
class DistortGrid(FilledOp):
    """Make the rows and columns of a grid wider and narrower, as a sheet that was stretched unevenly. The frame stays.

    Args:
        cells: Rows, and columns, of the grid.
        distortion: Range of the share, 0..0.8, by which a row or column may get wider or narrower; for each image one
            limit is drawn, and within it each row and column.
        fill: See `FilledOp`; nothing outside shows unless other moves are fused with this one.
        mask_fill: See `FilledOp`.
        border: See `FilledOp`.
        interpolation: See `FilledOp`.

    Moves: image, mask, boxes, keypoints.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.image.DistortGrid(cells=3).cells
    3
    """

    may_change: ClassVar[tuple[str, ...]] = ("lengths that mean something",)

    cells: Annotated[int, Limit(2, 64)] = 5
    distortion: Annotated[tuple[float, float], Limit(0, 0.8, ordered=True)] = (0.1, 0.3)

    @property
    def keeps_size(self) -> bool:
        """True."""
        return True

    def warp(self, size: Size, rng: Stream) -> Field:
        """Draw the limit, then the width of each column and the height of each row."""
        limit = rng.uniform(*self.distortion)
        nodes = np.zeros((self.cells + 1, self.cells + 1, 2))
        nodes[..., 0] = self._shifts(size[1], limit, rng)
        nodes[..., 1] = self._shifts(size[0], limit, rng)[:, None]
        return Field.bend(size, nodes, **self._style)

    def _shifts(self, side: int, limit: float, rng: Stream) -> Floats:
        """How far each line of the grid is off."""
        widths = np.array([1 + rng.uniform(-limit, limit) for _ in range(self.cells)])
        lines = np.concatenate([[0.0], np.cumsum(widths) / widths.sum()])
        return np.asarray((lines - np.arange(self.cells + 1) / self.cells) * side)


@dataclasses.dataclass(frozen=True, kw_only=True)
class DistortLens(FilledOp):
    """Distort an image as a lens does: barrel (wide angle) or pincushion (tele).

    The point at distance r from the centre shows the point at ``r * (1 + k1 * r**2 + k2 * r**4)``, where the corners of
    the image are at distance 1.

    Args:
        k1: Range of the first coefficient, -0.3..0.3; above 0 is barrel, below 0 pincushion.
        k2: Range of the second, -0.15..0.15. Where both together would fold the picture, both are weakened.
        enlarge: Enlarge a barrel just so much that no fill shows.
        fill: See `FilledOp`: RGB value outside the image, 0..255.
        mask_fill: See `FilledOp`.
        border: See `FilledOp`.
        interpolation: See `FilledOp`.

    Moves: image, mask, boxes, keypoints; boxes are those around the bent ones.
    Rejects: nothing.
    Source: D. Brown, Close-Range Camera Calibration, Photogrammetric Engineering 37, 1971.

    >>> import hfaug
    >>> hfaug.ops.image.DistortLens(k1=(0.1, 0.2)).enlarge
    True
    """

    may_change: ClassVar[tuple[str, ...]] = ("straight lines",)

    k1: Annotated[tuple[float, float], Limit(-0.3, 0.3, ordered=True)] = (-0.15, 0.25)
    k2: Annotated[tuple[float, float], Limit(-0.15, 0.15, ordered=True)] = (0, 0)
    enlarge: bool = True

    @property
    def keeps_size(self) -> bool:
        """True."""
        return True

    def warp(self, size: Size, rng: Stream) -> Field:
        """Draw both coefficients."""
        k1, k2 = rng.uniform(*self.k1), rng.uniform(*self.k2)
        height, width = size
        x, y = np.linspace(-width / 2, width / 2, _FINE), np.linspace(-height / 2, height / 2, _FINE)[:, None]
        squares = (x * x + y * y) * (4 / (width * width + height * height))
        factor = 1 + squares * (k1 + squares * k2)
        if self.enlarge:
            border = np.concatenate([factor[[0, -1]].ravel(), factor[:, [0, -1]].ravel()])
            factor = factor / max(1.0, float(border.max()))
        return Field.bend(size, np.stack([(factor - 1) * x, (factor - 1) * y], axis=-1), **self._style)
