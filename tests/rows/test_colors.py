"""Colours as data: every way to look a level up gives the same bytes, and what changes nothing is known."""

import numpy as np
import pytest

from hfaug.rows import Color, apply_color, table_curve
from tests.ops.image.painting import KINDS, noise

CURVES = {
    "one for all": lambda levels, top: top * (levels / top) ** 0.7,
    "one each": lambda levels, top: np.stack([levels, top - levels, levels // 2], axis=1),
    "through a table": table_curve(np.arange(256, dtype=np.uint8)[::-1]),
}


@pytest.mark.parametrize("name", CURVES)
@pytest.mark.parametrize("channels,kind", KINDS)
def test_levels_are_looked_up(name, channels, kind):
    """As by NumPy, also in a part of a larger image."""
    array, color = noise((40, 50, channels), kind)[3:30, 5:44], Color(curves=(CURVES[name],))
    table = color.levels(np.iinfo(kind).max, grey=channels == 1)
    done = apply_color(array, color)
    for channel in range(min(channels, 3)):
        assert (done[:, :, channel] == table[:, channel % table.shape[1]][array[:, :, channel]]).all()
    assert (done[:, :, 3:] == array[:, :, 3:]).all()


@pytest.mark.parametrize("channels,kind", KINDS)
def test_a_matrix_that_treats_channels_alike_is_looked_up(channels, kind):
    """As a table it is rounded like the matrix; a part of a larger image is no exception."""
    array = noise((40, 50, channels), kind)[3:30, 5:44]
    top = np.iinfo(kind).max
    done = apply_color(array, Color(matrix=np.column_stack([1.7 * np.eye(3), np.full(3, -40.25)])))
    wanted = np.rint(1.7 * array[:, :, :3].astype(float) - 40.25 * top / 255).clip(0, top)
    assert (done[:, :, :3] == wanted).all()
    assert (done[:, :, 3:] == array[:, :, 3:]).all()


def test_what_moves_no_level_of_the_image_gives_it_back():
    """Also where it would move levels of the other depth."""
    array = noise((5, 5, 3))
    coarse = Color(curves=(lambda levels, top: np.rint(levels * 255 / top) * (top / 255),))
    assert not coarse.is_identity
    assert apply_color(array, coarse) is array
    deep = noise((5, 5, 3), np.uint16)
    assert apply_color(deep, coarse) is not deep


def test_matrices_and_curves_do_not_fuse():
    matrix, curve = Color(matrix=np.eye(3, 4) * 2), Color(curves=(CURVES["one each"],))
    assert matrix.then(curve) is None
    assert curve.then(matrix) is None
    assert len(curve.then(curve).curves) == 2
