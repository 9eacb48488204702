"""Images to try an op on: of every kind, with labels of every kind."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from datasets import ClassLabel, Image, List, Value

from hfaug import media
from hfaug.media.runs import encode_runs, pack_counts
from hfaug.testing.tried import Columns, Sample, with_strange

__all__ = ["drawing", "few_boxes", "image_file", "instances", "objects", "pictures"]


def drawing(height: int, width: int, channels: int, number: int, kind: Any = np.uint8) -> np.ndarray[Any, Any]:
    """A smooth pattern, different for each number."""
    y, x = np.mgrid[:height, :width].astype(np.float64)
    planes = [np.sin(x * (0.11 + 0.03 * c) + number) + np.cos(y * (0.07 + 0.02 * c) - number) for c in range(channels)]
    top = 65535 if kind == np.uint16 else 255
    return np.asarray((np.stack(planes, axis=2) + 2) * (top / 4)).astype(kind)


def image_file(array: np.ndarray[Any, Any], form: str, *, lossless: bool = True) -> dict[str, Any]:
    """An image as it is stored, in a format by Pillow's name."""
    like = media.Picture(array, form, lossless=lossless)
    return {"bytes": media.encode_image(array, like=like, codec=media.Codec()), "path": None}


def _picture_files() -> list[dict[str, Any]]:
    files = [image_file(drawing(24 + i, 30 + 2 * i, 3, i), "JPEG", lossless=False) for i in range(4)]
    files += [image_file(drawing(20 + i, 26, channels, i), "PNG") for i, channels in enumerate((3, 1, 4))]
    files += [image_file(drawing(18, 22, channels, 9, np.uint16), "PNG") for channels in (1, 3)]
    files += [image_file(drawing(21, 19, 3, 4), "WEBP"), image_file(drawing(23, 17, 3, 5), "WEBP", lossless=False)]
    files += [image_file(drawing(16, 28, 1, 6), "JPEG", lossless=False)]
    return files


@functools.cache
def pictures() -> Sample:
    """Images of every kind, with a class."""
    features = {"image": Image(), "label": ClassLabel(names=["cat", "dog", "owl"])}
    files = _picture_files()
    rows: Columns = {"image": files, "label": [i % 3 for i in range(len(files))]}
    tiny = [image_file(drawing(1, 1, channels, 3), "PNG") for channels in (3, 1, 4)]
    odd: Columns = {
        "image": [*tiny, image_file(drawing(1, 40, 3, 2), "PNG"), image_file(drawing(33, 1, 3, 2), "JPEG"), None]
    }
    odd["label"] = [0, 1, None, -1, 2, 0]
    return Sample("pictures", with_strange(features, rows), with_strange(features, odd))


def few_boxes(height: int, width: int, number: int) -> list[list[float]]:
    """Boxes x, y, width, height: in the middle, in a corner and easily lost, at the border."""
    middle = [width * 0.3 + number % 3, height * 0.3, width * 0.3, height * 0.35]
    corner = [0.0, 0.0, 1.5, 1.5] if number % 2 else [width - 1.5, height - 1.5, 1.5, 1.5]
    return [middle, corner, [width * 0.6, 0.0, width * 0.4, height * 0.2]][: 1 + number % 3]


