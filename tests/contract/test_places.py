"""Boxes, keypoints and masks through whole ops, against points that are followed one by one."""

import itertools

import numpy as np
import pyarrow as pa
import pytest
from datasets import Features, Image, List, Value

from hfaug import Chain, media
from hfaug.augment import augment
from hfaug.ops.image import Flip, JitterColor, Rotate
from tests.contract.references import flipped, followed, seen_box, seen_mask, source_frames, turned

ROWS, BOXES = 30, 12
STEPS = {
    "turn 17": ((Rotate(degrees=(17, 17)),), (turned(17),)),
    "turn -58": ((Rotate(degrees=(-58, -58)),), (turned(-58),)),
    "turn 90": ((Rotate(degrees=(90, 90)),), (turned(90),)),
    "flip": ((Flip(),), (flipped("horizontal"),)),
    "flip down": ((Flip(axis="vertical"),), (flipped("vertical"),)),
    "turn, flip": ((Rotate(degrees=(33, 33)), Flip()), (turned(33), flipped("horizontal"))),
    "flip, colour, turn": ((Flip(), JitterColor(), Rotate(degrees=(-41, -41))), (flipped("horizontal"), turned(-41))),
    "there and back": ((Rotate(degrees=(28, 28)), Rotate(degrees=(-28, -28))), (turned(28), turned(-28))),
    "three turns": (tuple(Rotate(degrees=(d, d)) for d in (45, 40, -20)), (turned(45), turned(40), turned(-20))),
    "turns of two fills": (
        (Rotate(degrees=(25, 25)), Rotate(degrees=(20, 20), fill=(9, 9, 9))),
        (turned(25), turned(20)),
    ),
}
"""Ops, and the same as steps of a trajectory."""

FORMATS = list(itertools.product(("xyxy", "xywh", "cxcywh"), ("pixels", "relative")))


