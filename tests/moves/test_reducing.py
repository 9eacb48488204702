"""Warps of reduced images: when they are allowed, and that they show the same picture in the same place."""

import numpy as np
import pytest

from hfaug.moves import Field, Warp, centre, compose, reduction_of, rotation, scaling, translation, warp_reduced

GREY = (114, 114, 114)


def photo(size):
    """A smooth picture, as large as JPEG blocks of a photograph show it."""
    y, x = np.mgrid[: size[0], : size[1]]
    planes = [np.sin(x * 0.03 + c) + np.cos(y * 0.025 * (c + 1)) for c in range(3)]
    return ((np.stack(planes, axis=-1) + 2) * 63).astype(np.uint8)


def reduced(image, factor):
    """The means of blocks; a block at the border that is not whole goes on as its last pixels."""
    height, width = (-(-side // factor) * factor for side in image.shape[:2])
    whole = np.pad(image, ((0, height - image.shape[0]), (0, width - image.shape[1]), (0, 0)), mode="edge")
    return np.rint(whole.reshape(height // factor, factor, width // factor, factor, 3).mean((1, 3))).astype(np.uint8)


@pytest.mark.parametrize(
    "warp, factor",
    [
        (Warp.resize((100, 100), (50, 50)), 2),
        (Warp.resize((100, 100), (51, 40)), 1),
        (Warp.resize((100, 100), (13, 13)), 2),
        (Warp.resize((104, 104), (13, 13)), 4),
        (Warp.resize((160, 160), (10, 10)), 8),
        (Warp(compose(rotation(30, about=(50, 50)), scaling(0.4)), (100, 100)), 2),
        (Warp.flip((100, 100)), 1),
        (Warp.crop((100, 100), 0, 0, 10, 10), 1),
        (Warp.resize((100, 100), (50, 50), interpolation="nearest"), 1),
        (Warp(np.array([[0.2, 0, 0], [0, 0.2, 0], [0.001, 0, 1]]), (100, 100)), 1),
        (Field.bend((100, 100), np.zeros((2, 2, 2))), 1),
    ],
)
def test_how_far_an_image_may_be_reduced(warp, factor):
    assert reduction_of(warp) == factor


@pytest.mark.parametrize("size", [(240, 320), (241, 323), (243, 321)])
@pytest.mark.parametrize("scale", [0.5, 0.4, 0.27, 0.2, 0.12, 0.06])
@pytest.mark.parametrize("degrees", [0, 30])
def test_the_picture_is_the_same(size, scale, degrees):
    """From half the pixels as from all, fill included, at sides that are no multiples too."""
    matrix = compose(rotation(degrees, about=centre(size)), scaling(scale), translation(5.3, 2.6))
    warp = Warp(matrix, size, (round(size[0] * scale) + 10, round(size[1] * scale) + 10), fill=GREY)
    image = photo(size)
    factor = reduction_of(warp)
    assert factor > 1
    small = warp_reduced(warp, reduced(image, factor), factor, 0.0, 0.0)
    whole = warp.image(image)
    assert small.shape == whole.shape
    difference = np.abs(small.astype(int) - whole)
    rim = (np.abs(np.diff(whole.astype(int), axis=0, prepend=whole[:1].astype(int))).max(2) > 25) | (
        np.abs(np.diff(whole.astype(int), axis=1, prepend=whole[:, :1].astype(int))).max(2) > 25
    )
    assert difference[~rim].mean() < 1.5
    assert np.percentile(difference[~rim], 98) < 14


def test_a_mirrored_reduction_begins_within_its_first_pixel():
    """Of an image that was turned upright after it was decoded, the left edge lies inside a pixel."""
    image = photo((101, 203))
    warp = Warp.resize((101, 203), (40, 80))
    turned = reduced(image[::-1, ::-1], 2)[::-1, ::-1]  # as a JPEG that lies upside down is decoded and turned
    there = warp_reduced(warp, turned, 2, left=0.5, top=0.5)
    assert np.abs(there.astype(int) - warp.image(image)).max() <= 4
    shifted = warp_reduced(warp, turned, 2, left=0.0, top=0.0)
    assert np.abs(shifted.astype(int) - warp.image(image)).mean() > np.abs(there.astype(int) - warp.image(image)).mean()


def test_what_a_chain_cut_away_stays_away():
    crop = Warp.crop((200, 200), 40, 40, 100, 100)
    warp = crop.then(Warp(compose(scaling(0.4), translation(10, 10)), (100, 100), (60, 60), fill=GREY))
    small = warp_reduced(warp, reduced(photo((200, 200)), 2), 2, 0.0, 0.0)
    assert (small[:9] == 114).all()
    assert (small[:, 51:] == 114).all()
    assert np.abs(small[12:48, 12:48].astype(int) - warp.image(photo((200, 200)))[12:48, 12:48]).max() <= 3
