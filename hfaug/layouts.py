"""What columns of usual names in usual forms most likely are, so that an error can say the very words to bind them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from datasets import Features, Image, Value

from hfaug.columns import feature_at, holds_numbers, is_coordinates, is_list, is_masks, is_runs, is_whole
from hfaug.measures import measure_of

__all__ = ["is_area", "is_flat_whole", "likely_binding", "possible_roles"]

_AREA = re.compile(r"(^|_)areas?$", re.IGNORECASE)
_BOX = re.compile(r"box", re.IGNORECASE)
_POINTS = re.compile(r"point|landmark|joint", re.IGNORECASE)
_OUTLINE = re.compile(r"segm|polygon|contour|outline", re.IGNORECASE)
_COUNTS = re.compile(r"^(num|n|count)_?(of_)?(visible_)?(key_?points|landmarks|joints)$", re.IGNORECASE)
_RUNS = re.compile(r"rle|counts|segm", re.IGNORECASE)
_MASK = re.compile(r"mask|segm|label_?map|annotation", re.IGNORECASE)

_FORMATS = {4: "coco", 5: "cxcywha", 8: "corners"}


def is_area(feature: Any, path: str) -> bool:
    """Whether a column or field is called an area and holds numbers."""
    return bool(_AREA.search(path.rsplit(".", 1)[-1])) and holds_numbers(feature)


def likely_binding(features: Features, paths: Iterable[str], moves: Iterable[str]) -> str:
    """What to write into ``.on(...)`` for some columns, as far as their names and types tell; empty where they do not.

    Args:
        features: The dataset's features.
        paths: Columns and fields that nobody spoke of yet.
        moves: The labels that the op can move.

    >>> from datasets import List
    >>> objects = {"bbox": List(List(Value("float32"), length=4)), "area": List(Value("float32"))}
    >>> likely_binding(Features({"objects": objects}), ["objects.bbox", "objects.area"], ["boxes", "areas"])
    'boxes="objects.bbox", box_format="coco", areas="objects.area"'
    """
    found: dict[str, list[str]] = {}
    for path in paths:
        feature = feature_at(features, path)
        role = _role(feature, path) or measure_of(features, path, feature)
        if role in set(moves):
            found.setdefault(role, []).append(path)
    if "boxes" not in found and found.keys() <= {"areas"}:
        return ""
    said = {role: _quoted(paths) for role, paths in found.items()}
    if "boxes" in found:
        said["box_format"] = f'"{_FORMATS.get(_width(feature_at(features, found["boxes"][0])), "coco")}"'
        if "cxcywha" in said["box_format"]:
            said["angle_units"] = '"degrees"'
    if "polygons" in found and "boxes" not in found:
        said["polygon_units"] = '"pixels"'
    if "keypoints" in found:
        said["keypoint_origin"] = '"corner"'
        if _is_flat(feature_at(features, found["keypoints"][0])):
            said["keypoint_format"] = '"coco"'
    order = (
        "boxes", "box_format", "angle_units", "areas", "polygons", "polygon_units", "rle", "masks", "mask", "keypoints",
        "keypoint_origin", "keypoint_format", "keypoint_counts",
    )  # fmt: skip
    rest = [name for name in said if name not in order]
    return ", ".join(f"{name}={said[name]}" for name in (*order, *rest) if name in said)


def possible_roles(feature: Any, roles: Iterable[str]) -> list[str]:
    """The roles among some that a column of a type could play in an image.

    >>> possible_roles(Image(), ["mask", "masks", "boxes"])
    ['mask']
    """
    if isinstance(feature, Image):
        fits = {"mask"}
    elif is_masks(feature):
        fits = {"masks"}
    elif not is_coordinates(feature) and is_runs(feature) and not is_list(feature):
        fits = {"rle"}
    else:
        fits = {"boxes", "polygons", "keypoints"} | ({"rle"} if is_runs(feature) else set())
    return [role for role in roles if role in fits]


def _quoted(paths: list[str]) -> str:
    texts = [f'"{path}"' for path in paths]
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


def _role(feature: Any, path: str) -> str:
    """The role that a name and a type suggest together; empty where they suggest none."""
    name = path.rsplit(".", 1)[-1]
    if is_masks(feature):
        return "masks"
    if isinstance(feature, Image):
        return "mask" if _MASK.search(name) else ""
    if is_area(feature, path):
        return "areas"
    if _COUNTS.search(name) and is_whole(getattr(feature, "feature", feature if "." in path else None)):
        return "keypoint_counts"
    if _BOX.search(name) and is_list(feature):
        return "boxes"
    if _POINTS.search(name) and is_list(feature) and not is_flat_whole(feature):
        return "keypoints"
    if _OUTLINE.search(name) and is_list(feature) and is_coordinates(feature):
        return "polygons"
    if _width(feature) in (5, 8):
        return "boxes"
    is_struct = isinstance(feature, Mapping) or isinstance(getattr(feature, "feature", None), Mapping)
    return "rle" if _RUNS.search(name) and is_runs(feature) and (is_struct or not is_list(feature)) else ""


def is_flat_whole(feature: Any) -> bool:
    """A list of whole numbers of any length: counts or ids, and no points."""
    return is_list(feature) and is_whole(feature.feature) and getattr(feature, "length", -1) < 0


def _width(feature: Any) -> int:
    """How many numbers a box of a column has, where its type says so."""
    while is_list(feature):
        if getattr(feature, "length", -1) > 0 and isinstance(feature.feature, Value):
            return int(feature.length)
        feature = feature.feature
    return 4


def _is_flat(feature: Any) -> bool:
    """Whether all points of an object are one list of numbers, as far as a fixed length tells."""
    while is_list(feature):
        length = getattr(feature, "length", -1)
        if length > 4 and length % 3 == 0 and isinstance(feature.feature, Value):
            return True
        feature = feature.feature
    return False
