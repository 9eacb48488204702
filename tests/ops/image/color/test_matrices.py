"""Ops whose colours follow from one 3x4 matrix, against slow formulas, Pillow and albumentations."""

import colorsys

import albumentations
import numpy as np
import pytest
from PIL import Image, ImageEnhance

from hfaug.ops.image import (
    ChangeBrightness,
    ChangeContrast,
    ChangeSaturation,
    ChangeTemperature,
    DropChannels,
    JitterLighting,
    Sepia,
    ShiftChannels,
    ShiftHue,
    ShuffleChannels,
    ToGray,
)
from tests.ops.drawing import streams
from tests.ops.image.painting import applied, photo

LUMA = np.array([0.299, 0.587, 0.114])


def close(found, wanted, levels=1.0):
    """Equal up to rounding."""
    assert abs(found.astype(float) - wanted).max() <= levels


@pytest.mark.parametrize("factor", [0, 0.4, 1.3, 3])
def test_brightness_is_that_of_pillow(factor):
    wanted = np.asarray(ImageEnhance.Brightness(Image.fromarray(photo())).enhance(factor))
    close(applied(ChangeBrightness(factor=(factor, factor)), photo()), wanted)


def test_brightness_shifts_by_a_share_of_white():
    done = applied(ChangeBrightness(factor=(1, 1), shift=(0.2, 0.2)), photo())
    assert (done == np.minimum(photo().astype(int) + 51, 255)).all()


@pytest.mark.parametrize("factor", [0, 0.4, 1.3, 3])
def test_contrast_about_the_mean_is_that_of_pillow(factor):
    wanted = np.asarray(ImageEnhance.Contrast(Image.fromarray(photo())).enhance(factor))
    close(applied(ChangeContrast(factor=(factor, factor), about="mean"), photo()), wanted, 1 + abs(1 - factor))


def test_contrast_about_the_middle_keeps_mid_grey():
    done = applied(ChangeContrast(factor=(0.5, 0.5)), photo())
    close(done, (photo().astype(float) - 127.5) / 2 + 127.5, 0.5)


@pytest.mark.parametrize("factor", [0, 0.4, 1.3, 3])
def test_saturation_is_that_of_pillow(factor):
    wanted = np.asarray(ImageEnhance.Color(Image.fromarray(photo())).enhance(factor))
    close(applied(ChangeSaturation(factor=(factor, factor)), photo()), wanted, 1 + abs(1 - factor))


def test_grey_is_that_of_albumentations():
    wanted = albumentations.ToGray(p=1)(image=photo())["image"]
    close(applied(ToGray(), photo()), wanted)


def test_hue_goes_from_red_to_yellow_to_green():
    """Against the hues of HSV; the circle of YIQ is only near to it."""
    red = np.array([[[150, 95, 95]]], np.uint8)
    for degrees, low, high in ((45, 15, 75), (-45, 285, 345), (120, 90, 160)):
        done = applied(ShiftHue(degrees=(degrees, degrees)), red)[0, 0]
        assert low < 360 * colorsys.rgb_to_hsv(*(done / 255))[0] < high
        assert abs(done @ LUMA - red[0, 0] @ LUMA) < 1


