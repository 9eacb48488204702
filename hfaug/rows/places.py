"""Labels that name places in an image: boxes, keypoints, masks. Each knows how it is stored and follows warps."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt
from datasets import Features, LargeList, List

from hfaug.columns import feature_at, split_path
from hfaug.errors import LabelError
from hfaug.media import Picture
from hfaug.moves import Warp, check_boxes, from_xyxy, to_xyxy
from hfaug.roles import Roles

if TYPE_CHECKING:
    from hfaug.binding import Binding
    from hfaug.rows.row import Row

__all__ = ["BoxLabel", "MaskLabel", "PlaceLabel", "PointLabel", "fuse", "open_labels"]

Numbers = npt.NDArray[np.float64]
Size = tuple[int, int]


class PlaceLabel(Protocol):
    """A label that follows warps and can be written back."""

    @property
    def path(self) -> str:
        """Where it is stored: a column, or ``column.field``."""

    @property
    def columns(self) -> frozenset[str]:
        """The columns that change with it."""

    @property
    def is_moved(self) -> bool:
        """Whether it differs from what is stored."""

    def moved(self, warps: Sequence[Warp]) -> PlaceLabel:
        """The label after warps, one after another."""

    def write(self, row: Row, changed: dict[str, Any], size: Size) -> None:
        """Put the storage form of its columns into `changed`."""


def open_labels(row: Row, roles: Roles, size: Size, known: Collection[str]) -> list[PlaceLabel]:
    """The labels of a row that are not known yet; a null has nothing to move.

    Boxes come last: what lies beside them is thinned with them after it was moved.
    """
    kinds: dict[str, Callable[..., PlaceLabel]] = {
        "mask": MaskLabel.open,
        "keypoints": PointLabel.open,
        "boxes": BoxLabel.open,
    }
    return [
        opened(path, value, row, roles.binding, size)
        for role, opened in kinds.items()
        for path in roles.all(role)
        if path not in known and (value := read_path(row, path)) is not None
    ]


def fuse(queue: list[Any], warp: Warp) -> None:
    """Add a warp to a queue of steps; neighbours become one, and what cancels goes."""
    last = queue[-1] if queue else None
    if isinstance(last, Warp) and (joined := last.then(warp)) is not None:
        queue.pop()
        warp = joined
    if not warp.is_identity:
        queue.append(warp)


def _motion(warps: Sequence[Warp]) -> Warp:
    """Warps as one, for positions: those know no fill, so they always fuse and are clipped once."""
    product = warps[0]
    for warp in warps[1:]:
        joined = product.then(warp, positions_only=True)
        assert joined is not None  # noqa: S101 - positions always fuse
        product = joined
    return product


def _tops(row: Row, *paths: str) -> frozenset[str]:
    """The columns that paths lead into."""
    return frozenset(split_path(row.batch.features, path)[0] for path in paths)


@dataclass(frozen=True, eq=False)
class BoxLabel:
    """The boxes of one column, (n, 4) x1, y1, x2, y2 in continuous pixels.

    A box that leaves the image drops with what is its own: fields beside it in one struct, and the columns bound as
    `box_labels`. The only box of a column that holds one box a row becomes null.
    """

    path: str
    columns: frozenset[str]
    boxes: Numbers
    kept: npt.NDArray[np.int64]
    count: int
    is_single: bool
    beside: tuple[str, ...]
    binding: Binding
    is_moved: bool = False

    @classmethod
    def open(cls, path: str, value: Any, row: Row, binding: Binding, size: Size) -> BoxLabel:
        """Read and check the boxes of a row."""
        single = len(value) == 4 and not isinstance(value[0], (Sequence, np.ndarray))
        try:
            boxes = to_xyxy(value, format=_order(binding), units=_units(binding), size=size)
            check_boxes(boxes, size=size)
        except ValueError as error:
            raise LabelError(f"column {path!r}: {error}") from error
        others = () if single else _beside(row.batch.features, path, binding)
        columns = _tops(row, path, *others)
        return cls(path, columns, boxes, np.arange(len(boxes)), len(boxes), single, others, binding)

    def moved(self, warps: Sequence[Warp]) -> BoxLabel:
        """The boxes after warps; without those of which nothing is left."""
        motion = _motion(warps)
        if motion.is_identity:
            return self
        boxes, visible = motion.boxes(self.boxes)
        stay = visible > 0
        return replace(self, boxes=boxes[stay], kept=self.kept[stay], is_moved=True)

    def replaced(self, boxes: Numbers, kept: Sequence[int]) -> BoxLabel:
        """The boxes as other code moved them.

        Args:
            boxes: (n, 4) x1, y1, x2, y2 in continuous pixels, those that are left.
            kept: Which of the boxes as they stood each of them is, ascending.
        """
        numbers = np.asarray(kept, dtype=np.int64)
        same = len(numbers) == len(self.boxes) and np.array_equal(boxes, self.boxes)
        return self if same else replace(self, boxes=boxes, kept=self.kept[numbers], is_moved=True)

    def write(self, row: Row, changed: dict[str, Any], size: Size) -> None:
        """Boxes in their own format, and everything parallel to them."""
        values = from_xyxy(self.boxes, format=_order(self.binding), units=_units(self.binding), size=size)
        stored = as_stored(row, self.path, values)
        held = {path: read_path(row, path, changed) for path in self.beside}
        write_path(row, changed, self.path, (stored[0] if stored else None) if self.is_single else stored)
        if len(self.kept) == self.count:
            return
        for path, items in held.items():
            if items is None or len(items) != self.count:
                raise LabelError(
                    f"column {path!r}: must hold one value for each of the {self.count} boxes in {self.path!r}, "
                    f"holds {items if items is None else len(items)}; bind box_labels to what belongs to the boxes"
                )
            write_path(row, changed, path, [items[i] for i in self.kept])


def _beside(features: Features, path: str, binding: Binding) -> tuple[str, ...]:
    """Where one value a box is stored: the columns bound, and the lists beside the boxes in one struct."""
    found = list(binding.box_labels)
    top, field = split_path(features, path)
    if field:
        held = features[top]
        listed = isinstance(held, (List, LargeList))
        fields = held.feature if listed else held
        found += [
            f"{top}.{name}"
            for name, feature in fields.items()
            if name != field and (listed or isinstance(feature, (List, LargeList)))
        ]
    return tuple(found)


def _order(binding: Binding) -> str:
    return binding.box_format or "xyxy"


def _units(binding: Binding) -> str:
    return binding.box_units or "pixels"


@dataclass(frozen=True, eq=False)
class PointLabel:
    """The keypoints of one column, (n, 2) x, y in continuous pixels, with their visibility where there is one.

    Points keep their places in their lists, since a place in the list is what names a point. A point that leaves the
    image gets visibility 0 where the column has one; without one it keeps its coordinates, outside of the image. A
    point 0, 0 of visibility 0 is one that nobody marked, and stays that.
    """

    path: str
    columns: frozenset[str]
    values: Any
    points: Numbers
    visibility: tuple[Any, ...]
    shift: float
    is_moved: bool = False

    @classmethod
    def open(cls, path: str, value: Any, row: Row, binding: Binding, _size: Size) -> PointLabel:
        """Read the keypoints of a row, in lists of any depth."""
        items = list(_points(value))
        widths = {len(item) for item in items}
        if widths - {2, 3} or len(widths) > 1:
            raise LabelError(
                f"column {path!r}: keypoints must be lists of 2 or 3 numbers each, got lengths {sorted(widths)}; "
                "cut long lists into points"
            )
        shift = 0.5 if binding.keypoint_origin == "centre" else 0.0
        points = np.array([item[:2] for item in items], dtype=np.float64).reshape(-1, 2) + shift
        marks = tuple(item[2] for item in items if len(item) == 3)
        return cls(path, _tops(row, path), value, points, marks, shift)

    def moved(self, warps: Sequence[Warp]) -> PointLabel:
        """The keypoints after warps."""
        motion = _motion(warps)
        if motion.is_identity:
            return self
        return self.replaced(motion.points(self.points), motion.visible(self.points))

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

    def write(self, row: Row, changed: dict[str, Any], _size: Size) -> None:
        """Keypoints in their own origin and lists."""
        points: list[list[Any]] = as_stored(row, self.path, self.points - self.shift)
        if self.visibility:
            points = [[*point, mark] for point, mark in zip(points, self.visibility, strict=True)]
        write_path(row, changed, self.path, _refilled(self.values, iter(points)))


def _is_point(value: Any) -> bool:
    return len(value) > 0 and not isinstance(value[0], (Sequence, np.ndarray, type(None)))


def _points(value: Any) -> Iterator[Any]:
    """Every list of plain numbers, however deep it lies."""
    if value is None:
        return
    if _is_point(value):
        yield value
        return
    for item in value:
        yield from _points(item)


def _refilled(value: Any, points: Iterator[list[Any]]) -> Any:
    """Lists as they were, with other points in them."""
    if value is None:
        return None
    return next(points) if _is_point(value) else [_refilled(item, points) for item in value]


@dataclass(frozen=True, eq=False)
class MaskLabel:
    """A label map of the image's size; moved with nearest-neighbour sampling, lossless."""

    path: str
    columns: frozenset[str]
    value: Any
    picture: Picture | None = None
    warps: tuple[Warp, ...] = ()

    @classmethod
    def open(cls, path: str, value: Any, row: Row, _binding: Binding, _size: Size) -> MaskLabel:
        """The mask of a row, not decoded yet."""
        return cls(path, _tops(row, path), value)

    @property
    def is_moved(self) -> bool:
        """Whether it differs from what is stored."""
        return bool(self.warps) or self.picture is not None

    def moved(self, warps: Sequence[Warp]) -> MaskLabel:
        """The mask after warps, which wait until the row is written."""
        queue = list(self.warps)
        for warp in warps:
            fuse(queue, warp)
        return replace(self, warps=tuple(queue))

    def opened(self, row: Row, size: Size) -> Picture:
        """The mask as it stands in an image of ``(height, width)``."""
        mask = row.batch.open_mask(self.value) if self.picture is None else self.picture
        array = mask.array
        source = self.warps[0].source if self.warps else size
        if array.shape[:2] != source:
            raise LabelError(
                f"column {self.path!r}: the mask must have the image's size {source} (height, width), "
                f"has {array.shape[:2]}; correct the row"
            )
        for warp in self.warps:
            array = warp.mask(array)
        return replace(mask, array=array)

    def replaced(self, picture: Picture) -> MaskLabel:
        """The mask as other code moved it: `opened`, with another array."""
        return replace(self, picture=picture, warps=())

    def write(self, row: Row, changed: dict[str, Any], size: Size) -> None:
        """Decode, move, encode."""
        mask = self.opened(row, size)
        write_path(row, changed, self.path, row.batch.store_mask(mask.array, mask))


