"""Checks that labels go where their content goes. They look at the content and share no arithmetic with hfaug."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from datasets import ClassLabel, Features, Image, List, Value

from hfaug import media
from hfaug.binding import Binding
from hfaug.mix import MixOp
from hfaug.plan import Plan
from hfaug.roles import Roles
from hfaug.testing.case import Case, must

__all__ = ["check_passages", "check_places"]

Array = npt.NDArray[Any]

_HEIGHT, _WIDTH, _PROBES = 48, 64, 24
_SIDE_POINTS = 8  # keypoints along each side of the rectangle, which may bend
_BENT_PX = 0.1  # between two of them
_CORNERS = ((0, 0), (_WIDTH - 6, 0), (0, _HEIGHT - 6), (_WIDTH - 6, _HEIGHT - 6))
_FEATURES = Features(
    {
        "image": Image(),
        "mask": Image(),
        "objects": {"bbox": List(List(Value("float32"), length=4)), "category": List(ClassLabel(num_classes=5))},
        "keypoints": List(List(Value("float32"), length=2)),
        "label": ClassLabel(num_classes=2),
    }
)


def check_places(case: Case) -> None:
    """Boxes, keypoints and masks lie where the pixels they belong to now are, and each box keeps its class."""
    leaves = [op for op in case.op.walk() if not op.children()]
    if any(isinstance(op, MixOp) for op in leaves):
        return  # the probes are one image each
    if not all({"boxes", "mask", "keypoints"} <= set(op.moves) and "image" in op.shifts for op in leaves):
        return
    bound = {"image": "image", "mask": "mask", "boxes": "objects.bbox", "box_format": "pascal_voc"}
    op = dataclasses.replace(case.op, binding=Binding()).on(**bound, keypoints="keypoints", keypoint_origin="corner")
    rows = [_probe(number) for number in range(_PROBES)]
    off: list[Array] = []
    for place, row in enumerate(op(pa.Table.from_pylist(rows, schema=_FEATURES.arrow_schema)).to_pylist()):
        picture = media.decode_image(row["image"]["bytes"]).array[..., 0].astype(np.float64)
        mask = media.decode_mask(row["mask"]["bytes"]).array[..., 0]
        off += _check_middle(row, picture, mask, f"probe {place}")
        _check_classes(row["objects"], mask, f"probe {place}")
    # A single mask may be off by half a pixel at each side, which says little; on average they are not.
    bias = np.abs(np.mean(off, axis=0)).max() if len(off) >= 8 else 0.0
    must(bias < 0.25, f"masks lie {bias:.2f} pixels beside their labels on average")


def _probe(number: int) -> dict[str, Any]:
    """A white rectangle on black, marked by a box, four keypoints and a mask; and small objects in the corners."""
    rng = np.random.default_rng(number)
    left, top = int(rng.integers(18, 28)), int(rng.integers(12, 20))
    right, bottom = left + int(rng.integers(9, 17)), top + int(rng.integers(8, 15))
    picture, mask = np.zeros((_HEIGHT, _WIDTH, 3), np.uint8), np.zeros((_HEIGHT, _WIDTH, 1), np.uint8)
    picture[top:bottom, left:right] = 255
    boxes = [(left, top, right, bottom), *((x, y, x + 6, y + 6) for x, y in _CORNERS)]
    for category, (x0, y0, x1, y1) in enumerate(boxes):
        mask[y0:y1, x0:x1] = category + 1
    order = rng.permutation(len(boxes)).tolist()
    return {
        "image": {"bytes": media.encode_image(picture, like=media.Picture(picture), codec=media.Codec()), "path": None},
        "mask": {"bytes": media.encode_mask(mask, like=media.Picture(mask, mode="L")), "path": None},
        "objects": {"bbox": [boxes[place] for place in order], "category": order},
        "keypoints": _along(left, top, right, bottom),
        "label": number % 2,
    }


def _along(left: int, top: int, right: int, bottom: int) -> list[list[float]]:
    """Points along the sides of a rectangle, in order."""
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)], dtype=np.float64)
    shares = np.arange(_SIDE_POINTS)[:, None] / _SIDE_POINTS
    sides = [a + shares * (b - a) for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True)]
    points: list[list[float]] = np.concatenate(sides).tolist()
    return points


def _check_middle(row: Mapping[str, Any], picture: Array, mask: Array, where: str) -> list[Array]:
    """The rectangle in the middle, where all of it is still to be seen: how far its mask is off."""
    height, width = picture.shape
    corners = np.array(row["keypoints"], dtype=np.float64)
    low, high = corners.min(axis=0), corners.max(axis=0)
    if (low < 3).any() or high[0] > width - 3 or high[1] > height - 3:
        return []
    categories = row["objects"]["category"]
    must(0 in categories, f"{where}: the box of the rectangle is lost, although it is to be seen")
    box = row["objects"]["bbox"][categories.index(0)]
    must(
        np.allclose([*low, *high], box, atol=_BENT_PX),
        f"{where}: the box {np.round(box, 2).tolist()} does not enclose the keypoints, which reach from "
        f"{np.round(low, 2).tolist()} to {np.round(high, 2).tolist()}",
    )
    area, centre = _polygon(corners)
    if area < 20:
        return []
    start, stop = np.floor(low).astype(int) - 2, np.ceil(high).astype(int) + 2
    window = slice(start[1], stop[1]), slice(start[0], stop[0])
    off = []
    for what, weights, most in (("pixels", picture[window], 0.25), ("mask", mask[window] == 1, 0.6)):
        found = _centroid(weights) + start
        off = [found - centre]
        must(
            np.abs(found - centre).max() < most,
            f"{where}: the {what} lie around {np.round(found, 2).tolist()}, the labels around "
            f"{np.round(centre, 2).tolist()} (x, y)",
        )
    return off


def _polygon(corners: Array) -> tuple[float, Array]:
    """Area and centre of gravity of a polygon."""
    x, y = corners.T
    cross = x * np.roll(y, -1) - np.roll(x, -1) * y
    area = cross.sum() / 2
    if abs(area) < 1e-6:
        return 0.0, corners.mean(axis=0)
    middle = [((x + np.roll(x, -1)) * cross).sum(), ((y + np.roll(y, -1)) * cross).sum()]
    return abs(float(area)), np.array(middle) / (6 * area)


def _centroid(weights: Array) -> Array:
    """Centre of gravity of pixels, x, y; the centre of the first pixel is 0.5, 0.5."""
    y, x = np.indices(weights.shape) + 0.5
    total = max(float(weights.sum()), 1e-9)
    return np.array([(x * weights).sum() / total, (y * weights).sum() / total])


def _check_classes(objects: Mapping[str, Any], mask: Array, where: str) -> None:
    """Every box that is left stands over what is left of its own object."""
    must(len(objects["bbox"]) == len(objects["category"]), f"{where}: there is not one class for each box")
    for (x0, y0, x1, y1), category in zip(objects["bbox"], objects["category"], strict=True):
        seen = set(np.unique(mask[int(y0) : int(np.ceil(y1)), int(x0) : int(np.ceil(x1))]).tolist()) - {0}
        must(
            not seen or category + 1 in seen or (x1 - x0) * (y1 - y0) < 9,
            f"{where}: a box of class {category} stands over objects {sorted(seen)}; its class is that of another box",
        )


# ---- texts


def check_passages(case: Case) -> None:
    """Spans cover the same words as before, answers stand where they say, and each word keeps the kind of its tag."""
    if "text" not in {content for op in case.op.walk() for content in op.shifts}:
        return
    roles = next(leaf.roles for leaf in Plan(case.op, case.rows.features).leaves if leaf.roles is not None)
    result = case.op(case.table)
    if result.num_rows != case.table.num_rows:
        return
    before, after = case.table.to_pylist(), result.to_pylist()
    for place, (old, new) in enumerate(zip(before, after, strict=True)):
        for broken in _broken_passages(old, new, roles):
            must(False, f"row {place}: {broken}")


def _broken_passages(old: Mapping[str, Any], new: Mapping[str, Any], roles: Roles) -> Iterator[str]:
    for text in roles.all("text"):
        for path in roles.all("spans"):
            yield from _broken_spans(old[text], old[path], new[text], new[path])
        for path in roles.all("answers"):
            yield from _broken_answers(old[path], new[text], new[path])
    for words in roles.all("tokens"):
        for path in roles.all("tags"):
            yield from _broken_tags(dict(zip(old[words], old[path], strict=True)), new[words], new[path])


def _broken_spans(old: str, spans: list[Any], new: str, moved: list[Any]) -> Iterator[str]:
    for item in moved:
        if not 0 <= item["start"] <= item["end"] <= len(new):
            yield f"the span {item} lies outside of the text {new!r}"
    covered = {(new[item["start"] : item["end"]], item["type"]) for item in moved}
    for item in spans:
        part = old[item["start"] : item["end"]]
        if len(part) > 2 and old.count(part) == new.count(part) == 1 and (part, item["type"]) not in covered:
            yield f"no span covers {part!r} any more, which stands in {new!r}; there are {sorted(covered)}"


def _broken_answers(old: Mapping[str, Any], new: str, moved: Mapping[str, Any]) -> Iterator[str]:
    if len(moved["text"]) != len(old["text"]) or len(moved["answer_start"]) != len(old["text"]):
        yield f"{len(old['text'])} answers became {len(moved['text'])}"
    for part, start in zip(moved["text"], moved["answer_start"], strict=False):
        if not part or new[start : start + len(part)] != part:
            yield f"the answer {part!r} does not stand at {start} in {new!r}"


def _broken_tags(old: Mapping[str, int], words: list[str], tags: list[int]) -> Iterator[str]:
    if len(words) != len(tags):
        yield f"{len(words)} words have {len(tags)} tags"
        return
    for number, (word, tag) in enumerate(zip(words, tags, strict=True)):
        if tag == 2 and (number == 0 or tags[number - 1] == 0):
            yield f"an entity begins inside: {tags}"
        if word in old and words.count(word) == 1 and (old[word] > 0) != (tag > 0):
            yield f"{word!r} had the tag {old[word]}, has {tag} now"
