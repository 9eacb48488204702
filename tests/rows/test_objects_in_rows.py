"""How objects are stored: outlines, run lengths, masks, areas and askew boxes in every form, dropped together."""

import math

import numpy as np
import pytest
from datasets import ClassLabel, Image, List, Value

from hfaug import Chain, media
from hfaug.errors import LabelError, ParameterError
from hfaug.ops.image import Flip, Rotate
from tests.contract import figures
from tests.rows.test_labels_in_rows import COCO, KIND, NUMBER, SIZE, WHOLE, changed, stored

TURN = Rotate(degrees=(45, 45))
SQUARE, CORNER = [18, 8, 22, 8, 22, 12, 18, 12], [38, 0, 40, 0, 40, 2, 38, 2]
MIDDLE = np.zeros(SIZE, bool)
MIDDLE[8:12, 18:22] = True
LOST = np.zeros(SIZE, bool)
LOST[:2, 38:] = True
TEXT = Value("string")


def mask(array, value=1):
    return stored((array * value).astype(np.uint8)[..., None], mask=True)


def runs_of(array):
    """Run lengths by counting, column by column."""
    counts, now = [0], False
    for value in array.T.ravel():
        if bool(value) != now:
            counts.append(0)
            now = not now
        counts[-1] += 1
    return counts


# ---- outlines

OUTLINES = {
    "one ring": (List(NUMBER), SQUARE, CORNER),
    "rings": (List(List(NUMBER)), [SQUARE], [CORNER, CORNER]),
    "points": (List(List(NUMBER, length=2)), np.reshape(SQUARE, (4, 2)).tolist(), np.reshape(CORNER, (4, 2)).tolist()),
    "rings of points": (
        List(List(List(NUMBER, length=2))),
        [np.reshape(SQUARE, (4, 2)).tolist()],
        [np.reshape(CORNER, (4, 2)).tolist()],
    ),
}


@pytest.mark.parametrize("form", OUTLINES)
@pytest.mark.parametrize("kind", ["struct of lists", "list of structs", "columns"])
def test_outlines_keep_their_form(form, kind):
    """However outlines and what belongs to them are written, the object that is gone is gone from all of it."""
    feature, there, gone = OUTLINES[form]
    said = {"polygon_units": "pixels"}
    if kind == "columns":
        op = TURN.on(polygons="outlines", box_labels="kinds", **said)
        features = {"outlines": List(feature), "kinds": List(KIND)}
        (after,) = changed(op, features, {"outlines": [gone, there], "kinds": [0, 2]})
        found, kinds = after["outlines"], after["kinds"]
    else:
        op = TURN.on(polygons="o.outline", **said)
        if kind == "struct of lists":
            features = {"o": {"outline": List(feature), "kind": List(KIND)}}
            (after,) = changed(op, features, {"o": {"outline": [gone, there], "kind": [0, 2]}})
            found, kinds = after["o"]["outline"], after["o"]["kind"]
        else:
            features = {"o": [{"outline": feature, "kind": KIND}]}
            (after,) = changed(op, features, {"o": [{"outline": gone, "kind": 0}, {"outline": there, "kind": 2}]})
            found, kinds = [item["outline"] for item in after["o"]], [item["kind"] for item in after["o"]]
    assert kinds == [2]
    assert np.shape(found[0]) == np.shape(there)
    reach = 8**0.5
    expected = [[20 - reach, 10], [20, 10 - reach], [20 + reach, 10], [20, 10 + reach]]
    assert np.allclose(np.reshape(found[0], (4, 2)), expected)


def test_whole_and_relative_outlines():
    features = {"outlines": List(List(List(WHOLE)))}
    (after,) = changed(
        Flip().on(polygons="outlines", polygon_units="pixels"), features, {"outlines": [[[1, 0, 4, 0, 4, 3]]]}
    )
    assert after["outlines"] == [[[39, 0, 36, 0, 36, 3]]]
    features = {"outlines": List(List(NUMBER))}
    row = {"outlines": [[0.1, 0.5, 0.2, 0.5, 0.2, 1.0]]}
    (after,) = changed(Flip().on(polygons="outlines", polygon_units="relative"), features, row)
    assert np.allclose(after["outlines"], [[0.9, 0.5, 0.8, 0.5, 0.8, 1.0]])


