"""Objects through whole ops: boxes, outlines, run lengths, masks, areas and points of one object stay one object.

The references follow points of the source one by one (`figures.py`), and decode run lengths with pycocotools.
"""

import dataclasses
import functools

import numpy as np
import pyarrow as pa
import pytest
from datasets import ClassLabel, Features, Image, List, Value
from pycocotools import mask as coco

from hfaug import Chain, media
from hfaug.kinds import WarpOp
from hfaug.moves import Warp
from tests.contract import figures

# pycocotools asks NumPy for arrays in the way of its first version.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")

ROWS, OBJECTS = 26, 12
NUMBER = Value("float64")
FEATURES = Features(
    {
        "image": Image(),
        "objects": {
            "bbox": List(List(NUMBER, length=4)),
            "area": List(NUMBER),
            "category": List(ClassLabel(num_classes=OBJECTS)),
            "segmentation": List(List(List(NUMBER))),
            "rle": List({"size": List(Value("int64")), "counts": Value("string")}),
            "masks": List(Image()),
            "keypoints": List(List(NUMBER, length=6)),
        },
    }
)
BOUND = {
    "boxes": "objects.bbox",
    "box_format": "coco",
    "areas": "objects.area",
    "polygons": "objects.segmentation",
    "rle": "objects.rle",
    "masks": "objects.masks",
    "keypoints": "objects.keypoints",
    "keypoint_origin": "corner",
    "keypoint_format": "coco",
    "keypoint_swaps": ((0, 1),),
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fixed(WarpOp):
    """A move that is given: a matrix, row by row, and the size of the result as shares of that before."""

    numbers: tuple[float, ...]
    height: float = 1.0
    width: float = 1.0

    def warp(self, size, rng):
        return Warp(np.reshape(self.matrix(size), (3, 3)), size, self.after(size))

    def matrix(self, size):
        """In units of the image's size, about its middle."""
        height, width = size
        middle = np.array([[1, 0, width / 2], [0, 1, height / 2], [0, 0, 1]])
        there = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1]])
        return middle @ np.reshape(self.numbers, (3, 3)) @ there

    def after(self, size):
        return max(1, round(size[0] * self.height)), max(1, round(size[1] * self.width))


def turn(degrees):
    """Counter-clockwise about the middle."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return Fixed(numbers=(cos, sin, 0, -sin, cos, 0, 0, 0, 1))


MIRROR = Fixed(numbers=(-1, 0, 0, 0, 1, 0, 0, 0, 1))
STEPS = {
    "turn": (turn(23),),
    "mirror": (MIRROR,),
    "mirror, turn": (MIRROR, turn(-37)),
    "shift away": (Fixed(numbers=(1, 0, 17.3, 0, 1, -9.6, 0, 0, 1)),),
    "window": (Fixed(numbers=(1, 0, -7, 0, 1, -5, 0, 0, 1), height=0.6, width=0.7),),
    "grow": (Fixed(numbers=(1.7, 0, 0, 0, 1.4, 0, 0, 0, 1), height=1.2, width=1.1),),
    "shear": (Fixed(numbers=(1, 0.4, 0, 0.1, 1, 0, 0, 0, 1)),),
    "tilt": (Fixed(numbers=(1, 0, 0, 0, 1, 0, 0.004, -0.003, 1)),),
    "out and back": (Fixed(numbers=(1, 0, 14, 0, 1, 6, 0, 0, 1)), Fixed(numbers=(1, 0, -14, 0, 1, -6, 0, 0, 1))),
    "turn, window, mirror": (turn(31), Fixed(numbers=(1, 0, -6, 0, 1, -8, 0, 0, 1), height=0.7, width=0.7), MIRROR),
}


def steps_of(ops, size):
    """The same moves as ``(matrix, size)``."""
    steps = []
    for op in ops:
        steps.append((op.matrix(size), op.after(size)))
        size = op.after(size)
    return steps


@functools.cache
def scenes(seed=0):
    """Sizes and the rings of each object."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(ROWS):
        size = tuple(rng.integers(30, 80, 2).tolist())
        found.append((size, [figures.shape(rng, size) for _ in range(OBJECTS)]))
    return found


def picture(array, mode="RGB"):
    if mode == "RGB":
        data = media.encode_image(array, like=media.Picture(array), codec=media.Codec())
    else:
        data = media.encode_mask(array, like=media.Picture(array, mode="L"))
    return {"bytes": data, "path": None}


