"""Rows made of several: the objects of all of them in one row, and one label map for what is seen of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hfaug.errors import LabelError
from hfaug.media import Picture
from hfaug.rows.places import (
    BoxLabel,
    FigureLabel,
    MaskLabel,
    Objects,
    OrientedLabel,
    PointLabel,
    PolygonLabel,
    gather,
    groups_of,
    put_objects,
    read_path,
    write_path,
)
from hfaug.rows.scene import Scene

if TYPE_CHECKING:
    from hfaug.groups import ObjectGroup
    from hfaug.rows.row import Row

__all__ = ["Part", "cut_out", "lacks_labels", "part_of", "put_together", "shapes_of"]

Region = npt.NDArray[np.bool_]
_SLIVER = 1e-3
"""What a box may cover of a pixel by rounding alone."""


@dataclass(frozen=True, eq=False)
class Part:
    """What one row gives to an image made of several.

    Attributes:
        scene: Its image, moved to where it stands in the whole and of the size of the whole.
        region: (height, width): the pixels of the whole that show it.
        objects: Its objects, those alone that the whole shall have.
    """

    scene: Scene
    region: Region
    objects: tuple[Objects, ...]


def part_of(scene: Scene, region: Region) -> Part:
    """A part with all objects that are left in a scene."""
    labels = scene.open_labels()
    return Part(scene, region, tuple(gather(labels, scene.row, scene.size)))


def cut_out(scene: Scene, hidden: Region) -> None:
    """Take away from the labels of a scene what something else takes the place of.

    Boxes shrink to what is left of them; where outlines or masks are bound beside them, to what is left of those.
    """
    before = scene.open_labels()
    after = [label.cut(hidden) for label in before]
    limits: dict[str, dict[int, Sequence[float]]] = {}
    for old, new in zip(before, after, strict=True):
        if isinstance(new, (PolygonLabel, FigureLabel)) and new is not old:
            limits.setdefault(new.origin.group.top, {}).update(_extents(old, new, hidden))
    within = [
        label.within(limits.get(label.origin.group.top, {})) if isinstance(label, BoxLabel) else label
        for label in after
    ]
    scene.replace(scene.array, within)


def _extents(old: Any, new: Any, hidden: Region) -> Iterator[tuple[int, Sequence[float]]]:
    """The upright box around what is left of each object that was covered in part."""
    size = (hidden.shape[0], hidden.shape[1])
    for number in np.flatnonzero(old.seen(hidden) < 1).tolist():
        rows, columns = np.nonzero(new.filled(number, size))
        if len(rows):
            yield number, (columns.min(), rows.min(), columns.max() + 1.0, rows.max() + 1.0)


def shapes_of(objects: Objects, size: tuple[int, int], *, whole: bool = False) -> dict[int, Region]:
    """The pixels of each object that is left, by its number: of the most exact label that shows it.

    Args:
        objects: The objects of a group.
        size: (height, width) of their image.
        whole: Whether pixels that a box covers in part are of the object; else it ends at the nearest pixels.
    """
    found: dict[int, Region] = {}
    by_path = {label.path: label for label in objects.labels}
    figures = [by_path[path] for path in objects.group.figures if path in by_path]
    for number in objects.kept:
        shapes = (_shape(label, number, size, whole) for label in figures)
        shape = next((shape for shape in shapes if shape is not None), None)
        if shape is not None:
            found[number] = shape
    return found


def _shape(label: Any, number: int, size: tuple[int, int], whole: bool) -> Region | None:
    """The pixels of an object in one label; None where it shows none."""
    if isinstance(label, BoxLabel):
        shape = np.zeros(size, dtype=bool)
        boxes = label.boxes[label.kept == number]
        if whole:
            boxes = np.hstack([np.floor(boxes[:, :2] + _SLIVER), np.ceil(boxes[:, 2:] - _SLIVER)])
        for x0, y0, x1, y1 in np.rint(boxes).astype(np.int64).tolist():
            shape[y0:y1, x0:x1] = True
    elif isinstance(label, (PolygonLabel, FigureLabel, OrientedLabel)):
        shape = label.filled(number, size)
    else:
        return None
    return shape if shape.shape == tuple(size) and shape.any() else None


def put_together(row: Row, pixels: npt.NDArray[Any], parts: Sequence[Part]) -> Row:
    """A row with an image made of several, and the labels of all that it shows.

    Args:
        row: The row that it goes on as; the first part is its own.
        pixels: (height, width, channels) of the whole.
        parts: What each row gave.
    """
    roles = row.roles
    assert roles is not None  # noqa: S101 - ops only run after their roles were resolved
    changed: dict[str, Any] = {}
    shifts = _id_shifts(parts)
    for group in groups_of(row, roles):
        _join(changed, row, group, parts, shifts)
    for path in roles.all("mask"):
        _lay_out(changed, row, path, parts, shifts)
    return row.start_anew(pixels, changed)


def lacks_labels(row: Row, partner: Row) -> bool:
    """Whether a partner has nulls where a row has labels, so that nobody knows the labels of the two together."""
    roles = row.roles
    assert roles is not None  # noqa: S101 - ops only run after their roles were resolved
    paths = [*roles.all("mask"), *(path for group in groups_of(row, roles) for path in group.figures[-1:])]
    return any(read_path(row, path) is not None and read_path(partner, path) is None for path in paths)


def _objects(part: Part, group: ObjectGroup) -> Objects | None:
    return next((one for one in part.objects if one.group.top == group.top), None)


def _join(changed: dict[str, Any], row: Row, group: ObjectGroup, parts: Sequence[Part], shifts: Sequence[int]) -> None:
    """Put the objects of all parts into the columns of a group; what nobody knows of the row itself stays unknown."""
    held: dict[str, list[Any]] = {}
    total = 0
    source: dict[str, Any] | None = None
    for part, shift in zip(parts, shifts, strict=True):
        objects = _objects(part, group)
        if objects is None:
            return
        _check_points(part, objects)
        values = objects.columns(part.scene.row, part.scene.size)
        for path in {*held, *values}:
            before = held.setdefault(path, [None] * total)
            before.extend(_items(_numbered(values.get(path), path, objects, shift), len(objects.kept)))
        total += len(objects.kept)
        source = objects.source if source is None else source
    full = {path: values for path, values in held.items() if any(value is not None for value in values) or not values}
    put_objects(
        changed, group, row.batch.features, source or {}, {path: _shaped(values) for path, values in full.items()}
    )


def _check_points(part: Part, objects: Objects) -> None:
    """Refuse points that nothing can mark as cut off where other images lie beside or above their own.

    Raises:
        LabelError: Keypoints have no visibility.
    """
    for label in () if part.region.all() else objects.labels:
        if isinstance(label, PointLabel) and len(label.points) and not label.visibility:
            raise LabelError(
                f"column {label.path!r}: keypoints must have a visibility (x, y, visibility) where images are put "
                "together, since one that is cut off would lie in another image; add a third number to each (2 for "
                "one in sight), or remove the column"
            )


def _items(value: Any, count: int) -> list[Any]:
    """One value an object; of a struct of lists the values of each object as a struct."""
    if value is None:
        return [None] * count
    if not isinstance(value, Mapping):
        return list(value)
    lists = {name: _items(items, count) for name, items in value.items()}
    return [_Pieces({name: items[place] for name, items in lists.items()}) for place in range(count)]


class _Pieces(dict[str, Any]):
    """The values of one object out of a struct of lists."""


def _shaped(values: list[Any]) -> Any:
    """Structs of lists as they were before `_items` took them apart."""
    pieces = next((value for value in values if isinstance(value, _Pieces)), None)
    if pieces is None:
        return values
    return {name: _shaped([None if value is None else value[name] for value in values]) for name in pieces}


# ---- label maps


def _id_shifts(parts: Sequence[Part]) -> list[int]:
    """By how much the numbers of each part's objects rise, so that no two are the same in one instance mask."""
    shifts, last = [], 0
    for part in parts:
        shifts.append(last)
        ids = [number for objects in part.objects for number, _ in _ids(part, objects)]
        last += max(ids, default=0)
    return shifts