def test_outlines_beside_boxes_share_their_units():
    features = {"o": {"bbox": List(List(NUMBER, length=4)), "segmentation": List(List(List(NUMBER)))}}
    row = {"o": {"bbox": [[0.5, 0.5, 0.2, 0.2]], "segmentation": [[[0.4, 0.4, 0.6, 0.4, 0.6, 0.6]]]}}
    (after,) = changed(Flip().on(boxes="o.bbox", box_format="yolo", polygons="o.segmentation"), features, row)
    assert np.allclose(after["o"]["segmentation"], [[[0.6, 0.4, 0.4, 0.4, 0.4, 0.6]]])


def test_an_outline_that_sticks_out_is_cut_to_its_image():
    """It would lie over the fill after a shift; it is cut when it moves, and not before."""
    features = {"outlines": List(List(NUMBER))}
    op = Flip().on(polygons="outlines", polygon_units="pixels")
    (after,) = changed(op, features, {"outlines": [[-4, 2, 4, 2, 4, 6, -4, 6]]})
    assert set(after["outlines"][0][::2]) == {36.0, 40.0}


def test_objects_without_outlines_go_by_their_boxes():
    """As crowds in COCO, which have run lengths elsewhere; a null stays one, an empty list too."""
    features = {"o": {"bbox": List(List(NUMBER, length=4)), "segmentation": List(List(List(NUMBER)))}}
    row = {"o": {"bbox": [[18, 8, 4, 4], [18, 8, 4, 4], [38, 0, 2, 2]], "segmentation": [None, [], None]}}
    (after,) = changed(TURN.on(boxes="o.bbox", polygons="o.segmentation", **COCO), features, row)
    assert (len(after["o"]["bbox"]), after["o"]["segmentation"]) == (2, [None, []])


@pytest.mark.parametrize("ring", [[1, 2, 3], [1, None, 3, 4], [1.0, math.nan, 3, 4]], ids=str)
def test_outlines_that_cannot_be_read_are_named(ring):
    op = Flip().on(polygons="outlines", polygon_units="pixels")
    with pytest.raises(LabelError, match=r"'outlines': polygons must be lists of x, y of each ring, object 1 is"):
        changed(op, {"outlines": List(List(NUMBER))}, {"outlines": [SQUARE, ring]})


# ---- run lengths and masks


def test_run_lengths_keep_their_form():
    """Numbers stay numbers, texts stay texts, bytes bytes; with the size or without."""
    counts = [runs_of(LOST), runs_of(MIDDLE)]
    packed = [media.runs.pack_counts(each) for each in counts]
    forms = {
        "numbers": ([{"counts": List(WHOLE), "size": List(WHOLE)}], [{"counts": c, "size": [*SIZE]} for c in counts]),
        "texts": ([{"counts": TEXT, "size": List(WHOLE)}], [{"counts": c, "size": [*SIZE]} for c in packed]),
        "a struct of lists": (
            {"counts": List(TEXT), "size": List(List(WHOLE))},
            {"counts": packed, "size": [[*SIZE], [*SIZE]]},
        ),
        "bytes alone": (List(Value("binary")), [c.encode() for c in packed]),
        "numbers alone": (List(List(WHOLE)), counts),
    }
    flipped = MIDDLE[::-1, ::-1]
    for name, (form, value) in forms.items():
        feature = List(form[0]) if isinstance(form, list) else form
        op = Chain(Flip(), Flip(axis="vertical")).on(rle="runs")
        (after,) = changed(op, {"runs": feature}, {"runs": value})
        last = after["runs"]["counts"][1] if isinstance(after["runs"], dict) else after["runs"][1]
        last = last["counts"] if isinstance(last, dict) else last
        got = media.runs.decode_runs(last, SIZE)
        assert (got == flipped).all(), name
        assert type(last) is type(value["counts"][1] if isinstance(value, dict) else value[1]) or name in {
            "numbers",
            "texts",
        }
        (after,) = changed(TURN.on(rle="runs"), {"runs": feature}, {"runs": value})
        left = after["runs"]["counts"] if isinstance(after["runs"], dict) else after["runs"]
        assert len(left) == 1, name


def test_run_lengths_of_one_object_a_row():
    value = {"size": [*SIZE], "counts": media.runs.pack_counts(runs_of(MIDDLE))}
    gone = {"size": [*SIZE], "counts": media.runs.pack_counts(runs_of(LOST))}
    features = {"runs": {"size": List(WHOLE), "counts": TEXT}}
    same, lost = changed(TURN.on(rle="runs"), features, {"runs": value}, {"runs": gone})
    assert lost["runs"] is None
    assert same["runs"]["size"] == [*SIZE]


