"""Three pipelines as they are used in training, against the same in albumentations: both decode, change and encode."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import albumentations as A  # noqa: N812  # its own documentation's name
import cv2
import datasets
import numpy as np
import pyarrow as pa
from PIL import Image

import hfaug
from hfaug.ops import image as ops
from tests.benchmarks import environment
from tests.benchmarks.photos import QUALITY, SIDE, Pixels, decode, encode, jpegs, on_disk, psnr, stored_bytes
from tests.benchmarks.report import Line, at_least, at_most
from tests.benchmarks.timing import Case, interleave

ROWS, FEW, ROUNDS, BOXES = 144, 4, 5, 8
FUSED, OVER_NAIVE = at_most(0.65), at_least(12)
STRENGTH, HUE = 0.2, 0.02

_JITTER = ops.JitterColor(brightness=STRENGTH, contrast=STRENGTH, saturation=STRENGTH, hue=HUE)
_NOTE = (
    "area interpolation where both shrink, linear elsewhere, constant border, equal size and codec; PSNR with "
    "every draw fixed"
)


@dataclass(frozen=True)
class Pipeline:
    """One pipeline, twice each: as it is used, and with every draw fixed so that outputs can be compared.

    Args:
        name: Task and size.
        op: hfaug's.
        other: That of albumentations.
        fixed: hfaug's, fixed.
        other_fixed: That of albumentations, fixed.
        labels: Labels that go through it besides the image.
    """

    name: str
    op: hfaug.Op
    other: Any
    fixed: hfaug.Op
    other_fixed: Any
    labels: tuple[str, ...] = ()


def _jitter() -> Any:
    around = (1 - STRENGTH, 1 + STRENGTH)
    return A.ColorJitter(brightness=around, contrast=around, saturation=around, hue=(-HUE, HUE), p=1)


def _classification() -> Pipeline:
    whole: dict[str, Any] = {"area": (1, 1), "aspect": (1, 1)}
    area: dict[str, Any] = {"interpolation": cv2.INTER_AREA, "p": 1}
    return Pipeline(
        "classification, 224",
        hfaug.Chain(ops.RandomResizedCrop(height=224, width=224), ops.Flip().sometimes(0.5), _JITTER),
        A.Compose([A.RandomResizedCrop((224, 224), **area), A.HorizontalFlip(), _jitter()]),
        hfaug.Chain(ops.RandomResizedCrop(height=224, width=224, **whole), ops.Flip()),
        A.Compose([A.RandomResizedCrop((224, 224), scale=(1, 1), ratio=(1, 1), **area), A.HorizontalFlip(p=1)]),
    )


def _detection() -> Pipeline:
    def ours(scale: tuple[float, float], shift: tuple[float, float]) -> hfaug.Op:
        return ops.Affine(
            degrees=(0, 0), scale=scale, shift_x=shift, shift_y=shift, shear_x_degrees=(0, 0), fill=(114, 114, 114)
        )

    def theirs(scale: tuple[float, float], shift: tuple[float, float]) -> Any:
        return A.Affine(scale=scale, translate_percent=shift, border_mode=cv2.BORDER_CONSTANT, fill=114, p=1)

    def boxes(*steps: Any, last: Sequence[Any] = ()) -> Any:
        fit = [A.LongestMaxSize(640), A.PadIfNeeded(640, 640, border_mode=cv2.BORDER_CONSTANT, fill=114)]
        return A.Compose([*steps, *fit, *last], bbox_params=A.BboxParams("coco", label_fields=["category"]))

    still, fit = (0.9, 0.9), ops.Letterbox(height=640, width=640)
    return Pipeline(
        f"detection, 640, {BOXES} boxes",
        hfaug.Chain(ops.Flip().sometimes(0.5), ours((0.8, 1.2), (-0.1, 0.1)), fit, _JITTER),
        boxes(A.HorizontalFlip(), theirs((0.8, 1.2), (-0.1, 0.1)), last=[_jitter()]),
        hfaug.Chain(ops.Flip(), ours(still, (0, 0)), fit),
        boxes(A.HorizontalFlip(p=1), theirs(still, (0, 0))),
        ("boxes",),
    )


def _segmentation() -> Pipeline:
    around: dict[str, Any] = {"border_mode": cv2.BORDER_CONSTANT, "fill": 0, "fill_mask": 0}

    def theirs(*steps: Any) -> Any:
        return A.Compose([*steps, A.PadIfNeeded(SIDE, SIDE, **around)])

    window = ops.Crop(height=SIDE, width=SIDE)
    return Pipeline(
        "segmentation, 512",
        hfaug.Chain(ops.Scale(scale=(0.5, 2), expand=True), window, ops.Flip().sometimes(0.5), _JITTER),
        theirs(
            A.RandomScale((-0.5, 1), p=1),
            A.RandomCrop(SIDE, SIDE, pad_if_needed=True, fill=0),
            A.HorizontalFlip(),
            _jitter(),
        ),
        hfaug.Chain(ops.Scale(scale=(1.5, 1.5), expand=True), ops.CenterCrop(height=SIDE, width=SIDE), ops.Flip()),
        theirs(A.RandomScale((0.5, 0.5), p=1), A.CenterCrop(SIDE, SIDE), A.HorizontalFlip(p=1)),
        ("mask",),
    )


def measure() -> list[Line]:
    """Each pipeline in one process and in two."""
    return [line for make in (_classification, _detection, _segmentation) for line in _lines(make())]


def _lines(pipeline: Pipeline) -> list[Line]:
    rows, few = _rows(ROWS, pipeline.labels), _rows(FEW, pipeline.labels)
    op, fixed = (_bound(op, pipeline.labels) for op in (pipeline.op, pipeline.fixed))
    loop, naive = _loop(pipeline.other, pipeline.labels), _naive(pipeline.other, pipeline.labels)
    held = rows.with_format("arrow")[:].to_pylist()
    cases = [
        Case("loop", lambda: [loop(row) for row in held], ROWS),
        Case("map", lambda: rows.map(op, batched=True), ROWS),
        Case("naive", lambda: few.with_format(None).map(naive), FEW),
    ]
    times = interleave(cases, ROUNDS)
    still = _loop(pipeline.other_fixed, pipeline.labels)
    likeness = psnr(stored_bytes(rows.map(fixed, batched=True)), [still(row)["image"]["bytes"] for row in held])
    name, fused = pipeline.name, times.ratio("map", "loop")
    return [
        Line("pipelines", f"{name}: map / albumentations loop", fused, FUSED, psnr_db=likeness, note=_NOTE),
        Line("pipelines", f"{name}: a map that returns images / map", times.ratio("naive", "map"), OVER_NAIVE),
        _of_two(name, rows, op, loop),
    ]


def _of_two(name: str, rows: datasets.Dataset, op: hfaug.Op, loop: Callable[[Any], Any]) -> Line:
    """Two processes on each side, through the same `map`."""

    def theirs(batch: Any) -> Any:
        done = [loop(row) for row in batch.to_pylist()]
        return pa.Table.from_pylist(done, schema=batch.schema)

    with environment.all_cores():
        cases = [
            Case("map", lambda: rows.map(op, batched=True, batch_size=36, num_proc=2), ROWS),
            Case("loop", lambda: rows.with_format("arrow").map(theirs, batched=True, batch_size=36, num_proc=2), ROWS),
        ]
        times = interleave(cases, 3)
    return Line("pipelines", f"{name}: map of 2 processes / that of albumentations", times.ratio("map", "loop"), FUSED)


# ---- rows


def _rows(count: int, labels: tuple[str, ...]) -> datasets.Dataset:
    """Photographs with drawn labels."""
    rng = np.random.default_rng(0)
    features: dict[str, Any] = {"image": datasets.Image()}
    columns: dict[str, list[Any]] = {"image": [{"bytes": data, "path": None} for data in jpegs(count)]}
    if "boxes" in labels:
        features["objects"] = {
            "bbox": datasets.List(datasets.List(datasets.Value("float32"), length=4)),
            "category": datasets.List(datasets.Value("int64")),
        }
        places = rng.uniform(0, SIDE * 0.6, (count, BOXES, 2))
        sides = rng.uniform(20, SIDE * 0.39, (count, BOXES, 2))
        found = np.concatenate([places, sides], axis=2).tolist()
        columns["objects"] = [{"bbox": boxes, "category": list(range(BOXES))} for boxes in found]
    if "mask" in labels:
        features["mask"] = datasets.Image()
        y, x = np.mgrid[:SIDE, :SIDE]
        masks = [_png(((x // (40 + n % 30) + y // 50) % 8).astype(np.uint8)) for n in range(count)]
        columns["mask"] = [{"bytes": data, "path": None} for data in masks]
    schema = datasets.Features(features).arrow_schema
    return on_disk(datasets.Dataset(pa.Table.from_pydict(columns, schema=schema)))


def _bound(op: hfaug.Op, labels: tuple[str, ...]) -> hfaug.Op:
    said: dict[str, Any] = {"boxes": "objects.bbox", "box_format": "coco"} if "boxes" in labels else {}
    return op.on(jpeg_quality=QUALITY, **said)


def _png(array: Pixels) -> bytes:
    return bytes(cv2.imencode(".png", array, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1])


def _loop(change: Any, labels: tuple[str, ...]) -> Callable[[Any], Any]:
    """A stored row through the pipeline, without anything of `datasets`."""

    def one(row: Any) -> Any:
        given: dict[str, Any] = {"image": decode(row["image"]["bytes"])}
        if "boxes" in labels:
            given |= {"bboxes": row["objects"]["bbox"], "category": row["objects"]["category"]}
        if "mask" in labels:
            given["mask"] = cv2.imdecode(np.frombuffer(row["mask"]["bytes"], np.uint8), cv2.IMREAD_UNCHANGED)
        made = change(**given)
        done = {**row, "image": {"bytes": encode(made["image"]), "path": None}}
        if "boxes" in labels:
            boxes = [[float(v) for v in box] for box in made["bboxes"]]
            done["objects"] = {"bbox": boxes, "category": [int(v) for v in made["category"]]}
        if "mask" in labels:
            done["mask"] = {"bytes": _png(made["mask"]), "path": None}
        return done

    return one


def _naive(change: Any, labels: tuple[str, ...]) -> Callable[[Any], Any]:
    """What the documentation of `datasets` shows: images in, images out."""

    def one(row: Any) -> Any:
        given: dict[str, Any] = {"image": np.asarray(row["image"].convert("RGB"))}
        if "boxes" in labels:
            given |= {"bboxes": row["objects"]["bbox"], "category": row["objects"]["category"]}
        if "mask" in labels:
            given["mask"] = np.asarray(row["mask"])
        made = change(**given)
        return {name: Image.fromarray(made[name]) for name in ("image", "mask") if name in made}

    return one
