"""Rotate, Scale, Shear, Affine and Perspective: the drawn numbers, the canvas, and other libraries' pixels."""

import itertools
import math
import types

import albumentations
import cv2
import numpy as np
import pytest
from skimage import data, transform

from hfaug.errors import ParameterError
from hfaug.ops.image import Affine, Perspective, Rotate, Scale, Shear
from tests.ops.drawing import stream, streams


def psnr(a, b):
    return 10 * math.log10(255**2 / max(float(((a.astype(float) - b.astype(float)) ** 2).mean()), 1e-9))


@pytest.fixture(scope="module")
def photo():
    return np.ascontiguousarray(data.astronaut()[100:356, 100:400])


# ---- canvases


@pytest.mark.parametrize("degrees", [0, 17, 30, 45, 90, 133, 180, -60])
@pytest.mark.parametrize("size", [(40, 60), (60, 40), (50, 50), (1, 1), (1, 30)])
def test_expanded_canvases_hold_every_corner(size, degrees):
    move = Rotate(degrees=(degrees, degrees), expand=True).warp(size, stream())
    height, width = size
    corners = move.points([(0, 0), (width, 0), (0, height), (width, height)])
    low, high = corners.min(axis=0), corners.max(axis=0)
    assert (low >= -1e-6).all()
    assert (high <= np.array(move.size[::-1]) + 1e-6).all()
    assert (np.array(move.size[::-1]) - (high - low) < 1 + 1e-6).all()
    np.testing.assert_allclose(move.points([(width / 2, height / 2)])[0], np.array(move.size[::-1]) / 2, atol=1e-6)


def test_quarter_turns_expand_to_swapped_sides_without_loss(photo):
    move = Rotate(degrees=(90, 90), expand=True).warp(photo.shape[:2], stream())
    np.testing.assert_array_equal(move.image(photo), np.rot90(photo))


@pytest.mark.parametrize("size", [(80, 120), (120, 80), (100, 100), (30, 200), (9, 9)])
@pytest.mark.parametrize("degrees", [0, 3, 20, 44.9, 45, 60, 89, 90, 200, -35])
def test_cropped_rotations_show_no_fill_and_lose_little(size, degrees):
    """No pixel of fill; and any window larger by two pixels on both sides would have some."""
    move = Rotate(degrees=(degrees, degrees), crop=True, fill=(255, 0, 0)).warp(size, stream())
    height, width = move.size
    x, y = np.array([(0, 0), (width, 0), (0, height), (width, height)], float).T
    back = np.linalg.inv(move.matrix) @ np.stack([x, y, np.ones(4)])
    assert (back[:2] >= -1e-6).all()
    assert (back[0] <= size[1] + 1e-6).all()
    assert (back[1] <= size[0] + 1e-6).all()
    best = largest_window(size, math.radians(degrees))
    assert height * width >= best - 2 * (height + width)


def largest_window(size, angle):
    """Area of the largest upright window in a turned image, by trying all widths."""
    sin, cos = abs(math.sin(angle)), abs(math.cos(angle))
    best = 0.0
    for wide in np.linspace(0.5, sum(size), 4000):
        limits = [(size[1] - wide * cos, sin), (size[0] - wide * sin, cos)]
        tall = min(rest / slope if slope > 1e-12 else (math.inf if rest >= 0 else 0) for rest, slope in limits)
        best = max(best, wide * tall)
    return best


def test_expand_and_crop_exclude_each_other():
    with pytest.raises(ParameterError, match="only one of expand and crop"):
        Rotate(expand=True, crop=True)


@pytest.mark.parametrize(
    "op", [Affine(expand=True), Shear(expand=True, shear_y_degrees=(-10, 10)), Affine(expand=True, scale=(0.3, 0.4))]
)
def test_other_expanded_canvases(op):
    for rng in streams(30):
        move = op.warp((40, 60), rng)
        corners = move.points([(0, 0), (60, 0), (0, 40), (60, 40)])
        assert (corners >= -1e-6).all()
        assert (corners <= np.array(move.size[::-1]) + 1e-6).all()


def test_scaled_canvases_are_plain_resizes():
    for rng in streams(30):
        move = Scale(scale=(0.5, 2), aspect=(0.8, 1.25), expand=True).warp((40, 60), rng)
        np.testing.assert_allclose(move.points([(60, 40)])[0], move.size[::-1])
        assert not move.shows_outside


# ---- draws


def test_scales_are_drawn_on_a_log_scale():
    """In and out alike: the mean logarithm is 0, and the aspect leaves the area."""
    moves = [Scale(scale=(0.5, 2), aspect=(0.5, 2)).warp((10, 10), rng) for rng in streams(2000)]
    logs = np.log([np.linalg.det(move.matrix[:2, :2]) for move in moves]) / 2
    assert abs(logs.mean()) < 0.04
    assert -math.log(2) <= logs.min() < -0.6
    assert 0.6 < logs.max() <= math.log(2)
    ratios = np.array([move.matrix[0, 0] / move.matrix[1, 1] for move in moves])
    assert 0.5 <= ratios.min() < 0.53
    assert 1.9 < ratios.max() <= 2


