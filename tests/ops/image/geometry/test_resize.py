"""Resizes, random resized crops and letterboxes: sizes, shares, and other libraries' pixels."""

import math

import albumentations
import cv2
import numpy as np
import pytest
from skimage import data

from hfaug.errors import ParameterError
from hfaug.ops.image import Letterbox, RandomResizedCrop, Resize, ResizeLongest, ResizeShortest
from tests.ops.drawing import stream, streams


def psnr(a, b):
    return 10 * math.log10(255**2 / max(float(((a.astype(float) - b.astype(float)) ** 2).mean()), 1e-9))


@pytest.fixture(scope="module")
def photo():
    return np.ascontiguousarray(data.astronaut()[:, :400])


@pytest.mark.parametrize("size", [(384, 500), (640, 640), (1000, 300), (1, 1), (513, 399)])
def test_linear_resizes_are_albumentations(photo, size):
    """The same numbers where little is shrunk; where much is, ours averages areas."""
    ours = Resize(height=size[0], width=size[1]).warp(photo.shape[:2], stream()).image(photo)
    theirs = albumentations.Resize(*size, interpolation=cv2.INTER_LINEAR, p=1)(image=photo)["image"]
    assert ours.shape == theirs.shape
    if min(size[0] / 512, size[1] / 400) > 0.7:
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("size", [(224, 224), (100, 100), (256, 200), (33, 57)])
def test_small_resizes_average_areas(photo, size):
    ours = Resize(height=size[0], width=size[1]).warp(photo.shape[:2], stream()).image(photo)
    np.testing.assert_array_equal(ours, cv2.resize(photo, size[::-1], interpolation=cv2.INTER_AREA))


@pytest.mark.parametrize("kind, channels", [(np.uint16, 1), (np.uint16, 3), (np.uint8, 1), (np.uint8, 4)])
@pytest.mark.parametrize("interpolation", ["linear", "cubic", "lanczos", "nearest"])
def test_other_images(interpolation, kind, channels):
    array = np.full((20, 30, channels), 7, kind)
    for size in ((40, 60), (10, 9), (19, 45)):
        op = Resize(height=size[0], width=size[1], interpolation=interpolation)
        done = op.warp((20, 30), stream()).image(array)
        assert done.shape == (*size, channels)
        assert done.dtype == kind
        assert (done == 7).all()


@pytest.mark.parametrize(
    "op, size, expected",
    [
        (ResizeLongest(side=100), (50, 200), (25, 100)),
        (ResizeLongest(side=100), (20, 40), (50, 100)),
        (ResizeLongest(side=100, enlarge=False), (20, 40), (20, 40)),
        (ResizeLongest(side=10), (1, 400), (1, 10)),
        (ResizeShortest(side=100), (50, 200), (100, 400)),
        (ResizeShortest(side=100), (400, 200), (200, 100)),
        (ResizeShortest(side=100, enlarge=False), (50, 200), (50, 200)),
        (ResizeShortest(side=800, longest=1333), (480, 640), (800, 1067)),
        (ResizeShortest(side=800, longest=1333), (480, 960), (666, 1333)),
    ],
    ids=str,
)
def test_sides(op, size, expected):
    move = op.warp(size, stream())
    assert move.size == expected
    assert (op.side == max(expected)) or not isinstance(op, ResizeLongest) or not op.enlarge
    assert not move.shows_outside


@pytest.mark.parametrize("cls", [ResizeLongest, ResizeShortest])
def test_one_of_several_sides_is_drawn(cls):
    sides = [cls(side=(32, 64, 96)).warp((50, 50), rng).size[0] for rng in streams(300)]
    assert set(sides) == {32, 64, 96}
    assert min(sides.count(side) for side in set(sides)) > 70
    with pytest.raises(ParameterError, match="side must be one length or several"):
        cls(side=())


# ---- random resized crops


def window_of(move):
    """Top, left, height and width of the part of the source that a warp shows."""
    ends = np.linalg.inv(move.matrix) @ [[0, move.size[1]], [0, move.size[0]], [1, 1]]
    (left, right), (top, bottom), _ = ends.tolist()
    return top, left, bottom - top, right - left