def row(size, objects):
    """One image with its objects in every form."""
    masks = [figures.drawn(rings, size).astype(np.uint8) for rings in objects]
    runs = [coco.encode(np.asfortranarray(mask)) for mask in masks]
    corners = [(*np.concatenate(r).min(axis=0), *np.concatenate(r).max(axis=0)) for r in objects]
    return {
        "image": picture(np.full((*size, 3), 90, np.uint8)),
        "objects": {
            "bbox": [[x0, y0, x1 - x0, y1 - y0] for x0, y0, x1, y1 in corners],
            "area": [sum(map(figures.area, rings)) for rings in objects],
            "category": list(range(len(objects))),
            "segmentation": [[ring.ravel().tolist() for ring in rings] for rings in objects],
            "rle": [{"size": list(size), "counts": run["counts"].decode()} for run in runs],
            "masks": [picture(mask[..., None] * 200, "L") for mask in masks],
            "keypoints": [[*rings[0][0], 2, *rings[-1][1], 1] for rings in objects],
        },
    }


@functools.cache
def table():
    return pa.Table.from_pylist([row(*scene) for scene in scenes()], schema=FEATURES.arrow_schema)


@functools.cache
def moved(name, **said):
    """What some steps make of the scenes: for each the size, rings, steps, and the objects left by their number."""
    result = Chain(*STEPS[name]).on(**BOUND, **said)(table()).to_pylist()
    found = []
    for (size, objects), after in zip(scenes(), result, strict=True):
        held = after["objects"]
        left = {number: {field: held[field][place] for field in held} for place, number in enumerate(held["category"])}
        assert {len(values) for values in held.values()} == {len(left)}
        found.append((size, objects, steps_of(STEPS[name], size), left))
    return found


def rings_of(item):
    return [np.reshape(ring, (-1, 2)) for ring in item["segmentation"]]


def run_mask(item):
    return coco.decode({"size": item["rle"]["size"], "counts": item["rle"]["counts"].encode()}).astype(bool)


@pytest.mark.parametrize("name", STEPS)
def test_objects_stay_while_anything_of_them_is_seen(name):
    """What the finest of the references sees stays, with all that belongs to it; the rest is gone from every column."""
    for size, objects, steps, left in moved(name):
        for number, rings in enumerate(objects):
            share, area, _ = figures.fate(rings, steps)
            drawn = figures.drawn(rings, size)
            pixels = figures.seen_pixels(drawn, steps)[0].sum()
            if pixels > 2 and share > 0.02:
                assert number in left, f"object {number} is lost, {share:.2f} of it and {area:.1f} px are to be seen"
            elif share == 0 and pixels == 0:
                assert number not in left, f"object {number} is still there, nothing of it is to be seen"


@pytest.mark.parametrize("name", STEPS)
def test_outlines_are_where_their_points_went(name):
    """Drawn anew at the end, every outline covers the pixels whose centres came from inside of it."""
    for size, objects, steps, left in moved(name):
        for number, item in left.items():
            expected = figures.seen_shape(objects[number], steps, size)
            got = figures.drawn(rings_of(item), steps[-1][1])
            assert (got ^ expected).sum() <= 2 + 0.01 * expected.sum()


@pytest.mark.parametrize("name", STEPS)
def test_run_lengths_and_masks_take_the_pixel_below_each_centre(name):
    """Both alike, value for value."""
    for size, objects, steps, left in moved(name):
        for number, item in left.items():
            drawn = figures.drawn(objects[number], size)
            expected, clear = figures.seen_pixels(drawn, steps)
            runs = run_mask(item)
            values = media.decode_mask(item["masks"]["bytes"]).array[..., 0]
            assert (runs == expected)[clear].all()
            assert (values == 200 * runs).all()


@pytest.mark.parametrize("name", STEPS)
def test_outlines_and_run_lengths_show_the_same(name):
    """The two differ by less than a pixel along the border of what they show."""
    for _, _, steps, left in moved(name):
        for item in left.values():
            outline, runs = figures.drawn(rings_of(item), steps[-1][1]), run_mask(item)
            if runs.sum() >= 60:
                assert figures.overlap(outline, runs) > (0.7 if runs.sum() < 400 else 0.85)
            around = sum(np.hypot(*(np.roll(r, -1, axis=0) - r).T).sum() for r in rings_of(item))
            assert (outline ^ runs).sum() <= 2 + 1.5 * around


