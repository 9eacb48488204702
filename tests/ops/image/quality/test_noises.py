"""Noise: of the distribution that it says, in every channel and depth, and independent from pixel to pixel."""

import numpy as np
import pytest

from hfaug.ops.image import AddIsoNoise, AddNoise, AddSaltPepper, AddShotNoise, AddSpeckle
from hfaug.ops.image.quality.grain import draws, normal, normal_table
from hfaug.ops.image.quality.photons import counted_levels
from tests.ops.drawing import stream, streams
from tests.ops.image.painting import applied, top


def flat(level, kind=np.uint8, channels=3, size=300):
    """One level everywhere, as a share of white."""
    return np.full((size, size, channels), round(level * np.iinfo(kind).max), kind)


def noise_of(op, array):
    """What was added, in shares of white."""
    return (applied(op, array).astype(float) - array) / top(array)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("sd", [0.01, 0.05, 0.12])
def test_gaussian_noise_has_its_standard_deviation(kind, sd):
    """Mean 0, the standard deviation (with that of rounding), no skew, the tails of a normal distribution."""
    found = noise_of(AddNoise(sigma=(sd, sd)), flat(0.5, kind))
    rounding = 1 / top(flat(0, kind)) ** 2 / 12
    assert abs(found.mean()) < 5 * sd / np.sqrt(found.size)
    assert abs(found.std() / np.sqrt(sd**2 + rounding) - 1) < 0.01
    standard = (found - found.mean()) / found.std()
    assert abs((standard**3).mean()) < 0.03
    assert abs((standard**4).mean() - 3) < 0.08


def test_noise_is_independent_unless_shared():
    apart = noise_of(AddNoise(sigma=(0.05, 0.05)), flat(0.5))
    assert abs(np.corrcoef(apart.reshape(-1, 3).T) - np.eye(3)).max() < 0.02
    assert abs(np.corrcoef(apart[:, 1:, 0].ravel(), apart[:, :-1, 0].ravel())[0, 1]) < 0.02
    shared = noise_of(AddNoise(sigma=(0.05, 0.05), shared=True), flat(0.5))
    assert (shared == shared[:, :, :1]).all()
    assert abs(shared.std() - 0.05) < 0.001


def test_rows_have_noise_of_their_own():
    first, second = (AddNoise().pixels(flat(0.5), rng) for rng in streams(2))
    assert (first != second).mean() > 0.9


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_speckle_grows_with_the_light(kind):
    for level in (0.1, 0.3, 0.6):
        found = noise_of(AddSpeckle(sigma=(0.1, 0.1)), flat(level, kind))
        assert abs(found.std() - 0.1 * level) < 0.002
        assert abs(found.mean()) < 0.001


@pytest.mark.parametrize("salt", [0, 0.3, 1])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_salt_and_pepper_hit_their_shares(salt, kind):
    done = applied(AddSaltPepper(share=(0.05, 0.05), salt=salt), flat(0.5, kind))
    assert (done == done[:, :, :1]).all()
    white, black = (done[:, :, 0] == top(done)).mean(), (done[:, :, 0] == 0).mean()
    assert abs(white - 0.05 * salt) < 0.003
    assert abs(black - 0.05 * (1 - salt)) < 0.003


def poisson_levels(level, photons, count=400_000):
    """Levels of 8 bits counted one by one, by NumPy."""
    counted = np.random.default_rng(5).poisson(photons * (level / 255) ** 2.2, count) / photons
    return np.rint(counted.clip(0, 1) ** (1 / 2.2) * 255)


@pytest.mark.parametrize("photons", [5, 60, 400, 20_000])
@pytest.mark.parametrize("level", [3, 40, 128, 220, 255])
def test_shot_noise_counts_photons(photons, level):
    """Mean and spread, and chances of each level, are those of counting one by one."""
    wanted, found = poisson_levels(level, photons), counted_levels(photons)[level].astype(float)
    assert abs(found.mean() - wanted.mean()) < 0.02 * max(wanted.std(), 1) + 0.15
    assert abs(found.std() - wanted.std()) < 0.03 * wanted.std() + 0.2  # what one in 4096 does not show
    gap = np.cumsum(np.bincount(found.astype(int), minlength=256)) / found.size
    gap -= np.cumsum(np.bincount(wanted.astype(int), minlength=256)) / wanted.size
    assert abs(gap).max() < 0.012


def test_shot_noise_is_alike_in_both_depths():
    op = AddShotNoise(photons=(200, 200))
    for level in (0.1, 0.5, 0.9):
        plain, deep = noise_of(op, flat(level)), noise_of(op, flat(level, np.uint16))
        assert abs(plain.std() - deep.std()) < 0.003
        assert abs(plain.mean() - deep.mean()) < 0.003


def test_fewer_photons_are_noisier():
    spread = [noise_of(AddShotNoise(photons=(n, n)), flat(0.5)).std() for n in (100, 1000, 10_000)]
    np.testing.assert_allclose(np.array(spread[:2]) / spread[1:], np.sqrt(10), rtol=0.08)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_iso_noise_is_grain_and_blots(kind):
    """Grain alone is grey and as strong as said at mid-grey; colour alone leaves the luma and is coarse."""
    grain = noise_of(AddIsoNoise(grain=(0.04, 0.04), color=(0, 0)), flat(0.5, kind))
    assert abs(grain - grain[:, :, :1]).max() < 2 / 255
    assert abs(grain.std() - 0.04) < 0.002
    dark, light = (
        noise_of(AddIsoNoise(grain=(0.04, 0.04), color=(0, 0)), flat(level, kind)).std() for level in (0.2, 0.8)
    )
    assert light > 1.4 * dark
    blots = noise_of(AddIsoNoise(grain=(0, 0), color=(0.04, 0.04)), flat(0.5, kind))
    assert (blots @ [0.299, 0.587, 0.114]).std() < 0.003
    cr = blots[:, :, 0] / 1.402
    assert abs(cr.std() - 0.04) < 0.006
    assert np.corrcoef(cr[:, 1:].ravel(), cr[:, :-1].ravel())[0, 1] > 0.5


def test_grain_comes_from_a_table_of_quantiles():
    table = normal_table()
    assert abs(table.std() - 1) < 1e-6
    assert (np.diff(table) >= 0).all()
    assert (table == -table[::-1]).all()
    drawn = draws(stream(), (100, 1000))
    assert abs(drawn.mean() / 65535 - 0.5) < 0.005
    assert (np.bincount(drawn.ravel() >> 12) > 5500).all()
    assert (normal(stream(), (3, 5)) == normal(stream(), (3, 5))).all()
