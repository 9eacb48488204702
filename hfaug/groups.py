"""Objects and what belongs to them: which columns and fields hold one value for each object, and so drop together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from datasets import Features

from hfaug.binding import Binding
from hfaug.columns import feature_at, is_list, split_path

__all__ = ["FIGURES", "OBJECT_ROLES", "ObjectGroup", "object_groups"]

FIGURES = ("masks", "rle", "polygons", "boxes")
"""The roles that show an object, the most exact first."""

OBJECT_ROLES = (*FIGURES, "areas")
"""The roles that hold one value an object, wherever they stand."""

POINT_ROLES = ("keypoints", "keypoint_counts")
"""Those that hold one value an object where they stand beside objects."""


@dataclass(frozen=True)
class ObjectGroup:
    """Columns and fields that hold one value for each object.

    Attributes:
        top: The struct that holds them, or an empty text for columns of their own.
        members: Role and path of each label that moves.
        beside: Paths of what else is one value an object.
        is_single: One object a row, not a list of them.
    """

    top: str
    members: tuple[tuple[str, str], ...]
    beside: tuple[str, ...]
    is_single: bool = False

    @property
    def paths(self) -> frozenset[str]:
        """The paths of the labels that move."""
        return frozenset(path for _, path in self.members)

    @property
    def figures(self) -> tuple[str, ...]:
        """The paths of the labels that show the objects, the most exact first."""
        return tuple(path for role in FIGURES for held, path in self.members if held == role)


def object_groups(
    features: Features, columns: Mapping[str, tuple[str, ...]], binding: Binding
) -> tuple[ObjectGroup, ...]:
    """The groups of objects that some bound labels make up.

    Fields of one struct are one group, columns of their own another one. Keypoints belong to the objects where they
    stand beside them in a struct, or are named among `box_labels`; else they are those of the whole image.

    Args:
        features: The dataset's features.
        columns: The columns of each role.
        binding: What the user said.
    """
    found = [(role, path) for role in OBJECT_ROLES for path in columns.get(role, ())]
    tops = dict.fromkeys(_top(features, path) for _, path in found)
    host = _host(features, columns, tops)
    groups: dict[str, list[tuple[str, str]]] = {top: [] for top in tops}
    points = [(role, path) for role in POINT_ROLES for path in columns.get(role, ())]
    for role, path in [*found, *points]:
        top = host if path in binding.box_labels else _top(features, path)
        if top in groups and (role not in POINT_ROLES or top or path in binding.box_labels):
            groups[top].append((role, path))
    return tuple(
        ObjectGroup(
            top,
            tuple(members),
            tuple(_beside(features, top, members, binding.box_labels if top == host else ())),
            any(_is_single(features, role, path) for role, path in members),
        )
        for top, members in groups.items()
        if members
    )


def _top(features: Mapping[str, Any], path: str) -> str:
    top, field = split_path(features, path)
    return top if field else ""


def _host(features: Features, columns: Mapping[str, tuple[str, ...]], tops: Mapping[str, Any]) -> str:
    """The group that columns bound as `box_labels` belong to: that of the boxes, else the first."""
    boxes = columns.get("boxes", ())
    return _top(features, boxes[0]) if boxes else next(iter(tops), "")


def _beside(features: Features, top: str, members: list[tuple[str, str]], labels: tuple[str, ...]) -> Iterator[str]:
    known = {path for _, path in members}
    yield from (path for path in labels if path not in known)
    if not top:
        return
    held = features[top]
    fields = held.feature if is_list(held) else held
    if isinstance(fields, Mapping):
        for name, feature in fields.items():
            path = f"{top}.{name}"
            if path not in known and path not in labels and (is_list(held) or _holds_lists(feature)):
                yield path


def _holds_lists(feature: Any) -> bool:
    """A list, or a struct of lists as a list of structs is often stored."""
    return is_list(feature) or (isinstance(feature, Mapping) and bool(feature) and all(map(is_list, feature.values())))


def _is_single(features: Features, role: str, path: str) -> bool:
    top, field = split_path(features, path)
    if field and is_list(features[top]):
        return False
    feature = feature_at(features, path)
    if role == "boxes":
        return is_list(feature) and not is_list(feature.feature)
    if role == "rle" and isinstance(feature, Mapping):
        return "counts" in feature and not _is_runs_list(feature["counts"])
    return role == "areas" and not is_list(feature) and hasattr(feature, "dtype")


def _is_runs_list(counts: Any) -> bool:
    """Whether counts are those of several objects: a list of texts, or lists of numbers."""
    return is_list(counts) and (is_list(counts.feature) or "string" in counts.feature.dtype)
