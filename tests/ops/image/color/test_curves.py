"""Ops on levels, against Pillow, albumentations and slow formulas; and that neighbours fuse to the very same levels."""

import albumentations
import numpy as np
import pytest
from PIL import Image, ImageOps

import hfaug
from hfaug.kinds import ImageStats
from hfaug.media.counters import counts
from hfaug.ops.image import (
    AutoContrast,
    ChangeGamma,
    ChangeTone,
    Clahe,
    Equalize,
    Invert,
    Posterize,
    Solarize,
)
from hfaug.rows import Color, apply_color
from tests.ops.drawing import streams
from tests.ops.image.painting import KINDS, applied, noise, photo, ramp, top


@pytest.mark.parametrize("bits", range(1, 9))
def test_posterize_keeps_the_highest_bits(bits):
    """The levels of Pillow, and of 16 bits the same rule."""
    op = Posterize(bits=(bits, bits))
    assert (applied(op, photo()) == np.asarray(ImageOps.posterize(Image.fromarray(photo()), bits))).all()
    deep = ramp(np.uint16)
    assert (applied(op, deep) == (deep >> (16 - bits)) << (16 - bits)).all()


@pytest.mark.parametrize("threshold", [0, 0.25, 0.5, 200 / 256, 1])
def test_solarize_is_that_of_pillow(threshold):
    wanted = np.asarray(ImageOps.solarize(Image.fromarray(photo()), round(threshold * 256)))
    assert (applied(Solarize(threshold=(threshold, threshold)), photo()) == wanted).all()


@pytest.mark.parametrize("channels,kind", KINDS)
def test_invert_is_the_distance_from_white(channels, kind):
    array = noise((9, 7, channels), kind)
    assert (applied(Invert(), array)[:, :, :3] == top(array) - array[:, :, :3]).all()


@pytest.mark.parametrize("channels,kind", KINDS)
@pytest.mark.parametrize("gamma", [0.4, 0.9, 2.5])
def test_gamma_is_a_power(channels, kind, gamma):
    array = noise((9, 7, channels), kind)
    done = applied(ChangeGamma(gamma=(gamma, gamma)), array)[:, :, :3]
    assert (done == np.rint((array[:, :, :3] / top(array)) ** gamma * top(array))).all()


def test_gammas_are_drawn_on_a_log_scale():
    """Twice as light is as likely as twice as dark."""
    middle = [float(ChangeGamma(gamma=(0.25, 4)).curve(None, rng)(np.array([127.5]), 255)[0]) for rng in streams(400)]
    assert 150 < sum(level > 127.5 for level in middle) < 250


def bezier(x, shadows, highlights):
    """A cubic Bézier curve, point by point: found by bisection of its parameter."""
    low, high = 0.0, 1.0
    for _ in range(60):
        t = (low + high) / 2
        low, high = (t, high) if 3 * (1 - t) ** 2 * t / 3 + 3 * (1 - t) * t**2 * 2 / 3 + t**3 < x else (low, t)
    return 3 * (1 - t) ** 2 * t * (1 / 3 + shadows) + 3 * (1 - t) * t**2 * (2 / 3 + highlights) + t**3


def test_tone_is_a_bezier_curve():
    curve = ChangeTone(shadows=(0.2, 0.2), highlights=(-0.1, -0.1)).curve(None, streams(1)[0])
    wanted = [255 * bezier(level / 255, 0.2, -0.1) for level in range(256)]
    np.testing.assert_allclose(curve(np.arange(256.0), 255)[:, 0], wanted, atol=1e-6)


@pytest.mark.parametrize(
    "op", [ChangeTone(shadows=(-0.3, 0.3), highlights=(-0.3, 0.3), each=each) for each in (False, True)]
)
def test_tone_never_turns_levels_around(op):
    """Darker stays darker, black stays black and white stays white; with `each` the channels differ."""
    for rng in streams(50):
        done = applied(op, ramp(), rng).reshape(-1, 3).astype(int)
        assert (np.diff(done, axis=0) >= 0).all()
        assert done[[0, -1]].tolist() == [[0, 0, 0], [255, 255, 255]]
        assert (done == done[:, :1]).all() != op.each


@pytest.mark.parametrize("name", ["astronaut", "cat", "coffee", "rocket"])
def test_equalize_is_that_of_pillow(name):
    assert (applied(Equalize(), photo(name)) == np.asarray(ImageOps.equalize(Image.fromarray(photo(name))))).all()
    grey = photo(name)[:, :, :1]
    assert (applied(Equalize(), grey)[..., 0] == np.asarray(ImageOps.equalize(Image.fromarray(grey[..., 0])))).all()