@pytest.mark.parametrize("name", STEPS)
def test_boxes_fit_their_outlines_and_reach_no_further_than_the_moved_box(name):
    """They fitted them before the move."""
    for _, objects, steps, left in moved(name):
        for number, item in left.items():
            points = np.concatenate(objects[number])
            (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
            _, _, expected = figures.fate([np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])], steps, per_pixel=8)
            if expected is None or min(x1 - x0, y1 - y0) < 1:
                continue
            x, y, width, height = item["bbox"]
            beyond = np.array([expected[0] - x, expected[1] - y, x + width - expected[2], y + height - expected[3]])
            sharp = min(expected[2] - expected[0], expected[3] - expected[1]) < 2  # corners between the points tried
            assert beyond.max() < (2.0 if sharp else 0.45)
            if rings_of(item):
                outline = np.concatenate(rings_of(item))
                extent = [*outline.min(axis=0), *outline.max(axis=0)]
                assert np.abs(np.array([x, y, x + width, y + height]) - extent).max() < (1e-6 if width * height else 1)


@pytest.mark.parametrize("name", STEPS)
def test_areas_are_those_of_what_is_seen(name):
    """The area that was given, times what is left of the object's pixels and what they grew."""
    for size, objects, _, left in moved(name):
        for number, item in left.items():
            before = sum(map(figures.area, objects[number]))
            drawn = figures.drawn(objects[number], size).sum()
            if drawn:
                after = run_mask(item).sum()
                assert item["area"] == pytest.approx(before * after / drawn, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("name", STEPS)
def test_points_are_followed_and_change_places_in_a_mirror(name):
    mirrors = sum(op.numbers[0] == -1 for op in STEPS[name]) % 2 == 1
    for _, objects, steps, left in moved(name):
        for number, item in left.items():
            rings = objects[number]
            expected, seen = figures.through(np.array([rings[0][0], rings[-1][1]]), steps)
            marks = [2 * seen[0], 1 * seen[1]]
            order = [1, 0] if mirrors else [0, 1]
            got = np.reshape(item["keypoints"], (2, 3))
            assert np.abs(got[:, :2] - expected[order]).max() < 1e-6
            near = np.abs(expected - expected.clip(0, steps[-1][1][::-1])).max(axis=1)[order] < 1e-6
            assert ((got[:, 2] == np.array(marks)[order]) | near).all()


def test_objects_drop_by_their_visible_share():
    """The share is that of the object, not of its box."""
    for name, least in (("window", 0.4), ("turn", 0.9), ("tilt", 0.6), ("turn, window, mirror", 0.25)):
        for _, objects, steps, left in moved(name, min_visibility=least):
            for number, rings in enumerate(objects):
                share = figures.fate(rings, steps)[0]
                slack = 0.02 + 1.5 / max(1.0, np.sqrt(sum(map(figures.area, rings))))
                assert number in left if share > least + slack else share >= least - slack or number not in left


def test_objects_drop_by_their_area():
    for _, _, _, left in moved("window", min_area=40.0):
        assert all(run_mask(item).sum() >= 40 for item in left.values())
    for (_, _, _, all_left), (_, _, _, left) in zip(moved("window"), moved("window", min_area=40.0), strict=True):
        assert {n for n, item in all_left.items() if run_mask(item).sum() >= 40} == set(left)


def test_enough_objects_are_hard():
    """A third of some thousand objects crosses a border, one in twenty vanishes, some have several parts."""
    fates = {"whole": 0, "crossing": 0, "vanished": 0}
    parts = 0
    for name in STEPS:
        for _, objects, steps, _ in moved(name):
            for rings in objects:
                share = figures.fate(rings, steps, per_pixel=2)[0]
                fates["vanished" if share == 0 else "whole" if share > 0.999 else "crossing"] += 1
                parts += len(rings) > 1
    total = sum(fates.values())
    assert total > 3000
    assert fates["crossing"] >= total / 3
    assert fates["vanished"] >= total / 20
    assert parts > total / 3


def test_what_nothing_moves_stays_bit_for_bit():
    """An identity, and there and back by whole pixels, leave every label column as it was stored."""
    there, again = (Fixed(numbers=(-1, 0, 0, 0, 1, 0, 0, 0, 1)) for _ in range(2))
    still = Fixed(numbers=(1, 0, 0, 0, 1, 0, 0, 0, 1))
    for op in (still, Chain(there, again), Chain(still, still)):
        assert op.on(**BOUND, min_area=30.0, min_visibility=0.5)(table()).select(["objects"]) == table().select(
            ["objects"]
        )
