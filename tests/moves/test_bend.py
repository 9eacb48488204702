"""Bends: they never fold, and every point has one way back, to a billionth of a pixel."""

import numpy as np
import pytest

from hfaug.errors import ParameterError
from hfaug.moves import Bend
from hfaug.moves.bend import STEEPEST, steepest_slope
from tests.moves import dense_reference as reference


def bends(count, strength=None):
    """Random bends of images of all shapes, weak and far too strong ones."""
    rng = np.random.default_rng(11)
    for _ in range(count):
        size = int(rng.integers(1, 90)), int(rng.integers(1, 90))
        grid = int(rng.integers(2, 9)), int(rng.integers(2, 9))
        amount = rng.uniform(0, 0.3) * max(size) if strength is None else strength
        yield Bend(size, rng.normal(0, amount, (*grid, 2))), rng


def test_points_come_back_exactly():
    """10,000 points of 100 bends: where a point goes, the bend shows it."""
    for bend, rng in bends(100):
        height, width = bend.size
        points = rng.uniform(-0.5, 1.5, (100, 2)) * (width, height)
        moved = bend.points(points)
        shown = moved + reference.displacement(moved, bend.nodes, bend.size)
        np.testing.assert_allclose(shown, points, atol=1e-7)


def test_the_slope_bounds_every_difference():
    """No two points have displacements that differ by more than the slope times their distance."""
    for bend, rng in bends(60):
        height, width = bend.size
        slope = steepest_slope(bend.size, bend.nodes)
        near = rng.uniform(0, 1, (400, 2)) * (width, height)
        far = near + rng.normal(0, 0.05, (400, 2)) * (width, height)
        apart = reference.displacement(near, bend.nodes, bend.size) - reference.displacement(far, bend.nodes, bend.size)
        assert (np.linalg.norm(apart, axis=1) <= slope * np.linalg.norm(near - far, axis=1) + 1e-9).all()
        assert slope <= STEEPEST * (1 + 1e-9)


def test_the_slope_is_reached():
    """It is no empty bound: a ramp has just its own slope."""
    ramp = np.zeros((3, 3, 2))
    ramp[:, :, 0] = [0, 2, 4]
    assert steepest_slope((10, 10), ramp) == pytest.approx(0.4)
    turn = np.zeros((2, 2, 2))  # a small turn: both axes at once
    turn[..., 0], turn[..., 1] = [[0, 0], [1, 1]], [[0, -1], [0, -1]]
    assert steepest_slope((10, 10), turn) == pytest.approx(0.1)


def test_nothing_folds():
    """Neighbouring pixels of the result never change sides, however wild the draw was."""
    for bend, _ in bends(40, strength=50):
        height, width = bend.size
        points = reference.centres(bend.size)
        shown = (points + reference.displacement(points, bend.nodes, bend.size)).reshape(height, width, 2)
        assert (np.diff(shown[..., 0], axis=1) > 0).all()
        assert (np.diff(shown[..., 1], axis=0) > 0).all()


def test_too_steep_is_weakened_as_a_whole():
    wild = np.random.default_rng(1).normal(0, 30, (5, 5, 2))
    bend = Bend((20, 20), wild)
    np.testing.assert_allclose(bend.nodes / wild, bend.nodes[0, 0, 0] / wild[0, 0, 0])
    assert steepest_slope((20, 20), bend.nodes) == pytest.approx(STEEPEST)
    gentle = wild * 0.001
    assert (Bend((20, 20), gentle).nodes == gentle).all()


def test_what_shows_and_what_stays():
    """A bend whose frame only slides keeps all and shows nothing else; one that shifts does neither."""
    rng = np.random.default_rng(2)
    nodes = rng.normal(0, 1, (6, 6, 2))
    nodes[:, [0, -1], 0], nodes[[0, -1], :, 1] = 0, 0
    still = Bend((40, 40), nodes)
    assert still.keeps
    assert not still.shows_outside
    shifted = Bend((40, 40), np.full((2, 2, 2), 3.0))
    assert shifted.shows_outside
    assert not shifted.keeps
    shrunk = np.zeros((2, 2, 2))
    shrunk[..., 0], shrunk[..., 1] = [[-4, 4], [-4, 4]], [[-4, -4], [4, 4]]
    assert Bend((40, 40), shrunk).keeps
    assert Bend((40, 40), shrunk).shows_outside
    assert not Bend((40, 40), -shrunk).keeps
    assert not Bend((40, 40), -shrunk).shows_outside


def test_claims_about_borders_hold_for_points():
    """`keeps` and `shows_outside` agree with where points of the frame and of the image go."""
    for bend, rng in bends(150):
        height, width = bend.size
        points = rng.uniform(0, 1, (300, 2)) * (width, height)
        if not bend.shows_outside:
            assert reference.inside(
                points + reference.displacement(points, bend.nodes, bend.size), bend.size, -1e-5
            ).all()
        if bend.keeps:
            assert reference.inside(bend.points(points), bend.size, -1e-4).all()


def test_nowhere_stays_nowhere():
    """A point that is nowhere breaks nothing."""
    bend = Bend((10, 10), np.full((2, 2, 2), 1.0))
    moved = bend.points([[np.nan, 1], [5, 5]])
    assert np.isnan(moved[0]).any()
    np.testing.assert_allclose(moved[1], [4, 4])
    assert bend.visible([[np.nan, 1], [5, 5]]).tolist() == [False, True]


@pytest.mark.parametrize(
    "nodes", [np.zeros((1, 2, 2)), np.zeros((2, 2)), np.full((2, 2, 2), np.nan), np.zeros((2, 2, 3))]
)
def test_bad_grids_are_refused(nodes):
    with pytest.raises(ParameterError, match=r"Bend: nodes must be finite, of shape \(rows, columns, 2\)"):
        Bend((10, 10), nodes)


def test_no_bend_is_the_identity():
    bend = Bend((10, 10), np.zeros((3, 3, 2)))
    assert bend.is_identity
    assert bend.points([[3, 4]]).tolist() == [[3.0, 4.0]]
    rings, shares = bend.outlines([[(0, 0), (2, 0), (2, 2)]])
    assert (rings[0].tolist(), shares.tolist()) == ([[0, 0], [2, 0], [2, 2]], [1.0])
