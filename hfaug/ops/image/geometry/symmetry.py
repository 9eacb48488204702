"""The symmetries of a square: quarter turns and flips, all of them without computing a pixel."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Literal

from hfaug.errors import ParameterError
from hfaug.kinds import Size, WarpOp
from hfaug.moves import Warp
from hfaug.moves.plane import multiply
from hfaug.randomness import Stream

__all__ = ["QuarterTurn", "Symmetry", "Transpose"]

_MEANT = ("up and down", "left and right", "text", "digits")


@dataclasses.dataclass(frozen=True, kw_only=True)
class QuarterTurn(WarpOp):
    """Turn an image by quarter turns, for what has no upright: cells, ground from above. Pixels are only moved.

    Args:
        turns: Numbers of quarter turns, counter-clockwise, of which one is drawn.

    Moves: image, mask, boxes, keypoints; the sides swap with an odd number.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.image.QuarterTurn(turns=(1, 3)).turns
    (1, 3)
    """

    may_change: ClassVar[tuple[str, ...]] = _MEANT

    turns: tuple[int, ...] = (0, 1, 2, 3)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.turns:
            raise ParameterError("QuarterTurn: turns must name at least one number, is empty; give (1,) or the like")

    def warp(self, size: Size, rng: Stream) -> Warp:
        """Draw the number of turns."""
        return Warp.quarter_turns(size, rng.choice(self.turns))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Transpose(WarpOp):
    """Mirror an image at a diagonal, so that rows become columns. Pixels are only moved.

    Args:
        diagonal: ``main`` runs from the upper left, ``other`` from the upper right.

    Moves: image, mask, boxes, keypoints; the sides swap.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.image.Transpose(diagonal="other").diagonal
    'other'
    """

    may_change: ClassVar[tuple[str, ...]] = _MEANT

    diagonal: Literal["main", "other"] = "main"

    def warp(self, size: Size, rng: Stream) -> Warp:
        """Mirror the whole image; nothing is drawn."""
        return symmetry(size, turns=1 if self.diagonal == "main" else 3, mirrored=True)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Symmetry(WarpOp):
    """Draw one of the eight symmetries of a square, all alike: four turns, each with and without a mirror.

    Moves: image, mask, boxes, keypoints; the sides swap in half of the cases.
    Rejects: nothing.
    Source: the dihedral group D4.

    >>> import hfaug
    >>> op = hfaug.ops.image.Symmetry()
    """

    may_change: ClassVar[tuple[str, ...]] = _MEANT

    def warp(self, size: Size, rng: Stream) -> Warp:
        """Draw a turn and whether it is mirrored."""
        turns = rng.integers(0, 4)
        return symmetry(size, turns=turns, mirrored=rng.integers(0, 2) == 1)


def symmetry(size: Size, *, turns: int, mirrored: bool) -> Warp:
    """Quarter turns, and then top and bottom swapped."""
    turned = Warp.quarter_turns(size, turns)
    if not mirrored:
        return turned
    return Warp(multiply(Warp.flip(turned.size, "vertical").matrix, turned.matrix), size, turned.size)
