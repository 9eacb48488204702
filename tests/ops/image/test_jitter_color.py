"""JitterColor: each factor does what its name says, and only that."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

import hfaug
from hfaug.ops.image import JitterColor
from tests.ops.drawing import streams

LUMA = np.array([0.299, 0.587, 0.114])
NONE = {"brightness": 0, "contrast": 0, "saturation": 0, "hue": 0}
COLOURS = np.array([[200.0, 30, 60], [0, 0, 0], [255, 255, 255], [10, 120, 240]])


def applied(op, rng):
    """What an op makes of some colours, before rounding."""
    matrix = op.color(None, rng)
    return COLOURS @ matrix[:, :3].T + matrix[:, 3]


def test_brightness_multiplies():
    for rng, again in zip(streams(20), streams(20), strict=True):
        factor = again.uniform(0.6, 1.4)
        np.testing.assert_allclose(applied(JitterColor(**NONE | {"brightness": 0.4}), rng), COLOURS * factor, atol=1e-9)


def test_contrast_stretches_about_mid_grey():
    for rng in streams(20):
        done = applied(JitterColor(**NONE | {"contrast": 0.4}), rng)
        factors = (done - 127.5) / (COLOURS - 127.5)
        np.testing.assert_allclose(factors, factors[0, 0], atol=1e-9)
        assert 0.6 <= factors[0, 0] <= 1.4


def test_saturation_moves_between_the_pixel_and_its_grey():
    for rng in streams(20):
        done = applied(JitterColor(**NONE | {"saturation": 0.4}), rng)
        grey = (COLOURS @ LUMA)[:, None]
        np.testing.assert_allclose(done @ LUMA, grey[:, 0], atol=1e-9)
        factors = (done - grey)[[0, 3]] / (COLOURS - grey)[[0, 3]]
        np.testing.assert_allclose(factors, factors[0, 0], atol=1e-9)
        np.testing.assert_allclose(done[1:3], COLOURS[1:3], atol=1e-9)


def test_hue_turns_colours_and_keeps_their_luma_and_greys():
    turned = []
    for rng in streams(50):
        done = applied(JitterColor(**NONE | {"hue": 0.1}), rng)
        np.testing.assert_allclose(done @ LUMA, COLOURS @ LUMA, atol=1e-9)
        np.testing.assert_allclose(done[1:3], COLOURS[1:3], atol=1e-9)
        turned.append(abs(done[0] - COLOURS[0]).max())
    assert max(turned) > 10


def test_half_a_circle_of_hue_gives_the_complement():
    """In YIQ: the mirror image of a colour's difference from its grey."""
    largest = SimpleNamespace(uniform=lambda low, high: high)
    done = applied(JitterColor(**NONE | {"hue": 0.5}), largest)
    np.testing.assert_allclose(done, 2 * (COLOURS @ LUMA)[:, None] - COLOURS, atol=1e-9)


def test_all_factors_stand_for_what_they_are_one_after_the_other():
    op = JitterColor(brightness=0.3, contrast=0.3, saturation=0.3, hue=0)
    for rng, again in zip(streams(20), streams(20), strict=True):
        bright, contrast, saturation = (again.uniform(0.7, 1.3) for _ in range(3))
        expected = (COLOURS * bright - 127.5) * contrast + 127.5
        grey = (expected @ LUMA)[:, None]
        np.testing.assert_allclose(applied(op, rng), grey + saturation * (expected - grey), atol=1e-9)


def test_no_strength_means_the_bytes_that_were(photos):
    done = hfaug.augment(photos, JitterColor(**NONE), keep=False, provenance=False)
    assert done.with_format("arrow")[:] == photos.with_format("arrow")[:]


@pytest.mark.parametrize(
    "strength, factor",
    [
        ("brightness", lambda matrix: matrix[0, 0]),
        ("contrast", lambda matrix: matrix[0, 0]),
        ("saturation", lambda matrix: (np.trace(matrix[:, :3]) - 1) / 2),  # greys stay: one of its three factors is 1
    ],
)
def test_strengths_fill_their_range(strength, factor):
    op = JitterColor(**NONE | {strength: 0.5})
    drawn = [factor(op.color(None, rng)) for rng in streams(1000)]
    assert 0.5 <= min(drawn) < 0.51
    assert 1.49 < max(drawn) <= 1.5
    assert abs(np.mean(drawn) - 1) < 5 / math.sqrt(12 * 1000)
