"""Elastic, DistortGrid and DistortLens: the formula of each, frames that stay, and other libraries' pixels."""

import math

import albumentations
import cv2
import numpy as np
import pytest
from scipy.interpolate import BSpline
from skimage import data

from hfaug.moves import Field
from hfaug.ops.image import DistortGrid, DistortLens, Elastic
from tests.moves import dense_reference as reference
from tests.ops.drawing import stream, streams


def psnr(a, b):
    return 10 * math.log10(255**2 / max(float(((a.astype(float) - b.astype(float)) ** 2).mean()), 1e-9))


@pytest.fixture(scope="module")
def photo():
    return np.ascontiguousarray(data.astronaut())


STRONGEST = [
    Elastic(shift=(0.2, 0.2)),
    Elastic(shift=(0.2, 0.2), keep_frame=False),
    Elastic(shift=(0.05, 0.2), spacing=0.02),
    DistortGrid(distortion=(0.8, 0.8), cells=20),
    DistortLens(k1=(0.3, 0.3), k2=(0.15, 0.15)),
    DistortLens(k1=(-0.3, -0.3), k2=(-0.15, -0.15)),
    DistortLens(k1=(0.3, 0.3), k2=(0.15, 0.15), enlarge=False),
]
ALL = [Elastic(), Elastic(keep_frame=False), DistortGrid(), DistortLens(), DistortLens(enlarge=False)]


@pytest.mark.parametrize("op", STRONGEST + ALL, ids=str)
@pytest.mark.parametrize("size", [(60, 80), (1, 1), (1, 50), (33, 7)])
def test_nothing_folds_and_every_point_comes_back(op, size):
    """At every strength: neighbours stay neighbours, and points go where the picture shows them."""
    for rng in streams(4):
        field = op.warp(size, rng)
        shown = field.shown
        assert (np.diff(shown[..., 0], axis=1) > 0).all()
        assert (np.diff(shown[..., 1], axis=0) > 0).all()
        centres = reference.centres(size)
        np.testing.assert_allclose(field.points(shown.reshape(-1, 2)), centres, atol=0.01)


@pytest.mark.parametrize("op", [Elastic(), STRONGEST[0], STRONGEST[2], DistortGrid(), STRONGEST[3]], ids=str)
def test_frames_stay(op):
    """Nothing leaves the image, no fill shows: every corner and every point of a side stays on its side."""
    for rng in streams(5):
        field = op.warp((50, 70), rng)
        assert not field.shows_outside
        side = np.linspace(0, 1, 40)
        for fixed, at in ((0, 0), (0, 70), (1, 0), (1, 50)):
            points = np.empty((40, 2))
            points[:, fixed], points[:, 1 - fixed] = at, side * (50 if fixed == 0 else 70)
            assert np.abs(field.points(points)[:, fixed] - at).max() < 1e-6
        assert (field.image(np.full((50, 70, 3), 255, np.uint8)) == 255).all()
        assert field.visible(reference.centres((50, 70))).all()


def test_free_frames_do_not():
    fields = [Elastic(keep_frame=False).warp((50, 70), rng) for rng in streams(5)]
    assert all(field.shows_outside for field in fields)


@pytest.mark.parametrize("op", [Elastic(shift=(0, 0)), DistortGrid(distortion=(0, 0)), DistortLens(k1=(0, 0))], ids=str)
def test_no_strength_returns_the_very_array(op, photo):
    assert op.warp(photo.shape[:2], stream()).image(photo) is photo


@pytest.mark.parametrize("keep", [False, True])
def test_elastic_shifts_as_much_as_asked(keep):
    """The root mean square over many images; a frame that stays takes a little of it."""
    squares = [
        (Elastic(shift=(0.01, 0.01), keep_frame=keep).warp((200, 300), rng).steps[0].nodes ** 2).mean()
        for rng in streams(80)
    ]
    typical = math.sqrt(np.mean(squares))
    assert typical == pytest.approx(2.0, rel=0.06) if not keep else 1.6 < typical < 2.05


def test_elastic_is_a_cubic_spline():
    """Along one axis against SciPy's."""
    from hfaug.ops.image.geometry.elastic import _spline

    control = np.random.default_rng(0).normal(0, 1, (9, 2))
    knots = np.arange(-3, 10)
    expected = BSpline(knots, control, 3)(np.linspace(0, 6, 25))
    np.testing.assert_allclose(_spline(control), expected, atol=1e-12)


def test_elastic_is_smoother_with_wider_spacing():
    def roughness(spacing):
        fields = [Elastic(shift=(0.01, 0.01), spacing=spacing).warp((200, 200), rng).shown for rng in streams(6)]
        return np.mean([np.abs(np.diff(field, n=2, axis=1)).mean() for field in fields])

    assert roughness(0.05) > 3 * roughness(0.15) > 6 * roughness(0.45)


