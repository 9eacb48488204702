"""Cover an image with a grid of squares."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.fields import Angle, Limit, Rgb, ShareRange
from hfaug.kinds import PixelOp, Size
from hfaug.ops.image.planes import levels_of, on_colors
from hfaug.randomness import Stream

__all__ = ["GridMask"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class GridMask(PixelOp):
    """Cover an image with a grid of squares, so that a model must use all of an object.

    Args:
        spacing: Range of the distance between squares, as a share of the shorter side, above 0 to 1.
        share: Range of the side of a square, as a share of that distance, 0..1; its square is the covered area.
        degrees: Range of the turn of the grid, counter-clockwise.
        fill: RGB value of the squares, 0..255; grey images get its luma.

    Moves: pixels only; every label stays, since what is covered is still there, unless `min_visibility` is bound.
    Rejects: nothing.
    Source: P. Chen et al., GridMask Data Augmentation, arXiv:2001.04086.

    >>> import hfaug
    >>> hfaug.ops.image.GridMask(share=(0.4, 0.4)).share
    (0.4, 0.4)
    """

    may_change: ClassVar[tuple[str, ...]] = ("objects smaller than a square, which it may cover wholly",)

    spacing: Annotated[tuple[float, float], Limit(0, 1, ordered=True, above=True)] = (0.15, 0.4)
    share: ShareRange = (0.4, 0.6)
    degrees: Angle = (0, 0)
    fill: Rgb = (0, 0, 0)

    def pixels(self, array: npt.NDArray[Any], rng: Stream) -> npt.NDArray[Any]:
        """Draw distance, side, turn and place of the grid, and cover its squares."""
        squares = self._squares(array.shape[0], array.shape[1], rng)
        if not squares:
            return array
        fill = levels_of(self.fill, array).tolist()
        return on_colors(array, lambda colors: _filled(colors, squares, fill))

    def covered(self, size: Size, rng: Stream) -> npt.NDArray[np.bool_] | None:
        """The squares."""
        squares = self._squares(*size, rng)
        return _filled(np.zeros((*size, 1), np.uint8), squares, [1])[:, :, 0] > 0 if squares else None

    def _squares(self, height: int, width: int, rng: Stream) -> list[npt.NDArray[np.int32]]:
        """The corners of the squares, in pixels that they cover."""
        spacing = max(2, round(rng.uniform(*self.spacing) * min(height, width)))
        side = min(spacing, round(spacing * rng.uniform(*self.share)))
        turn = math.radians(rng.uniform(*self.degrees))
        start = np.floor([rng.random() * spacing, rng.random() * spacing])
        if side == 0:
            return []
        middle = np.array([width, height]) // 2
        reach = math.ceil(math.hypot(width, height) / 2 / spacing) + 1
        cells = np.arange(-reach, reach + 1)
        corners = np.array([[0, 0], [side - 1, 0], [side - 1, side - 1], [0, side - 1]])
        every = np.stack(np.meshgrid(cells, cells), axis=-1).reshape(-1, 1, 2) * spacing + start + corners
        spin = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])  # y points down
        turned = (np.rint(every @ spin) + middle).astype(np.int32)
        low, high = turned.min(axis=1), turned.max(axis=1)
        seen = (high >= 0).all(axis=1) & (low < [width, height]).all(axis=1)
        return list(turned[seen])


def _filled(colors: npt.NDArray[Any], squares: list[npt.NDArray[np.int32]], fill: Sequence[float]) -> npt.NDArray[Any]:
    import cv2

    done = colors.copy()
    cv2.fillPoly(done, squares, fill)
    return done
