"""Columns by their features: what a column is, and how a path leads to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from datasets import Audio, ClassLabel, Features, Image, Json, LargeList, List, Value, Video

__all__ = [
    "SPLIT",
    "feature_at",
    "fields_of",
    "holds_numbers",
    "holds_points",
    "is_answers",
    "is_coordinates",
    "is_image",
    "is_json",
    "is_lineage",
    "is_list",
    "is_masks",
    "is_null",
    "is_number",
    "is_pairs",
    "is_runs",
    "is_sound",
    "is_string",
    "is_table",
    "is_tags",
    "is_texts",
    "is_timed",
    "is_video",
    "is_whole",
    "is_words",
    "split_path",
    "time_fields",
]

SPLIT = (
    "read the JSON and make two fields of it, each with one value an object: polygons, [] for a crowd, and rle, "
    '{"size", "counts"} or null, and bind both with .on(polygons=..., rle=...)'
)
"""What to do with outlines and run lengths in one field, as COCO has them: no column of numbers holds both."""


def split_path(features: Mapping[str, Any], path: str) -> tuple[str, str]:
    """The column of a path, and the field in it or an empty text. A column may bear dots in its own name.

    >>> split_path({"objects": None}, "objects.bbox"), split_path({"objects.bbox": None}, "objects.bbox")
    (('objects', 'bbox'), ('objects.bbox', ''))
    """
    if path in features:
        return path, ""
    top, _, field = path.partition(".")
    return top, field


def feature_at(features: Mapping[str, Any], path: str) -> Any:
    """The feature at a path; lists on the way are passed through. None when there is none.

    Of columns that hold nothing but nulls nobody knows what they are: such a column is what lies in it, too.
    """
    top, field = split_path(features, path)
    found: Any = features.get(top)
    for part in field.split(".") if field else ():
        while is_list(found):
            found = found.feature
        if is_null(found):
            return found
        if not isinstance(found, Mapping) or part not in found:
            return None
        found = found[part]
    return found


def fields_of(features: Features) -> Iterator[tuple[str, Any]]:
    """Every column and every field in it, as path and feature."""
    for name, feature in features.items():
        yield from _fields(name, feature)


def _fields(path: str, feature: Any) -> Iterator[tuple[str, Any]]:
    yield path, feature
    inner = _item(feature)
    if isinstance(inner, Mapping):
        for name, item in inner.items():
            yield from _fields(f"{path}.{name}", item)


def _item(feature: Any) -> Any:
    """What lists hold, however deep."""
    while is_list(feature):
        feature = feature.feature
    return feature


def is_list(feature: Any) -> bool:
    """A list of anything."""
    return isinstance(feature, (List, LargeList))


def is_null(feature: Any) -> bool:
    """Nothing but nulls."""
    return isinstance(feature, Value) and feature.dtype == "null"


def is_lineage(feature: Any) -> bool:
    """The lineage that hfaug writes, by its fields: a user's column may bear its name."""
    return isinstance(feature, Mapping) and set(feature) == {"id", "parents", "origin", "steps"}


def is_string(feature: Any) -> bool:
    """A text."""
    return isinstance(feature, Value) and feature.dtype in ("string", "large_string")


def is_whole(feature: Any) -> bool:
    """A whole number, and no class."""
    return isinstance(feature, Value) and "int" in feature.dtype


def is_number(feature: Any) -> bool:
    """A number, and no class."""
    return isinstance(feature, Value) and ("int" in feature.dtype or "float" in feature.dtype)


def is_json(feature: Any) -> bool:
    """JSON, or lists of it: its fields have no types."""
    return isinstance(_item(feature), Json)


def is_texts(feature: Any) -> bool:
    """A text, or lists of texts."""
    return is_string(_item(feature))


def is_image(feature: Any) -> bool:
    """An image, or lists of images."""
    return isinstance(_item(feature), Image)


def is_video(feature: Any) -> bool:
    """A video, or lists of videos."""
    return isinstance(_item(feature), Video)


def is_sound(feature: Any) -> bool:
    """A sound: stored as a file, or as numbers with their rate, as older pipelines carry it."""
    if isinstance(feature, Mapping) and {"array", "sampling_rate"} <= set(feature):
        return is_list(feature["array"]) and is_number(_item(feature["array"])) and is_number(feature["sampling_rate"])
    return isinstance(feature, Audio)


def is_masks(feature: Any) -> bool:
    """A list of images."""
    return is_list(feature) and isinstance(feature.feature, Image)


