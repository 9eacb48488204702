"""ChangeIllumination: light that changes smoothly, by as much as was asked for, where the pattern says."""

import numpy as np
import pytest

from hfaug.ops.image import ChangeIllumination
from tests.ops.drawing import streams
from tests.ops.image.painting import applied

GREY = np.full((120, 160, 3), 120, np.uint8)


def light(pattern, rng, strength=0.5):
    """What each pixel of a grey image is multiplied by."""
    done = applied(ChangeIllumination(strength=(strength, strength), pattern=pattern), GREY, rng)
    assert (done == done[:, :, :1]).all()
    return done[:, :, 0] / 120


@pytest.mark.parametrize("pattern", ["linear", "spot", "vignette", "plasma", "any"])
def test_light_is_smooth_and_within_the_strength(pattern):
    for rng in streams(20):
        found = light(pattern, rng)
        assert found.min() >= (0.495 if pattern == "vignette" else 0.49)
        assert found.max() <= 1.26
        assert np.ptp(found) > 0.15
        assert max(abs(np.diff(found, axis=axis)).max() for axis in (0, 1)) < 0.06


def test_linear_light_falls_along_one_direction():
    """The means of rows and columns are straight lines, and the middle keeps its light."""
    for rng in streams(20):
        found = light("linear", rng)
        for axis in (0, 1):
            mean = found.mean(axis=axis)
            straight = np.polyval(np.polyfit(np.arange(mean.size), mean, 1), np.arange(mean.size))
            assert abs(mean - straight).max() < 0.01
        assert abs(found[60, 80] - 1) < 0.02


def test_a_vignette_darkens_the_corners_alone():
    for rng in streams(20):
        found = light("vignette", rng)
        assert abs(found[60, 80] - 1) < 0.01
        assert (abs(found[[0, 0, -1, -1], [0, -1, 0, -1]] - 0.5) < 0.03).all()


def test_a_spot_is_lightest_where_it_is():
    for rng in streams(20):
        found = light("spot", rng)
        assert abs(found.max() - 1.25) < 0.02


def test_every_pattern_is_drawn():
    """None of the four looks like another: the lightest and darkest places tell."""
    shapes = {tuple(np.round(light("any", rng, 0.9)[::40, ::40].ravel(), 1)) for rng in streams(40)}
    assert len(shapes) > 30
