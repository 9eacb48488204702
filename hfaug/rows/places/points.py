"""Keypoints: places with names of their own, which keep their places in their lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hfaug.errors import LabelError
from hfaug.moves import Move, follow
from hfaug.rows.places.label import Fate, FromOrigin, Hidden, Numbers, Origin, Size
from hfaug.rows.places.paths import as_stored, read_path, write_path

if TYPE_CHECKING:
    from hfaug.rows.row import Row

__all__ = ["PointLabel"]


@dataclass(frozen=True, eq=False)
class PointLabel(FromOrigin):
    """The keypoints of one column, (n, 2) x, y in continuous pixels, with their visibility where there is one.

    A point that leaves the image gets visibility 0 where the column has one; without one it keeps its coordinates,
    outside of the image. A point 0, 0 of visibility 0 is one that nobody marked, and stays that. In a mirror the points
    of each list change places as `keypoint_swaps` say.
    """

    origin: Origin
    stored: Any
    points: Numbers
    visibility: tuple[Any, ...]
    lists: tuple[slice, ...]
    shift: float
    is_moved: bool = False

    @classmethod
    def open(cls, origin: Origin, value: Any) -> PointLabel:
        """Read the keypoints of a row, in lists of any depth."""
        binding = origin.binding
        flat = binding.keypoint_format == "coco"
        lists = list(_lists(value, flat=flat))
        items = [item for some in lists for item in some]
        widths = {len(item) for item in items}
        if widths - ({3} if flat else {2, 3}) or len(widths) > 1:
            raise LabelError(
                f"column {origin.path!r}: keypoints must be lists of 2 or 3 numbers each, got lengths "
                f"{sorted(widths)}; cut long lists into points, or say "
                '.on(keypoint_format="coco") if each holds x, y, visibility of all points by turns'
            )
        shift = 0.5 if binding.keypoint_origin == "center" else 0.0
        points = np.array([item[:2] for item in items], dtype=np.float64).reshape(-1, 2) + shift
        marks = tuple(item[2] for item in items if len(item) == 3)
        ends = np.cumsum([0, *map(len, lists)]).tolist()
        spans = tuple(slice(start, stop) for start, stop in pairwise(ends) if stop > start)
        _check_swaps(origin, spans)
        return cls(origin, value, points, marks, spans, shift)

    @property
    def kept(self) -> npt.NDArray[np.int64]:
        """The points of every object stay where they stand."""
        return np.arange(self.origin.count)

    def moved(self, warps: Sequence[Move]) -> PointLabel:
        """The keypoints after moves."""
        motion = follow(warps)
        if motion.is_identity:
            return self
        moved = self.replaced(motion.points(self.points), motion.visible(self.points))
        return _swapped(moved) if motion.mirrors else moved

    def cut(self, hidden: Hidden) -> PointLabel:
        """The keypoints under a cover: those that were in sight (2) are hidden ones (1)."""
        if not self.visibility or not len(self.points):
            return self
        height, width = hidden.shape
        x, y = np.floor(np.nan_to_num(self.points, nan=-1.0)).astype(np.int64).T
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        under = inside & hidden[y.clip(0, height - 1), x.clip(0, width - 1)]
        marks = tuple(min(m, 1) if u and m else m for m, u in zip(self.visibility, under.tolist(), strict=True))
        return self if marks == self.visibility else replace(self, visibility=marks, is_moved=True)

    def replaced(self, points: Numbers, seen: npt.NDArray[np.bool_]) -> PointLabel:
        """The keypoints as something moved them.

        Args:
            points: (n, 2) x, y in continuous pixels: all of them, in their order.
            seen: Which of them lie inside the image; the others lose their visibility.
        """
        visibility = self.visibility
        if visibility:
            unmarked = np.array([not mark for mark in visibility]) & (self.points == self.shift).all(axis=1)
            points = np.where(unmarked[:, None], self.points, points)
            seen = seen & ~unmarked
            visibility = tuple(mark if see else 0 for mark, see in zip(visibility, seen.tolist(), strict=True))
        if visibility == self.visibility and np.array_equal(points, self.points):
            return self
        return replace(self, points=points, visibility=visibility, is_moved=True)

    @property
    def counts(self) -> list[int]:
        """How many points of each object have a visibility above 0."""
        marks = iter(self.visibility)
        flat = self.origin.binding.keypoint_format == "coco"
        items = [self.stored] if self.origin.group.is_single else self.stored
        sizes = [sum(map(len, _lists(item, flat=flat))) for item in items]
        return [sum((mark or 0) > 0 for mark in islice(marks, size)) for size in sizes]

    @property
    def is_dimmed(self) -> bool:
        """False: points show no object."""
        return False

    def seen(self, hidden: Hidden) -> Numbers:
        """All: points show no object."""
        return np.ones(self.origin.count)

    def dimmed(self, seen: Numbers) -> PointLabel:
        """The points as they are."""
        return self

    def fate(self, row: Row, size: Size) -> Fate | None:
        """None: points show no object."""
        return None

    def _written(self, row: Row) -> Any:
        """All keypoints in their own origin and lists."""
        points: list[list[Any]] = as_stored(row, self.path, self.points - self.shift)
        if self.visibility:
            points = [[*point, mark] for point, mark in zip(points, self.visibility, strict=True)]
        return _refilled(self.stored, iter(points), flat=self.origin.binding.keypoint_format == "coco")

    def values(self, row: Row, size: Size, kept: Sequence[int]) -> list[Any]:
        """The keypoints of some objects, in storage form."""
        held = self._written(row) if self.is_moved else read_path(row, self.path, self.origin.source)
        return [held[number] for number in kept]

    def write(self, row: Row, changed: dict[str, Any]) -> None:
        """Put all keypoints into `changed`; for those that belong to the whole image."""
        write_path(row, changed, self.path, self._written(row))


def _swapped(label: PointLabel) -> PointLabel:
    """Left and right exchanged."""
    pairs = label.origin.binding.keypoint_swaps
    if not pairs or not len(label.points):
        return label
    order = np.arange(len(label.points))
    for span in label.lists:
        for one, other in pairs:
            order[[span.start + one, span.start + other]] = span.start + other, span.start + one
    marks = tuple(label.visibility[number] for number in order.tolist()) if label.visibility else ()
    return replace(label, points=label.points[order], visibility=marks, is_moved=True)


def _check_swaps(origin: Origin, spans: Sequence[slice]) -> None:
    last = max((place for pair in origin.binding.keypoint_swaps for place in pair), default=-1)
    short = next((span for span in spans if span.stop - span.start <= last), None)
    if short is not None:
        raise LabelError(
            f"column {origin.path!r}: keypoint_swaps must name places in every list of keypoints, counted from 0, name "
            f"{last} in one of {short.stop - short.start}; correct the pairs"
        )


def _is_flat(value: Any) -> bool:
    return len(value) > 0 and not isinstance(value[0], (Sequence, np.ndarray, type(None)))


def _lists(value: Any, *, flat: bool) -> Iterator[list[Any]]:
    """Every list of points, however deep it lies; a point that lies alone is a list of one."""
    if value is None or not len(value):
        return
    if _is_flat(value):
        yield [value[start : start + 3] for start in range(0, len(value), 3)] if flat else [value]
    elif all(item is not None and _is_flat(item) for item in value) and not flat:
        yield list(value)
    else:
        for item in value:
            yield from _lists(item, flat=flat)


def _refilled(value: Any, points: Iterator[list[Any]], *, flat: bool) -> Any:
    """Lists as they were, with other points in them."""
    if value is None:
        return None
    if _is_flat(value):
        return [number for _ in range(0, len(value), 3) for number in next(points)] if flat else next(points)
    return [_refilled(item, points, flat=flat) for item in value]
