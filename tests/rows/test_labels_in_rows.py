"""How labels are stored, and that all forms of them follow an image."""

import dataclasses
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pytest
from datasets import ClassLabel, Features, Image, List, Value

from hfaug import Chain, media
from hfaug.errors import LabelError, RowError
from hfaug.op import RowOp
from hfaug.ops.image import Flip, JitterColor, Rotate

NUMBER, WHOLE = Value("float64"), Value("int64")
KIND = ClassLabel(names=["a", "b", "c"])
COCO = {"box_format": "coco"}
TURN = Rotate(degrees=(45, 45))
SIZE = (20, 40)


def stored(array, *, mask=False):
    """A PNG."""
    like = media.Picture(array, mode="L" if mask else "RGB")
    codec = {} if mask else {"codec": media.Codec()}
    return {"bytes": (media.encode_mask if mask else media.encode_image)(array, like=like, **codec), "path": None}


PICTURE = stored(np.full((*SIZE, 3), 100, np.uint8))


def changed(op, features, *rows):
    """What an op makes of rows of one image each, without the image."""
    schema = Features({"image": Image(), **features}).arrow_schema
    table = pa.Table.from_pylist([{"image": PICTURE, **row} for row in rows], schema=schema)
    names = [name for name in schema.names if name != "image"]
    return op(table).select(names).to_pylist()


def test_boxes_of_a_dict_of_lists_take_their_fields_along():
    objects = {"bbox": List(List(NUMBER, length=4)), "kind": List(KIND), "note": Value("string")}
    row = {"objects": {"bbox": [[38, 0, 2, 2], [18, 8, 4, 4]], "kind": [0, 2], "note": "two"}}
    (after,) = changed(TURN.on(boxes="objects.bbox", **COCO), {"objects": objects}, row)
    assert (after["objects"]["kind"], after["objects"]["note"]) == ([2], "two")
    assert np.allclose(after["objects"]["bbox"], [[20 - 8**0.5, 10 - 8**0.5, 32**0.5, 32**0.5]])


def test_boxes_of_a_list_of_structs_take_their_fields_along():
    objects = [{"bbox": List(WHOLE, length=4), "kind": KIND, "points": List(List(NUMBER, length=2))}]
    held = [
        {"bbox": [38, 0, 2, 2], "kind": 0, "points": [[1, 1]]},
        {"bbox": [18, 8, 4, 4], "kind": 2, "points": [[20, 10], [20, 12]]},
    ]
    op = TURN.on(boxes="objects.bbox", keypoints="objects.points", keypoint_origin="corner", **COCO)
    (after,) = changed(op, {"objects": objects}, {"objects": held})
    (left,) = after["objects"]
    assert (left["bbox"], left["kind"]) == ([17, 7, 6, 6], 2)
    assert np.allclose(left["points"], [[20, 10], [20 + 2**0.5, 10 + 2**0.5]])


def test_boxes_in_a_column_of_their_own_take_bound_columns_along():
    features = {"boxes": List(List(NUMBER, length=4)), "kinds": List(KIND)}
    op = TURN.on(boxes="boxes", box_labels="kinds", **COCO)
    row = {"boxes": [[38, 0, 2, 2], [18, 8, 4, 4]], "kinds": [1, 2]}
    assert [len(changed(op, features, row)[0][name]) for name in features] == [1, 1]
    with pytest.raises(LabelError, match="one value for each of the 2 objects in 'boxes', holds 1"):
        changed(op, features, {**row, "kinds": [1]})


def test_one_box_a_row():
    """A column of four numbers stays one; a box that leaves the image is null."""
    features = {"box": List(NUMBER, length=4)}
    op = TURN.on(boxes="box", box_format="pascal_voc")
    after = changed(op, features, {"box": [18, 8, 22, 12]}, {"box": [38, 0, 40, 2]}, {"box": None})
    assert np.allclose(after[0]["box"], [20 - 8**0.5, 10 - 8**0.5, 20 + 8**0.5, 10 + 8**0.5])
    assert [row["box"] for row in after[1:]] == [None, None]


def test_flattened_columns_are_found_by_their_names():
    features = {"objects.bbox": List(List(NUMBER, length=4)), "objects.kind": List(KIND)}
    op = Flip().on(boxes="objects.bbox", box_labels="objects.kind", **COCO)
    (after,) = changed(op, features, {"objects.bbox": [[0, 0, 10, 10]], "objects.kind": [1]})
    assert after == {"objects.bbox": [[30, 0, 10, 10]], "objects.kind": [1]}


def test_missing_labels_stay_missing():
    """A null is not an empty list."""
    features = {
        "mask": Image(),
        "objects": {"bbox": List(List(NUMBER, length=4)), "kind": List(KIND)},
        "points": List(List(NUMBER, length=2)),
    }
    op = TURN.on(boxes="objects.bbox", keypoints="points", keypoint_origin="corner", **COCO)
    nothing = {"mask": None, "objects": None, "points": None}
    empty = {"mask": None, "objects": {"bbox": [], "kind": []}, "points": []}
    partly = {"mask": None, "objects": {"bbox": None, "kind": [1]}, "points": []}
    assert changed(op, features, nothing, empty, partly) == [nothing, empty, partly]


