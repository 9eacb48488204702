"""Outlines of objects: rings of points, moved point by point and cut by the border of the image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hfaug.errors import LabelError
from hfaug.moves import Move, follow
from hfaug.moves.outlines import clip_ring, ring_area
from hfaug.moves.plane import frame
from hfaug.rows.places.label import Fate, FromOrigin, Hidden, Numbers, Origin, Size
from hfaug.rows.places.paths import is_whole_at, read_path
from hfaug.rows.places.raster import fill_rings, traced

if TYPE_CHECKING:
    from hfaug.rows.row import Row

__all__ = ["PolygonLabel", "read_rings"]

Rings = tuple[Numbers, ...]

_FORMS = ("ring", "rings", "points", "lists of points")
"""How the outlines of an object are written: one list of x, y by turns; several; one list of points; several."""


@dataclass(frozen=True, eq=False)
class PolygonLabel(FromOrigin):
    """The outlines of the objects of one column, in continuous pixels.

    An object is what any of its rings goes round. A ring that sticks out of its image is cut to it when it moves.
    Where a cover leaves several pieces and one ring is all that can be written, edges there and back join them.

    Attributes:
        before: The upright box around each object as it was opened; not-a-number where it has no outline.
    """

    origin: Origin
    objects: tuple[Rings | None, ...]
    before: Numbers
    forms: tuple[str, ...]
    size: Size
    shares: Numbers
    growth: Numbers
    is_moved: bool = False

    @classmethod
    def open(cls, origin: Origin, value: Any, size: Size) -> PolygonLabel:
        """Read and check the outlines of a row."""
        relative = origin.binding.outline_units == "relative"
        scale = np.array([size[1], size[0]] if relative else [1.0, 1.0])
        objects: list[Rings | None] = []
        forms = []
        for number, item in enumerate(value):
            try:
                form, rings = read_rings(item)
            except (ValueError, TypeError) as error:
                raise LabelError(
                    f"column {origin.path!r}: polygons must be lists of x, y of each ring, object {number} is "
                    f"{str(item)[:80]}; correct the row"
                ) from error
            objects.append(None if rings is None else tuple(ring * scale for ring in rings))
            forms.append(form)
        shares = np.array([1.0 if rings and any(map(len, rings)) else np.nan for rings in objects])
        growth = np.where(np.isnan(shares), np.nan, 1.0)
        return cls(origin, tuple(objects), _extents(objects), tuple(forms), size, shares, growth)

    @property
    def kept(self) -> npt.NDArray[np.int64]:
        """All of them: those of which nothing is left have no rings."""
        return np.arange(len(self.objects))

    @property
    def extents(self) -> Numbers:
        """The upright box around each object; not-a-number where nothing of it is left."""
        return _extents(self.objects)

    def moved(self, warps: Sequence[Move]) -> PolygonLabel:
        """The outlines after moves, as far as they are to be seen."""
        motion = follow(warps)
        if motion.is_identity:
            return self
        lines = frame(self.size)
        before = [tuple(_framed(ring, lines, self.size) for ring in rings or ()) for rings in self.objects]
        flat = [ring for rings in before for ring in rings]
        after, seen = motion.outlines(flat)
        areas, whole = np.array(list(map(ring_area, flat))), np.array(list(map(ring_area, after)))
        gone = np.flatnonzero(seen <= 0).tolist()
        wholes = np.where(seen > 0, whole / np.where(seen > 0, seen, 1.0), 0.0)
        for number in gone:
            moved = ring_area(motion.points(flat[number]))
            wholes[number] = moved if np.isfinite(moved) else areas[number]
        left: list[Rings | None] = []
        shares, growth = self.shares.copy(), self.growth.copy()
        ends = [0, *accumulate(map(len, before))]
        for number, (start, stop) in enumerate(pairwise(ends)):
            if self.objects[number] is None:
                left.append(None)
                continue
            left.append(tuple(ring for ring in after[start:stop] if len(ring)))
            part = slice(start, stop)
            shares[number] *= _part(whole[part].sum(), wholes[part].sum(), seen[part])
            growth[number] *= _part(whole[part].sum(), areas[part].sum(), seen[part])
        return replace(self, objects=tuple(left), size=motion.size, shares=shares, growth=growth, is_moved=True)

    def cut(self, hidden: Hidden) -> PolygonLabel:
        """The outlines of what a cover leaves, traced along its pixels where it lies over an object."""
        seen = self.seen(hidden)
        if (seen >= 1).all():
            return self
        objects = tuple(
            tuple(traced(fill_rings(rings, self.size) & ~hidden)) if rings and share < 1 else rings
            for rings, share in zip(self.objects, seen.tolist(), strict=True)
        )
        return replace(self, objects=objects, shares=self.shares * seen, growth=self.growth * seen, is_moved=True)

    @property
    def is_dimmed(self) -> bool:
        """Whether something hides a part of them."""
        return bool((self.shares < 1).any())

    def seen(self, hidden: Hidden) -> Numbers:
        """The share that a cover leaves of each object's pixels."""
        left = np.ones(len(self.objects))
        for number, rings in enumerate(self.objects):
            inside = fill_rings(rings or (), self.size)
            if inside.any():
                left[number] -= (inside & hidden).sum() / inside.sum()
        return left

    def dimmed(self, seen: Numbers) -> PolygonLabel:
        """The outlines as they are, with such shares to be seen."""
        return replace(self, shares=self.shares * seen)

    def filled(self, number: int, size: Size) -> npt.NDArray[np.bool_]:
        """The pixels of an object, by its number."""
        return fill_rings(self.objects[number] or (), size)

    def fate(self, row: Row, size: Size) -> Fate:
        """What became of each object."""
        areas = [np.nan if not rings else sum(map(ring_area, rings)) for rings in self.objects]
        return Fate(self.shares, np.where(self.shares <= 0, 0.0, np.array(areas, dtype=np.float64)), self.growth)

    def values(self, row: Row, size: Size, kept: Sequence[int]) -> list[Any]:
        """The outlines of some objects, each in its own form."""
        if not self.is_moved:
            held = read_path(row, self.path, self.origin.source)
            return [held[number] for number in kept]
        relative = self.origin.binding.outline_units == "relative"
        scale = np.array([size[1], size[0]] if relative else [1.0, 1.0])
        whole = is_whole_at(row, self.path)
        return [_written(self.objects[number], self.forms[number], scale, whole=whole) for number in kept]