@pytest.mark.parametrize(
    "runs,message",
    [
        ({"size": [5, 5], "counts": "0"}, r"must be of the image's size \(20, 40\) \(height, width\), are of \(5, 5\)"),
        ({"size": [*SIZE], "counts": "04"}, "fill the 20x40"),
        ({"size": [*SIZE], "counts": "é"}, "COCO's text of run lengths"),
    ],
)
def test_wrong_run_lengths_are_named(runs, message):
    with pytest.raises(LabelError, match=f"column 'runs': .*{message}"):
        changed(Flip().on(rle="runs"), {"runs": [{"size": List(WHOLE), "counts": TEXT}]}, {"runs": [runs]})


def test_masks_of_objects_drop_with_them():
    """Values stay what they are: 200 marks the object as well as 1."""
    features = {"masks": List(Image()), "kinds": List(KIND)}
    row = {"masks": [mask(LOST), None, mask(MIDDLE, 200), mask(np.zeros(SIZE, bool))], "kinds": [0, 1, 2, 0]}
    (after,) = changed(TURN.on(masks="masks", box_labels="kinds"), features, row)
    assert after["kinds"] == [1, 2, 0]
    values = media.decode_mask(after["masks"][1]["bytes"]).array
    assert set(np.unique(values).tolist()) == {0, 200}


def test_a_mask_of_an_object_of_another_size_is_refused():
    with pytest.raises(LabelError, match=r"column 'masks': the mask must have the image's size \(20, 40\)"):
        changed(Flip().on(masks="masks"), {"masks": List(Image())}, {"masks": [mask(np.ones((5, 5), bool))]})


def test_pixels_of_dropped_objects_leave_the_instance_mask():
    """An instance mask is a label map; `mask_ids` say which of its values is which object."""
    numbers = np.where(MIDDLE, 7, 0) + np.where(LOST, 300, 0)
    far = np.zeros(SIZE, bool)
    far[9:11, 0:7] = True
    numbers = (numbers + far * 9).astype(np.uint16)
    features = {"mask": Image(), "o": {"bbox": List(List(NUMBER, length=4)), "id": List(WHOLE)}}
    row = {
        "mask": stored(numbers[..., None], mask=True),
        "o": {"bbox": [[18, 8, 4, 4], [38, 0, 2, 2], [0, 9, 7, 2]], "id": [7, 300, 9]},
    }
    op = Rotate(degrees=(30, 30)).on(boxes="o.bbox", mask_ids="o.id", **COCO)
    (after,) = changed(op.on(min_visibility=0.95), features, row)
    assert after["o"]["id"] == [7]
    assert set(np.unique(media.decode_mask(after["mask"]["bytes"]).array).tolist()) == {0, 7}
    (after,) = changed(op, features, row)
    assert set(np.unique(media.decode_mask(after["mask"]["bytes"]).array).tolist()) == {0, *after["o"]["id"]}


# ---- areas, thresholds, wrong boxes


def test_areas_follow_boxes_where_nothing_finer_is_bound():
    """A turned box covers as many square pixels; one that is cut in half has half of them."""
    features = {"o": {"bbox": List(List(NUMBER, length=4)), "area": List(NUMBER), "kind": List(KIND)}}
    row = {"o": {"bbox": [[18, 8, 4, 4], [10, 0, 20, 20]], "area": [12.0, None], "kind": [0, 1]}}
    (after,) = changed(TURN.on(boxes="o.bbox", areas="o.area", **COCO), features, row)
    assert after["o"]["area"] == [pytest.approx(12.0), None]
    whole = {"o": [{"bbox": List(NUMBER, length=4), "area": WHOLE}]}
    held = [{"bbox": [10, 0, 20, 20], "area": 200}]
    (after,) = changed(TURN.on(boxes="o.bbox", areas="o.area", **COCO), whole, {"o": held})
    cut = 2 * (10 * 2**0.5 - 10) ** 2  # the two corners that lie above and below the image
    assert after["o"][0]["area"] == round(200 * (400 - cut) / 400)


def test_thresholds_do_not_touch_rows_that_stay():
    features = {"boxes": List(List(NUMBER, length=4))}
    op = Rotate(degrees=(0, 0)).on(boxes="boxes", min_area=100.0, **COCO)
    assert changed(op, features, {"boxes": [[0, 0, 1, 1]]}) == [{"boxes": [[0, 0, 1, 1]]}]
    assert changed(Flip().on(boxes="boxes", min_area=100.0, **COCO), features, {"boxes": [[0, 0, 1, 1]]}) == [
        {"boxes": []}
    ]


