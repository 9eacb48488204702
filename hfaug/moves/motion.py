"""What every move of the plane has in common, and several moves that positions take one after another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hfaug.errors import ParameterError
from hfaug.moves.outlines import Rings, as_rings
from hfaug.moves.plane import Size
from hfaug.moves.warp import Warp

__all__ = ["Motion", "Path", "boxes_of", "follow"]

Floats = NDArray[np.float64]


class Motion(Protocol):
    """Where positions go. `hfaug.moves.Warp`, `Field` and `Path` are motions; `follow` makes one of several."""

    @property
    def source(self) -> Size:
        """``(height, width)`` of the image before."""

    @property
    def size(self) -> Size:
        """``(height, width)`` of the image after."""

    @property
    def is_identity(self) -> bool:
        """Whether nothing moves and nothing is cut."""

    @property
    def mirrors(self) -> bool:
        """Whether left and right swap as in a mirror."""

    def points(self, points: Any) -> Floats:
        """Nx2 points ``(x, y)`` after the move, also those that leave the image; not-a-number for what is nowhere."""

    def visible(self, points: Any) -> NDArray[np.bool_]:
        """Which of Nx2 points of the source are still to be seen."""

    def boxes(self, boxes: Any) -> tuple[Floats, Floats]:
        """Upright boxes Nx4 around what is to be seen of boxes Nx4, and the share 0..1 of each that is."""

    def outlines(self, rings: Sequence[Any]) -> tuple[Rings, Floats]:
        """Moved outlines, cut by what is to be seen, and the share 0..1 of each that is.

        Args:
            rings: N outlines, each Kx2 ``(x, y)`` in continuous pixels; closed, the first point not repeated.

        Returns:
            N rings, each of a number of points of its own, (0, 2) where nothing is left; and N shares of their areas.
        """


@dataclass(frozen=True, eq=False)
class Path:
    """Moves of positions one after another, where no single matrix does the work.

    Positions go from step to step. What leaves the image between two steps is cut there and stays away, and the shares
    that are left multiply.

    Args:
        steps: Motions, each of images of the size that the one before makes; at least one.
    """

    steps: tuple[Motion, ...]

    @property
    def source(self) -> Size:
        """``(height, width)`` of the image before."""
        return self.steps[0].source

    @property
    def size(self) -> Size:
        """``(height, width)`` of the image after."""
        return self.steps[-1].size

    @cached_property
    def is_identity(self) -> bool:
        """Whether no step moves anything."""
        return all(step.is_identity for step in self.steps)

    @cached_property
    def mirrors(self) -> bool:
        """Whether left and right swap."""
        return sum(step.mirrors for step in self.steps) % 2 == 1

    def points(self, points: Any) -> Floats:
        """See `Motion.points`."""
        moved = np.array(points, dtype=np.float64).reshape(-1, 2)
        for step in self.steps:
            moved = step.points(moved)
        return moved

    def visible(self, points: Any) -> NDArray[np.bool_]:
        """See `Motion.visible`: seen after every step."""
        moved = np.array(points, dtype=np.float64).reshape(-1, 2)
        seen = np.ones(len(moved), dtype=bool)
        for step in self.steps:
            seen &= step.visible(moved)
            moved = step.points(moved)
        return seen

    def boxes(self, boxes: Any) -> tuple[Floats, Floats]:
        """See `Motion.boxes`: a box is moved and cut as the figure it is, and enclosed at the end."""
        return boxes_of(self, boxes)

    def outlines(self, rings: Sequence[Any]) -> tuple[Rings, Floats]:
        """See `Motion.outlines`."""
        moved, shares = as_rings(rings), np.ones(len(rings))
        for step in self.steps:
            moved, kept = step.outlines(moved)
            shares = shares * kept
        return moved, shares


def boxes_of(motion: Motion, boxes: Any) -> tuple[Floats, Floats]:
    """Boxes moved as the outlines they are, and enclosed at the end.

    Args:
        motion: The move.
        boxes: Nx4 ``(x0, y0, x1, y1)`` in continuous pixels.

    Returns:
        Nx4 boxes, zeros where nothing is left, and N shares.
    """
    given = np.array(boxes, dtype=np.float64).reshape(-1, 4)
    if motion.is_identity or not len(given):
        return given, np.ones(len(given))
    rings, shares = motion.outlines(list(given[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)))
    height, width = motion.size
    moved = [[*ring.min(axis=0), *ring.max(axis=0)] if len(ring) else [0.0] * 4 for ring in rings]
    return np.array(moved).clip(0.0, [width, height, width, height]), shares


def follow(moves: Sequence[Motion]) -> Motion:
    """One motion of several moves, the first one made first.

    Neighbouring warps are one matrix: positions know no fill, so they always fuse and are cut once. Dense fields are
    followed step by step.

    Args:
        moves: At least one.

    Raises:
        ParameterError: There is none.

    >>> there, back = Warp.flip((4, 6)), Warp.flip((4, 6))
    >>> follow([there, back]).is_identity
    True
    """
    steps: list[Motion] = []
    for move in moves:
        parts: Sequence[Motion] = getattr(move, "steps", (move,))
        for part in parts:
            last = steps[-1] if steps else None
            joined = last.then(part, positions_only=True) if isinstance(last, Warp) and isinstance(part, Warp) else None
            if joined is not None:
                steps[-1] = joined
            elif last is None or not part.is_identity:
                steps.append(part)
    if not steps:
        raise ParameterError("follow: there must be a move to follow, none was given; give at least one.")
    if len(steps) > 1 and steps[0].is_identity:
        del steps[0]
    return steps[0] if len(steps) == 1 else Path(tuple(steps))
