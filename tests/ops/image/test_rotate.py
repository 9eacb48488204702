"""Rotate: the angle is the drawn one, counter-clockwise, about the centre."""

import math

import numpy as np
import pytest

import hfaug
from hfaug.ops.image import Rotate
from tests.ops.drawing import stream, streams


def angle(warp):
    """The angle of a warp's matrix, in degrees, counter-clockwise as one looks at the image (its y grows downwards)."""
    return math.degrees(math.atan2(-warp.matrix[1, 0], warp.matrix[0, 0]))


@pytest.mark.parametrize("degrees, turns", [(90, 1), (180, 2), (-90, 3), (360, 0)])
def test_right_angles_are_numpys(degrees, turns):
    """And are slices: no value is computed."""
    square = np.random.default_rng(0).integers(0, 256, (12, 12, 3)).astype(np.uint8)
    warp = Rotate(degrees=(degrees, degrees)).warp((12, 12), stream())
    assert (warp.image(square) == np.rot90(square, turns)).all()
    assert warp.is_exact


def test_angles_fill_their_range():
    drawn = [angle(Rotate(degrees=(-20, 40)).warp((10, 10), rng)) for rng in streams(2000)]
    assert -20 <= min(drawn) < -19
    assert 39 < max(drawn) <= 40
    assert abs(np.mean(drawn) - 10) < 5 * 60 / math.sqrt(12 * 2000)


def test_the_centre_stays_and_the_size_too():
    for rng in streams(20):
        warp = Rotate(degrees=(-90, 90)).warp((30, 50), rng)
        np.testing.assert_allclose(warp.points([[25, 15]]), [[25, 15]], atol=1e-9)
        assert warp.size == (30, 50)


def test_a_dot_goes_where_its_keypoint_goes():
    """A bright dot, followed by its centre of mass."""
    for rng in streams(10):
        dark = np.zeros((80, 80, 1), np.uint8)
        dark[28:33, 48:53] = 255
        warp = Rotate(degrees=(-60, 60)).warp((80, 80), rng)
        moved = warp.image(dark)[..., 0].astype(float)
        rows, columns = np.mgrid[0:80, 0:80] + 0.5
        found = (moved * columns).sum() / moved.sum(), (moved * rows).sum() / moved.sum()
        np.testing.assert_allclose(found, warp.points([[50.5, 30.5]])[0], atol=0.05)


def test_what_lies_outside_is_filled_as_asked():
    white = np.full((40, 40, 3), 255, np.uint8)
    corner = {
        border: Rotate(degrees=(45, 45), fill=(10, 20, 30), border=border).warp((40, 40), stream()).image(white)[0, 0]
        for border in ("constant", "reflect", "edge")
    }
    assert corner["constant"].tolist() == [10, 20, 30]
    assert corner["reflect"].tolist() == corner["edge"].tolist() == [255, 255, 255]


def test_no_angle_means_the_bytes_that_were(photos):
    op = Rotate(degrees=(0, 0)).on(keep=("objects", "keypoints"))
    done = hfaug.augment(photos, op, keep=False, provenance=False)
    assert done.with_format("arrow")[:] == photos.with_format("arrow")[:]
