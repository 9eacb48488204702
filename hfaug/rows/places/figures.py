"""Masks of single objects, as lists of images or as run lengths."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hfaug.media import Picture
from hfaug.moves import Motion, Move, Warp, follow
from hfaug.rows.places.label import Fate, FromOrigin, Hidden, Numbers, Origin, Size, fuse
from hfaug.rows.places.masks import checked_size

if TYPE_CHECKING:
    from hfaug.rows.batch import Batch
    from hfaug.rows.row import Row

__all__ = ["FigureLabel", "Figures", "MaskListLabel"]

_SAMPLES = 20_000
"""Pixels of an object that tell which share of it is to be seen; of larger ones every second, third ..."""


@dataclass(frozen=True, eq=False)
class Figures:
    """Masks of objects, and what became of them; None and not-a-number for an object that has no mask.

    Attributes:
        before: (n, 4) The upright box around each as it was stored.
    """

    pictures: tuple[Picture | None, ...]
    shares: Numbers
    growth: Numbers
    before: Numbers

    @classmethod
    def fresh(cls, pictures: Sequence[Picture | None]) -> Figures:
        """Masks that nothing happened to yet; what is empty shows no object."""
        shares = np.array([1.0 if picture is not None and picture.array.any() else np.nan for picture in pictures])
        return cls(tuple(pictures), shares, shares.copy(), _extents(pictures))


@dataclass(frozen=True, eq=False)
class FigureLabel(FromOrigin):
    """One mask an object; what is not 0 is the object. Moves wait until somebody looks.

    Attributes:
        stored: The masks as they are stored.
        size: (height, width) of the image before the moves that wait.
        warps: The moves that wait.
        figures: The masks before them; None where they were not read yet.
        is_cut: Whether they differ from what is stored, moves aside.
        dim: The share of each that nothing hides; None where nothing does.
    """

    origin: Origin
    stored: tuple[Any, ...]
    size: Size
    warps: tuple[Move, ...] = ()
    figures: Figures | None = None
    is_cut: bool = False
    dim: Numbers | None = None

    @property
    def kept(self) -> npt.NDArray[np.int64]:
        """All of them: those of which nothing is left are empty."""
        return np.arange(len(self.stored))

    @property
    def is_moved(self) -> bool:
        """Whether they differ from what is stored."""
        return bool(self.warps) or self.is_cut

    @abstractmethod
    def _read(self, item: Any) -> Picture:
        """The mask of an object as it is stored."""

    @abstractmethod
    def _write(self, picture: Picture, item: Any) -> Any:
        """A mask in the form of the one it came from."""

    def _carried(self, pictures: Sequence[Picture | None], warp: Move) -> list[Picture | None]:
        """The masks after a move."""
        return [None if one is None else replace(one, array=warp.mask(one.array)) for one in pictures]

    def moved(self, warps: Sequence[Move]) -> FigureLabel:
        """The masks after moves, which wait."""
        queue = list(self.warps)
        for warp in warps:
            fuse(queue, warp)
        return replace(self, warps=tuple(queue))

    def cut(self, hidden: Hidden) -> FigureLabel:
        """The masks without the covered pixels."""
        seen = self.seen(hidden)
        if (seen >= 1).all():
            return self
        pictures = tuple(
            replace(picture, array=np.where(hidden[..., None], np.zeros((), picture.array.dtype), picture.array))
            if picture is not None and share < 1
            else picture
            for picture, share in zip(self.now.pictures, seen.tolist(), strict=True)
        )
        figures = Figures(pictures, self.now.shares * seen, self.now.growth * seen, self.before)
        size = self.warps[-1].size if self.warps else self.size
        return replace(self, size=size, warps=(), figures=figures, is_cut=True)

    @property
    def is_dimmed(self) -> bool:
        """Whether something hides a part of them."""
        return self.dim is not None

    def seen(self, hidden: Hidden) -> Numbers:
        """The share that a cover leaves of each mask's pixels."""
        left = np.ones(len(self.stored))
        for number, picture in enumerate(self.now.pictures):
            inside = _inside(picture)
            if inside.any():
                left[number] -= (inside & hidden).sum() / inside.sum()
        return left

    def dimmed(self, seen: Numbers) -> FigureLabel:
        """The masks as they are, with such shares to be seen."""
        return replace(self, dim=seen if self.dim is None else self.dim * seen)

    @cached_property
    def now(self) -> Figures:
        """The masks as they stand."""
        before = self.figures or Figures.fresh([None if item is None else self._read(item) for item in self.stored])
        if not self.warps:
            return before
        pictures: Sequence[Picture | None] = before.pictures
        for warp in self.warps:
            pictures = self._carried(pictures, warp)
        motion = follow(self.warps)
        shares, growth = before.shares.copy(), before.growth.copy()
        for number, (old, new) in enumerate(zip(before.pictures, pictures, strict=True)):
            if shares[number] > 0:
                left = _inside(new).sum()
                shares[number] *= _seen(_inside(old), motion) if left else 0.0
                growth[number] *= left / _inside(old).sum()
        return Figures(tuple(pictures), shares, growth, before.before)

    @property
    def before(self) -> Numbers:
        """The upright box around each object as it was opened; not-a-number where it has no mask."""
        return self.now.before

    @property
    def extents(self) -> Numbers:
        """The upright box around each object; not-a-number where nothing of it is left."""
        return _extents(self.now.pictures)

    def filled(self, number: int, size: Size) -> npt.NDArray[np.bool_]:
        """The pixels of an object, by its number."""
        return _inside(self.now.pictures[number])

    def fate(self, row: Row, size: Size) -> Fate:
        """What became of each object."""
        areas = [np.nan if picture is None else float(_inside(picture).sum()) for picture in self.now.pictures]
        shares = self.now.shares if self.dim is None else self.now.shares * self.dim
        return Fate(shares, np.where(np.isnan(shares), np.nan, areas), self.now.growth)

    def values(self, row: Row, size: Size, kept: Sequence[int]) -> list[Any]:
        """The masks of some objects, in storage form."""
        if not self.is_moved:
            return [self.stored[number] for number in kept]
        pictures = [self.now.pictures[number] for number in kept]
        return [
            None if picture is None else self._write(picture, self.stored[number])
            for number, picture in zip(kept, pictures, strict=True)
        ]


