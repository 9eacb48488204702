"""Objects dropped together: which of a group stay, and the columns that hold what is left of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from hfaug.binding import Binding
from hfaug.columns import feature_at, is_list, split_path
from hfaug.errors import LabelError
from hfaug.groups import FIGURES, ObjectGroup
from hfaug.rows.places.fitting import fitted
from hfaug.rows.places.label import Fate, Numbers, ObjectLabel, Origin, PlaceLabel, Size
from hfaug.rows.places.masks import MaskLabel
from hfaug.rows.places.paths import is_whole_at, read_path, thinned
from hfaug.rows.places.points import PointLabel

if TYPE_CHECKING:
    from hfaug.rows.row import Row

__all__ = ["Objects", "gather", "put_objects", "write_labels"]


@dataclass(frozen=True, eq=False)
class Objects:
    """The open labels of one group.

    Attributes:
        labels: One for each column or field that was opened.
        kept: The numbers of the objects that are left.
        growth: What each of all objects has of the area that it began with.
    """

    labels: tuple[ObjectLabel, ...]
    kept: tuple[int, ...]
    growth: Numbers

    @property
    def origin(self) -> Origin:
        """Where the objects come from, as the op knew that was the last to open one."""
        return self.labels[-1].origin

    @property
    def group(self) -> ObjectGroup:
        """What belongs to the objects."""
        return self.origin.group

    @property
    def source(self) -> dict[str, Any]:
        """The values of their columns as they stood when they were opened."""
        return {column: value for label in self.labels for column, value in label.origin.source.items()}

    @property
    def is_changed(self) -> bool:
        """Whether anything differs from what is stored."""
        return len(self.kept) < self.origin.count or any(label.is_moved for label in self.labels)

    def columns(self, row: Row, size: Size) -> dict[str, Any]:
        """The values of what is left, by path, in storage form: of a list in each, or a struct of lists."""
        count, kept = self.origin.count, self.kept
        held: dict[str, Any] = {label.path: label.values(row, size, kept) for label in self.labels}
        for role, path in self.group.members:
            if path not in held and (value := read_path(row, path, self.source)) is not None:
                values = [value] if self.group.is_single else thinned(value, kept, count, path, self.origin.path)
                if role == "keypoint_counts":
                    values = self._counted(values)
                held[path] = self._grown(row, path, values) if role == "areas" else values
        for path in () if self.group.is_single else self.group.beside:
            if path not in held:
                value = read_path(row, path, self.source)
                same = len(kept) == count and value is None
                held[path] = None if same else thinned(value, kept, count, path, self.origin.path)
        return held

    def _counted(self, values: list[Any]) -> list[Any]:
        """How many keypoints their objects have now; a null stays unknown."""
        points = next((one for one in self.labels if isinstance(one, PointLabel) and one.visibility), None)
        if points is None or not points.is_moved:
            return values
        counts = points.counts
        return [None if old is None else counts[number] for old, number in zip(values, self.kept, strict=True)]

    def _grown(self, row: Row, path: str, values: list[Any]) -> list[Any]:
        """Areas as their objects have them now."""
        growth = [self.growth[number] for number in self.kept] or [1.0] * len(values)
        whole = is_whole_at(row, path)
        done = []
        for value, factor in zip(values, growth, strict=True):
            if value is None or np.isnan(factor) or factor == 1.0:
                done.append(value)
            else:
                done.append(round(value * float(factor)) if whole else value * float(factor))
        return done


def gather(labels: Sequence[PlaceLabel], row: Row, size: Size) -> list[Objects]:
    """The objects among some labels, group by group, and which of them are left."""
    groups: dict[str, list[ObjectLabel]] = {}
    for label in labels:
        if not isinstance(label, MaskLabel):
            one = cast("ObjectLabel", label)
            if one.origin.group.figures:
                groups.setdefault(one.origin.group.top, []).append(one)
    return [_judged(found, row, size) for found in groups.values()]


def _judged(labels: Sequence[ObjectLabel], row: Row, size: Size) -> Objects:
    _check_counts(labels)
    labels = fitted(labels)
    origin = labels[-1].origin
    ranks = {path: FIGURES.index(role) for role, path in origin.group.members if role in FIGURES}
    figures = sorted((label for label in labels if label.path in ranks), key=lambda label: ranks[label.path])
    touched = [label for label in figures if label.is_moved or label.is_dimmed]
    count = labels[0].origin.count
    stay = np.ones(count, dtype=bool)
    for label in labels:
        stay &= np.isin(np.arange(count), label.kept)
    if not touched:
        return Objects(tuple(labels), tuple(np.flatnonzero(stay).tolist()), np.ones(count))
    fate = _joined([fate for label in figures if (fate := label.fate(row, size)) is not None], count)
    stay &= _stays(fate, origin.binding)
    return Objects(tuple(labels), tuple(np.flatnonzero(stay).tolist()), fate.growth)


def _joined(fates: Sequence[Fate], count: int) -> Fate:
    """What the most exact label knows of each object."""
    joined = [np.full(count, np.nan) for _ in range(3)]
    for fate in fates:
        for known, more in zip(joined, (fate.shares, fate.areas, fate.growth), strict=True):
            known[np.isnan(known)] = more[np.isnan(known)]
    return Fate(*joined)


def _stays(fate: Fate, binding: Binding) -> Any:
    """Which objects are left by their share and area; one of which nothing is known stays."""
    stay = ~(fate.shares <= 0)
    if binding.min_visibility is not None:
        stay &= ~(fate.shares < binding.min_visibility)
    if binding.min_area is not None:
        stay &= ~(fate.areas < binding.min_area)
    return stay


def _check_counts(labels: Sequence[ObjectLabel]) -> None:
    first = labels[0].origin
    for label in labels[1:]:
        if label.origin.count != first.count:
            raise LabelError(
                f"column {label.path!r}: must hold one value for each of the {first.count} objects in {first.path!r}, "
                f"holds {label.origin.count}; correct the row"
            )


def write_labels(row: Row, labels: Sequence[PlaceLabel], size: Size) -> dict[str, Any]:
    """The changed label columns of an image, in storage form.

    Args:
        row: The row.
        labels: Its labels as they stand.
        size: (height, width) of the image as it stands.
    """
    changed: dict[str, Any] = {}
    cleared: set[Any] = set()
    for objects in gather(labels, row, size):
        if objects.is_changed:
            put_objects(changed, objects.group, row.batch.features, objects.source, objects.columns(row, size))
            cleared |= set(_gone(objects, row))
    for label in labels:
        if isinstance(label, MaskLabel):
            label.write(row, changed, size, cleared)
        elif isinstance(label, PointLabel) and label.is_moved and not label.origin.group.figures:
            label.write(row, changed)
    return changed


def _gone(objects: Objects, row: Row) -> Iterator[Any]:
    """The values in an instance mask of the objects that are gone."""
    left = set(objects.kept)
    for path in objects.origin.binding.mask_ids:
        if path in objects.group.beside:
            ids = read_path(row, path, objects.source) or []
            yield from (value for number, value in enumerate(ids) if number not in left and value is not None)


def put_objects(
    changed: dict[str, Any], group: ObjectGroup, features: Mapping[str, Any], source: Mapping[str, Any],
    values: Mapping[str, Any],
) -> None:  # fmt: skip
    """Put the values of a group's objects into the columns that hold them.

    Args:
        changed: Takes the new values of columns.
        group: The group.
        features: The dataset's features.
        source: The columns as they stood.
        values: By path: a list of values, or a struct of lists.
    """
    fields = {split_path(features, path): _shaped(value, group, features, path) for path, value in values.items()}
    alone = {top: value for (top, field), value in fields.items() if not field}
    for top, value in alone.items():
        changed[top] = (value[0] if value else None) if group.is_single and isinstance(value, list) else value
    if not group.top:
        return
    inside = {field: value for (top, field), value in fields.items() if top == group.top}
    held = source.get(group.top)
    if isinstance(held, Mapping):
        single = group.is_single
        changed[group.top] = {**held, **{k: (v[0] if v else None) if single else v for k, v in inside.items()}}
    else:
        listed = {field: value for field, value in inside.items() if isinstance(value, list)}
        names = list(listed)
        changed[group.top] = [dict(zip(names, items, strict=True)) for items in zip(*listed.values(), strict=True)]


def _shaped(value: Any, group: ObjectGroup, features: Mapping[str, Any], path: str) -> Any:
    """Structs of single objects as the struct of lists that a column may hold in place of a list of structs."""
    feature = feature_at(features, path)
    listed = is_list(features.get(group.top)) if group.top else False
    if group.is_single or listed or not (isinstance(feature, Mapping) and isinstance(value, list)):
        return value
    return {name: [item[name] for item in value] for name in feature}
