"""Which column plays which role: inferred from `Features`, or bound by hand. Doubt is an error that names columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from datasets import Audio, ClassLabel, Features, Image, LargeList, List, Value

from hfaug.binding import ROLES, Binding
from hfaug.errors import LabelError, RoleError, UnboundColumnError

__all__ = ["POSITIONS", "Roles", "feature_at", "resolve"]

POSITIONS = {
    "image": ("mask", "boxes", "keypoints"),
    "text": ("spans", "answers", "tags"),
    "audio": ("segments",),
}
"""The labels that name places in a content."""

_MASK = re.compile(r"mask|seg|label_?map|annotation", re.IGNORECASE)
_WORDS = re.compile(r"token|word", re.IGNORECASE)
_TAGS = re.compile(r"tag|label", re.IGNORECASE)
_DEEP = ("boxes", "keypoints", "box_labels")
"""What may be a field of a struct."""
_SINGLE = {"text", "tokens", "audio", "prompt"}
"""Roles of one column."""
_NAMES = {
    "image": re.compile(
        r"box|mask|point|landmark|polygon|contour|rle|segm|region|^(x|y|w|h|x[12]|y[12]|[xy](min|max))$", re.IGNORECASE
    ),
    "text": re.compile(r"span|start|(^|_)end(_|$)|offset|entit|answer", re.IGNORECASE),
    "audio": re.compile(r"segment|start|(^|_)end(_|$)|onset|offset|timing|timestamp|event|turn", re.IGNORECASE),
}


@dataclass(frozen=True)
class Roles:
    """The columns of each role that an op met with, and how to read them."""

    columns: Mapping[str, tuple[str, ...]]
    binding: Binding

    def one(self, role: str) -> str | None:
        """The column of a role that has at most one."""
        found = self.columns.get(role, ())
        return found[0] if found else None

    def all(self, role: str) -> tuple[str, ...]:
        """Every column of a role."""
        return self.columns.get(role, ())


def feature_at(features: Features, path: str) -> Any:
    """The feature at a dotted path; lists on the way are passed through. None when there is none."""
    found: Any = dict(features)
    for part in path.split("."):
        while isinstance(found, (List, LargeList)):
            found = found.feature
        if not isinstance(found, Mapping) or part not in found:
            return None
        found = found[part]
    return found


def resolve(
    features: Features,
    binding: Binding,
    *,
    who: str,
    needs: Iterable[str],
    shifts: Iterable[str],
    moves: Iterable[str],
) -> Roles:
    """Find the columns for an op, and make sure that every label it could break will move.

    Args:
        features: The dataset's features.
        binding: What the user said.
        who: Name of the op, for errors.
        needs: Roles that the op cannot do without.
        shifts: Contents whose positions change.
        moves: Labels that the op moves.

    Raises:
        RoleError: A needed role is missing or in doubt.
        LabelError: A bound label would not move.
        UnboundColumnError: A column may hold positions and nobody said what it is.
    """
    columns = {role: getattr(binding, role) for role in ROLES if getattr(binding, role)}
    _check_bound(features, binding, columns, who)
    _infer(features, binding, columns)
    for role in needs:
        if role not in columns and not (role == "text" and _is_in_words(features, binding, columns, who)):
            columns[role] = (_only(features, binding, role, columns, who),)
    shifts = tuple(shifts)
    for content in shifts:
        _check_labels(features, binding, columns, content, frozenset(moves), who)
    if "image" in shifts:
        _check_places(features, binding, columns, who)
    if "text" in shifts:
        _check_words(features, columns, who)
    return Roles(columns, binding)


def _check_bound(features: Features, binding: Binding, columns: Mapping[str, tuple[str, ...]], who: str) -> None:
    named = [*((role, path) for role, paths in columns.items() for path in paths)]
    named += [("box_labels", path) for path in binding.box_labels] + [("keep", path) for path in binding.keep]
    if binding.id:
        named.append(("id", binding.id))
    for role, path in named:
        found = feature_at(features, path)
        if found is None:
            raise RoleError(
                f"{who}: {role} must be a column, {path!r} is none of {', '.join(features)}; correct .on({role}=...)"
            )
        if role != "keep" and path.count(".") > (role in _DEEP):
            raise RoleError(
                f"{who}: {role} cannot lie as deep as {path!r}; flatten the column with ds.flatten(), "
                "or move the field to a column of its own"
            )
        wanted = _FITS.get(role)
        if wanted and not wanted(found):
            raise RoleError(f"{who}: {role} cannot be read from {path!r}, which is {found}; correct .on({role}=...)")
    for role in _SINGLE & columns.keys():
        if len(columns[role]) > 1:
            raise RoleError(f"{who}: {role} must be one column, got {', '.join(columns[role])}; use one op for each")


def _infer(features: Features, binding: Binding, columns: dict[str, tuple[str, ...]]) -> None:
    """Roles that the type alone decides; a label that only its name suggests is left to `_check_labels`."""
    taken = {path for paths in columns.values() for path in paths} | set(binding.keep)
    free = {name: feature for name, feature in features.items() if name not in taken and not _is_lineage(feature)}
    if "answers" not in columns:
        _take(columns, "answers", [name for name, feature in free.items() if _is_answers(feature)])
    if "tokens" not in columns and "text" not in columns:
        _take(columns, "tokens", [name for name, feature in free.items() if _is_words(feature) and _WORDS.search(name)])
    if "tokens" in columns and "tags" not in columns:
        tags = [name for name, feature in free.items() if _is_tags(feature) and _TAGS.search(name)]
        _take(columns, "tags", [name for name in tags if name not in columns["tokens"]], many=True)
    if "mask" not in columns:
        _take(columns, "mask", [n for n, f in free.items() if _is_image(f) and _MASK.search(n)], many=True)
    if "label" not in columns:
        _take(columns, "label", [n for n, f in free.items() if isinstance(f, ClassLabel)])


def _is_in_words(features: Features, binding: Binding, columns: Mapping[str, tuple[str, ...]], who: str) -> bool:
    """Whether the text is stored as words; a text beside words that nobody spoke of is doubt."""
    if "tokens" not in columns:
        return False
    if not binding.tokens and _is_string(features.get("text")):
        raise RoleError(
            f"{who}: needs one text, found a text in 'text' and words in {columns['tokens'][0]!r}; "
            f'say .on(text="text") or .on(tokens={columns["tokens"][0]!r}), and drop the other column'
        )
    return True


def _take(columns: dict[str, tuple[str, ...]], role: str, found: list[str], *, many: bool = False) -> None:
    if found and (many or len(found) == 1):
        columns[role] = tuple(found)


def _only(features: Features, binding: Binding, role: str, columns: Mapping[str, tuple[str, ...]], who: str) -> str:
    """The one column that can play a needed role."""
    taken = {path for paths in columns.values() for path in paths} | set(binding.keep)
    found: list[str] = [name for name, feature in features.items() if name not in taken and _FITS[role](feature)]
    if role in found:
        return role
    if role == "text" and "context" in found and "answers" in columns:
        return "context"
    if len(found) == 1:
        return found[0]
    have = (
        f"{len(found)} columns could be it: {', '.join(found)}"
        if found
        else f"no column can be it among {', '.join(features)}"
    )
    raise RoleError(f"{who}: needs one {role} column, {have}; say .on({role}=...)")


def _check_labels(
    features: Features,
    binding: Binding,
    columns: Mapping[str, tuple[str, ...]],
    content: str,
    moves: frozenset[str],
    who: str,
) -> None:
    for role in POSITIONS[content]:
        for path in columns.get(role, ()):
            if role not in moves and path not in binding.keep:
                raise LabelError(
                    f"{who}: {role} in {path!r} must move with the {content}, and this op cannot move them; "
                    f'use another op, remove the column, or say .on(keep="{path}") if it stays right'
                )
    bound = {path for role in ROLES for path in columns.get(role, ())} | set(binding.box_labels)
    known = bound | set(binding.keep) | {path.split(".")[0] for path in bound} | _own_fields(columns)
    in_words = any(_is_words(feature) and _WORDS.search(name) for name, feature in features.items())
    for path, feature in _leaves(features):
        if path in known or any(path.startswith(f"{name}.") for name in binding.keep):
            continue
        if _is_lineage(features[path.split(".")[0]]) or _is_weights(features, path):
            continue
        if _suspect(feature, path, content) or (content == "text" and in_words and _is_tags(feature)):
            roles = " or ".join(f'{role}="{path}"' for role in POSITIONS[content] if role in moves)
            bind = f"bind it with .on({roles}), or " if roles else ""
            raise UnboundColumnError(
                f"{who}: column {path!r} may hold positions in the {content}, and nobody said; "
                f'{bind}say .on(keep="{path}") if it need not move'
            )


def _own_fields(columns: Mapping[str, tuple[str, ...]]) -> set[str]:
    """The fields that a label in a struct moves by itself."""
    fields = {"spans": ("start", "end"), "segments": ("start", "end"), "answers": ("text", "answer_start")}
    return {f"{path}.{name}" for role, names in fields.items() for path in columns.get(role, ()) for name in names}


def _is_weights(features: Features, path: str) -> bool:
    """Whether a column holds the class weights that mixing ops write, which look like coordinates."""
    return path.endswith("_weights") and isinstance(features.get(path.removesuffix("_weights")), ClassLabel)


def _check_places(features: Features, binding: Binding, columns: Mapping[str, tuple[str, ...]], who: str) -> None:
    """Whether labels in images can be read, and belong to one image."""
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
    images = columns["image"]
    labels = [*columns.get("mask", ()), *boxes, *keypoints]
    if labels and (len(images) > 1 or isinstance(features[images[0]], (List, LargeList))):
        raise LabelError(
            f"{who}: {', '.join(labels)} must belong to one image a row, {', '.join(images)} hold several; "
            "use one op for each image column, or make each image a row of its own"
        )
    if len(boxes) > 1 and (binding.box_labels or len({path.split(".")[0] for path in boxes}) < len(boxes)):
        raise LabelError(
            f"{who}: boxes of {', '.join(boxes)} drop out apart from each other, so nothing can lie beside both; "
            "give each a struct of its own with what belongs to it"
        )


def _check_words(features: Features, columns: Mapping[str, tuple[str, ...]], who: str) -> None:
    """Whether words have readable tags, and no text beside them that would contradict them."""
    if "text" in columns and "tokens" in columns:
        raise LabelError(
            f"{who}: the text {columns['text'][0]!r} and the words {columns['tokens'][0]!r} would no longer agree; "
            "bind one and drop the other column"
        )
    for path in columns.get("tags", ()):
        if _is_whole(features[path].feature):
            raise LabelError(
                f"{who}: tags in {path!r} must be names or a ClassLabel, so that their meaning is known, are whole "
                "numbers; cast the column with ds.cast_column(..., List(ClassLabel(names=...)))"
            )


def _is_lineage(feature: Any) -> bool:
    """Whether a column is the lineage that hfaug writes, by its fields: a user's column may bear its name."""
    return isinstance(feature, Mapping) and set(feature) == {"id", "parents", "origin", "steps"}