def test_boxes_that_cannot_be_right_name_column_and_row():
    op = Flip().on(boxes="boxes", **COCO)
    with pytest.raises(LabelError, match=r"column 'boxes': .*sticks out of the image of 40x20"):
        changed(op, {"boxes": List(List(NUMBER, length=4))}, {"boxes": [[35, 0, 10, 10]]})


def test_wrong_boxes_do_not_stop_an_op_that_leaves_them_alone():
    """Colours need no boxes, so they are not even read."""
    op = JitterColor().on(boxes="boxes", **COCO)
    row = {"boxes": [[35, 0, 10, 10]]}
    assert changed(op, {"boxes": List(List(NUMBER, length=4))}, row) == [row]


@pytest.mark.parametrize("origin", ["corner", "center"])
def test_keypoints_keep_their_lists_and_marks(origin):
    """Lists of any depth; points out of sight are marked 0, points that nobody marked stay 0, 0, 0."""
    features = {"points": List(List(List(NUMBER, length=3)))}
    row = {"points": [[[39, 1, 2], [0, 0, 0]], [], None, [[20, 10, 1]]]}
    (after,) = changed(TURN.on(keypoints="points", keypoint_origin=origin), features, row)
    (first, unmarked), nothing, null, ((x, y, mark),) = after["points"]
    assert (first[2], unmarked, nothing, null, mark) == (0, [0, 0, 0], [], None, 1)
    shift = 0.5 if origin == "center" else 0.0
    assert np.allclose([x, y], [20 + shift * 2**0.5 - shift, 10 - shift])


def test_one_point_a_row():
    (after,) = changed(
        Flip().on(keypoints="point", keypoint_origin="center"), {"point": List(WHOLE, length=2)}, {"point": [0, 3]}
    )
    assert after["point"] == [39, 3]


def test_long_lists_of_numbers_are_no_points():
    features = {"points": List(List(NUMBER))}
    with pytest.raises(LabelError, match="lists of 2 or 3 numbers each, got lengths \\[6\\]"):
        changed(Flip().on(keypoints="points", keypoint_origin="corner"), features, {"points": [[1, 1, 2, 3, 3, 2]]})


def test_a_mask_of_another_size_is_refused():
    mask = stored(np.ones((5, 5, 1), np.uint8), mask=True)
    with pytest.raises(LabelError, match=r"image's size \(20, 40\) \(height, width\), has \(5, 5\)"):
        changed(Flip(), {"mask": Image()}, {"mask": mask})


# ---- what ops of a chain know of labels


def test_labels_that_only_one_op_of_a_chain_was_told_of_move():
    """An op before it opened the image without them; they move all the same."""
    features = {"boxes": List(List(NUMBER, length=4))}
    told = {"boxes": "boxes", **COCO}
    row = {"boxes": [[0, 0, 10, 10]]}
    expected = [{"boxes": [[30, 0, 10, 10]]}]
    assert changed(Chain(JitterColor(), Flip().on(**told)), features, row) == expected
    assert changed(Chain(Flip().on(keep="boxes"), Flip().on(**told)), features, row) == expected


@dataclasses.dataclass(frozen=True, kw_only=True)
class SetBoxes(RowOp):
    """Writes boxes, between warps."""

    needs: ClassVar = ("image",)

    def apply(self, row, rng):
        return row.replace(boxes=[[0, 0, 4, 4]])


def test_labels_that_an_op_wrote_are_moved_by_the_next():
    """The image goes on where it is, the boxes are those that were written."""
    features = {"boxes": List(List(NUMBER, length=4))}
    op = Chain(Flip(), SetBoxes(), Flip()).on(boxes="boxes", **COCO)
    assert changed(op, features, {"boxes": [[5, 5, 5, 5]]}) == [{"boxes": [[36, 0, 4, 4]]}]


def test_boxes_are_clipped_once_whatever_the_fill():
    """Warps of two fills are two resamplings for pixels and one motion for boxes."""
    features = {"boxes": List(List(NUMBER, length=4))}
    there, back = Rotate(degrees=(20, 20)), Rotate(degrees=(-20, -20), fill=(255, 0, 0))
    (after,) = changed(Chain(there, back).on(boxes="boxes", **COCO), features, {"boxes": [[15, 6, 10, 8]]})
    assert np.allclose(after["boxes"], [[15, 6, 10, 8]])


@dataclasses.dataclass(frozen=True, kw_only=True)
class Shrinks(RowOp):
    """Gives fewer pixels."""

    needs: ClassVar = ("image",)

    def apply(self, row, rng):
        return row.with_pixels(row.pixels[::2])


def test_pixels_of_another_size_are_refused():
    """Labels could not follow."""
    with pytest.raises(RowError, match=r"must keep the image's size \(20, 40\)"):
        changed(Shrinks(), {}, {})


def test_an_image_that_is_not_there_is_named():
    table = pa.table({"image": [None]}, schema=Features({"image": Image()}).arrow_schema)
    with pytest.raises(RowError, match="must hold an image, holds none"):
        Shrinks()(table)