def test_shares_count_from_the_source_through_a_chain():
    """What two turns leave together counts, and not what the second leaves of the first; fused pixels or not."""
    features = {"boxes": List(List(NUMBER, length=4))}
    row = {"boxes": [[0, 0, 8, 8]]}
    angle = math.radians(20)
    cos, sin = math.cos(angle), math.sin(angle)
    turn = ([[cos, sin, 20 - 20 * cos - 10 * sin], [-sin, cos, 10 + 20 * sin - 10 * cos], [0, 0, 1]], SIZE)
    share, _, _ = figures.fate([np.array([(0, 0), (8, 0), (8, 8), (0, 8)])], [turn, turn], per_pixel=30)
    assert 0.1 < share < 0.9
    first = Rotate(degrees=(20, 20))
    for second in (first, Rotate(degrees=(20, 20), fill=(9, 9, 9))):
        for least in (share - 0.01, share + 0.01):
            op = Chain(first, second).on(boxes="boxes", min_visibility=least, **COCO)
            assert len(changed(op, features, row)[0]["boxes"]) == (least < share)


def test_boxes_that_stick_out_are_cut_when_that_is_asked_for():
    features = {"boxes": List(List(NUMBER, length=4)), "kinds": List(KIND)}
    op = Flip().on(boxes="boxes", box_labels="kinds", clip_boxes=True, **COCO)
    (after,) = changed(op, features, {"boxes": [[35, 0, 10, 10], [50, 3, 5, 5], [0, 0, 3, 3]], "kinds": [0, 1, 2]})
    assert after == {"boxes": [[0, 0, 5, 10], [37, 0, 3, 3]], "kinds": [0, 2]}
    for wrong in ([5, 5, -3, 2], [1, math.nan, 2, 2], [1, 1, math.inf, 2]):
        with pytest.raises(LabelError, match="column 'boxes'"):
            changed(op, features, {"boxes": [[0, 0, 1, 1], wrong], "kinds": [0, 0]})


# ---- boxes that stand askew


def test_an_angle_follows_turns_and_mirrors():
    """Clockwise, as the y axis points down; the side w stays the side w."""
    features = {"boxes": List(List(NUMBER, length=5))}
    said = {"boxes": "boxes", "box_format": "cxcywha", "angle_units": "degrees"}
    row = {"boxes": [[20, 10, 8, 4, 10]]}
    (after,) = changed(Rotate(degrees=(30, 30)).on(**said), features, row)
    assert np.allclose(after["boxes"], [[20, 10, 8, 4, -20]])
    (after,) = changed(Flip().on(**said), features, {"boxes": [[12, 10, 8, 4, 10]]})
    assert np.allclose(after["boxes"], [[28, 10, 8, 4, 170]])
    (after,) = changed(
        Rotate(degrees=(30, 30)).on(**{**said, "angle_units": "radians"}), features, {"boxes": [[20, 10, 8, 4, 0]]}
    )
    assert np.allclose(after["boxes"], [[20, 10, 8, 4, -math.pi / 6]])


def test_four_corners_go_where_they_go():
    features = {"boxes": List(List(NUMBER, length=8)), "kinds": List(KIND)}
    op = TURN.on(boxes="boxes", box_format="dota", box_labels="kinds")
    (after,) = changed(op, features, {"boxes": [SQUARE, CORNER], "kinds": [1, 2]})
    reach = 8**0.5
    assert np.allclose(after["boxes"], [[20 - reach, 10, 20, 10 - reach, 20 + reach, 10, 20, 10 + reach]])
    assert after["kinds"] == [1]
    relative = {"boxes": [(np.reshape(SQUARE, (4, 2)) / [40, 20]).ravel().tolist()], "kinds": [1]}
    (after,) = changed(Flip().on(boxes="boxes", box_format="yolo_obb", box_labels="kinds"), features, relative)
    assert np.allclose(np.reshape(after["boxes"][0], (4, 2)) * [40, 20], [[22, 8], [18, 8], [18, 12], [22, 12]])


def test_askew_boxes_are_not_cut_and_drop_by_what_is_to_be_seen():
    features = {"boxes": List(List(NUMBER, length=5))}
    said = {"boxes": "boxes", "box_format": "cxcywha", "angle_units": "degrees"}
    half = {"boxes": [[20, 0, 4, 8, 0]]}  # sticks out of the source by half
    (after,) = changed(Flip().on(**said), features, half)
    assert np.allclose(after["boxes"], [[20, 0, 4, 8, 180]])
    assert changed(Flip().on(**said, min_visibility=0.6), features, half) == [{"boxes": []}]
    assert len(changed(Flip().on(**said, min_visibility=0.4), features, half)[0]["boxes"]) == 1


