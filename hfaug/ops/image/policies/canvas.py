"""An image on which ops work at once, without a row and its labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy.typing as npt

from hfaug.moves import Move
from hfaug.rows import Color, apply_color

__all__ = ["Canvas"]

Pixels = npt.NDArray[Any]


class Canvas:
    """What an `ImageOp` changes: it knows the words of a scene.

    Args:
        array: (height, width, channels).
    """

    __slots__ = ("array",)

    def __init__(self, array: Pixels) -> None:
        self.array = array

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        return self.array.shape[0], self.array.shape[1]

    def warp(self, move: Move) -> None:
        """Move the pixels."""
        if not move.is_identity:
            self.array = move.image(self.array)

    def color(self, color: Color) -> None:
        """Change the colours."""
        if not color.is_identity:
            self.array = apply_color(self.array, color)

    def edit(self, change: Callable[[Pixels], Pixels]) -> None:
        """Change the pixels."""
        self.array = change(self.array)
