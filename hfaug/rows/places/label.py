"""What every label in an image can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from hfaug.binding import Binding
from hfaug.groups import ObjectGroup
from hfaug.moves import Field, Move, Warp

if TYPE_CHECKING:
    from hfaug.rows.row import Row

__all__ = ["Fate", "FromOrigin", "Hidden", "Numbers", "ObjectLabel", "Origin", "PlaceLabel", "Size", "fuse"]

Numbers = npt.NDArray[np.float64]
Hidden = npt.NDArray[np.bool_]
"""(height, width): which pixels of an image were covered by something else."""
Size = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Origin:
    """Where the objects of a label come from.

    Attributes:
        path: The label's own column or field.
        columns: The columns that change with it.
        group: What belongs to the same objects.
        binding: What the user said.
        source: The values of those columns when the label was opened.
        count: How many objects there were.
    """

    path: str
    columns: frozenset[str]
    group: ObjectGroup
    binding: Binding
    source: Mapping[str, Any]
    count: int


class FromOrigin:
    """What labels share that know where their objects come from."""

    origin: Origin

    @property
    def path(self) -> str:
        """Where they are stored."""
        return self.origin.path

    @property
    def columns(self) -> frozenset[str]:
        """The columns that change with them."""
        return self.origin.columns


@dataclass(frozen=True, eq=False)
class Fate:
    """What became of each object of a label, as far as the label can tell; not-a-number where it cannot.

    Attributes:
        shares: Share 0..1 of each that is still to be seen.
        areas: Square pixels of each that are to be seen.
        growth: Those over the square pixels that it had to begin with.
    """

    shares: Numbers
    areas: Numbers
    growth: Numbers


class PlaceLabel(Protocol):
    """A label that follows moves and can be written back."""

    @property
    def path(self) -> str:
        """Where it is stored: a column, or ``column.field``."""

    @property
    def columns(self) -> frozenset[str]:
        """The columns that change with it."""

    @property
    def is_moved(self) -> bool:
        """Whether it differs from what is stored."""

    def moved(self, warps: Sequence[Move]) -> PlaceLabel:
        """The label after moves, one after another."""

    def cut(self, hidden: Hidden) -> PlaceLabel:
        """The label after something took the place of some pixels: without what lay there."""


class ObjectLabel(PlaceLabel, Protocol):
    """A label with one value for each object of a group."""

    @property
    def origin(self) -> Origin:
        """Where its objects come from."""

    @property
    def kept(self) -> npt.NDArray[np.int64]:
        """The numbers of the objects that it still has a value for."""

    @property
    def is_dimmed(self) -> bool:
        """Whether something hides a part of its objects that was not cut off."""

    def seen(self, hidden: Hidden) -> Numbers:
        """The share 0..1 that a cover leaves to be seen of each of the objects there were; 1 where it shows none."""

    def dimmed(self, seen: Numbers) -> ObjectLabel:
        """The label as it is, with objects of which such shares are to be seen."""

    def fate(self, row: Row, size: Size) -> Fate | None:
        """What became of each of the objects there were; None where the label does not show them."""

    def values(self, row: Row, size: Size, kept: Sequence[int]) -> list[Any]:
        """The values of some of the kept objects, in storage form."""


def fuse(queue: list[Any], warp: Move) -> None:
    """Add a warp to a queue of steps; neighbours become one, and what cancels goes."""
    last = queue[-1] if queue else None
    if isinstance(last, (Warp, Field)) and (joined := last.then(warp)) is not None:
        queue.pop()
        warp = joined
    if not warp.is_identity:
        queue.append(warp)