def test_windows_have_the_drawn_area_and_shape():
    windows = np.array([window_of(RandomResizedCrop().warp((300, 400), rng)) for rng in streams(1500)])
    np.testing.assert_allclose(windows, np.round(windows), atol=1e-6)
    top, left, height, width = np.round(windows).T
    assert (top >= 0).all()
    assert (left >= 0).all()
    assert (top + height <= 300).all()
    assert (left + width <= 400).all()
    shares, ratios = height * width / 120_000, width / height
    assert 0.079 < shares.min() < 0.1
    assert shares.max() > 0.95
    assert 0.73 < ratios.min() < 0.78
    assert 1.28 < ratios.max() < 1.36
    assert abs(np.log(ratios).mean()) < 0.05
    assert np.corrcoef(top / (300 - height + 1e-9), left / (400 - width + 1e-9))[0, 1] < 0.1


def test_a_shape_that_never_fits_gives_the_largest_window_of_it():
    move = RandomResizedCrop(area=(1, 1), aspect=(1, 1)).warp((100, 400), stream())
    assert window_of(move)[2:] == pytest.approx((100, 100))
    move = RandomResizedCrop(area=(1, 1), aspect=(3, 3)).warp((400, 300), stream())
    assert window_of(move)[2:] == pytest.approx((100, 300))


def test_the_window_is_what_albumentations_would_make_of_it(photo):
    """Its pixels from the same window."""
    for rng in streams(10):
        move = RandomResizedCrop(height=200, width=250).warp(photo.shape[:2], rng)
        top, left, height, width = (round(value) for value in window_of(move))
        window = photo[top : top + height, left : left + width]
        shrinks = min(200 / height, 250 / width) < 0.67
        ours = move.image(photo)
        if not shrinks:
            np.testing.assert_array_equal(ours, cv2.resize(window, (250, 200), interpolation=cv2.INTER_LINEAR))
        elif max(200 / height, 250 / width) <= 1:
            np.testing.assert_array_equal(ours, cv2.resize(window, (250, 200), interpolation=cv2.INTER_AREA))
        else:
            assert psnr(ours, cv2.resize(window, (250, 200), interpolation=cv2.INTER_LINEAR)) > 25


@pytest.mark.parametrize("size", [(1, 1), (1, 100), (2, 3)])
def test_tiny_images(size):
    for op in (
        Resize(),
        RandomResizedCrop(),
        Letterbox(height=20, width=30),
        ResizeLongest(side=10),
        ResizeShortest(side=10),
    ):
        for rng in streams(5):
            move = op.warp(size, rng)
            assert (move.image(np.full((*size, 3), 114, np.uint8)) == 114).all()


# ---- letterboxes


@pytest.mark.parametrize("size", [(512, 400), (200, 700), (640, 640), (33, 21)])
@pytest.mark.parametrize("box", [(640, 640), (300, 500), (500, 300)])
def test_letterboxes_are_resizes_with_bars(size, box):
    """Pixel for pixel what albumentations makes of resizing the longest side and padding."""
    array = np.random.default_rng(0).integers(0, 256, (*size, 3)).astype(np.uint8)
    array = cv2.GaussianBlur(array, (9, 9), 0)
    ours = Letterbox(height=box[0], width=box[1]).warp(size, stream()).image(array)
    scale = min(box[0] / size[0], box[1] / size[1])
    tall, wide = round(size[0] * scale), round(size[1] * scale)
    how = cv2.INTER_AREA if scale < 0.67 else cv2.INTER_LINEAR
    inner = cv2.resize(array, (wide, tall), interpolation=how)
    top, left = (box[0] - tall) // 2, (box[1] - wide) // 2
    expected = np.full((*box, 3), 114, np.uint8)
    expected[top : top + tall, left : left + wide] = inner
    np.testing.assert_array_equal(ours, expected)


def test_letterboxes_lie_where_asked():
    white = np.full((10, 40, 3), 255, np.uint8)
    for place, rows in (("top left", slice(0, 20)), ("bottom right", slice(60, 80)), ("center", slice(30, 50))):
        done = Letterbox(height=80, width=80, place=place).warp((10, 40), stream()).image(white)
        assert (done[rows] == 255).all()
        assert (done == 255).all(axis=(1, 2)).sum() == 20
    small = Letterbox(height=80, width=80, enlarge=False).warp((10, 40), stream()).image(white)
    assert (small == 255).all(axis=2).sum() == 400
    tops = {
        int(
            np.argmax(
                (Letterbox(height=80, width=80, place="random").warp((10, 40), rng).image(white) == 255).all((1, 2))
            )
        )
        for rng in streams(300)
    }
    assert min(tops) == 0
    assert max(tops) == 60
    assert len(tops) > 55