def test_equalize_makes_levels_of_16_bits_equally_frequent():
    dark = (noise((80, 90, 3), np.uint16) // 5).astype(np.uint16)
    done = applied(Equalize(), dark)
    assert abs(np.histogram(done, 8, (0, 65536))[0] / done.size - 1 / 8).max() < 0.002


def test_equalize_of_one_colour_keeps_every_level():
    """Of 8 bits and of 16, which a colour is asked for before anybody knows what it will be laid on."""
    flat = np.full((4, 5, 3), 77, np.uint8)
    curve = Equalize().curve(ImageStats.of(flat), streams(1)[0])
    assert Color(curves=(curve,)).is_identity


@pytest.mark.parametrize("op", [Equalize(), AutoContrast(), AutoContrast(cutoff=(0.4, 0.4))])
@pytest.mark.parametrize("channels,kind", KINDS)
def test_one_level_is_left_alone(op, channels, kind):
    """A flat image has nothing to stretch: the same object comes back."""
    flat = np.full((5, 4, channels), 77, kind)
    assert applied(op, flat) is flat


@pytest.mark.parametrize("share", [0, 0.01, 0.05])
def test_auto_contrast_is_that_of_pillow(share):
    """Pillow rounds down where the nearest level is taken here."""
    wanted = np.asarray(ImageOps.autocontrast(Image.fromarray(photo("cat")), cutoff=100 * share)).astype(int)
    assert abs(applied(AutoContrast(cutoff=(share, share)), photo("cat")) - wanted).max() <= 2


def test_auto_contrast_reaches_both_ends():
    dull = (photo("cat").astype(np.uint16) * 100 + 9000).astype(np.uint16)
    done = applied(AutoContrast(cutoff=(0, 0)), dull).reshape(-1, 3)
    assert done.min(axis=0).tolist() == [0, 0, 0]
    assert done.max(axis=0).tolist() == [65535] * 3


def test_clahe_is_that_of_opencv():
    """On grey; albumentations equalises the lightness of Lab in place of the luma, so that colours differ a little."""
    grey = photo("cat")[:, :, :1]
    wanted = albumentations.CLAHE(clip_limit=(3, 3), p=1)(image=grey)["image"]
    assert (applied(Clahe(clip_limit=(3, 3)), grey) == wanted.reshape(grey.shape)).all()
    colored = albumentations.CLAHE(clip_limit=(3, 3), p=1)(image=photo("cat"))["image"]
    assert abs(applied(Clahe(clip_limit=(3, 3)), photo("cat")) - colored.astype(float)).mean() < 8


@pytest.mark.parametrize("tiles", [1, 3, 8])
@pytest.mark.parametrize("limit", [0.5, 2, 40])
def test_clahe_of_16_bits_is_that_of_8(tiles, limit):
    """Whole levels of 8 bits go where OpenCV sends them; levels between them lie between."""
    op = Clahe(clip_limit=(limit, limit), tiles=tiles)
    grey = photo("coffee")[:200, :251, :1]
    plain, deep = applied(op, grey), applied(op, grey.astype(np.uint16) * 257)
    assert abs(deep / 257 - plain).max() <= 1.01
    below = grey < 255
    finer = applied(op, grey.astype(np.uint16) * 257 + np.uint16(64) * below)
    assert (finer >= deep).all()
    assert (finer > deep)[below].mean() > 0.5


@pytest.mark.parametrize("channels,kind", KINDS)
def test_neighbours_fuse_to_the_levels_that_they_give_one_by_one(channels, kind):
    """Also where only some have a curve for each channel, and on grey images, which show their luma."""
    array = noise((40, 30, channels), kind)
    ops = (ChangeGamma(), ChangeTone(each=True), Posterize(), Solarize(), ChangeTone(each=True), Invert())
    for rng in streams(5):
        single = array
        for number, op in enumerate(ops):
            single = applied(op, single, rng.child(number))
        fused = None
        for number, op in enumerate(ops):
            color = Color(curves=(op.curve(None, rng.child(number)),))
            fused = color if fused is None else fused.then(color)
        assert (apply_color(array, fused) == single).all()


def test_a_chain_of_curves_is_one_pass(photos):
    """Two statistics read the image, so they are passes of their own."""
    for op, passes in (
        (hfaug.Chain(ChangeGamma(), Solarize(threshold=(0.5, 0.5)), ChangeTone()), 1),
        (hfaug.Chain(ChangeGamma(), Equalize(), Solarize(threshold=(0.5, 0.5))), 3),
        (hfaug.Chain(Invert(), Invert()), 0),
    ):
        counts.reset()
        op(photos.select([0]).with_format("arrow")[:])
        assert counts["image.color"] == passes
