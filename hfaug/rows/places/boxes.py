"""Upright boxes: one four-cornered figure an object, moved as such and then enclosed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hfaug.binding import Binding
from hfaug.errors import LabelError
from hfaug.moves import Move, check_boxes, clip_boxes, follow, from_xyxy, to_xyxy, wrong_boxes
from hfaug.rows.places.label import Fate, FromOrigin, Hidden, Numbers, Origin, Size
from hfaug.rows.places.paths import as_stored, read_path
from hfaug.rows.places.raster import left_of_boxes

if TYPE_CHECKING:
    from hfaug.rows.row import Row

__all__ = ["BoxLabel", "full", "is_one_box"]


@dataclass(frozen=True, eq=False)
class BoxLabel(FromOrigin):
    """The boxes of one column, (n, 4) x1, y1, x2, y2 in continuous pixels.

    A box that leaves the image drops with all that is one value an object beside it (see `hfaug.groups`).

    Attributes:
        before: The boxes as they were opened, of all objects there were; not-a-number for one that lay outside.
    """

    origin: Origin
    boxes: Numbers
    before: Numbers
    kept: npt.NDArray[np.int64]
    shares: Numbers
    growth: Numbers
    is_moved: bool = False

    @classmethod
    def open(cls, origin: Origin, value: Any, size: Size) -> BoxLabel:
        """Read and check the boxes of a row."""
        binding = origin.binding
        try:
            boxes = to_xyxy(value, format=_order(binding), units=_units(binding), size=size)
            if binding.clip_boxes:
                boxes, kept = _clipped(boxes, size)
            else:
                check_boxes(boxes, size=size)
                kept = np.arange(len(boxes))
        except ValueError as error:
            raise LabelError(f"column {origin.path!r}: {error}") from error
        ones = np.ones(len(boxes))
        before = np.full((origin.count, 4), np.nan)
        before[kept] = boxes
        return cls(origin, boxes, before, kept, ones, ones)

    @property
    def beside(self) -> tuple[str, ...]:
        """The paths of what is one value a box."""
        return self.origin.group.beside

    def moved(self, warps: Sequence[Move]) -> BoxLabel:
        """The boxes after moves; without those of which nothing is left."""
        motion = follow(warps)
        if motion.is_identity:
            return self
        boxes, visible = motion.boxes(self.boxes)
        corners = self.boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 2)
        whole = _quad_areas(motion.points(corners).reshape(-1, 4, 2))
        before = _areas(self.boxes)
        # Behind a horizon a figure has no finite area; there the box around what is seen must do.
        seen = np.where(np.isfinite(whole), whole * visible, _areas(boxes))
        growth = self.growth * np.where(before > 0, seen / np.where(before > 0, before, 1.0), 1.0)
        after = replace(self, boxes=boxes, shares=self.shares * visible, growth=growth, is_moved=True)
        return _thinned(after, visible > 0)

    def cut(self, hidden: Hidden) -> BoxLabel:
        """The boxes around what a cover leaves of them."""
        left, seen = left_of_boxes(self.boxes, hidden)
        if (seen >= 1).all():
            return self
        after = replace(self, boxes=left, shares=self.shares * seen, growth=self.growth * seen, is_moved=True)
        return _thinned(after, seen > 0)

    @property
    def is_dimmed(self) -> bool:
        """Whether something hides a part of them."""
        return bool((self.shares < 1).any())

    def seen(self, hidden: Hidden) -> Numbers:
        """The share that a cover leaves of each box."""
        return full(left_of_boxes(self.boxes, hidden)[1], self.kept, self.origin.count, 1.0)

    def dimmed(self, seen: Numbers) -> BoxLabel:
        """The boxes as they are, with such shares to be seen."""
        return replace(self, shares=self.shares * seen[self.kept])

    def within(self, limits: Mapping[int, Sequence[float]]) -> BoxLabel:
        """The boxes cut to others, by the number of their object; one that lies beside its limits stays."""
        boxes = self.boxes.copy()
        for place, number in enumerate(self.kept.tolist()):
            if number in limits:
                x0, y0, x1, y1 = limits[number]
                a, b, c, d = boxes[place].tolist()
                inner = max(a, x0), max(b, y0), min(c, x1), min(d, y1)
                if inner[0] < inner[2] and inner[1] < inner[3]:
                    boxes[place] = inner
        return self if np.array_equal(boxes, self.boxes) else replace(self, boxes=boxes, is_moved=True)

    def replaced(self, boxes: Numbers, kept: Sequence[int]) -> BoxLabel:
        """The boxes as other code moved them.

        Args:
            boxes: (n, 4) x1, y1, x2, y2 in continuous pixels, those that are left.
            kept: Which of the boxes as they stood each of them is, ascending.
        """
        numbers = np.asarray(kept, dtype=np.int64)
        if len(numbers) == len(self.boxes) and np.array_equal(boxes, self.boxes):
            return self
        return replace(_thinned(self, numbers), boxes=np.asarray(boxes, dtype=np.float64).reshape(-1, 4), is_moved=True)

    def fate(self, row: Row, size: Size) -> Fate:
        """What became of each box."""
        count = self.origin.count
        return Fate(
            full(self.shares, self.kept, count, 0.0),
            full(_areas(self.boxes), self.kept, count, 0.0),
            full(self.growth, self.kept, count, 0.0),
        )

    def values(self, row: Row, size: Size, kept: Sequence[int]) -> list[Any]:
        """Some of the boxes in their own format."""
        if not self.is_moved:
            held = read_path(row, self.path, self.origin.source)
            return [held] if is_one_box(held, 4) else [held[number] for number in kept]
        boxes = self.boxes[np.isin(self.kept, kept)]
        binding = self.origin.binding
        return as_stored(row, self.path, from_xyxy(boxes, format=_order(binding), units=_units(binding), size=size))


def _thinned(label: BoxLabel, stay: npt.NDArray[Any]) -> BoxLabel:
    shares, growth = label.shares[stay], label.growth[stay]
    return replace(label, boxes=label.boxes[stay], kept=label.kept[stay], shares=shares, growth=growth)


def full(values: Numbers, kept: npt.NDArray[np.int64], count: int, rest: float) -> Numbers:
    """Values of the kept objects among all there were."""
    found = np.full(count, rest)
    found[kept] = values
    return found


def is_one_box(value: Any, width: int) -> bool:
    """Whether a value is the numbers of one box, and no list of boxes."""
    return len(value) == width and not isinstance(value[0], (Sequence, np.ndarray))


def _clipped(boxes: Numbers, size: Size) -> tuple[Numbers, npt.NDArray[np.int64]]:
    """Boxes cut to their image, without those that lie beside it; what is wrong in another way is an error."""
    turned = [number for number, reason in wrong_boxes(boxes, size) if "sticks out" not in reason]
    if turned:
        check_boxes(boxes[turned], size=size)
    cut, inside = clip_boxes(boxes, size)
    return cut[inside > 0], np.flatnonzero(inside > 0)


def _areas(boxes: Numbers) -> Numbers:
    return np.asarray((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))


def _quad_areas(quads: Numbers) -> Numbers:
    first, second = quads[:, 2] - quads[:, 0], quads[:, 3] - quads[:, 1]
    return np.abs(np.asarray(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0])) / 2


def _order(binding: Binding) -> str:
    return binding.box_format or "xyxy"


def _units(binding: Binding) -> str:
    return binding.box_units or "pixels"
