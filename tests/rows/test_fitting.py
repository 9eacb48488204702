"""Points are counted again, and boxes that fitted their outline fit it again."""

import numpy as np
import pytest
from datasets import Image, List

from hfaug import Chain
from hfaug.errors import LabelError
from hfaug.ops.image import CenterCrop, Flip
from tests.rows.test_labels_in_rows import COCO, NUMBER, SIZE, WHOLE, changed
from tests.rows.test_objects_in_rows import TEXT, TURN, mask


def test_points_are_counted_again():
    """COCO's num_keypoints is how many of an object's points have a visibility above 0."""
    features = {"o": {"bbox": List(List(NUMBER, length=4)), "points": List(List(NUMBER)), "n": List(WHOLE)}}
    op = CenterCrop(height=20, width=20).on(
        boxes="o.bbox", keypoints="o.points", keypoint_format="coco", keypoint_origin="corner", keypoint_counts="o.n",
        **COCO,
    )  # fmt: skip
    points = [[5, 5, 2, 7, 5, 2, 0, 0, 0], [15, 1, 2, 38, 3, 1, 20, 5, 1], [13, 3, 2, 0, 0, 0, 0, 0, 0]]
    boxes = [[2, 2, 10, 10], [0, 0, 39, 10], [11, 1, 4, 4]]
    (after,) = changed(op, features, {"o": {"bbox": boxes, "points": points, "n": [2, 3, None]}})
    assert after["o"]["n"] == [0, 2, None]
    (same,) = changed(Flip().on(**op.binding.to_json()), features,
                      {"o": {"bbox": boxes, "points": points, "n": [2, 3, 1]}})  # fmt: skip
    assert same["o"]["n"] == [2, 3, 1]


@pytest.mark.parametrize("form", ["polygons", "masks"])
def test_boxes_that_fitted_their_outline_fit_it_after_a_turn(form):
    """Others, with a margin or around what is hidden, stay around their moved corners."""
    ring = [10, 8, 30, 8, 10, 14]  # of a box of 20 x 6 the half along its diagonal
    drawn = np.zeros(SIZE, bool)
    drawn[8:14, 10:30] = (np.arange(6)[:, None] + 0.5) / 6 + (np.arange(20)[None] + 0.5) / 20 < 1
    kind, value = (List(List(List(NUMBER))), [ring]) if form == "polygons" else (List(Image()), mask(drawn))
    tight = [10, 8, 20 if form == "polygons" else 18, 6]
    op = TURN.on(boxes="boxes", **{form: "shapes"}, **COCO)
    features = {"boxes": List(List(NUMBER, length=4)), "shapes": kind}
    (after,) = changed(op, features, {"boxes": [tight, [7, 5, 26, 12]], "shapes": [value] * 2})
    loose = (tight[2] + tight[3]) / 2**0.5
    fit, wide = after["boxes"]
    assert fit[2] < loose - 2
    assert wide[2] > fit[2] + 5
    if form == "polygons":
        points = np.concatenate([np.reshape(part, (-1, 2)) for part in after["shapes"][0]])
        assert np.allclose([*points.min(axis=0), *np.ptp(points, axis=0)], fit, atol=1e-6)


@pytest.mark.parametrize("off", [0.0, 0.4, 1.2])
def test_fitted_boxes_come_back_after_two_mirrors(off):
    """What a box differs from its outline is kept: nothing shrinks step by step."""
    op = Chain(Flip(), Flip())
    box = [10 - off, 8 - off, 20 + 2 * off, 6 + off]
    features = {"boxes": List(List(NUMBER, length=4)), "rings": List(List(List(NUMBER)))}
    for each in (op, Flip()):
        (after,) = changed(each.on(boxes="boxes", polygons="rings", **COCO), features,
                           {"boxes": [box], "rings": [[[10, 8, 30, 8, 10, 14]]]})  # fmt: skip
        expected = box if each is op else [SIZE[1] - box[0] - box[2], *box[1:]]
        assert np.allclose(after["boxes"][0], expected, atol=1e-5)


def test_json_among_run_lengths_is_told_how_to_part():
    op = Flip().on(rle="runs")
    with pytest.raises(LabelError, match="make two fields of it"):
        changed(op, {"runs": List(TEXT)}, {"runs": ["[[1.0, 2.0, 3.0, 4.0, 5.0, 1.0]]"]})
