"""Blurs, against scipy, OpenCV, Pillow and slow sums."""

import cv2
import numpy as np
import pytest
from scipy import ndimage

from hfaug.ops.image import (
    AddChromaticAberration,
    Blur,
    BlurGlass,
    BlurMedian,
    BlurMotion,
    BlurZoom,
    ChangeSharpness,
    Defocus,
    Emboss,
    Sharpen,
)
from tests.ops.drawing import stream, streams
from tests.ops.image.painting import applied, noise, photo

DOT = np.zeros((61, 61, 1), np.uint16)
DOT[30, 30] = 60000


def trace(op, rng=None):
    """What becomes of a single bright point, as shares of its light."""
    return applied(op, DOT, rng)[:, :, 0] / 60000


@pytest.mark.parametrize("sigma", [0.3, 1, 2.7, 6])
def test_blur_is_gaussian(sigma):
    wanted = ndimage.gaussian_filter(
        photo().astype(float), (sigma, sigma, 0), mode="mirror", radius=int(np.ceil(3 * sigma))
    )
    assert abs(applied(Blur(sigma_px=(sigma, sigma)), photo()) - wanted).max() <= 1


@pytest.mark.parametrize("size", [3, 5, 7, 11])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_median_is_that_of_scipy(size, kind):
    """Also of 16 bits with windows that OpenCV does not have."""
    array = noise((25, 31, 3), kind)
    wanted = ndimage.median_filter(array, (size, size, 1), mode="nearest")
    assert (applied(BlurMedian(side_px=(size, size)), array) == wanted).all()


def test_even_windows_count_as_the_next_smaller():
    array = noise((25, 31, 3))
    assert (applied(BlurMedian(side_px=(4, 4)), array) == applied(BlurMedian(side_px=(3, 3)), array)).all()


@pytest.mark.parametrize("length", [0.5, 2, 7.5, 15, 40])
@pytest.mark.parametrize("degrees", [0, 30, 45, 90, 160, -20])
def test_motion_leaves_a_line_of_its_length_and_direction(length, degrees):
    """A point's light is kept; it lies along the line about the point, as long as asked for."""
    found = trace(BlurMotion(length_px=(length, length), degrees=(degrees, degrees)))
    y, x = np.indices(found.shape) - 30
    assert abs(found.sum() - 1) < 0.01
    assert abs((found * x).sum()) < 0.02
    assert abs((found * y).sum()) < 0.02
    turn = np.radians(degrees)
    along, across = x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)
    assert abs(across[found > 1e-3]).max() <= 0.75
    wanted = ((length + 1) ** 2) / 12  # the variance of an even line, one pixel wider than the way
    assert abs((found * along**2).sum() - wanted) < 0.15 * wanted + 0.3


@pytest.mark.parametrize("radius", [0.5, 1, 3, 8.5, 20])
def test_defocus_leaves_an_even_disc(radius):
    found = trace(Defocus(radius_px=(radius, radius)))
    y, x = np.indices(found.shape) - 30
    far = np.hypot(x, y)
    assert abs(found.sum() - 1) < 0.01
    assert found[far > radius + 1.3].max(initial=0) < 1e-4
    inside = found[far < radius - 0.5]
    assert inside.size == 0 or np.ptp(inside) < 0.02 * inside.mean()


def test_zoom_is_the_mean_over_zooms():
    """Against forty single zooms, in floating point."""
    largest, (height, width) = 1.12, photo().shape[:2]
    every = []
    for scale in largest ** np.linspace(0, 1, 40):
        matrix = np.array([[scale, 0, (1 - scale) * (width - 1) / 2], [0, scale, (1 - scale) * (height - 1) / 2]])
        every.append(cv2.warpAffine(photo().astype(np.float32), matrix, (width, height)))
    done = applied(BlurZoom(scale=(1.12, 1.12)), photo())
    assert abs(done - np.mean(every, axis=0)).mean() < 1.5


