"""Whether every label will move with its content: what is bound must move, what could be a label needs a verdict."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from datasets import ClassLabel, Features, Value

from hfaug.binding import ROLES, Binding
from hfaug.columns import (
    feature_at,
    fields_of,
    holds_numbers,
    is_coordinates,
    is_image,
    is_lineage,
    is_list,
    is_string,
    is_tags,
    is_whole,
    is_words,
    split_path,
)
from hfaug.errors import LabelError, UnboundColumnError

__all__ = ["NAMES_OF_WORDS", "POSITIONS", "check_labels"]

Columns = Mapping[str, tuple[str, ...]]

POSITIONS = {
    "image": ("mask", "boxes", "keypoints"),
    "text": ("spans", "answers", "tags"),
    "audio": ("segments",),
}
"""The labels that name places in a content."""

NAMES_OF_WORDS = re.compile(r"token|word", re.IGNORECASE)
"""Lists of texts that bear such names are taken for the words of a text."""

_NAMES = {
    "image": re.compile(
        r"box|mask|point|landmark|polygon|contour|rle|segm|region|^(x|y|w|h|x[12]|y[12]|[xy]_?(min|max))$",
        re.IGNORECASE,
    ),
    "text": re.compile(r"span|start|(^|_)end(_|$)|offset|entit|answer", re.IGNORECASE),
    "audio": re.compile(r"segment|start|(^|_)end(_|$)|onset|offset|timing|timestamp|event|turn", re.IGNORECASE),
}
_OUTLINES = re.compile(r"rle|polygon|contour", re.IGNORECASE)


def check_labels(
    features: Features, binding: Binding, columns: Columns, shifts: frozenset[str], moves: frozenset[str], who: str
) -> None:
    """Make sure that an op breaks no label.

    Args:
        features: The dataset's features.
        binding: What the user said.
        columns: The columns of each role.
        shifts: Contents whose positions the op changes.
        moves: Labels that it moves.
        who: Name of the op, for errors.

    Raises:
        LabelError: A bound label would not move, or cannot be read.
        UnboundColumnError: A column may hold positions and nobody said what it is.
    """
    for content in sorted(shifts):
        _check_bound(binding, columns, content, moves, who)
        _check_unbound(features, binding, columns, content, moves, who)
    if "image" in shifts:
        _check_readable(binding, columns, who)
        _check_places(features, binding, columns, who)
    if "text" in shifts:
        _check_words(features, columns, who)


def _check_bound(binding: Binding, columns: Columns, content: str, moves: frozenset[str], who: str) -> None:
    for role in POSITIONS[content]:
        for path in columns.get(role, ()):
            if role not in moves and path not in binding.keep:
                raise LabelError(
                    f"{who}: {role} in {path!r} must move with the {content}, and this op cannot move them; "
                    f'use another op, remove the column, or say .on(keep="{path}") if it stays right'
                )


def _check_unbound(
    features: Features, binding: Binding, columns: Columns, content: str, moves: frozenset[str], who: str
) -> None:
    bound = {path for role in ROLES for path in columns.get(role, ())} | set(binding.box_labels)
    known = bound | set(binding.keep) | {split_path(features, path)[0] for path in bound} | _own_fields(columns)
    in_words = any(is_words(feature) and NAMES_OF_WORDS.search(name) for name, feature in features.items())
    lineage = {name for name, feature in features.items() if is_lineage(feature)}
    for path, feature in fields_of(features):
        if path in known or any(f"{path}.".startswith(f"{name}.") for name in (*binding.keep, *lineage)):
            continue
        doubtful = _suspect(feature, path, content) and not _is_weights(features, path)
        if doubtful or (content == "text" and in_words and is_tags(feature)):
            roles = " or ".join(f'{role}="{path}"' for role in POSITIONS[content] if role in moves)
            bind = f"bind it with .on({roles}), or " if roles else ""
            raise UnboundColumnError(
                f"{who}: column {path!r} may hold positions in the {content}, and nobody said; "
                f'{bind}say .on(keep="{path}") if it need not move'
            )


def _own_fields(columns: Columns) -> set[str]:
    """The fields that a label in a struct moves by itself."""
    fields = {"spans": ("start", "end"), "segments": ("start", "end"), "answers": ("text", "answer_start")}
    return {f"{path}.{name}" for role, names in fields.items() for path in columns.get(role, ()) for name in names}


def _is_weights(features: Features, path: str) -> bool:
    """Whether a column holds the class weights that mixing ops write, which look like coordinates."""
    return path.endswith("_weights") and isinstance(features.get(path.removesuffix("_weights")), ClassLabel)


def _check_readable(binding: Binding, columns: Columns, who: str) -> None:
    """Whether the numbers of labels in images have a known meaning."""
    boxes, keypoints = columns.get("boxes", ()), columns.get("keypoints", ())
    if boxes and not (binding.box_format and binding.box_units):
        raise LabelError(
            f"{who}: the box format of {', '.join(boxes)} must be known, was not given; say "
            '.on(box_format="coco") (or "pascal_voc", "yolo", or xyxy/xywh/cxcywh with box_units="pixels"/"relative")'
        )
    if keypoints and not binding.keypoint_origin:
        raise LabelError(
            f"{who}: the origin of {', '.join(keypoints)} must be known, was not given; "
            'say .on(keypoint_origin="corner") or "centre"'
        )


def _check_places(features: Features, binding: Binding, columns: Columns, who: str) -> None:
    """Whether labels belong to one image a row, and what lies beside boxes is known."""
    boxes = columns.get("boxes", ())
    images = columns.get("image", ())
    labels = [*columns.get("mask", ()), *boxes, *columns.get("keypoints", ())]
    if labels and (len(images) > 1 or is_list(features[images[0]])):
        raise LabelError(
            f"{who}: {', '.join(labels)} must belong to one image a row, {', '.join(images)} hold several; "
            "use one op for each image column, or make each image a row of its own"
        )
    tops = {split_path(features, path)[0] for path in boxes}
    if len(boxes) > 1 and (binding.box_labels or len(tops) < len(boxes)):
        raise LabelError(
            f"{who}: boxes of {', '.join(boxes)} drop out apart from each other, so nothing can lie beside both; "
            "give each a struct of its own with what belongs to it"
        )
    _check_beside(features, binding, columns, who)


def _check_beside(features: Features, binding: Binding, columns: Columns, who: str) -> None:
    """Whether lists beside boxes that stand in a column of their own are one value a box: those drop with the boxes."""
    alone = [path for path in columns.get("boxes", ()) if path in features and is_list(features[path].feature)]
    spoken = {*(path for paths in columns.values() for path in paths), *binding.box_labels, *binding.keep}
    for name, feature in features.items() if alone else ():
        if name not in spoken and _is_flat_list(feature) and not _is_weights(features, name):
            raise UnboundColumnError(
                f"{who}: column {name!r} may hold one value for each of the boxes in {alone[0]!r}, and nobody said; "
                f'say .on(box_labels="{name}"), so that they drop with their boxes, or .on(keep="{name}")'
            )


def _is_flat_list(feature: Any) -> bool:
    return is_list(feature) and isinstance(feature.feature, (ClassLabel, Value))


def _check_words(features: Features, columns: Columns, who: str) -> None:
    """Whether words have readable tags, and no text beside them that would contradict them."""
    if "text" in columns and "tokens" in columns:
        raise LabelError(
            f"{who}: the text {columns['text'][0]!r} and the words {columns['tokens'][0]!r} would no longer agree; "
            "bind one and drop the other column"
        )
    for path in columns.get("tags", ()):
        if is_whole(getattr(feature_at(features, path), "feature", None)):
            raise LabelError(
                f"{who}: tags in {path!r} must be names or a ClassLabel, so that their meaning is known, are whole "
                "numbers; cast the column with ds.cast_column(..., List(ClassLabel(names=...)))"
            )


def _suspect(feature: Any, path: str, content: str) -> bool:
    name = path.rsplit(".", 1)[-1]
    named = bool(_NAMES[content].search(name))
    if named and holds_numbers(feature):
        return True
    if content == "image":
        outline = is_string(feature) and _OUTLINES.search(name)
        return bool(outline) or is_image(feature) or is_coordinates(feature)
    return content == "text" and is_list(feature) and is_whole(feature.feature)