# ---- columns and fields


def read_path(row: Row, path: str, changed: Mapping[str, Any] | None = None) -> Any:
    """The value of a column or ``column.field`` of a row; through a list of structs it is the list of that field."""
    top, field = split_path(row.batch.features, path)
    value = changed[top] if changed and top in changed else row.stored(top)
    if not field or value is None:
        return value
    return value[field] if isinstance(value, Mapping) else [item[field] for item in value]


def write_path(row: Row, changed: dict[str, Any], path: str, values: Any) -> None:
    """Put the value of a column or ``column.field`` into `changed`, which then holds a new value of the column."""
    top, field = split_path(row.batch.features, path)
    if not field:
        changed[top] = values
        return
    held = changed.get(top, row.stored(top))
    if isinstance(held, Mapping):
        changed[top] = {**held, field: values}
    elif len(values) == len(held):
        changed[top] = [{**item, field: value} for item, value in zip(held, values, strict=True)]
    else:  # boxes dropped out of a list of structs; the other fields follow, already thinned
        changed[top] = [{field: value} for value in values]


def as_stored(row: Row, path: str, values: Numbers) -> list[Any]:
    """Numbers as their feature stores them: whole ones are rounded."""
    feature = feature_at(row.batch.features, path)
    while isinstance(feature, (List, LargeList)):
        feature = feature.feature
    whole = "int" in getattr(feature, "dtype", "")
    result: list[Any] = (np.rint(values).astype(np.int64) if whole else values).tolist()
    return result
