"""The labels of an image, opened by the roles that an op knows of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from hfaug.binding import ORIENTED
from hfaug.groups import ObjectGroup, object_groups
from hfaug.roles import Roles
from hfaug.rows.places.boxes import BoxLabel, is_one_box
from hfaug.rows.places.figures import MaskListLabel
from hfaug.rows.places.label import ObjectLabel, Origin, PlaceLabel, Size
from hfaug.rows.places.masks import MaskLabel
from hfaug.rows.places.oriented import OrientedLabel
from hfaug.rows.places.paths import read_path, tops
from hfaug.rows.places.points import PointLabel
from hfaug.rows.places.polygons import PolygonLabel
from hfaug.rows.places.runs import RunLabel, run_items

if TYPE_CHECKING:
    from hfaug.rows.row import Row

__all__ = ["groups_of", "open_labels"]

_COUNTED = ("areas", "keypoint_counts")
"""Roles that move nowhere and follow from those that do."""


def groups_of(row: Row, roles: Roles) -> tuple[ObjectGroup, ...]:
    """The groups of objects of a row; worked out once a batch."""
    kept = row.batch.sources.setdefault(("", -1), {})
    if id(roles) not in kept:
        kept[id(roles)] = roles, object_groups(row.batch.features, roles.columns, roles.binding)
    found: tuple[ObjectGroup, ...] = kept[id(roles)][1]
    return found


def open_labels(row: Row, roles: Roles, size: Size, known: Sequence[PlaceLabel]) -> list[PlaceLabel]:
    """The labels of a row that are not known yet; a null has nothing to move.

    Args:
        row: The row.
        roles: The roles that an op knows of.
        size: (height, width) of the image as it stands.
        known: The labels that are open already; what is opened beside them is read as it stood when they were.
    """
    groups = groups_of(row, roles)
    if not (groups or roles.all("mask") or roles.all("keypoints")):
        return []
    paths = {label.path for label in known}
    source: dict[str, Any] = {}
    for label in known:
        if not isinstance(label, MaskLabel):
            source.update(cast("ObjectLabel", label).origin.source)
    own = {path for group in groups for path in group.paths}
    found = list(_open_images(row, roles, paths, own, source))
    for group in groups:
        found.extend(_open_group(row, roles, group, size, paths, source))
    return found


def _open_images(
    row: Row, roles: Roles, known: set[str], own: set[str], source: Mapping[str, Any]
) -> Iterator[PlaceLabel]:
    """The labels of the whole image, which are not those of objects (``own``)."""
    for path in roles.all("mask"):
        if path not in known and (value := read_path(row, path)) is not None:
            yield MaskLabel(path, tops(row, path), value)
    for path in roles.all("keypoints"):
        if path not in known | own and (value := read_path(row, path, source)) is not None:
            group = ObjectGroup("", (("keypoints", path),), ())
            yield PointLabel.open(_origin(row, roles, group, path, source, 0), value)


def _open_group(
    row: Row, roles: Roles, group: ObjectGroup, size: Size, known: set[str], source: Mapping[str, Any]
) -> Iterator[ObjectLabel]:
    """The labels of a group's objects."""
    for role, path in group.members:
        if path in known or role in _COUNTED or (value := read_path(row, path, source)) is None:
            continue
        count = _count(role, value, roles, group)
        yield _opened(role, value, _origin(row, roles, group, path, source, count), row, size)


def _opened(role: str, value: Any, origin: Origin, row: Row, size: Size) -> ObjectLabel:
    if role == "boxes":
        turned = origin.binding.box_format in ORIENTED
        return OrientedLabel.open(origin, value, size) if turned else BoxLabel.open(origin, value, size)
    if role == "polygons":
        return PolygonLabel.open(origin, value, size)
    if role == "rle":
        return RunLabel.open(origin, value, size)
    if role == "masks":
        return MaskListLabel.open(origin, value, row, size)
    return PointLabel.open(origin, value)


def _origin(row: Row, roles: Roles, group: ObjectGroup, path: str, source: Mapping[str, Any], count: int) -> Origin:
    columns = tops(row, path, *group.paths, *group.beside)
    held = {column: source[column] if column in source else row.stored(column) for column in columns}
    return Origin(path, columns, group, roles.binding, held, count)


def _count(role: str, value: Any, roles: Roles, group: ObjectGroup) -> int:
    """How many objects a value is of."""
    width = {"cxcywha": 5, "corners": 8}.get(roles.binding.box_format or "", 4)
    if role == "boxes":
        return 1 if is_one_box(value, width) else len(value)
    if role == "rle":
        return len(run_items(value))
    return 1 if group.is_single else len(value)
