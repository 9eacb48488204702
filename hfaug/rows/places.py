"""Labels that name places in an image: boxes, keypoints, masks. Each knows how it is stored and follows a warp."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from hfaug.errors import LabelError
from hfaug.moves import Warp, check_boxes, from_xyxy, to_xyxy
from hfaug.roles import feature_at

if TYPE_CHECKING:
    from hfaug.binding import Binding
    from hfaug.rows.row import Row
    from hfaug.rows.scene import ImageSource

__all__ = ["BoxLabel", "MaskLabel", "PlaceLabel", "PointLabel", "read_path"]

Numbers = npt.NDArray[np.float64]


class PlaceLabel(Protocol):
    """A label that follows a warp and can be written back."""

    @property
    def is_moved(self) -> bool:
        """Whether it differs from what is stored."""

    def moved(self, warp: Warp) -> PlaceLabel:
        """The label after a warp."""

    def write(self, row: Row, changed: dict[str, Any], size: tuple[int, int]) -> None:
        """Put the storage form of its columns into `changed`."""


@dataclass(frozen=True, eq=False)
class BoxLabel:
    """The boxes of one column, (n, 4) x1, y1, x2, y2 in continuous pixels; those that leave the image drop with what is theirs."""

    path: str
    boxes: Numbers
    kept: npt.NDArray[np.int64]
    binding: Binding
    is_moved: bool = False

    @classmethod
    def open(cls, row: Row, path: str, binding: Binding, source: ImageSource) -> BoxLabel:
        """Read and check the boxes of a row."""
        values = read_path(row, path) or []
        fmt, units = binding.box_format or "xyxy", binding.box_units or "pixels"
        try:
            boxes = to_xyxy(values, format=fmt, units=units, size=source.size)
            check_boxes(boxes, size=source.size)
        except ValueError as error:
            raise LabelError(f"column {path!r}: {error}") from error
        return cls(path, boxes, np.arange(len(boxes)), binding)

    def moved(self, warp: Warp) -> BoxLabel:
        """The boxes after a warp; without those of which nothing is left."""
        boxes, visible = warp.boxes(self.boxes)
        stay = visible > 0
        return replace(self, boxes=boxes[stay], kept=self.kept[stay], is_moved=True)

    def write(self, row: Row, changed: dict[str, Any], size: tuple[int, int]) -> None:
        """Boxes in their own format, and everything parallel to them."""
        fmt, units = self.binding.box_format or "xyxy", self.binding.box_units or "pixels"
        values = from_xyxy(self.boxes, format=fmt, units=units, size=size)
        beside = {path: read_path(row, path, changed) or [] for path in _parallel(row, self.path, self.binding)}
        write_path(row, changed, self.path, as_stored(row, self.path, values))
        for path, held in beside.items():
            if len(held) < len(self.kept) or (len(self.kept) and self.kept[-1] >= len(held)):
                raise LabelError(
                    f"column {path!r}: must hold one value for each of the boxes in {self.path!r}, holds {len(held)}; "
                    "bind it to what it belongs to"
                )
            write_path(row, changed, path, [held[i] for i in self.kept])


def _parallel(row: Row, path: str, binding: Binding) -> list[str]:
    """Columns with one value a box: those bound, and the fields beside the boxes in one struct."""
    found = list(binding.box_labels)
    if "." in path:
        parent = path.rsplit(".", 1)[0]
        fields = feature_at(row.batch.features, parent)
        while not isinstance(fields, dict):
            fields = fields.feature
        found += [f"{parent}.{name}" for name in fields if f"{parent}.{name}" != path]
    return found


@dataclass(frozen=True, eq=False)
class PointLabel:
    """The keypoints of one column, (n, 2) x, y in continuous pixels, with their visibility where there is one.

    Points keep their places in the list, since a place in the list is what names a point. A point that leaves the image gets
    visibility 0 where the column has one; without one it keeps its coordinates, outside of the image.
    """

    path: str
    points: Numbers
    visibility: list[Any] | None
    shift: float
    is_moved: bool = False

    @classmethod
    def open(cls, row: Row, path: str, binding: Binding) -> PointLabel:
        """Read the keypoints of a row."""
        values = read_path(row, path) or []
        widths = {len(item) for item in values}
        if widths - {2, 3} or len(widths) > 1:
            raise LabelError(
                f"column {path!r}: keypoints must be lists of 2 or 3 numbers each, got lengths {sorted(widths)}"
            )
        shift = 0.5 if binding.keypoint_origin == "centre" else 0.0
        points = np.array([item[:2] for item in values], dtype=np.float64).reshape(-1, 2) + shift
        return cls(path, points, [item[2] for item in values] if widths == {3} else None, shift)

    def moved(self, warp: Warp) -> PointLabel:
        """The keypoints after a warp."""
        visibility = self.visibility
        if visibility is not None:
            seen = warp.visible(self.points)
            visibility = [mark if see else 0 for mark, see in zip(visibility, seen.tolist(), strict=True)]
        return replace(self, points=warp.points(self.points), visibility=visibility, is_moved=True)

    def write(self, row: Row, changed: dict[str, Any], size: tuple[int, int]) -> None:
        """Keypoints in their own origin."""
        values = as_stored(row, self.path, self.points - self.shift)
        if self.visibility is not None:
            values = [[*point, mark] for point, mark in zip(values, self.visibility, strict=True)]
        write_path(row, changed, self.path, values)


@dataclass(frozen=True, eq=False)
class MaskLabel:
    """A label map of the image's size; moved with nearest-neighbour sampling, lossless."""

    path: str
    value: Any
    warps: tuple[Warp, ...] = ()

    @classmethod
    def open(cls, row: Row, path: str) -> MaskLabel:
        """The mask of a row, not decoded yet."""
        return cls(path, read_path(row, path))

    @property
    def is_moved(self) -> bool:
        """Whether it differs from what is stored."""
        return bool(self.warps) and self.value is not None

    def moved(self, warp: Warp) -> MaskLabel:
        """The mask after a warp, which waits until the row is written."""
        return replace(self, warps=(*self.warps, warp))

    def write(self, row: Row, changed: dict[str, Any], size: tuple[int, int]) -> None:
        """Decode, move, encode."""
        mask = row.batch.open_mask(self.value)
        array = mask.array
        first = self.warps[0]
        if array.shape[:2] != first.source:
            raise LabelError(
                f"column {self.path!r}: the mask must have the image's size {first.source} (height, width), has {array.shape[:2]}"
            )
        for warp in self.warps:
            array = warp.mask(array)
        write_path(row, changed, self.path, row.batch.store_mask(array, mask))


