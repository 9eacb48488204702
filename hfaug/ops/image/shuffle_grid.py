"""Shuffle the tiles of an image."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.fields import Limit
from hfaug.kinds import PixelOp
from hfaug.randomness import Stream

__all__ = ["ShuffleGrid"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ShuffleGrid(PixelOp):
    """Cut an image into equal tiles and lay them in another order, as a jigsaw, so that a model looks at parts.

    Tiles have whole pixels; what is left of a side that is no multiple of them, at its end, stays where it is.

    Args:
        rows: Tiles from top to bottom, 1..100; at most one for each pixel.
        columns: Tiles from left to right, likewise.

    Moves: pixels only; an object may be torn apart, so that no label of a place can be right: rows with such labels are
        refused.
    Rejects: nothing.
    Source: M. Noroozi, P. Favaro, Unsupervised Learning of Visual Representations by Solving Jigsaw Puzzles,
        arXiv:1603.09246.

    >>> import hfaug
    >>> hfaug.ops.image.ShuffleGrid(rows=2, columns=2).rows
    2
    """

    shifts: ClassVar[tuple[str, ...]] = ("image",)
    may_change: ClassVar[tuple[str, ...]] = ("where things stand", "the form of what spans tiles")

    rows: Annotated[int, Limit(1, 100)] = 3
    columns: Annotated[int, Limit(1, 100)] = 3

    def pixels(self, array: npt.NDArray[Any], rng: Stream) -> npt.NDArray[Any]:
        """Draw the order; all orders are as likely."""
        height, width, channels = array.shape
        rows, columns = min(self.rows, height), min(self.columns, width)
        order = rng.permutation(rows * columns)
        if order == sorted(order):
            return array
        tall, wide = height // rows, width // columns
        after = array.copy()
        tiles = array[: rows * tall, : columns * wide].reshape(rows, tall, columns, wide, channels)
        laid = tiles.swapaxes(1, 2).reshape(-1, tall, wide, channels)[order]
        laid = laid.reshape(rows, columns, tall, wide, channels).swapaxes(1, 2)
        after[: rows * tall, : columns * wide] = np.reshape(laid, (rows * tall, columns * wide, channels))
        return after