def test_slants_are_the_angles():
    for rng in streams(50):
        matrix = Shear(shear_x_degrees=(-40, 40), shear_y_degrees=(-20, 20)).warp((30, 20), rng).matrix
        assert abs(math.degrees(math.atan(matrix[0, 1]))) <= 40
        assert abs(math.degrees(math.atan(matrix[1, 0]))) <= 20
        np.testing.assert_allclose(matrix @ [10, 15, 1], [10, 15, 1], atol=1e-9)


@pytest.mark.parametrize("op", [Shear, Affine])
def test_slants_that_press_an_image_flat_are_refused(op):
    with pytest.raises(ParameterError, match="well below 45 degrees"):
        op(shear_x_degrees=(0, 50), shear_y_degrees=(0, 50))
    op(shear_x_degrees=(0, 50), shear_y_degrees=(-50, 0))


@pytest.mark.parametrize(
    "op",
    [
        Rotate(degrees=(0, 0)),
        Scale(scale=(1, 1)),
        Shear(shear_x_degrees=(0, 0)),
        Perspective(distortion=(0, 0)),
        Affine(degrees=(0, 0), scale=(1, 1), shift_x=(0, 0), shift_y=(0, 0), shear_x_degrees=(0, 0)),
    ],
    ids=lambda op: type(op).__name__,
)
def test_no_strength_is_no_move(op):
    assert op.warp((31, 47), stream()).is_identity


@pytest.mark.parametrize("whole", [False, True])
def test_perspectives_join_windows_and_frames(whole):
    """Corners go to corners: inside the limits, each drawn apart."""
    drawn = []
    for rng in streams(200):
        move = Perspective(distortion=(0.05, 0.2), keep_whole=whole).warp((100, 200), rng)
        matrix = move.matrix if whole else np.linalg.inv(move.matrix)
        corners = matrix @ np.array([[0, 200, 200, 0], [0, 0, 100, 100], [1, 1, 1, 1]])
        corners = (corners[:2] / corners[2]).T / (200, 100)
        drawn.append(np.abs(corners - [(0, 0), (1, 0), (1, 1), (0, 1)]))
        assert not whole or move.keeps
        assert whole or not move.shows_outside
    drawn = np.array(drawn)
    assert 0.05 - 1e-9 <= drawn.min() < 0.06
    assert 0.19 < drawn.max() <= 0.2 + 1e-9
    assert np.abs(np.corrcoef(drawn.reshape(200, 8).T) - np.eye(8)).max() < 0.35


def test_the_strongest_perspectives_can_be_done():
    strongest = Perspective(distortion=(0, 0.32), keep_whole=True), Perspective(distortion=(0, 0.23))
    for rng in streams(300):
        for op in strongest:
            op.warp((50, 90), rng).image(np.zeros((50, 90, 3), np.uint8))
    for corners in itertools.product((0.0, 1.0), repeat=8):
        for op in strongest:
            given = iter(corners)
            drawn = types.SimpleNamespace(uniform=lambda low, high, given=given: high * next(given))
            assert np.isfinite(op.warp((50, 90), drawn).points([[0, 0], [90, 0], [0, 50], [90, 50]])).all()
    with pytest.raises(ParameterError, match=r"distortion must not exceed 0\.23 when a window is stretched"):
        Perspective(distortion=(0, 0.3))


# ---- the same pixels elsewhere


def test_rotations_are_albumentations(photo):
    ours = Rotate(degrees=(17, 17)).warp(photo.shape[:2], stream()).image(photo)
    theirs = albumentations.Rotate(limit=(17, 17), interpolation=cv2.INTER_LINEAR, border_mode=0, p=1)(image=photo)
    assert psnr(ours[8:-8, 8:-8], theirs["image"][8:-8, 8:-8]) > 32  # its centre lies half a pixel beside the middle


def test_affines_are_those_of_scikit_image(photo):
    """scikit-image counts from the centre of the first pixel."""
    op = Affine(degrees=(12, 12), scale=(1.2, 1.2), shift_x=(0.05, 0.05), shift_y=(0, 0), shear_x_degrees=(8, 8))
    move = op.warp(photo.shape[:2], stream())
    half = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]])
    matrix = half @ move.matrix @ np.linalg.inv(half)
    expected = transform.warp(photo, np.linalg.inv(matrix), order=1, preserve_range=True)
    assert psnr(move.image(photo)[4:-4, 4:-4], expected[4:-4, 4:-4]) > 44


def test_the_order_is_scale_slant_turn_shift():
    """A corner, worked out by hand about the centre."""
    op = Affine(
        degrees=(90, 90), scale=(2, 2), shift_x=(0.1, 0.1), shift_y=(0, 0), shear_x_degrees=(45, 45), aspect=(1, 1)
    )
    move = op.warp((100, 100), stream())
    x, y = 10 * 2, 5 * 2  # scaled
    x += y  # slanted
    x, y = y, -x  # turned counter-clockwise, y pointing down
    np.testing.assert_allclose(move.points([(60, 55)])[0], (50 + x + 10, 50 + y), atol=1e-9)