def is_runs(feature: Any) -> bool:
    """Run lengths of masks, as COCO writes them: with the mask's size or alone, as numbers or as texts, in lists."""
    inner = _item(feature)
    if isinstance(inner, Mapping):
        return "counts" in inner and is_runs(inner["counts"])
    return is_string(inner) or (isinstance(inner, Value) and "binary" in inner.dtype) or is_whole(inner)


def is_words(feature: Any) -> bool:
    """A list of texts."""
    return is_list(feature) and is_string(feature.feature)


def is_table(feature: Any) -> bool:
    """Lists of lists of numbers, or an array of two dimensions."""
    if len(getattr(feature, "shape", ())) in (2, 3):
        return True
    return is_list(feature) and is_list(feature.feature) and is_number(feature.feature.feature)


def is_tags(feature: Any) -> bool:
    """A list of classes, texts or whole numbers."""
    return is_list(feature) and (
        isinstance(feature.feature, ClassLabel) or is_string(feature.feature) or is_whole(feature.feature)
    )


def is_answers(feature: Any) -> bool:
    """Answers as SQuAD has them."""
    return isinstance(feature, Mapping) and {"text", "answer_start"} <= set(feature) and is_words(feature["text"])


def is_coordinates(feature: Any) -> bool:
    """Lists of 2, 4, 6 or 8 numbers, or lists of lists of numbers."""
    if not is_list(feature):
        return False
    if is_list(feature.feature):
        return is_coordinates(feature.feature) or is_number(feature.feature.feature)
    return is_number(feature.feature) and getattr(feature, "length", -1) in (2, 4, 6, 8)


def holds_numbers(feature: Any) -> bool:
    """Numbers at any depth."""
    inner = _item(feature)
    if isinstance(inner, Mapping):
        return any(holds_numbers(item) for item in inner.values())
    return is_number(inner) or hasattr(inner, "shape")


def holds_points(feature: Any) -> bool:
    """Numbers at any depth, several of them: one number alone names no place."""
    return holds_numbers(feature) and not is_number(feature)


def is_pairs(feature: Any) -> bool:
    """Lists of {start, end} or of [start, end], or a struct of lists of starts and ends."""
    if isinstance(feature, Mapping):
        return {"start", "end"} <= set(feature) and all(map(is_list, feature.values()))
    if not is_list(feature):
        return False
    inner = feature.feature
    if isinstance(inner, Mapping):
        return {"start", "end"} <= set(inner)
    return is_list(inner) and is_number(inner.feature)


class TimeFields(NamedTuple):
    """The fields of a struct that say when something is.

    Attributes:
        start: The field of the start, of a moment, or of both ends.
        end: The field of the end, if there is one.
        length: The field of the length that stands in place of an end.
        pair: Whether start and end stand in one field.
    """

    start: str
    end: str = ""
    length: str = ""
    pair: bool = False


_STARTS = ("start", "start_time", "start_s", "begin", "begin_time", "onset", "tbeg", "t0")
_ENDS = ("end", "end_time", "end_s", "stop", "stop_time", "offset", "tend", "t1")
_LENGTHS = ("duration", "tdur", "dur", "length")
_BOTH = ("timestamp", "timestamps", "interval", "span_s")
_MOMENTS = ("time", "time_s", "at_s", "onset")


def time_fields(names: Iterable[str]) -> TimeFields | None:
    """Which fields of a struct say when something is, by the names in use; None where none do.

    >>> time_fields(["speaker", "start", "duration"])
    TimeFields(start='start', end='', length='duration', pair=False)
    """
    known = list(names)
    start = next((name for name in _STARTS if name in known), "")
    end = next((name for name in _ENDS if name in known), "")
    length = next((name for name in _LENGTHS if name in known), "")
    both = next((name for name in _BOTH if name in known), "")
    moment = next((name for name in _MOMENTS if name in known), "")
    if start and end:
        return TimeFields(start, end)
    if start and length:
        return TimeFields(start, length=length)
    if both:
        return TimeFields(both, pair=True)
    return TimeFields(moment) if moment else None


def is_timed(feature: Any) -> bool:
    """Stretches of time: lists of structs with times or of [start, end], or a struct of lists with times."""
    if isinstance(feature, Mapping):
        return time_fields(feature) is not None and all(map(is_list, feature.values()))
    if not is_list(feature):
        return False
    inner = feature.feature
    return time_fields(inner) is not None if isinstance(inner, Mapping) else is_list(inner) and is_number(inner.feature)