def _leaves(features: Features) -> Iterator[tuple[str, Any]]:
    for name, feature in features.items():
        yield from _walk(name, feature)


def _walk(path: str, feature: Any) -> Iterator[tuple[str, Any]]:
    yield path, feature
    inner = feature
    while isinstance(inner, (List, LargeList)):
        inner = inner.feature
    if isinstance(inner, Mapping):
        for name, item in inner.items():
            yield from _walk(f"{path}.{name}", item)


def _suspect(feature: Any, path: str, content: str) -> bool:
    name = path.rsplit(".", 1)[-1]
    named = bool(_NAMES[content].search(name))
    if content == "image":
        return _is_image(feature) or _is_coordinates(feature) or (named and _holds_numbers(feature))
    if content == "text":
        return (isinstance(feature, (List, LargeList)) and _is_whole(feature.feature)) or (
            named and _holds_numbers(feature)
        )
    return named and _holds_numbers(feature)


def _is_string(feature: Any) -> bool:
    return isinstance(feature, Value) and feature.dtype in ("string", "large_string")


def _is_whole(feature: Any) -> bool:
    return isinstance(feature, Value) and "int" in feature.dtype


def _is_number(feature: Any) -> bool:
    return isinstance(feature, Value) and ("int" in feature.dtype or "float" in feature.dtype)