def _extents(objects: Sequence[Rings | None]) -> Numbers:
    """(n, 4) x1, y1, x2, y2 of the points of each object."""
    found = np.full((len(objects), 4), np.nan)
    for number, rings in enumerate(objects):
        if rings and any(map(len, rings)):
            points = np.concatenate(rings)
            found[number] = *points.min(axis=0), *points.max(axis=0)
    return found


def read_rings(item: Any) -> tuple[str, list[Numbers] | None]:
    """The form and the rings of an object as it is stored."""
    if item is None:
        return _FORMS[1], None
    if not len(item):
        return _FORMS[1], []
    if np.ndim(item[0]) == 0:
        return _FORMS[0], [_ring(item)]
    if np.ndim(item[0][0] if len(item[0]) else 0.0) == 0:
        if all(len(part) == 2 for part in item):
            return _FORMS[2], [_ring(item)]
        return _FORMS[1], [_ring(part) for part in item]
    return _FORMS[3], [_ring(part) for part in item]


def _ring(values: Any) -> Numbers:
    ring = np.asarray(values, dtype=np.float64).reshape(-1, 2)
    if not np.isfinite(ring).all():
        raise ValueError(values)
    return ring


def _written(rings: Rings | None, form: str, scale: Numbers, *, whole: bool) -> Any:
    """The rings of an object in the form that it came in."""
    if rings is None:
        return None
    scaled = [ring / scale for ring in rings]
    if form in (_FORMS[0], _FORMS[2]):
        scaled = [_joined(scaled)] if scaled else []
    numbers = [np.rint(ring).astype(np.int64) if whole else ring for ring in scaled]
    if form in (_FORMS[0], _FORMS[1]):
        numbers = [ring.reshape(-1) for ring in numbers]
    lists = [ring.tolist() for ring in numbers]
    return lists if form in (_FORMS[1], _FORMS[3]) else (lists[0] if lists else [])


def _joined(rings: Sequence[Numbers]) -> Numbers:
    """Rings as one, joined by edges there and back, which go round nothing."""
    first, *others = rings
    start = first[:1]
    return np.concatenate(
        [first, *(part for ring in others for part in (start, ring, ring[:1])), *([start] * bool(others))]
    )


def _framed(ring: Numbers, lines: Numbers, size: Size) -> Numbers:
    """A ring cut to its image."""
    height, width = size
    if not len(ring) or (ring.min() >= 0 and (ring <= [width, height]).all()):
        return ring
    return clip_ring(np.column_stack([ring, np.ones(len(ring))]), lines)[:, :2]


def _part(seen: float, whole: float, shares: Numbers) -> float:
    """A share of areas; of what has none, that of its lines or points."""
    if whole > 0:
        return float(seen / whole)
    return float(shares.max()) if len(shares) else 0.0
