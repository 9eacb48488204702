"""One more object in a row: its box and its class, in the columns that hold those of the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from datasets import ClassLabel, Features

from hfaug.binding import ORIENTED
from hfaug.columns import feature_at
from hfaug.errors import LabelError, RoleError
from hfaug.groups import ObjectGroup, object_groups
from hfaug.moves import from_xyxy
from hfaug.rows.places import gather, groups_of, put_objects
from hfaug.rows.places.paths import as_stored

if TYPE_CHECKING:
    from hfaug.roles import Roles
    from hfaug.rows.row import Row

__all__ = ["classes_of", "with_object"]


def classes_of(features: Features, roles: Roles, who: str) -> tuple[str, tuple[str, ...]]:
    """Where the classes of objects stand, and their names.

    Args:
        features: The dataset's features.
        roles: The roles of an op that has boxes.
        who: Name of the op, for errors.

    Raises:
        RoleError: There is no such column, or there are several.
        LabelError: Objects cannot be added: each row has one, or boxes are askew.
    """
    group = _with_boxes(object_groups(features, roles.columns, roles.binding))
    if group.is_single or roles.binding.box_format in ORIENTED:
        raise LabelError(
            f"{who}: boxes must be upright and a list in each row, are not in {group.figures[-1]!r}; use another op"
        )
    kinds = {path: feature_at(features, path) for path in group.beside}
    found = {path: _item(kind) for path, kind in kinds.items() if isinstance(_item(kind), ClassLabel)}
    if len(found) != 1:
        have = f"are in {', '.join(found)}" if found else "are in none of " + (", ".join(kinds) or "the columns beside")
        raise RoleError(
            f"{who}: needs one column of classes beside the boxes, they {have}; make one a ClassLabel, and name it by "
            ".on(box_labels=...) where it is a column of its own"
        )
    ((path, kind),) = found.items()
    return path, tuple(kind.names)


def with_object(row: Row, box: tuple[float, float, float, float], name: str) -> Row:
    """A row with one more object; what nobody knows of it is null.

    Args:
        row: The row, with labels open.
        box: x1, y1, x2, y2 in pixels.
        name: Its class.
    """
    roles = row.roles
    assert roles is not None  # noqa: S101 - ops only run after their roles were resolved
    features, scene = row.batch.features, row.scenes[0]
    path, names = classes_of(features, roles, "row")
    group = _with_boxes(groups_of(row, roles))
    objects = next(one for one in gather(scene.open_labels(), row, scene.size) if one.group.top == group.top)
    binding, size = roles.binding, scene.size
    boxes = from_xyxy(
        np.array([box], dtype=np.float64),
        format=binding.box_format or "xyxy", units=binding.box_units or "pixels", size=size,
    )  # fmt: skip
    area = np.array([(box[2] - box[0]) * (box[3] - box[1])], dtype=np.float64)
    more: dict[str, Any] = {path: names.index(name)}
    for role, held in group.members:
        if role in {"boxes", "areas"}:
            more[held] = as_stored(row, held, boxes if role == "boxes" else area)[0]
    values = {held: _with(value, more.get(held)) for held, value in objects.columns(row, size).items()}
    changed: dict[str, Any] = {}
    put_objects(changed, group, features, objects.source, values)
    return row.replace(changed)


def _with_boxes(groups: tuple[ObjectGroup, ...]) -> ObjectGroup:
    return next(group for group in groups if any(role == "boxes" for role, _ in group.members))


def _with(values: Any, more: Any) -> Any:
    """Values of objects with one more; of a struct of lists, one more in each."""
    if isinstance(values, Mapping):
        return {name: _with(held, None) for name, held in values.items()}
    return None if values is None else [*values, more]


def _item(feature: Any) -> Any:
    return getattr(feature, "feature", feature)
