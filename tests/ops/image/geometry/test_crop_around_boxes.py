"""CropAroundBoxes: no box is lost, whatever stands where; it needs boxes, and only looks at them."""

import types

import numpy as np
import pyarrow as pa
import pytest
from datasets import Features, Image, List, Value

from hfaug import Chain, media
from hfaug.errors import RoleError
from hfaug.ops.image import CropAroundBoxes, Rotate
from hfaug.testing import cases
from tests.ops.drawing import streams


def scene(size, boxes):
    return types.SimpleNamespace(size=size, boxes=np.array(boxes, dtype=float).reshape(-1, 4))


def crowd(rng, size, count):
    """Random boxes in an image, flat ones and points among them."""
    ends = np.sort(rng.uniform(0, 1, (count, 2, 2)), axis=1) * size[::-1]
    boxes = ends.reshape(count, 4)
    boxes[rng.random(count) < 0.1, 2] = boxes[rng.random(count) < 0.1, 2].mean() if count > 40 else boxes[0, 2]
    return np.concatenate([np.minimum(boxes[:, :2], boxes[:, 2:]), np.maximum(boxes[:, :2], boxes[:, 2:])], axis=1)


def test_every_box_stays_whole():
    """In 400 images of 1 to 6 boxes."""
    rng = np.random.default_rng(0)
    smaller = 0
    for number in streams(400):
        size = int(rng.integers(1, 60)), int(rng.integers(1, 60))
        boxes = crowd(rng, size, int(rng.integers(1, 7)))
        move = CropAroundBoxes().move_of(scene(size, boxes), number)
        moved, shares = move.boxes(boxes)
        assert (shares > 1 - 1e-9).all()
        np.testing.assert_allclose(moved[:, 2:] - moved[:, :2], boxes[:, 2:] - boxes[:, :2], atol=1e-6)
        assert move.size[0] <= size[0]
        assert move.size[1] <= size[1]
        smaller += move.size != size
    assert smaller > 200


def test_the_share_asked_for_stays():
    """Half of the sides of each, about its middle; some lose the rest."""
    rng = np.random.default_rng(1)
    lost = 0
    for number in streams(300):
        boxes = crowd(rng, (50, 70), 2)
        _, shares = CropAroundBoxes(visible=0.5).move_of(scene((50, 70), boxes), number).boxes(boxes)
        assert (shares > 0).all()
        wide = (boxes[:, 2:] - boxes[:, :2]).min(axis=1) > 0
        assert (shares[wide] >= 0.25 - 1e-9).all()
        lost += (shares < 1).any()
    assert lost > 100


def test_one_box_is_enough():
    """Of two far apart each is kept about as often; one at least always."""
    boxes = [[2, 2, 12, 12], [80, 80, 95, 95]]
    kept = np.zeros(2)
    for number in streams(400):
        _, shares = CropAroundBoxes(keep="one").move_of(scene((100, 100), boxes), number).boxes(boxes)
        assert shares.max() == 1
        kept += shares == 1
    assert (kept > 170).all()
    assert kept.sum() < 790


def test_windows_can_be_stretched_to_a_size():
    boxes = [[10, 20, 30, 40]]
    for number in streams(50):
        move = CropAroundBoxes(height=64, width=96).move_of(scene((50, 70), boxes), number)
        assert move.size == (64, 96)
        assert move.boxes(boxes)[1].tolist() == [1.0]


def test_all_windows_that_hold_the_boxes_are_drawn():
    """Each side lies anywhere between the border and the boxes."""
    corners = {CropAroundBoxes().move_of(scene((5, 5), [[2, 2, 3, 3]]), rng).size for rng in streams(400)}
    assert corners == {(h, w) for h in range(1, 6) for w in range(1, 6)}


def test_without_boxes_the_area_decides():
    for rng in streams(100):
        move = CropAroundBoxes(area=(0.5, 0.6)).move_of(scene((100, 100), []), rng)
        assert 0.48 <= move.size[0] * move.size[1] / 1e4 <= 0.62