def test_grids_stretch_rows_and_columns():
    """Columns stay straight, and each cell is as much wider as it was drawn, the frame shared out among all."""
    for rng in streams(20):
        field = DistortGrid(cells=4, distortion=(0.3, 0.3)).warp((80, 120), rng)
        nodes = field.steps[0].nodes
        assert (nodes[..., 0] == nodes[:1, :, 0]).all()
        assert (nodes[..., 1] == nodes[:, :1, 1]).all()
        lines = np.linspace(0, 120, 5) + nodes[0, :, 0]
        widths = np.diff(lines) / 30
        assert lines[0] == 0
        assert lines[-1] == pytest.approx(120)
        assert widths.min() > 0.7 / 1.3 - 1e-9
        assert widths.max() < 1.3 / 0.7 + 1e-9
        assert widths.std() > 0.01


def radial(points, size, k1, k2):
    """The formula of a lens, straight from the docstring."""
    middle = np.array(size[::-1]) / 2
    off = points - middle
    squares = (off**2).sum(1, keepdims=True) / (middle**2).sum()
    return middle + off * (1 + k1 * squares + k2 * squares**2)


@pytest.mark.parametrize("k1, k2", [(0.2, 0), (-0.2, 0), (0.1, 0.1), (0.3, -0.15), (0, 0.15), (-0.25, 0.1)])
@pytest.mark.parametrize("size", [(512, 512), (300, 500)])
def test_lenses_follow_their_formula(size, k1, k2):
    field = DistortLens(k1=(k1, k1), k2=(k2, k2), enlarge=False).warp(size, stream())
    centres = reference.centres(size)
    assert np.abs(field.shown.reshape(-1, 2) - radial(centres, size, k1, k2)).max() < 0.08


@pytest.mark.parametrize("k1", [0.05, 0.2, 0.3])
def test_zoomed_lenses_touch_the_frame_and_show_no_fill(k1):
    field = DistortLens(k1=(k1, k1)).warp((300, 500), stream())
    assert not field.shows_outside
    np.testing.assert_allclose(field.points([[0, 0], [500, 300]]), [[0, 0], [500, 300]], atol=1e-6)
    free = DistortLens(k1=(k1, k1), enlarge=False).warp((300, 500), stream())
    assert free.shows_outside
    assert not DistortLens(k1=(-k1, -k1)).warp((300, 500), stream()).shows_outside


@pytest.mark.parametrize("k", [0.05, -0.05, 0.1])
def test_lenses_are_albumentations(photo, k):
    """Its radius is counted in widths of the image, both coefficients are one."""
    photo = cv2.GaussianBlur(photo, (0, 0), 2)  # its centre lies half a pixel beside the middle
    size = photo.shape[:2]
    ours = DistortLens(k1=(k / 2, k / 2), k2=(k / 4, k / 4), enlarge=False).warp(size, stream()).image(photo)
    theirs = albumentations.OpticalDistortion(distort_limit=(k, k), interpolation=cv2.INTER_LINEAR, p=1)(image=photo)[
        "image"
    ]
    assert psnr(ours[8:-8, 8:-8], theirs[8:-8, 8:-8]) > 33


@pytest.mark.parametrize("op", ALL, ids=str)
@pytest.mark.parametrize("kind, channels", [(np.uint8, 1), (np.uint8, 4), (np.uint16, 1), (np.uint16, 3)])
def test_other_images(op, kind, channels):
    array = np.random.default_rng(0).integers(0, np.iinfo(kind).max + 1, (40, 50, channels)).astype(kind)
    field = op.warp((40, 50), stream())
    assert isinstance(field, Field)
    moved = field.image(array)
    assert moved.shape == array.shape
    assert moved.dtype == kind


@pytest.mark.parametrize("op", ALL, ids=str)
def test_the_same_draw_gives_the_same_bytes(op, photo):
    assert op.warp((512, 512), stream()).image(photo).tobytes() == op.warp((512, 512), stream()).image(photo).tobytes()
    cv2.setNumThreads(2)
    two = op.warp((512, 512), stream()).image(photo).tobytes()
    cv2.setNumThreads(1)
    assert two == op.warp((512, 512), stream()).image(photo).tobytes()


def test_styles_are_passed_on():
    for op in (Elastic, DistortGrid, DistortLens):
        field = op(fill=(1, 2, 3), mask_fill=255, border="edge", interpolation="cubic").warp((20, 20), stream())
        assert (field.fill, field.mask_fill, field.border, field.interpolation) == ((1, 2, 3), 255, "edge", "cubic")
