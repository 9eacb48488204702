"""Boxes and key points in the forms data sets write them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfaug.errors import ParameterError, RowError
from hfaug.moves import (
    Warp,
    box_format,
    check_boxes,
    clip_boxes,
    from_points,
    from_xyxy,
    to_points,
    to_xyxy,
    wrong_boxes,
)
from hfaug.moves.boxes import FORMATS

SIZE = (300, 500)
forms = st.tuples(st.sampled_from(["xyxy", "xywh", "cxcywh"]), st.sampled_from(["pixels", "relative"]))
shares = st.lists(st.tuples(*[st.floats(0, 1)] * 4), max_size=5)


@settings(max_examples=300, deadline=None)
@given(shares, forms)
def test_there_and_back(values, form):
    """Corners and back are the same up to rounding; with what was written before, digit for digit."""
    x0, y0, x1, y1 = np.array(values).reshape(-1, 4).T * np.array([[500, 300, 500, 300]]).T
    boxes = np.stack([np.minimum(x0, x1), np.minimum(y0, y1), np.maximum(x0, x1), np.maximum(y0, y1)], axis=1)
    written = from_xyxy(boxes, *form, size=SIZE)
    again = to_xyxy(written, *form, size=SIZE)
    np.testing.assert_allclose(again, boxes, atol=1e-9)
    np.testing.assert_array_equal(from_xyxy(again, *form, size=SIZE, like=written), written)
    moved = Warp.flip(SIZE).boxes(again)[0]
    back = Warp.flip(SIZE).boxes(moved)[0]
    np.testing.assert_allclose(from_xyxy(back, *form, size=SIZE), written, atol=1e-9)


@settings(max_examples=200, deadline=None)
@given(shares, forms)
def test_formats_mean_what_they_say(values, form):
    """Each format against its definition, number by number."""
    order, units = form
    scale = (500, 300, 500, 300) if units == "relative" else (1, 1, 1, 1)
    for value, box in zip(values, to_xyxy(values, order, units, SIZE), strict=True):
        a, b, c, d = (number * factor for number, factor in zip(value, scale, strict=True))
        expected = {
            "xyxy": (a, b, c, d),
            "xywh": (a, b, a + c, b + d),
            "cxcywh": (a - c / 2, b - d / 2, a + c / 2, b + d / 2),
        }
        assert box == pytest.approx(expected[order])


def test_relative_boxes_follow_the_new_size():
    """After a crop relative boxes are shares of the crop; what was written before does not count for another size."""
    boxes = to_xyxy([[0.5, 0.5, 0.5, 0.5]], "yolo", size=(100, 100))
    moved, _ = Warp.crop((100, 100), 0, 0, 100, 200).boxes(boxes)
    np.testing.assert_array_equal(moved, boxes)
    written = from_xyxy(moved, "yolo", size=(100, 200), like=[[0.5, 0.5, 0.5, 0.5]], like_size=(100, 100))
    assert written.tolist() == [[0.25, 0.5, 0.25, 0.5]]


def test_names_of_formats():
    """Every name is known, contradictions and misspellings are not."""
    assert {name: box_format(name) for name in FORMATS}["coco"] == ("xywh", "pixels")
    assert box_format("pascal_voc") == ("xyxy", "pixels")
    assert box_format("xyxy", "relative") == box_format("albumentations")
    for arguments in [("voc",), ("coco", "relative"), ("xyxy", "percent")]:
        with pytest.raises(ParameterError, match="box_format: "):
            box_format(*arguments)
    with pytest.raises(ParameterError, match="size"):
        to_xyxy([[0, 0, 1, 1]], "yolo")


@pytest.mark.parametrize(
    ("box", "reason"),
    [
        ((0, 0, 10.2, 5), "sticks out"),
        ((-1, 0, 5, 5), "sticks out"),
        ((5, 0, 4, 5), "right side is left"),
        ((0, 5, 4, 4), "lower side is above"),
        ((0, 0, float("nan"), 4), "missing"),
    ],
)
def test_wrong_boxes_are_named(box, reason):
    """The message says which box, what it is, what is wrong and what to do."""
    with pytest.raises(RowError, match=rf"box 1 is .*{reason}.*correct the row"):
        check_boxes([(0, 0, 1, 1), box], size=(10, 10))
    assert [number for number, _ in wrong_boxes([(0, 0, 1, 1), box], size=(10, 10))] == [1]


def test_rounded_boxes_pass():
    """Coordinates that were rounded when written may stick out by a trifle; what is not four numbers is refused."""
    check_boxes(to_xyxy(np.float32([[0.95, 0.5, 0.1, 1.0]]), "yolo", size=(4000, 4000)), size=(4000, 4000))
    check_boxes([(-0.01, 0, 10.01, 10)], size=(10, 10))
    check_boxes([], size=(10, 10))
    for wrong in ([[1, 2, 3]], [["a", 0, 1, 2]], [[1, 2, 3, 4], [1]]):
        with pytest.raises(RowError, match="four numbers"):
            to_xyxy(wrong)


def test_clipping():
    """Boxes are cut to the image, with the share that was inside; flat ones count where they touch."""
    boxes, share = clip_boxes([(-5, 0, 5, 10), (20, 20, 30, 30), (3, 3, 3, 3), (12, 3, 12, 3)], size=(10, 10))
    assert boxes.tolist() == [[0, 0, 5, 10], [10, 10, 10, 10], [3, 3, 3, 3], [10, 3, 10, 3]]
    assert share.tolist() == [0.5, 0.0, 1.0, 0.0]


def test_points_say_what_a_whole_number_is():
    """Pixel numbers are centres: a flip of the first pixel is the last."""
    points = to_points([[0, 0], [4, 2]], origin="center")
    flipped = from_points(Warp.flip((3, 5)).points(points), origin="center")
    assert flipped.tolist() == [[4, 0], [0, 2]]
    relative = to_points([[0.5, 0.5]], units="relative", size=(3, 5))
    assert relative.tolist() == [[2.5, 1.5]]
    assert from_points(relative, units="relative", size=(3, 5)).tolist() == [[0.5, 0.5]]
    assert to_points([]).shape == (0, 2)
    for arguments in ({"origin": "middle"}, {"units": "percent"}, {"units": "relative"}):
        with pytest.raises(ParameterError, match="keypoints: "):
            to_points([[0, 0]], **arguments)
    with pytest.raises(RowError, match="two numbers"):
        to_points([["a", "b"]])


def test_only_boxes_that_stick_out_are_told_of_cutting():
    """In the words of users, who bind columns and call no function on boxes."""
    with pytest.raises(RowError, match=r"let it be cut to its image by .on\(clip_boxes=True\)"):
        check_boxes([(-5, 0, 5, 10)], size=(10, 10))
    with pytest.raises(RowError) as raised:
        check_boxes([(5, 0, 1, 10)], size=(10, 10))
    assert "clip_boxes" not in str(raised.value)