def _ids(part: Part, objects: Objects) -> Iterator[tuple[int, bool]]:
    """The numbers of all objects there were in the instance mask, and whether each is left."""
    kept = set(objects.kept)
    for path in objects.origin.binding.mask_ids:
        if path in objects.group.beside:
            ids = read_path(part.scene.row, path, objects.source) or []
            yield from ((int(number), place in kept) for place, number in enumerate(ids) if number is not None)


def _numbered(value: Any, path: str, objects: Objects, shift: int) -> Any:
    if not shift or value is None or path not in objects.origin.binding.mask_ids:
        return value
    return [None if number is None else number + shift for number in value]


def _lay_out(changed: dict[str, Any], row: Row, path: str, parts: Sequence[Part], shifts: Sequence[int]) -> None:
    """One label map of what is seen of each part."""
    masks = [mask for part in parts if (mask := _opened(part, path)) is not None]
    if len(masks) < len(parts):
        return
    first = masks[0]
    layers = [_renumbered(mask.array, part, shift) for mask, part, shift in zip(masks, parts, shifts, strict=True)]
    kind = np.result_type(*layers)
    whole = np.zeros((*parts[0].region.shape, first.channels), dtype=kind)
    for layer, part in zip(layers, parts, strict=True):
        whole[part.region] = layer[part.region]
    like = first if kind == first.array.dtype else replace(first, palette=None, transparency=None, mode="I;16")
    write_path(row, changed, path, row.batch.store_mask(whole, like))


def _opened(part: Part, path: str) -> Picture | None:
    """The label map of a part as it stands."""
    scene = part.scene
    label = next((one for one in scene.open_labels() if isinstance(one, MaskLabel) and one.path == path), None)
    return None if label is None else label.opened(scene.row, scene.size)


def _renumbered(array: npt.NDArray[Any], part: Part, shift: int) -> npt.NDArray[Any]:
    """A label map without the objects that are gone, and with the new numbers of the others."""
    found = [pair for objects in part.objects for pair in _ids(part, objects)]
    ids = np.array([number for number, _ in found])
    gone = np.array([number for number, left in found if not left])
    if not len(ids):
        return array
    highest = int(ids.max()) + shift
    fits = array.dtype.kind == "f" or highest <= np.iinfo(array.dtype).max
    wide = array if fits else array.astype(np.uint16 if highest < 65536 else np.int32)
    raised = np.where(np.isin(wide, ids), wide + np.asarray(shift, wide.dtype), wide)
    return np.where(np.isin(array, gone), np.zeros((), wide.dtype), raised)