def test_wrong_askew_boxes_are_named():
    said = {"boxes": "boxes", "box_format": "cxcywha", "angle_units": "degrees"}
    features = {"boxes": List(List(NUMBER))}
    with pytest.raises(LabelError, match=r"box 0 is \[20.0, 10.0, -1.0, 2.0, 0.0\]"):
        changed(Flip().on(**said), features, {"boxes": [[20, 10, -1, 2, 0]]})
    with pytest.raises(LabelError, match="must be 5 numbers each"):
        changed(Flip().on(**said), features, {"boxes": [[20, 10, 1, 2]]})


def test_one_askew_box_a_row():
    said = {"boxes": "box", "box_format": "corners", "box_units": "pixels"}
    there, gone = changed(TURN.on(**said), {"box": List(NUMBER, length=8)}, {"box": SQUARE}, {"box": CORNER})
    assert (len(there["box"]), gone["box"]) == (8, None)


# ---- keypoints


def test_swapped_places_come_back_after_two_mirrors():
    features = {"points": List(List(List(NUMBER, length=3)))}
    row = {"points": [[[1, 2, 2], [5, 6, 1], [9, 9, 2]]]}
    op = Flip().on(keypoints="points", keypoint_origin="corner", keypoint_swaps=((0, 1),))
    (after,) = changed(op, features, row)
    assert after["points"] == [[[35, 6, 1], [39, 2, 2], [31, 9, 2]]]
    assert changed(Chain(op, op), features, row) == [row]
    turned = Chain(Flip(), Flip(axis="vertical")).on(
        keypoints="points", keypoint_origin="corner", keypoint_swaps=((0, 1),)
    )
    assert changed(turned, features, row)[0]["points"][0][0] == [39, 18, 2]


def test_swaps_that_name_no_place():
    features = {"points": List(List(NUMBER, length=2))}
    op = Flip().on(keypoints="points", keypoint_origin="corner", keypoint_swaps=((0, 2),))
    with pytest.raises(LabelError, match="name 2 in one of 2"):
        changed(op, features, {"points": [[1, 2], [3, 4]]})
    with pytest.raises(ParameterError, match="each in one pair"):
        Flip().on(keypoint_swaps=((0, 1), (1, 2)))


def test_points_of_objects_in_one_long_list():
    """COCO's form: 17 points of three numbers."""
    features = {"o": {"bbox": List(List(NUMBER, length=4)), "keypoints": List(List(WHOLE))}}
    points = [[20, 10, 2] + [0, 0, 0] * 15 + [1, 19, 2]]
    row = {"o": {"bbox": [[38, 0, 2, 2], [18, 8, 4, 4]], "keypoints": [points[0], points[0]]}}
    op = TURN.on(boxes="o.bbox", keypoints="o.keypoints", keypoint_origin="corner", keypoint_format="coco", **COCO)
    (after,) = changed(op, features, row)
    (left,) = after["o"]["keypoints"]
    assert (left[:3], left[3:48], left[50]) == ([20, 10, 2], [0] * 45, 0)


# ---- several groups


def test_objects_of_two_structs_drop_apart():
    people = {"bbox": List(List(NUMBER, length=4)), "name": List(TEXT)}
    cars = {"bbox": List(List(NUMBER, length=4)), "plate": List(ClassLabel(num_classes=3))}
    row = {
        "people": {"bbox": [[38, 0, 2, 2], [18, 8, 4, 4]], "name": ["a", "b"]},
        "cars": {"bbox": [[18, 8, 4, 4], [38, 0, 2, 2], [17, 8, 4, 4]], "plate": [0, 1, 2]},
    }
    op = TURN.on(boxes=("people.bbox", "cars.bbox"), **COCO)
    (after,) = changed(op, {"people": people, "cars": cars}, row)
    assert (after["people"]["name"], after["cars"]["plate"]) == (["b"], [0, 2])


def test_a_row_may_disagree_about_its_objects():
    features = {"o": {"bbox": List(List(NUMBER, length=4)), "segmentation": List(List(List(NUMBER)))}}
    row = {"o": {"bbox": [[18, 8, 4, 4]], "segmentation": [[SQUARE], [SQUARE]]}}
    with pytest.raises(LabelError, match=r"one value for each of the 2 objects in 'o.segmentation', holds 1"):
        changed(Flip().on(boxes="o.bbox", polygons="o.segmentation", **COCO), features, row)