def test_a_whole_half_turn_twice_is_none():
    muted = (photo() // 4 + 96).astype(np.uint8)  # so that nothing is clipped
    twice = applied(ShiftHue(degrees=(180, 180)), applied(ShiftHue(degrees=(180, 180)), muted))
    close(twice, muted, 2)


def light_of(kelvin):
    """Black-body light in linear sRGB: Planck's law, and the colour matching functions of Wyman et al. 2013."""
    nm = np.arange(380.0, 781.0)
    energy = nm**-5 / np.expm1(1.4387769e7 / (nm * kelvin))

    def bell(middle, left, right):
        return np.exp(-(((nm - middle) / np.where(nm < middle, left, right)) ** 2) / 2)

    x = 1.056 * bell(599.8, 37.9, 31.0) + 0.362 * bell(442.0, 16.0, 26.7) - 0.065 * bell(501.1, 20.4, 26.2)
    y = 0.821 * bell(568.8, 46.9, 40.5) + 0.286 * bell(530.9, 16.3, 31.1)
    z = 1.217 * bell(437.0, 11.8, 36.0) + 0.681 * bell(459.0, 26.0, 13.8)
    xyz = np.array([(energy * curve).sum() for curve in (x, y, z)])
    to_rgb = np.linalg.inv([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    rgb = to_rgb @ xyz
    return rgb / (rgb @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("kelvin", [2500, 3000, 4000, 5000, 8000, 15000, 25000])
def test_temperature_is_that_of_a_black_body(kelvin):
    """Grey takes the colour of the light, within what the analytic functions are good for; its brightness stays."""
    grey = np.full((1, 1, 3), 120, np.uint8)
    done = applied(ChangeTemperature(kelvin=(kelvin, kelvin)), grey)[0, 0]
    gains = light_of(kelvin) / light_of(6500)
    gains /= gains @ [0.2126, 0.7152, 0.0722]
    wanted = 120 * np.maximum(gains, 1e-3) ** (1 / 2.2)
    np.testing.assert_allclose(done, wanted.clip(0, 255), rtol=0.04, atol=1)
    assert abs((done / 120) ** 2.2 @ [0.2126, 0.7152, 0.0722] - 1) < 0.02


def test_low_temperatures_are_warm():
    red, _, blue = applied(ChangeTemperature(kelvin=(3000, 4000)), np.full((1, 1, 3), 120, np.uint8))[0, 0]
    assert red > 130
    assert blue < 90


def test_temperatures_are_drawn_evenly_in_mired():
    op = ChangeTemperature(kelvin=(2000, 20000))
    reds = [op.color(None, rng)[0, 0] for rng in streams(300)]
    middle = op.color(None, type("Middle", (), {"uniform": lambda _, low, high: (low + high) / 2})())[0, 0]
    assert abs(np.median(reds) - middle) < 0.05


def test_channels_are_shuffled_evenly():
    orders = [tuple(ShuffleChannels().color(None, rng)[:, :3].argmax(axis=1)) for rng in streams(600)]
    assert len(set(orders)) == 6
    assert min(orders.count(order) for order in set(orders)) > 60
    order = np.array(orders[0])
    assert (applied(ShuffleChannels(), photo(), streams(1)[0]) == photo()[:, :, order]).all()


def test_channels_are_dropped_evenly():
    which = [
        tuple(~applied(DropChannels(), np.full((1, 1, 3), 9, np.uint8), rng)[0, 0].astype(bool)) for rng in streams(99)
    ]
    assert {sum(dropped) for dropped in which} == {1}
    assert len(set(which)) == 3
    filled = applied(DropChannels(count=(3, 3), level=0.5), photo())
    assert set(np.unique(filled)) <= {127, 128}


def test_shifts_are_drawn_for_each_channel():
    done = applied(ShiftChannels(shift=(0.1, 0.2)), np.full((1, 1, 3), 100, np.uint8))[0, 0]
    assert len(set(done.tolist())) == 3
    assert (done >= 125).all()
    assert (done <= 151).all()


def test_sepia_is_that_of_albumentations():
    wanted = albumentations.ToSepia(p=1)(image=photo())["image"]
    close(applied(Sepia(strength=(1, 1)), photo()), wanted)


def test_lighting_follows_the_main_directions():
    """The published eigenvectors and eigenvalues of ImageNet's colours: mostly lighter or darker, grey on grey."""
    shifts = np.array([JitterLighting(sigma=(0.1, 0.1)).color(None, rng)[:, 3] for rng in streams(2000)])
    _, _, directions = np.linalg.svd(shifts - shifts.mean(axis=0), full_matrices=False)
    assert abs(directions[0] @ [0.5675, 0.5808, 0.5836]) > 0.999
    assert abs(shifts.std(axis=0).mean() - 255 * 0.1 * 0.2175 * 0.577) < 0.3
