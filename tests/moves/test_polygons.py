"""Cutting polygons, and the arithmetic behind positions."""

import ast
import pathlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hfaug.moves
from hfaug.moves import compose, perspective, plane, polygons, rotation, scaling, shear, translation

numbers = st.floats(-50, 50)


@settings(max_examples=200, deadline=None)
@given(st.lists(numbers, min_size=9, max_size=9), st.lists(numbers, min_size=9, max_size=9))
def test_written_out_products_and_inverses(first, second):
    """The plain arithmetic agrees with NumPy's."""
    a, b = np.array(first).reshape(3, 3), np.array(second).reshape(3, 3)
    np.testing.assert_allclose(plane.multiply(a, b), a @ b, atol=1e-8)
    assert plane.determinant(a) == pytest.approx(np.linalg.det(a), abs=1e-6)
    if np.linalg.cond(a) < 1e6:
        np.testing.assert_allclose(plane.inverse(a), np.linalg.inv(a), rtol=1e-6, atol=1e-9)
    linear = a[:2, :2]
    worst = np.linalg.svd(linear, compute_uv=False)[1]
    if np.abs(linear).max() > 1e-3:
        assert plane.least_scale(*linear.ravel()) == pytest.approx(worst, abs=1e-6)


def test_derivative_is_the_slope_in_the_middle():
    """The linear part of a perspective, against small steps."""
    matrix = perspective([(0, 0), (9, 0), (9, 7), (0, 7)], [(1, 0), (9, 2), (7, 7), (0, 6)])
    middle, step = np.array([4.5, 3.5]), 1e-6

    def at(point):
        u, v, w = matrix @ [*point, 1]
        return np.array([u, v]) / w

    slopes = [(at(middle + offset) - at(middle)) / step for offset in ([step, 0], [0, step])]
    assert plane.derivative(matrix, (7, 9)) == pytest.approx(np.array(slopes).T.ravel(), abs=1e-4)


def test_four_points_go_where_they_are_told():
    """A perspective carries each of its four points exactly."""
    rng = np.random.default_rng(0)
    square = np.array([(0, 0), (100, 0), (100, 60), (0, 60)], dtype=float)
    for _ in range(50):
        before, after = square + rng.uniform(-15, 15, (4, 2)), square + rng.uniform(-15, 15, (4, 2))
        moved = plane.carry(perspective(before, after), before)
        np.testing.assert_allclose(moved[:, :2] / moved[:, 2:], after, atol=1e-8)


def test_moves_in_order():
    """The first move named is made first."""
    moves = translation(3, 1), rotation(20), shear(5), scaling(2, 3)
    expected = moves[3] @ moves[2] @ moves[1] @ moves[0]
    np.testing.assert_allclose(compose(*moves), expected)
    np.testing.assert_array_equal(compose(), np.eye(3))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.floats(-3, 3), st.floats(-3, 3), st.floats(-3, 3)), max_size=4))
def test_a_cut_polygon_is_what_all_lines_keep(lines):
    """Points inside the cut square are those that the square and every line keep; areas agree with counting."""
    square = [(0.0, 0.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, 1.0), (0.0, 1.0, 1.0)]
    left = polygons.project(polygons.clip(square, lines))
    side = (np.arange(100) + 0.5) / 100
    x, y = np.meshgrid(side, side)
    kept = np.ones_like(x, dtype=bool)
    for a, b, c in lines:
        kept &= a * x + b * y + c >= 0
    assert polygons.area(left) == pytest.approx(kept.mean(), abs=0.03)


def test_positions_use_no_matrix_library():
    """Products by a library may differ in the last digit between processors, so none moves a label."""
    for path in pathlib.Path(hfaug.moves.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not isinstance(node, ast.MatMult), path
            assert not (isinstance(node, ast.Attribute) and node.attr in ("linalg", "dot", "einsum", "matmul")), path