def _is_image(feature: Any) -> bool:
    while isinstance(feature, (List, LargeList)):
        feature = feature.feature
    return isinstance(feature, Image)


def _is_words(feature: Any) -> bool:
    return isinstance(feature, (List, LargeList)) and _is_string(feature.feature)


def _is_tags(feature: Any) -> bool:
    if not isinstance(feature, (List, LargeList)):
        return False
    return isinstance(feature.feature, ClassLabel) or _is_string(feature.feature) or _is_whole(feature.feature)


def _is_answers(feature: Any) -> bool:
    return isinstance(feature, Mapping) and {"text", "answer_start"} <= set(feature) and _is_words(feature["text"])


def _is_coordinates(feature: Any) -> bool:
    """Lists of 2, 4, 6 or 8 numbers, or lists of lists of numbers."""
    if not isinstance(feature, (List, LargeList)):
        return False
    if isinstance(feature.feature, (List, LargeList)):
        return _is_coordinates(feature.feature) or _is_number(feature.feature.feature)
    return _is_number(feature.feature) and getattr(feature, "length", -1) in (2, 4, 6, 8)


def _holds_numbers(feature: Any) -> bool:
    while isinstance(feature, (List, LargeList)):
        feature = feature.feature
    if isinstance(feature, Mapping):
        return any(_holds_numbers(item) for item in feature.values())
    return _is_number(feature) or hasattr(feature, "shape")


def _is_pairs(feature: Any) -> bool:
    """Lists of {start, end} or of [start, end]."""
    if isinstance(feature, Mapping):
        lists = all(isinstance(item, (List, LargeList)) for item in feature.values())
        return lists and {"start", "end"} <= set(feature)
    if not isinstance(feature, (List, LargeList)):
        return False
    inner = feature.feature
    if isinstance(inner, Mapping):
        return {"start", "end"} <= set(inner)
    return isinstance(inner, (List, LargeList)) and _is_number(inner.feature)


_FITS = {
    "image": _is_image,
    "mask": _is_image,
    "boxes": _holds_numbers,
    "keypoints": _holds_numbers,
    "text": _is_string,
    "spans": _is_pairs,
    "answers": _is_answers,
    "tokens": _is_words,
    "tags": _is_tags,
    "audio": lambda feature: isinstance(feature, Audio),
    "segments": _is_pairs,
    "label": lambda feature: isinstance(feature, (ClassLabel, Value)),
    "prompt": _is_string,
}
