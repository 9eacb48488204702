"""Compress, Downscale and GridMask: what is lost is what such files, sensors and grids lose."""

import io

import numpy as np
import pytest
from PIL import Image

import hfaug
from hfaug.errors import RowError
from hfaug.ops.image import Compress, Downscale, GridMask
from tests.ops.drawing import stream, streams
from tests.ops.image.painting import applied, photo


def psnr(a, b):
    """Peak signal over noise, in dB."""
    return 10 * np.log10(255**2 / max(((a.astype(float) - b) ** 2).mean(), 1e-9))


def by_pillow(array, form, quality):
    """The same round trip by Pillow."""
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, form, quality=quality)
    return np.asarray(Image.open(buffer).convert("RGB"))


@pytest.mark.parametrize("quality", [10, 40, 90])
@pytest.mark.parametrize("form", ["jpeg", "webp"])
def test_compression_is_that_of_the_format(quality, form):
    """As near to the photograph as Pillow's file of that quality, and nearer to that file than to the photograph."""
    done, known = applied(Compress(quality=(quality, quality), format=form), photo()), by_pillow(photo(), form, quality)
    assert abs(psnr(done, photo()) - psnr(known, photo())) < 0.5
    assert psnr(done, known) > psnr(done, photo())


def test_grey_stays_grey_and_16_bits_come_back_with_256_levels():
    grey = photo()[:, :, :1]
    plain = applied(Compress(quality=(50, 50)), grey)
    deep = applied(Compress(quality=(50, 50)), grey.astype(np.uint16) * 257)
    assert (deep == plain.astype(np.uint16) * 257).all()


def test_a_side_that_the_format_cannot_hold_is_named():
    with pytest.raises(RowError, match=r"webp holds sides of up to 16383 pixels, the image is 16400x2"):
        applied(Compress(format="webp"), np.zeros((2, 16400, 3), np.uint8))


def test_qualities_fill_their_range(photos):
    """The file format of the row stays, whatever it went through."""
    done = hfaug.augment(photos.select([0]), Compress(quality=(5, 95), format="webp"), copies=8, keep=False)
    stored = [row["image"]["bytes"] for row in done.with_format("arrow")[:].to_pylist()]
    assert all(data.startswith(b"\xff\xd8") for data in stored)
    assert len(set(stored)) > 4


def test_downscaling_leaves_the_means_of_squares():
    """Down to a quarter and up with square pixels: each square is its own mean."""
    done = applied(Downscale(scale=(0.25, 0.25), interpolation="nearest"), photo())
    squares = photo().reshape(64, 4, 64, 4, 3).mean(axis=(1, 3))
    assert abs(done[::4, ::4] - squares).max() <= 0.51
    assert (done == np.repeat(np.repeat(done[::4, ::4], 4, axis=0), 4, axis=1)).all()


@pytest.mark.parametrize("up", ["linear", "cubic", "nearest"])
def test_downscaling_does_not_move_the_image(up):
    ramp = np.repeat(np.arange(240, dtype=np.uint8)[None, :, None], 9, axis=0)
    done = applied(Downscale(scale=(0.2, 0.2), interpolation=up), ramp).astype(float)
    assert abs((done - ramp)[:, 20:-20].mean()) < 0.05


@pytest.mark.parametrize("size", [(200, 200), (120, 300)])
@pytest.mark.parametrize("degrees", [0, 37])
@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_a_grid_covers_the_square_of_its_share(size, degrees, share):
    """Of the area; within what the squares at the border make of it."""
    op = GridMask(spacing=(0.1, 0.1), share=(share, share), degrees=(degrees, degrees))
    covered = [(applied(op, np.full((*size, 1), 255, np.uint8), rng) == 0).mean() for rng in streams(20)]
    side = round(share * round(0.1 * min(size)))
    assert abs(np.mean(covered) - (side / round(0.1 * min(size))) ** 2) < 0.04 + 0.04 * (degrees > 0)


def test_a_grid_is_regular():
    op = GridMask(spacing=(0.2, 0.2), share=(0.5, 0.5))
    for rng in streams(20):
        mask = applied(op, np.full((100, 140, 1), 255, np.uint8), rng)[:, :, 0] == 0
        rows, columns = mask.any(axis=1), mask.any(axis=0)
        assert (mask == rows[:, None] & columns).all()
        assert (rows[20:] == rows[:-20]).all()
        assert (columns[20:] == columns[:-20]).all()
        assert rows[:20].sum() == columns[:20].sum() == 10


def test_the_colour_of_a_grid_is_that_of_the_image():
    fill, op = (250, 100, 50), GridMask(share=(1, 1), fill=(250, 100, 50))
    assert applied(op, np.zeros((9, 9, 3), np.uint16))[4, 4].tolist() == [257 * value for value in fill]
    assert applied(op, np.zeros((9, 9, 1), np.uint8))[4, 4].tolist() == [139]
    assert applied(op, np.zeros((9, 9, 4), np.uint8))[4, 4].tolist() == [*fill, 0]


def test_what_a_grid_covers_is_known():
    """For labels that drop when too little of them is left."""
    op = GridMask(degrees=(-40, 40))
    for number, rng in enumerate(streams(10)):
        covered = op.covered((50, 70), streams(10)[number])
        assert (covered == (op.pixels(np.full((50, 70, 1), 9, np.uint8), rng)[:, :, 0] == 0)).all()
    assert GridMask(share=(0, 0)).covered((50, 70), stream()) is None