@functools.cache
def objects() -> Sample:
    """Images with boxes (their classes beside them), keypoints with visibility, and a mask."""
    features = {
        "image": Image(),
        "mask": Image(),
        "objects": {
            "bbox": List(List(Value("float32"), length=4)),
            "category": List(ClassLabel(names=["a", "b", "c"])),
        },
        "keypoints": List(List(Value("float32"), length=3)),
        "label": ClassLabel(names=["cat", "dog"]),
    }
    sizes = [(24 + i, 36 - i) for i in range(8)]
    boxes = [few_boxes(h, w, i) for i, (h, w) in enumerate(sizes)]
    rows: Columns = {
        "image": [image_file(drawing(h, w, 3, i), "PNG" if i % 2 else "JPEG") for i, (h, w) in enumerate(sizes)],
        "mask": [image_file(drawing(h, w, 1, i) // 64, "PNG") for i, (h, w) in enumerate(sizes)],
        "objects": [{"bbox": found, "category": list(range(len(found)))} for found in boxes],
        "keypoints": [[[w / 2, h / 3, 2], [1, 1, 1], [0, 0, 0]][: i % 4] for i, (h, w) in enumerate(sizes)],
        "label": [i % 2 for i in range(len(sizes))],
    }
    dot = image_file(drawing(1, 1, 3, 1), "PNG")
    odd: Columns = {
        "image": [dot, None, rows["image"][0]],
        "mask": [image_file(drawing(1, 1, 1, 1), "PNG"), None, None],
        "objects": [{"bbox": [[0, 0, 1, 1]], "category": [0]}, {"bbox": [], "category": []}, None],
        "keypoints": [[[0, 0, 2]], [], None],
        "label": [None, 0, 1],
    }
    said = {"boxes": "objects.bbox", "box_format": "coco", "keypoints": "keypoints", "keypoint_origin": "corner"}
    return Sample("objects", with_strange(features, rows), with_strange(features, odd), said)


def _instances_of(height: int, width: int, number: int) -> list[np.ndarray[Any, Any]]:
    """Masks of objects: one in the middle, one of two parts that touch the border, one in a corner."""
    masks = [np.zeros((height, width), np.uint8) for _ in range(3)]
    masks[0][height // 4 : height // 4 * 3, width // 3 : width // 3 * 2] = 1
    masks[1][: height // 3, : 3 + number % 2] = masks[1][height // 2 :, width - 4 :] = 1
    masks[2][height - 2 :, :2] = 1
    return masks[: 1 + number % 3]


def _rings(mask: np.ndarray[Any, Any]) -> list[list[float]]:
    """The outline of each rectangle in a mask, x, y by turns."""
    halves = [(slice(0, mask.shape[1] // 2), 0), (slice(mask.shape[1] // 2, None), mask.shape[1] // 2)]
    whole = [(slice(None), 0)] if mask[mask.shape[0] // 2 - 1, mask.shape[1] // 2] else halves
    found: list[list[float]] = []
    for columns, offset in whole:
        y, x = np.nonzero(mask[:, columns])
        if len(x):
            x0, y0, x1, y1 = x.min() + offset, y.min(), x.max() + offset + 1, y.max() + 1
            found.append([float(value) for value in (x0, y0, x1, y0, x1, y1, x0, y1)])
    return found


def _instance(mask: np.ndarray[Any, Any], number: int) -> dict[str, Any]:
    """An object in every form in which one is annotated."""
    rings = _rings(mask)
    x, y = [value for ring in rings for value in ring[::2]], [value for ring in rings for value in ring[1::2]]
    counts = pack_counts(encode_runs(mask))
    return {
        "bbox": [min(x), min(y), max(x) - min(x), max(y) - min(y)],
        "category": number % 3,
        "area": float(mask.sum()),
        "segmentation": rings,
        "rle": {"size": list(mask.shape), "counts": counts},
        "keypoints": [min(x), min(y), 2, max(x), min(y), 1, 0, 0, 0],
        "number": number + 1,
    }


_INSTANCES = {
    "image": Image(),
    "instance_mask": Image(),
    "objects": [
        {
            "bbox": List(Value("float64"), length=4),
            "category": ClassLabel(names=["a", "b", "c"]),
            "area": Value("float64"),
            "segmentation": List(List(Value("float64"))),
            "rle": {"size": List(Value("int64")), "counts": Value("string")},
            "keypoints": List(Value("float64"), length=9),
            "number": Value("int32"),
        }
    ],
    "label": ClassLabel(names=["in", "out"]),
}
_SAID = {
    "boxes": "objects.bbox", "box_format": "coco", "areas": "objects.area", "polygons": "objects.segmentation",
    "rle": "objects.rle", "keypoints": "objects.keypoints", "keypoint_origin": "corner", "keypoint_format": "coco",
    "keypoint_swaps": ((0, 1),), "mask_ids": "objects.number",
}  # fmt: skip


@functools.cache
def instances() -> Sample:
    """Images with objects as COCO has them: boxes, areas, outlines, run lengths, keypoints, and an instance mask."""
    sizes = [(18 + 2 * i, 27 - i) for i in range(6)]
    masks = [_instances_of(h, w, i) for i, (h, w) in enumerate(sizes)]
    rows: Columns = {
        "image": [image_file(drawing(h, w, 3, i), "PNG" if i % 2 else "JPEG") for i, (h, w) in enumerate(sizes)],
        "instance_mask": [
            image_file(np.max([m * (n + 1) for n, m in enumerate(some)], axis=0)[..., None], "PNG") for some in masks
        ],
        "objects": [[_instance(mask, number) for number, mask in enumerate(some)] for some in masks],
        "label": [i % 2 for i in range(len(sizes))],
    }
    dot = np.ones((1, 1), np.uint8)
    odd: Columns = {
        "image": [image_file(drawing(1, 1, 3, 1), "PNG"), None, rows["image"][0], rows["image"][1]],
        "instance_mask": [image_file(dot[..., None], "PNG"), None, None, rows["instance_mask"][1]],
        "objects": [
            [{**_instance(dot, 0), "segmentation": [[0, 0, 1, 0, 1, 1, 0, 1]]}],
            [],
            None,
            [{**rows["objects"][1][0], "segmentation": None, "rle": None, "area": None, "keypoints": None}],
        ],
        "label": [0, 1, None, 0],
    }
    return Sample("instances", with_strange(_INSTANCES, rows), with_strange(_INSTANCES, odd), _SAID)