# ---- in rows

FEATURES = Features(
    {"image": Image(), "objects": {"bbox": List(List(Value("float64"), length=4)), "name": List(Value("string"))}}
)
BOUND = {"boxes": "objects.bbox", "box_format": "pascal_voc"}


def table(boxes, size=(60, 80)):
    array = np.full((*size, 3), 128, np.uint8)
    image = {"bytes": media.encode_image(array, like=media.Picture(array)), "path": None}
    row = {"image": image, "objects": {"bbox": boxes, "name": [f"box {n}" for n in range(len(boxes))]}}
    return pa.Table.from_pylist([row], schema=FEATURES.arrow_schema)


def test_it_refuses_rows_whose_boxes_are_not_bound():
    with pytest.raises(RoleError, match="CropAroundBoxes: needs one boxes column"):
        CropAroundBoxes().features(Features({"image": Image()}))


def test_rows_keep_their_boxes_and_sizes():
    boxes = [[10, 10, 30, 30], [50, 5, 75, 25]]
    row = CropAroundBoxes().on(**BOUND)(table(boxes)).to_pylist()[0]
    moved = np.array(row["objects"]["bbox"])
    np.testing.assert_allclose(moved[:, 2:] - moved[:, :2], [[20, 20], [25, 20]])
    assert row["objects"]["name"] == ["box 0", "box 1"]
    height, width = media.image_size(row["image"]["bytes"])
    assert moved.max() <= max(height, width)


def test_looking_at_boxes_settles_nothing():
    """Turned there and back around it, a box keeps its size: it was looked at in between, not cut and enclosed."""
    there, back = Rotate(degrees=(30, 30)), Rotate(degrees=(-30, -30))
    whole = CropAroundBoxes(keep="all", area=(1, 1))
    op = Chain(there, whole, back).on(**BOUND)
    box = [35, 25, 45, 35]
    row = op(table([box])).to_pylist()[0]
    x0, y0, x1, y1 = row["objects"]["bbox"][0]
    assert (x1 - x0, y1 - y0) == pytest.approx((10, 10))


def test_an_empty_list_of_boxes_is_no_error():
    row = CropAroundBoxes().on(**BOUND)(table([])).to_pylist()[0]
    assert row["objects"]["bbox"] == []


def test_one_window_holds_the_boxes_of_all_frames():
    """Of a video: no frame loses one, and each keeps half of its sides at least."""
    (case,) = [case for case in cases(CropAroundBoxes(visible=0.5)) if case.sample == "videos"]
    before, after = case.table["objects"].to_pylist(), case.op(case.table)["objects"].to_pylist()
    assert before != after
    for old, new in zip(before, after, strict=True):
        for whole, left in zip(old, new, strict=True):
            assert left["category"] == whole["category"]
            wide, kept = (np.reshape(frame["bbox"], (-1, 4))[:, 2:] for frame in (whole, left))
            assert (kept >= wide / 2 - 1e-3).all()


def test_askew_boxes_stay():
    """They count by the upright boxes around them: no object is cut away, also after a turn that still waits."""
    numbers = List(List(Value("float32"), length=5))
    features = Features({"image": Image(), "objects": {"obb": numbers, "name": List(Value("string"))}})
    row = table([]).to_pylist()[0]
    row["objects"] = {"obb": [[20, 20, 30, 10, 30], [60, 45, 20, 8, 120]], "name": ["a", "b"]}
    op = Chain(Rotate(degrees=(-5, 5)), CropAroundBoxes()).times(30)
    rows = pa.Table.from_pylist([row], schema=features.arrow_schema)
    done = op.on(boxes="objects.obb", box_format="cxcywha", angle_units="degrees")(rows).to_pylist()
    assert {tuple(one["objects"]["name"]) for one in done} == {("a", "b")}
    assert len({media.image_size(one["image"]["bytes"]) for one in done}) > 10
