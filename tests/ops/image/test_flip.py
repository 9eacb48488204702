"""Flip: pixels and labels change sides, exactly."""

import numpy as np
import pytest

import hfaug
from hfaug.ops.image import Flip
from tests.ops.drawing import stream

PIXELS = np.array([[[1], [2], [3]], [[4], [5], [6]]], np.uint8)


@pytest.mark.parametrize(
    "axis, expected", [("horizontal", [[3, 2, 1], [6, 5, 4]]), ("vertical", [[4, 5, 6], [1, 2, 3]])]
)
def test_pixels_change_sides(axis, expected):
    warp = Flip(axis=axis).warp((2, 3), stream())
    assert warp.image(PIXELS)[..., 0].tolist() == expected
    assert warp.is_exact


def test_labels_change_sides_with_them(photos):
    """A box from 77 to 151 of 256 pixels then reaches from 105 to 179; a point on pixel 101 lies on pixel 154."""
    said = {"boxes": "objects.bbox", "box_format": "pascal_voc", "keypoints": "keypoints", "keypoint_origin": "center"}
    (row,) = hfaug.augment(photos.select([0]), Flip().on(**said), keep=False)
    assert row["objects"]["bbox"][0] == [105, 8, 179, 94]
    assert row["keypoints"][0] == [154, 50]


def test_two_flips_are_none(photos):
    """Nothing is resampled or encoded: the very bytes come back."""
    said = {"boxes": "objects.bbox", "box_format": "pascal_voc", "keypoints": "keypoints", "keypoint_origin": "corner"}
    op = hfaug.Chain(Flip(), Flip()).on(**said)
    done = hfaug.augment(photos, op, keep=False, provenance=False)
    assert done.with_format("arrow")[:] == photos.with_format("arrow")[:]


def test_what_a_mirror_can_change_is_said():
    assert {"left and right", "text", "digits"} <= set(Flip.may_change)