def read_path(row: Row, path: str, changed: dict[str, Any] | None = None) -> Any:
    """The value at a dotted path of a row; through a list of structs it is the list of that field."""
    top, *rest = path.split(".")
    value = changed[top] if changed and top in changed else _stored(row, top)
    for part in rest:
        if isinstance(value, list):
            value = [item[part] for item in value]
        elif value is not None:
            value = value[part]
    return value


def _stored(row: Row, column: str) -> Any:
    if row.values is not None and column in row.values:
        return row.values[column]
    return row.batch.value(column, row.index)


def write_path(row: Row, changed: dict[str, Any], path: str, values: Any) -> None:
    """Put a value at a dotted path into `changed`, which then holds a new value of the whole column."""
    top, *rest = path.split(".")
    if not rest:
        changed[top] = values
        return
    if len(rest) > 1:
        raise LabelError(
            f"column {path!r}: labels may lie one level deep in a column, this lies deeper; flatten the column"
        )
    field = rest[0]
    held = changed.get(top, _stored(row, top))
    if isinstance(held, dict):
        changed[top] = {**held, field: values}
        return
    # A list of structs: objects that dropped out are those that the box label did not keep, so lengths may differ once.
    if len(values) == len(held):
        changed[top] = [{**item, field: value} for item, value in zip(held, values, strict=True)]
    else:
        changed[top] = [{field: value} for value in values]


def as_stored(row: Row, path: str, values: Sequence[Any] | Numbers) -> list[Any]:
    """Numbers as their feature stores them: whole ones are rounded."""
    feature = feature_at(row.batch.features, path)
    while hasattr(feature, "feature"):
        feature = feature.feature
    array = np.asarray(values, dtype=np.float64)
    if "int" in getattr(feature, "dtype", ""):
        array = np.rint(array).astype(np.int64)
    return array.tolist()  # type: ignore[no-any-return]