@dataclass(frozen=True, eq=False)
class MaskListLabel(FigureLabel):
    """Masks of the image's size in a list, one an object."""

    batch: Batch | None = None

    @classmethod
    def open(cls, origin: Origin, value: Any, row: Row, size: Size) -> MaskListLabel:
        """The masks of a row, not decoded yet."""
        return cls(origin, tuple(value), size, batch=row.batch)

    def _read(self, item: Any) -> Picture:
        assert self.batch is not None  # noqa: S101 - `open` sets it
        picture = self.batch.open_mask(item)
        checked_size(self.path, picture.array, self.size)
        return picture

    def _write(self, picture: Picture, item: Any) -> Any:
        assert self.batch is not None  # noqa: S101 - `open` sets it
        return self.batch.store_mask(picture.array, picture)


def _extents(pictures: Sequence[Picture | None]) -> Numbers:
    """(n, 4) x1, y1, x2, y2 of the pixels of each object."""
    found = np.full((len(pictures), 4), np.nan)
    for number, picture in enumerate(pictures):
        inside = _inside(picture)
        rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
        if len(rows):
            found[number] = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    return found


def _inside(picture: Picture | None) -> npt.NDArray[np.bool_]:
    """The pixels of an object."""
    if picture is None:
        return np.zeros((0, 0), dtype=bool)
    inside: npt.NDArray[np.bool_] = (picture.array != 0).any(axis=2)
    return inside


def _seen(inside: npt.NDArray[np.bool_], motion: Motion) -> float:
    """The share of an object's pixels that is still to be seen after a move, each weighed by how much it grows."""
    y, x = np.nonzero(inside)
    low, high = (x.min(), y.min()), (x.max() + 1, y.max() + 1)
    ends = [low, (high[0], low[1]), high, (low[0], high[1])]
    if isinstance(motion, Warp) and motion.visible(ends).all():  # it keeps what lies between points that it keeps
        return 1.0
    step = -(-len(x) // _SAMPLES)
    centres = np.column_stack([x[::step], y[::step]]) + 0.5
    seen = motion.visible(centres)
    if seen.all():
        return 1.0
    middle, right, below = (motion.points(centres + shift) for shift in ((0.0, 0.0), (0.5, 0.0), (0.0, 0.5)))
    (ax, ay), (bx, by) = (right - middle).T, (below - middle).T
    grown = np.abs(ax * by - ay * bx)
    # What a perspective throws behind its horizon has no finite size; it is not seen, and counts as it was.
    grown = np.where(np.isfinite(grown), grown, 0.25)
    total = float(grown.sum())
    return float(grown[seen].sum()) / total if total > 0 else float(seen.mean())