def test_glass_scatters_no_farther_than_its_reach():
    """Every pixel comes from a neighbour within reach, and from each of them about as often."""
    y, x = np.indices((60, 70)).astype(np.uint8)
    places = np.stack([x, y, x], axis=2)
    done = applied(BlurGlass(reach_px=(3, 3), sigma_px=(0, 0)), places).astype(int)
    ways = (done - places)[5:-5, 5:-5, :2].reshape(-1, 2)
    assert abs(ways).max() == 3
    assert (abs(np.bincount(ways[:, 0] + 3) / len(ways) - 1 / 7) < 0.03).all()
    assert abs(np.corrcoef(ways.T)[0, 1]) < 0.06


@pytest.mark.parametrize("strength,sigma", [(0.5, 1), (2, 2.5)])
def test_sharpen_adds_what_a_blur_takes(strength, sigma):
    calm = (photo() // 3 + 80).astype(np.uint8)
    soft = ndimage.gaussian_filter(calm.astype(float), (sigma, sigma, 0), mode="mirror", radius=int(np.ceil(3 * sigma)))
    wanted = (calm + strength * (calm - soft)).clip(0, 255)
    op = Sharpen(strength=(strength, strength), sigma_px=(sigma, sigma))
    assert abs(applied(op, calm) - wanted).max() <= 1 + strength


@pytest.mark.parametrize("factor", [0, 0.5, 1.9])
def test_sharpness_is_that_of_pillow(factor):
    """But for the outermost pixels, which Pillow leaves as they are."""
    from PIL import Image, ImageEnhance

    wanted = np.asarray(ImageEnhance.Sharpness(Image.fromarray(photo())).enhance(factor)).astype(float)
    done = applied(ChangeSharpness(factor=(factor, factor)), photo())
    assert abs(done - wanted)[1:-1, 1:-1].max() <= 1 + abs(1 - factor)


def test_emboss_lightens_what_faces_the_light():
    """A bump lit from the right is light on its right side and dark on its left, whatever the strength."""
    y, x = np.indices((41, 41)) - 20
    bump = (100 + 80 * np.exp(-(x**2 + y**2) / 60))[:, :, None].astype(np.uint8)
    for degrees, lit, dark in ((0, (20, 27), (20, 13)), (90, (13, 20), (27, 20))):
        change = applied(Emboss(strength=(1, 1), degrees=(degrees, degrees)), bump).astype(int) - bump
        assert change[lit] > 5
        assert change[dark] < -5
        assert abs(change[20, 20]) <= 1


def test_aberration_moves_red_and_blue_outwards_and_keeps_green():
    ring = np.zeros((201, 201, 3), np.uint8)
    cv2.circle(ring, (100, 100), 70, (255, 255, 255), -1)
    op = AddChromaticAberration(shift_px=(20, 20))
    done = applied(op, ring)
    assert (done[:, :, 1] == ring[:, :, 1]).all()
    radius = [np.sqrt((done[:, :, c] > 127).sum() / np.pi) for c in range(3)]
    np.testing.assert_allclose(radius, [72.8, 70, 72.8], atol=0.4)
    both = [AddChromaticAberration(shift_px=(-9, 9)).pixels(ring, rng) for rng in streams(20)]
    assert any(((a[:, :, 0] > 127).sum() > (a[:, :, 2] > 127).sum()) for a in both)


def test_draws_fill_their_range():
    """A range of blurs gives every strength in it."""
    kept = [applied(Blur(sigma_px=(0.5, 4)), DOT, rng)[30, 30, 0] for rng in streams(60)]
    ends = [applied(Blur(sigma_px=(s, s)), DOT, stream())[30, 30, 0] for s in (4, 0.5)]
    assert ends[0] <= min(kept) < 1.3 * ends[0]
    assert 0.6 * ends[1] < max(kept) <= ends[1]
