"""Labels of a video as labels of its frames: lists with one value a frame, seen as that value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from datasets import Features

from hfaug.binding import Binding
from hfaug.columns import is_list, split_path
from hfaug.errors import LabelError

__all__ = ["FRAME_ROLES", "frame_columns", "frame_features", "joined_frames", "split_frames"]

FRAME_ROLES = ("mask", "masks", "boxes", "polygons", "rle", "areas", "keypoints", "keypoint_counts", "frame_labels")
"""Roles of labels that hold one value for each frame of a video."""


def frame_columns(features: Features, columns: Mapping[str, tuple[str, ...]], binding: Binding) -> tuple[str, ...]:
    """The columns that hold one value for each frame."""
    paths = [path for role in FRAME_ROLES for path in columns.get(role, ())]
    paths += [*binding.box_labels, *binding.mask_ids]
    return tuple(dict.fromkeys(split_path(features, path)[0] for path in paths))


def frame_features(features: Features, names: Iterable[str], who: str) -> Features:
    """The features as one frame has them.

    Args:
        features: The dataset's features.
        names: The columns of `frame_columns`.
        who: Name of the op, for errors.

    Raises:
        LabelError: Such a column is no list, and no struct with a list in it.

    >>> from datasets import List, Value
    >>> frame_features(Features({"boxes": List(List(List(Value("float32"), length=4)))}), ["boxes"], "Rotate")["boxes"]
    List(List(Value('float32'), length=4))
    """
    seen = dict(features)
    for name in names:
        feature = features.get(name)
        if is_list(feature):
            seen[name] = feature.feature
        elif isinstance(feature, Mapping) and any(map(is_list, feature.values())):
            seen[name] = {field: held.feature if is_list(held) else held for field, held in feature.items()}
        elif feature is not None:
            raise LabelError(
                f"{who}: {name!r} must be a list with one value for each frame of the video, is {feature}; "
                "make it one, or put the labels of the frames into lists"
            )
    return Features(seen)


def split_frames(value: Any, feature: Any, count: int, name: str) -> Sequence[Any]:
    """What a column holds for each frame.

    Raises:
        LabelError: It is not one value a frame.
    """
    if value is None:
        return [None] * count
    if not isinstance(value, Mapping):
        _check_length(value, count, name)
        return list(value)
    lists = [field for field, held in feature.items() if is_list(held) and value[field] is not None]
    for field in lists:
        _check_length(value[field], count, f"{name}.{field}")
    return [{**value, **{field: value[field][number] for field in lists}} for number in range(count)]


def joined_frames(value: Any, feature: Any, parts: Sequence[Any]) -> Any:
    """A column of frames, whose values are `parts`, in the form of the value that it had."""
    if value is None or not isinstance(value, Mapping):
        return None if value is None else list(parts)
    lists = [field for field, held in feature.items() if is_list(held) and value[field] is not None]
    return {**value, **{field: [part[field] for part in parts] for field in lists}}


def _check_length(value: Any, count: int, name: str) -> None:
    if len(value) != count:
        raise LabelError(
            f"column {name!r}: must hold one value for each of the {count} frames of the video, holds {len(value)}; "
            "correct the row, or unbind the column"
        )
