"""Whether every label will move with its content: what is bound must move, what could be a label needs a verdict."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from datasets import ClassLabel, Features, Value

from hfaug.binding import ORIENTED, ROLES, Binding
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
    is_video,
    is_whole,
    is_words,
    split_path,
)
from hfaug.errors import LabelError, UnboundColumnError
from hfaug.frames import FRAME_ROLES, frame_columns
from hfaug.groups import object_groups
from hfaug.layouts import is_area, likely_binding, possible_roles

__all__ = ["NAMES_OF_WORDS", "POSITIONS", "check_labels", "check_readable"]

Columns = Mapping[str, tuple[str, ...]]

POSITIONS = {
    "image": ("mask", "masks", "boxes", "polygons", "rle", "areas", "keypoints"),
    "text": ("spans", "answers", "tags"),
    "audio": ("segments",),
    "time": ("segments", *FRAME_ROLES),
}
"""The labels that name places in a content."""

NAMES_OF_WORDS = re.compile(r"token|word", re.IGNORECASE)
"""Lists of texts that bear such names are taken for the words of a text."""

_TIMES = re.compile(r"segment|start|(^|_)end(_|$)|onset|offset|timing|timestamp|event|turn", re.IGNORECASE)
_NAMES = {
    "image": re.compile(
        r"box|mask|point|landmark|polygon|contour|rle|segm|region|^(x|y|w|h|x[12]|y[12]|[xy]_?(min|max))$",
        re.IGNORECASE,
    ),
    "text": re.compile(r"span|start|(^|_)end(_|$)|offset|entit|answer", re.IGNORECASE),
    "audio": _TIMES,
    "time": _TIMES,
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
        _check_native(binding, columns, moves, who)
        check_readable(binding, columns, who)
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
    doubtful = _doubtful(features, binding, columns, content)
    if not doubtful:
        return
    likely = likely_binding(features, doubtful, moves) if content == "image" else ""
    if content == "time":
        bind = (
            f'bind it with .on(segments="{doubtful[0]}") if it holds times, with .on(frame_labels="{doubtful[0]}") '
            "if it holds one value a frame, or "
        )
    elif likely:
        bind = f"bind what the names suggest with .on({likely})"
        bind += ' (or box_format="pascal_voc", "yolo" ...), or ' if "box_format" in likely else ", or "
    else:
        fits = [role for role in POSITIONS[content] if role in moves]
        if content == "image":
            fits = possible_roles(feature_at(features, doubtful[0]), fits)
        roles = " or ".join(f'{role}="{doubtful[0]}"' for role in fits)
        bind = f"bind it with .on({roles}), or " if roles else ""
    raise UnboundColumnError(
        f"{who}: column {doubtful[0]!r} may hold positions in the {content}, and nobody said; "
        f'{bind}say .on(keep="{doubtful[0]}") if it need not move'
    )


def _doubtful(features: Features, binding: Binding, columns: Columns, content: str) -> list[str]:
    """The columns and fields that may hold positions and that nobody spoke of."""
    bound = {path for role in ROLES for path in columns.get(role, ())} | {*binding.box_labels, *binding.mask_ids}
    known = bound | set(binding.keep) | {split_path(features, path)[0] for path in bound} | _own_fields(columns)
    in_words = any(is_words(feature) and NAMES_OF_WORDS.search(name) for name, feature in features.items())
    lineage = {name for name, feature in features.items() if is_lineage(feature)}
    silent = (*binding.keep, *lineage, *columns.get("rle", ()))
    if content == "time":  # a column of frames or of stretches follows as a whole
        silent = (*silent, *frame_columns(features, columns, binding), *columns.get("segments", ()))
    found = []
    for path, feature in fields_of(features):
        if path in known or any(f"{path}.".startswith(f"{name}.") for name in silent) or _is_weights(features, path):
            continue
        beside = content == "image" and is_area(feature, path) and _stands_with_objects(features, columns, path)
        if beside or _suspect(feature, path, content) or (content == "text" and in_words and is_tags(feature)):
            found.append(path)
    return found


def _stands_with_objects(features: Features, columns: Columns, path: str) -> bool:
    """Whether a column or field stands where those of objects do, bound ones or not."""
    top, field = split_path(features, path)
    if any(split_path(features, other)[0] == top for role in POSITIONS["image"] for other in columns.get(role, ())):
        return True
    if field:
        return any(
            name != path and name.startswith(f"{top}.") and _suspect(f, name, "image")
            for name, f in fields_of(features)
        )
    return is_list(features[path]) and any(name in features for name in columns.get("boxes", ()))


def _own_fields(columns: Columns) -> set[str]:
    """The fields that a label in a struct moves by itself."""
    fields = {"spans": ("start", "end"), "segments": ("start", "end"), "answers": ("text", "answer_start")}
    return {f"{path}.{name}" for role, names in fields.items() for path in columns.get(role, ()) for name in names}


def _is_weights(features: Features, path: str) -> bool:
    """Whether a column holds the class weights that mixing ops write, which look like coordinates."""
    return path.endswith("_weights") and isinstance(features.get(path.removesuffix("_weights")), ClassLabel)


def _check_native(binding: Binding, columns: Columns, moves: frozenset[str], who: str) -> None:
    """Refuse what only moves of the plane can follow, not the code of other libraries, which says no mirror image."""
    if "polygons" in moves:
        return
    turned = [path for path in columns.get("boxes", ()) if path not in binding.keep]
    if turned and "boxes" in moves and binding.box_format in ORIENTED:
        raise LabelError(
            f"{who}: boxes of {', '.join(turned)} may stand askew, and this op moves upright ones only; use an op of "
            f'hfaug.ops.image, or say .on(keep="{turned[0]}") if they stay right'
        )
    if binding.keypoint_swaps and columns.get("keypoints") and "keypoints" in moves:
        raise LabelError(
            f"{who}: keypoints of {', '.join(columns['keypoints'])} must change places in a mirror, and this op does "
            "not tell whether it mirrored; use an op of hfaug.ops.image, or leave keypoint_swaps out for it"
        )


def check_readable(binding: Binding, columns: Columns, who: str) -> None:
    """Whether the numbers of labels in images have a known meaning.

    Raises:
        LabelError: The format of boxes, or the meaning of other numbers, was not said.
    """
    boxes, keypoints, polygons = (columns.get(role, ()) for role in ("boxes", "keypoints", "polygons"))
    if boxes and not (binding.box_format and binding.box_units):
        raise LabelError(
            f"{who}: the box format of {', '.join(boxes)} must be known, was not given; say "
            '.on(box_format="coco") (or "pascal_voc", "yolo", or xyxy/xywh/cxcywh with box_units="pixels"/"relative", '
            'or "cxcywha", "corners" for boxes that stand askew)'
        )
    if boxes and binding.box_format == "cxcywha" and not binding.angle_units:
        raise LabelError(
            f"{who}: the unit of the angles in {', '.join(boxes)} must be known, was not given; "
            'say .on(angle_units="degrees") or "radians"'
        )
    if polygons and not binding.outline_units:
        raise LabelError(
            f"{who}: the unit of {', '.join(polygons)} must be known, was not given; "
            'say .on(polygon_units="pixels") or "relative"'
        )
    if keypoints and not binding.keypoint_origin:
        raise LabelError(
            f"{who}: the origin of {', '.join(keypoints)} must be known, was not given; "
            'say .on(keypoint_origin="corner") or "centre"'
        )


def _check_places(features: Features, binding: Binding, columns: Columns, who: str) -> None:
    """Whether labels belong to one image a row, and what lies beside objects is known."""
    images = (*columns.get("image", ()), *columns.get("video", ()))
    labels = [path for role in POSITIONS["image"] for path in columns.get(role, ())]
    if labels and (len(images) > 1 or is_list(features[images[0]])):
        raise LabelError(
            f"{who}: {', '.join(labels)} must belong to one image or video a row, {', '.join(images)} hold several; "
            "use one op for each column, or make each image a row of its own"
        )
    _check_groups(features, binding, columns, who)
    _check_beside(features, binding, columns, who)


def _check_groups(features: Features, binding: Binding, columns: Columns, who: str) -> None:
    """Whether what belongs to one object stands together, and nothing belongs to two."""
    boxes = columns.get("boxes", ())
    tops = {split_path(features, path)[0] for path in boxes}
    if len(boxes) > 1 and (binding.box_labels or len(tops) < len(boxes)):
        raise LabelError(
            f"{who}: boxes of {', '.join(boxes)} drop out apart from each other, so nothing can lie beside both; "
            "give each a struct of its own with what belongs to it"
        )
    groups = object_groups(features, columns, binding)
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


def _check_beside(features: Features, binding: Binding, columns: Columns, who: str) -> None:
    """Whether lists beside objects that stand in columns of their own are one value an object: those drop with them."""
    groups = object_groups(features, columns, binding)
    alone = [path for group in groups if not (group.top or group.is_single) for path in group.figures]
    spoken = {*(path for paths in columns.values() for path in paths)}
    spoken |= {*binding.box_labels, *binding.mask_ids, *binding.keep}
    for name, feature in features.items() if alone else ():
        if name not in spoken and _is_flat_list(feature) and not _is_weights(features, name):
            raise UnboundColumnError(
                f"{who}: column {name!r} may hold one value for each of the objects in {alone[0]!r}, and nobody said; "
                f'say .on(box_labels="{name}"), so that they drop with them, or .on(keep="{name}")'
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
    if content == "time":
        return is_list(feature) and not is_words(feature)
    if content == "image":
        outline = is_string(feature) and _OUTLINES.search(name)
        return bool(outline) or is_image(feature) or is_video(feature) or is_coordinates(feature)
    return content == "text" and is_list(feature) and is_whole(feature.feature)
