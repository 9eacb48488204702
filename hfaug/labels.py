"""Whether every label will move with its content: what is bound must move, what could be a label needs a verdict."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from datasets import Features

from hfaug.binding import ORIENTED, ROLES, Binding
from hfaug.columns import (
    SPLIT,
    feature_at,
    fields_of,
    holds_numbers,
    is_coordinates,
    is_image,
    is_json,
    is_lineage,
    is_list,
    is_tags,
    is_texts,
    is_timed,
    is_video,
    is_whole,
    is_words,
    split_path,
)
from hfaug.errors import LabelError, UnboundColumnError
from hfaug.frames import FRAME_ROLES, frame_columns
from hfaug.groups import FIGURES
from hfaug.label_groups import check_objects, is_flat_list, is_weights
from hfaug.layouts import is_area, likely_binding, possible_roles
from hfaug.measures import MEASURES, is_size, measure_of, measures

__all__ = ["NAMES_OF_WORDS", "POSITIONS", "check_labels", "check_readable"]

Columns = Mapping[str, tuple[str, ...]]

POSITIONS = {
    "image": ("mask", "masks", "boxes", "polygons", "rle", "areas", "keypoints"),
    "text": ("spans", "answers", "tags"),
    "audio": ("segments",),
    "spectrogram": ("segments",),
    "rate": (),
    "speech": ("transcript",),
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
    "spectrogram": _TIMES,
    "time": _TIMES,
}
"""What labels of a content are called; of those that are missing here, only what measures it is looked for."""
_FOLLOWING = frozenset({"keypoint_counts", *(role for roles in MEASURES.values() for role in roles)})
"""Roles of what nothing moves, but what follows from what was moved."""
_OUTLINES = re.compile(r"rle|polygon|contour|segmentation", re.IGNORECASE)
_OBJECTS = re.compile(r"object|annotation", re.IGNORECASE)


def check_labels(
    features: Features, binding: Binding, columns: Columns, shifts: frozenset[str], moves: frozenset[str], who: str
) -> None:
    """Make sure that an op breaks no label.

    Args:
        features: The dataset's features.
        binding: What the user said.
        columns: The columns of each role.
        shifts: Contents whose positions the op changes; ``size`` where it may change that of an image, too.
        moves: Labels that it moves.
        who: Name of the op, for errors.

    Raises:
        LabelError: A bound label would not move, or cannot be read.
        UnboundColumnError: A column may hold positions and nobody said what it is.
    """
    for content in sorted(shifts - {"size"}):
        _check_bound(binding, columns, content, moves, who)
        measured = MEASURES.get(content, ()) if content != "image" or "size" in shifts else ()
        if content not in _NAMES and not measured:
            continue
        _check_unbound(features, binding, columns, content, moves, measured, who)
    if "image" in shifts:
        _check_native(binding, columns, moves, who)
        check_readable(binding, columns, who)
        _check_places(features, binding, columns, who)
    if "text" in shifts:
        _check_words(features, columns, who)


def _check_bound(binding: Binding, columns: Columns, content: str, moves: frozenset[str], who: str) -> None:
    for role in POSITIONS[content]:
        for path in columns.get(role, ()):
            if role == "transcript" and path not in binding.keep:
                raise LabelError(
                    f"{who}: the transcript in {path!r} may no longer be what is heard, since this op cuts or garbles "
                    f'speech; use another op, remove the column, or say .on(keep="{path}") if it stays right'
                )
            if role not in moves and path not in binding.keep:
                raise LabelError(
                    f"{who}: {role} in {path!r} must move with the {content}, and this op cannot move them; "
                    f'use another op, remove the column, or say .on(keep="{path}") if it stays right'
                )


def _check_unbound(
    features: Features,
    binding: Binding,
    columns: Columns,
    content: str,
    moves: frozenset[str],
    measured: Sequence[str],
    who: str,
) -> None:
    doubtful = _doubtful(features, binding, columns, content, measured)
    if not doubtful:
        return
    if content == "audio":  # times stand in fields of a column that is bound as a whole
        tops = [split_path(features, path)[0] for path in doubtful]
        doubtful = [top if is_timed(features[top]) else path for top, path in zip(tops, doubtful, strict=True)]
    first = feature_at(features, doubtful[0])
    is_measure = bool(measure_of(features, doubtful[0], first) or is_size(doubtful[0], first))
    may = "measure" if is_measure else "hold positions in"
    raise UnboundColumnError(
        f"{who}: column {doubtful[0]!r} may {may} the {content}, and nobody said; "
        f"{_way_to_bind(features, columns, doubtful, content, moves)}"
        f'say .on(keep="{doubtful[0]}") if it need not {"follow" if is_measure else "move"}'
    )


def _way_to_bind(features: Features, columns: Columns, doubtful: list[str], content: str, moves: frozenset[str]) -> str:
    """How to bind what is in doubt, as far as names and types tell; ends where another way can follow."""
    path, first = doubtful[0], feature_at(features, doubtful[0])
    if is_size(path, first):
        return "make it two columns, width and height, and bind them, or "
    if content == "image" and (is_json(first) or is_texts(first)):
        return f"{SPLIT}, or "
    if content == "time" and not measure_of(features, path, first):
        objects = f'with .on(box_labels="{path}") if it holds a value for each object, '
        return (
            f'bind it with .on(segments="{path}") if it holds times, with .on(frame_labels="{path}") '
            f"if it holds one value a frame, {objects if _may_be_tracks(columns, first) else ''}or "
        )
    if content == "audio" and not measure_of(features, path, first) and not is_timed(first):
        return _way_to_join(features, doubtful)
    likely = likely_binding(features, doubtful, moves | _FOLLOWING) if content in MEASURES else ""
    if likely:
        return (
            f"bind what the names suggest with .on({likely})"
            + (' (or box_format="pascal_voc", "yolo" ...)' if "box_format" in likely else "")
            + ", or "
        )
    fits = [role for role in POSITIONS[content] if role in moves]
    if content == "image":
        fits = [*possible_roles(first, fits), *(["box_labels"] if _may_be_tracks(columns, first) else [])]
    roles = " or ".join(f'{role}="{path}"' for role in fits)
    return f"bind it with .on({roles}), or " if roles else ""


def _way_to_join(features: Features, doubtful: Sequence[str]) -> str:
    """How starts and ends that stand in columns of their own become one column of segments."""
    lists = [path for path in doubtful if path in features and is_list(features[path])]
    fields = {name: path for name in ("start", "end") for path in lists if re.search(name, path, re.IGNORECASE)}
    joined = ", ".join(f'"{name}": row["{path}"]' for name, path in fields.items())
    example = f'ds.map(lambda row: {{"heard": {{{joined}}}}}), with the names beside them, ' if len(fields) > 1 else ""
    return (
        f"put its starts and ends into one column of {{start, end}}, {example}remove the old columns and bind the new "
        "one with .on(segments=...), or "
    )


def _may_be_tracks(columns: Columns, feature: Any) -> bool:
    """Whether lists of lists may be one value for each object of each frame of a video."""
    in_frames = "video" in columns and any(role in columns for role in FIGURES)
    return in_frames and is_list(feature) and is_flat_list(feature.feature)


def _doubtful(
    features: Features, binding: Binding, columns: Columns, content: str, measured: Sequence[str]
) -> list[str]:
    """The columns and fields that may hold positions and that nobody spoke of."""
    bound = {path for role in ROLES for path in columns.get(role, ())} | {*binding.box_labels, *binding.mask_ids}
    known = bound | set(binding.keep) | {split_path(features, path)[0] for path in bound} | _own_fields(columns)
    in_words = any(is_words(feature) and NAMES_OF_WORDS.search(name) for name, feature in features.items())
    lineage = {name for name, feature in features.items() if is_lineage(feature)}
    silent = (*binding.keep, *lineage, *columns.get("rle", ()))
    if content in ("audio", "rate"):  # a sound's own rate stands beside its samples
        silent = (*silent, *columns.get("audio", ()))
    if content in ("time", "audio"):  # a column of frames or of stretches follows as a whole
        silent = (*silent, *columns.get("segments", ()))
    if content == "time":
        silent = (*silent, *frame_columns(features, columns, binding))
    found: list[str] = []
    measuring: list[str] = []
    for path, feature in fields_of(features):
        if path in known or any(f"{path}.".startswith(f"{name}.") for name in silent) or is_weights(features, path):
            continue
        beside = content == "image" and is_area(feature, path) and _stands_with_objects(features, columns, path)
        if measure_of(features, path, feature) in measured or ("width" in measured and is_size(path, feature)):
            measuring.append(path)
            continue
        if beside or _suspect(feature, path, content) or (content == "text" and in_words and is_tags(feature)):
            found.append(path)
    return [*found, *measuring]


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
            'say .on(keypoint_origin="corner") or "center"'
        )


def _check_places(features: Features, binding: Binding, columns: Columns, who: str) -> None:
    """Whether labels belong to one image a row, and what lies beside objects is known."""
    images = (*columns.get("image", ()), *columns.get("video", ()))
    labels = [path for role in POSITIONS["image"] for path in columns.get(role, ())]
    labels += [path for _, path in measures(columns)]
    if labels and (len(images) > 1 or is_list(features[images[0]])):
        raise LabelError(
            f"{who}: {', '.join(labels)} must belong to one image or video a row, {', '.join(images)} hold several; "
            "use one op for each column, or make each image a row of its own"
        )
    check_objects(features, binding, columns, who)


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
    if content not in _NAMES:
        return False
    named = bool(_NAMES[content].search(name))
    if named and holds_numbers(feature):
        return True
    if content == "time":
        return is_list(feature) and not is_words(feature)
    if content == "image":
        outline = is_texts(feature) and _OUTLINES.search(name)
        untyped = is_json(feature) and (named or _OBJECTS.search(name))
        return bool(outline or untyped) or is_image(feature) or is_video(feature) or is_coordinates(feature)
    return content == "text" and is_list(feature) and is_whole(feature.feature)
