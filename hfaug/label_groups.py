"""Whether what belongs to one object stands together, so that nothing comes apart when an object drops out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from datasets import ClassLabel, Features, Value

from hfaug.binding import Binding
from hfaug.columns import feature_at, is_list, is_number, split_path
from hfaug.errors import LabelError, UnboundColumnError
from hfaug.groups import ObjectGroup, object_groups
from hfaug.layouts import is_flat_whole

__all__ = ["check_objects", "is_flat_list", "is_weights"]

Columns = Mapping[str, tuple[str, ...]]


def check_objects(features: Features, binding: Binding, columns: Columns, who: str) -> None:
    """Make sure that objects and what belongs to them drop together.

    Args:
        features: The dataset's features; of a video those of a frame.
        binding: What the user said.
        columns: The columns of each role.
        who: Name of the op, for errors.

    Raises:
        LabelError: Bound labels would come apart.
        UnboundColumnError: A column may hold one value an object, or their number, and nobody said.
    """
    groups = object_groups(features, columns, binding)
    _check_groups(features, binding, columns, groups, who)
    _check_points(features, columns, groups, who)
    _check_beside(features, binding, columns, groups, who)
    _check_counts(features, binding, columns, groups, who)


def _check_groups(
    features: Features, binding: Binding, columns: Columns, groups: Sequence[ObjectGroup], who: str
) -> None:
    """Whether what belongs to one object stands together, and nothing belongs to two."""
    boxes = columns.get("boxes", ())
    tops = {split_path(features, path)[0] for path in boxes}
    if len(boxes) > 1 and (binding.box_labels or len(tops) < len(boxes)):
        raise LabelError(
            f"{who}: boxes of {', '.join(boxes)} drop out apart from each other, so nothing can lie beside both; "
            "give each a struct of its own with what belongs to it"
        )
    alone = [path for group in groups if not group.top for path in group.paths]
    if alone and len(groups) > 1:
        raise LabelError(
            f"{who}: {', '.join(sorted(alone))} would drop out apart from the objects of "
            f"{', '.join(group.top for group in groups if group.top)}; say .on(box_labels={sorted(alone)}) if each "
            "holds one value for each of those objects"
        )
    beside = {path for group in groups for path in group.beside}
    strange = [path for path in binding.mask_ids if path not in beside]
    if strange or (binding.mask_ids and len(columns.get("mask", ())) > 1):
        raise LabelError(
            f"{who}: mask_ids must hold one number an object of the one instance mask, {', '.join(binding.mask_ids)} "
            f"stand beside {', '.join(sorted(beside)) or 'no objects'} and the masks are "
            f"{', '.join(columns.get('mask', ())) or 'none'}; bind the boxes of the objects and one mask with them"
        )
    for group in groups:
        if not group.figures:
            raise LabelError(
                f"{who}: areas in {', '.join(sorted(group.paths))} must belong to objects, and none are bound beside "
                'them; bind their boxes with .on(boxes="...", box_format="...") or say .on(keep=...)'
            )


def _check_points(features: Features, columns: Columns, groups: Sequence[ObjectGroup], who: str) -> None:
    """Whether keypoints are points, and their counts stand beside them."""
    for path in columns.get("keypoints", ()):
        top, field = split_path(features, path)
        beside_lists = field and not is_list(features[top]) and any(path in group.paths for group in groups)
        if is_flat_whole(feature_at(features, path)) and beside_lists and not _is_single(groups, path):
            raise LabelError(
                f"{who}: keypoints in {path!r} must be lists of points of each object, are one whole number of each; "
                f'if it counts them say .on(keypoint_counts="{path}"), else .on(keep="{path}")'
            )
    for path in columns.get("keypoint_counts", ()):
        group = next((group for group in groups if path in group.paths), None)
        if group is None or all(role != "keypoints" for role, _ in group.members):
            raise LabelError(
                f"{who}: keypoint_counts in {path!r} must stand beside the keypoints of objects, which are not bound; "
                f'bind boxes and keypoints beside it, or say .on(keep="{path}")'
            )


def _is_single(groups: Sequence[ObjectGroup], path: str) -> bool:
    return any(group.is_single for group in groups if path in group.paths)


def _check_counts(
    features: Features, binding: Binding, columns: Columns, groups: Sequence[ObjectGroup], who: str
) -> None:
    """Whether numbers beside lists of objects stay right when some of them drop out: how many there are would not."""
    spoken = {*(path for paths in columns.values() for path in paths), *binding.keep}
    for group in groups:
        held = features.get(group.top)
        if group.is_single or not isinstance(held, Mapping):
            continue
        for name, feature in held.items():
            path = f"{group.top}.{name}"
            if is_number(feature) and path not in spoken and group.top not in spoken:
                raise UnboundColumnError(
                    f"{who}: field {path!r} may count the objects in {group.top!r}, some of which may drop out, and "
                    f'nobody said; say .on(keep="{path}") if it stays right, or remove it'
                )


def _check_beside(
    features: Features, binding: Binding, columns: Columns, groups: Sequence[ObjectGroup], who: str
) -> None:
    """Whether lists beside objects that stand in columns of their own are one value an object: those drop with them."""
    alone = [path for group in groups if not (group.top or group.is_single) for path in group.figures]
    _check_tracks(features, binding, columns, alone, who)
    spoken = {*(path for paths in columns.values() for path in paths)}
    spoken |= {*binding.box_labels, *binding.mask_ids, *binding.keep}
    for name, feature in features.items() if alone else ():
        if name not in spoken and is_flat_list(feature) and not is_weights(features, name):
            raise UnboundColumnError(
                f"{who}: column {name!r} may hold one value for each of the objects in {alone[0]!r}, and nobody said; "
                f'say .on(box_labels="{name}"), so that they drop with them, or .on(keep="{name}")'
            )


def _check_tracks(features: Features, binding: Binding, columns: Columns, alone: Sequence[str], who: str) -> None:
    """Whether labels of frames beside objects are one value a frame, and not a list with one for each object."""
    for path in columns.get("frame_labels", ()) if alone else ():
        feature = features[path]
        if path not in binding.box_labels and is_flat_list(feature) and getattr(feature, "length", -1) < 0:
            raise LabelError(
                f"{who}: frame_labels in {path!r} are lists in each frame, which would come apart from the objects in "
                f'{alone[0]!r}, which drop out one by one; say .on(box_labels="{path}") in place of it, or give its '
                "inner lists a fixed length if each is one value of its frame"
            )


def is_flat_list(feature: Any) -> bool:
    """A list of single values."""
    return is_list(feature) and isinstance(feature.feature, (ClassLabel, Value))


def is_weights(features: Features, path: str) -> bool:
    """Whether a column holds the class weights that mixing ops write, which look like coordinates."""
    return path.endswith("_weights") and isinstance(features.get(path.removesuffix("_weights")), ClassLabel)