def written(boxes, order, units, size):
    """Corners in a format, by its definition."""
    x0, y0, x1, y1 = np.asarray(boxes, dtype=np.float64).reshape(-1, 4).T
    forms = {
        "xyxy": (x0, y0, x1, y1),
        "xywh": (x0, y0, x1 - x0, y1 - y0),
        "cxcywh": ((x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0),
    }
    scale = (size[1], size[0]) * 2 if units == "relative" else (1, 1, 1, 1)
    return np.stack(forms[order], axis=1) / scale


def corners(boxes, order, units, size):
    """The inverse of `written`."""
    scale = (size[1], size[0]) * 2 if units == "relative" else (1, 1, 1, 1)
    a, b, c, d = (np.asarray(boxes, dtype=np.float64).reshape(-1, 4) * scale).T
    if order == "xyxy":
        return np.stack([a, b, c, d], axis=1)
    return np.stack([a, b, a + c, b + d] if order == "xywh" else [a - c / 2, b - d / 2, a + c / 2, b + d / 2], axis=1)


def scenes(seed):
    """Sizes and boxes: big and tiny ones, many at the border, many in corners."""
    rng = np.random.default_rng(seed)
    for _ in range(ROWS):
        height, width = rng.integers(30, 90, 2)
        low, high = rng.uniform(0, 1, (2, BOXES, 2))
        edge = rng.random((BOXES, 1)) < 0.35
        small = rng.random((BOXES, 1)) < 0.35
        low = np.where(edge, np.round(low), low)
        high = np.where(small, low + (high - low) * 0.1, high)
        boxes = np.concatenate([np.minimum(low, high), np.maximum(low, high)], axis=1)
        yield (int(height), int(width)), boxes * (width, height, width, height)


def dataset(found, order, units):
    """Images with boxes in a format; each box is named by its number."""
    number = Value("float64")
    features = Features(
        {
            "image": Image(),
            "objects": {"bbox": List(List(number, length=4)), "name": List(Value("int32"))},
            "points": List(List(number, length=3)),
        }
    )
    rows = []
    for size, boxes in found:
        array = np.full((*size, 3), 128, np.uint8)
        data = media.encode_image(array, like=media.Picture(array), codec=media.Codec())
        centres = (boxes[:, :2] + boxes[:, 2:]) / 2
        rows.append(
            {
                "image": {"bytes": data, "path": None},
                "objects": {"bbox": written(boxes, order, units, size).tolist(), "name": list(range(len(boxes)))},
                "points": [[x, y, 2] for x, y in centres],
            }
        )
    return pa.Table.from_pylist(rows, schema=features.arrow_schema)


def bound(ops, order, units):
    """The ops as a chain, told of the labels."""
    said = {"boxes": "objects.bbox", "box_format": order, "box_units": units}
    return Chain(*ops).on(**said, keypoints="points", keypoint_origin="corner")


@pytest.mark.parametrize("order,units", FORMATS, ids=["-".join(form) for form in FORMATS])
@pytest.mark.parametrize("name", STEPS)
def test_boxes_are_around_what_is_seen(name, order, units):
    """Each box is the upright box around those of its points that were seen all along; one that nobody sees is gone."""
    ops, steps = STEPS[name]
    found = list(scenes(seed=FORMATS.index((order, units))))
    result = bound(ops, order, units)(dataset(found, order, units)).to_pylist()
    for (size, boxes), row in zip(found, result, strict=True):
        frames = source_frames(steps, size)
        moved = corners(row["objects"]["bbox"], order, units, size)
        got = dict(zip(row["objects"]["name"], moved, strict=True))
        for number, box in enumerate(boxes):
            expected = seen_box(box, steps, size, frames)
            if expected is None:
                assert number not in got or min(got[number][2:] - got[number][:2]) < 0.1
            elif min(expected[2:] - expected[:2]) > 0.1:
                assert number in got, f"box {number} of {box} is lost, {expected} is to be seen"
                assert np.abs(got[number] - expected).max() < 0.06, f"{got[number]} is not {expected}"


def test_enough_boxes_are_hard():
    """At least 30 % of the boxes cross a border and 5 % vanish, in thousands of cases like those above."""
    fates = {"whole": 0, "crossing": 0, "vanished": 0}
    for seed, (_, steps) in itertools.product(range(2), STEPS.values()):
        for size, boxes in scenes(seed):
            frames = source_frames(steps, size)
            for box in boxes:
                fates[fate(box, steps, size, frames)] += 1
    total = sum(fates.values())
    assert total > 5000
    assert fates["crossing"] >= 0.3 * total
    assert fates["vanished"] >= 0.05 * total


def fate(box, steps, size, frames):
    """What becomes of a box."""
    if seen_box(box, steps, size, frames) is None:
        return "vanished"
    _, seen = followed(np.array([[x, y] for x in box[::2] for y in box[1::2]]), steps, size)
    return "whole" if seen.all() else "crossing"


@pytest.mark.parametrize("name", STEPS)
def test_keypoints_are_followed(name):
    """Keypoints go where their place goes; those that were out of sight on the way are marked so."""
    ops, steps = STEPS[name]
    found = list(scenes(seed=7))
    result = bound(ops, "xyxy", "pixels")(dataset(found, "xyxy", "pixels")).to_pylist()
    for (size, boxes), row in zip(found, result, strict=True):
        expected, seen = followed((boxes[:, :2] + boxes[:, 2:]) / 2, steps, size)
        got = np.array(row["points"])
        assert np.abs(got[:, :2] - expected).max() < 1e-6
        near = np.abs(expected - np.clip(expected, 0, size[::-1])).max(axis=1) < 1e-4
        assert ((got[:, 2] == 2) == seen)[~near | seen].all()


@pytest.mark.parametrize("name", [name for name in STEPS if name != "turns of two fills"])
def test_masks_take_the_pixel_below_each_centre(name):
    """Each pixel of a moved mask is that of the source pixel which its centre came from; outside it is 0."""
    ops, steps = STEPS[name]
    features = Features({"image": Image(), "mask": Image()})
    rng = np.random.default_rng(5)
    masks = [rng.integers(1, 255, 2 * rng.integers(10, 30, 2), dtype=np.uint8) for _ in range(12)]
    rows = []
    for mask in masks:
        array = mask[..., None].repeat(3, axis=2)
        image = media.encode_image(array, like=media.Picture(array), codec=media.Codec())
        label = media.encode_mask(mask[..., None], like=media.Picture(mask[..., None], mode="L"))
        rows.append({"image": {"bytes": image, "path": None}, "mask": {"bytes": label, "path": None}})
    result = Chain(*ops)(pa.Table.from_pylist(rows, schema=features.arrow_schema))
    for mask, row in zip(masks, result["mask"].to_pylist(), strict=True):
        got = media.decode_mask(row["bytes"]).array[..., 0]
        expected, clear = seen_mask(mask, steps)
        assert clear.mean() > 0.9
        assert (got == expected)[clear].all()


@pytest.mark.parametrize(
    "op,expected",
    [
        (Flip(), lambda a: a[:, ::-1]),
        (Flip(axis="vertical"), lambda a: a[::-1]),
        (Rotate(degrees=(180, 180)), lambda a: a[::-1, ::-1]),
        (Chain(Flip(), Flip(axis="vertical")), lambda a: a[::-1, ::-1]),
    ],
    ids=["flip", "flip down", "turn 180", "both flips"],
)
def test_whole_pixels_are_only_moved(op, expected):
    """Where pixels fall on pixels nothing is resampled: the result is the same numbers elsewhere."""
    array = np.random.default_rng(0).integers(0, 256, (31, 46, 3), dtype=np.uint8)
    data = media.encode_image(array, like=media.Picture(array), codec=media.Codec())
    rows = [{"image": {"bytes": data, "path": None}}]
    done = op(pa.Table.from_pylist(rows, schema=Features({"image": Image()}).arrow_schema))
    assert (media.decode_image(done["image"][0].as_py()["bytes"]).array == expected(array)).all()


def test_augment_moves_boxes_as_the_op_does():
    """The same labels through `augment`: classes stay with their boxes, whole-number boxes are rounded."""
    from datasets import ClassLabel, Dataset

    size, boxes = next(iter(scenes(seed=3)))
    whole = np.round(boxes)
    whole = whole[(whole[:, 2:] - whole[:, :2]).min(axis=1) > 0]
    array = np.full((*size, 3), 128, np.uint8)
    data = media.encode_image(array, like=media.Picture(array), codec=media.Codec())
    category = ClassLabel(names=[f"c{number}" for number in range(len(whole))])
    objects = [{"bbox": List(Value("int64"), length=4), "category": category}]
    features = Features({"image": Image(), "objects": List(objects[0])})
    listed = [
        {"bbox": box, "category": i}
        for i, box in enumerate(written(whole, "xywh", "pixels", size).astype(int).tolist())
    ]
    rows = [{"image": {"bytes": data, "path": None}, "objects": listed}]
    dataset = Dataset(pa.Table.from_pylist(rows, schema=features.arrow_schema))
    op = Rotate(degrees=(40, 40)).on(boxes="objects.bbox", box_format="coco")
    row = augment(dataset, op, keep=False).with_format("arrow")[:].to_pylist()[0]
    frames = source_frames((turned(40),), size)
    got = {item["category"]: corners(item["bbox"], "xywh", "pixels", size)[0] for item in row["objects"]}
    assert len(got) < len(whole)
    for number, box in enumerate(whole):
        expected = seen_box(box, (turned(40),), size, frames)
        assert (number in got) == (expected is not None)
        if expected is not None:
            assert np.abs(got[number] - expected).max() <= 1.06
