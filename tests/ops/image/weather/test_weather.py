"""Weather and light: each does to a picture what its kind does to the world."""

import cv2
import numpy as np
import pytest

from hfaug.ops.image import AddFog, AddRain, AddShadow, AddSnow, AddSunFlare, Spatter
from tests.ops.drawing import streams
from tests.ops.image.painting import applied, noise, photo

ALL = [AddFog, AddRain, AddShadow, AddSnow, AddSunFlare, Spatter]
BLACK, GREY = np.zeros((160, 200, 3), np.uint8), np.full((160, 200, 3), 100, np.uint8)


@pytest.mark.parametrize("cls", ALL)
@pytest.mark.parametrize("name", ["astronaut", "cat", "coffee", "rocket"])
def test_defaults_leave_a_photograph_to_be_recognised(cls, name):
    """The picture is still the one that it was: closely correlated, neither white nor black, and yet changed."""
    for rng in streams(8):
        done = applied(cls(), photo(name), rng)
        assert np.corrcoef(done.ravel(), photo(name).ravel())[0, 1] > 0.6
        assert 15 < done.mean() < 220
        assert (done != photo(name)).mean() > 0.01


@pytest.mark.parametrize("cls", ALL)
def test_the_size_of_an_image_makes_no_other_weather(cls):
    """The same row at twice the size looks the same: grain, streaks and drops are shares of the image."""
    large = cv2.resize(photo(), (512, 512), interpolation=cv2.INTER_CUBIC)
    for rng, again in zip(streams(5), streams(5), strict=True):
        small = applied(cls(), photo(), rng).astype(float)
        less = cv2.resize(applied(cls(), large, again), (256, 256), interpolation=cv2.INTER_AREA).astype(float)
        blurred = [cv2.GaussianBlur(picture, (0, 0), 24) for picture in (small, less)]
        assert abs(small.mean() - less.mean()) < 5
        assert abs(blurred[0] - blurred[1]).mean() < 6


def test_fog_hides_contrast_and_more_of_it_above():
    """Towards the colour of fog, everywhere; a checkerboard fades most at the top."""
    board = noise((200, 160, 1)) // 128 * np.uint8(255)
    for rng in streams(10):
        done = applied(AddFog(density=(0.8, 0.8), patches=0), board, rng)[:, :, 0].astype(float)
        spread = done.std(axis=1)
        assert spread[:20].mean() < 0.6 * spread[-20:].mean()
        np.testing.assert_allclose(spread[:3].mean() / 127.5, 0.2, atol=0.03)  # of far things a fifth is left


def test_fog_is_denser_where_asked():
    means = [applied(AddFog(density=(d, d)), BLACK).mean() for d in (0.1, 0.4, 0.7, 1)]
    assert means == sorted(means)
    assert means[0] < 25
    assert means[-1] > 190


@pytest.mark.parametrize("cls,slants", [(AddRain, (-20, 0, 20)), (AddSnow, (-35, 0, 35))])
def test_what_falls_leans_as_asked(cls, slants):
    """The direction in which a picture of rain or snow varies least, from its gradients (structure tensor)."""
    black = np.zeros((400, 400, 3), np.uint8)
    for slant in slants:
        falls = applied(cls(strength=(0.6, 0.6), slant_degrees=(slant, slant)), black)[:, :, 0].astype(np.float32)
        x, y = cv2.Sobel(falls, cv2.CV_32F, 1, 0), cv2.Sobel(falls, cv2.CV_32F, 0, 1)
        turn = 0.5 * np.degrees(np.arctan2(2 * (x * y).mean(), (x * x - y * y).mean()))
        assert abs(turn + slant) < 8 if cls is AddRain else abs(turn + slant) < 20


@pytest.mark.parametrize("cls", [AddRain, AddSnow])
def test_more_strength_is_more_of_it(cls):
    done = [applied(cls(strength=(s, s)), BLACK)[:, :, 0].astype(int) for s in (0.2, 0.5, 1)]
    shares = [(picture > np.median(picture) + 3).mean() for picture in done]
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] < 0.7


def test_shadows_only_darken_and_by_their_strength():
    for rng in streams(20):
        done = applied(AddShadow(count=(1, 1), strength=(0.4, 0.4)), GREY, rng)[:, :, 0]
        assert done.max() <= 100
        assert done.min() >= 59
        darkest = (done <= 62).mean()
        assert 0.02 < darkest < 0.9


def test_shadows_are_bluer_than_the_light():
    done = applied(AddShadow(count=(1, 1), strength=(0.6, 0.6)), GREY)
    dark = done[done[:, :, 0] < 45]
    assert dark.size
    assert (dark[:, 2].astype(int) - dark[:, 0]).mean() > 5


def test_soft_shadows_have_wide_edges():
    """The steepest step of an edge is smaller the softer it is."""
    steps = []
    for softness in (0, 0.1, 0.4):
        op = AddShadow(count=(1, 1), strength=(0.5, 0.5), softness=(softness, softness))
        done = applied(op, GREY)[:, :, 0].astype(int)
        steps.append(max(abs(np.diff(done, axis=axis)).max() for axis in (0, 1)))
    assert steps[0] > 25 > steps[1] > steps[2]


def test_the_sun_stands_where_asked():
    for rng in streams(10):
        done = applied(AddSunFlare(strength=(0.8, 0.8), x=(0.7, 0.7), y=(0.3, 0.3)), BLACK, rng).astype(float)
        bright = np.argwhere(done.sum(axis=2) > 0.9 * done.sum(axis=2).max()).mean(axis=0)
        np.testing.assert_allclose(bright, [0.3 * 160, 0.7 * 200], atol=3)
        assert (done.mean(axis=(0, 1))[[0, 1]] > done.mean(axis=(0, 1))[[1, 2]]).all()  # warm


def test_flares_only_add_light():
    for rng in streams(10):
        assert (applied(AddSunFlare(), photo(), rng).astype(int) - photo() >= -1).all()


@pytest.mark.parametrize("kind", ["water", "mud"])
@pytest.mark.parametrize("cover", [0.05, 0.2, 0.4])
def test_spatter_covers_about_its_share(kind, cover):
    busy = noise((300, 300, 3))
    shares = []
    for rng in streams(12):
        done = applied(Spatter(cover=(cover, cover), kind=kind), busy, rng)
        shares.append((done != busy).any(axis=2).mean())
    assert 0.4 * cover < np.mean(shares) < 1.8 * cover


def test_drops_show_the_scene_upside_down():
    """Above the horizon light, below it dark: inside of a drop it is the other way round."""
    scene = np.full((200, 200, 3), 40, np.uint8)
    scene[:100] = 220
    op = Spatter(cover=(0.3, 0.3), kind="water")
    done = np.stack([applied(op, scene, rng)[..., 1] for rng in streams(10)])
    assert (done[:, :90] < 90).mean() > 0.0005
    assert (done[:, 110:] > 130).mean() > 0.0005


def test_mud_is_brown():
    done = applied(Spatter(cover=(0.4, 0.4), kind="mud"), np.full((200, 200, 3), 255, np.uint8)).astype(int)
    mud = done[done[:, :, 2] < 90]
    assert len(mud)
    assert (np.diff(mud.mean(axis=0)) < -8).all()
