"""Flips, turns, transposes, crops, pads and shifts: pixels are NumPy's own, only elsewhere, of any kind."""

import numpy as np
import pytest

from hfaug.errors import ParameterError
from hfaug.ops.image import CenterCrop, Crop, Flip, Pad, QuarterTurn, Shift, Symmetry, Transpose
from tests.ops.drawing import stream, streams

KINDS = [(np.uint8, 1), (np.uint8, 3), (np.uint8, 4), (np.uint16, 1), (np.uint16, 3)]


def noise(height, width, channels=3, kind=np.uint8):
    return np.random.default_rng(0).integers(0, np.iinfo(kind).max + 1, (height, width, channels)).astype(kind)


@pytest.mark.parametrize("kind, channels", KINDS)
@pytest.mark.parametrize(
    "op, expected",
    [
        (Flip(), np.fliplr),
        (Flip(axis="vertical"), np.flipud),
        (Flip(axis="both"), lambda a: a[::-1, ::-1]),
        (QuarterTurn(turns=(1,)), np.rot90),
        (QuarterTurn(turns=(2,)), lambda a: np.rot90(a, 2)),
        (QuarterTurn(turns=(-1,)), lambda a: np.rot90(a, -1)),
        (QuarterTurn(turns=(0,)), lambda a: a),
        (Transpose(), lambda a: a.transpose(1, 0, 2)),
        (Transpose(diagonal="other"), lambda a: np.rot90(a, 2).transpose(1, 0, 2)),
        (CenterCrop(height=6, width=9), lambda a: a[2:8, 2:11]),
    ],
    ids=lambda value: str(value).partition(" at 0x")[0],  # the same in every process
)
def test_pixels_are_numpys(op, expected, kind, channels):
    array = noise(10, 14, channels, kind)
    move = op.warp((10, 14), stream())
    assert move.is_exact
    np.testing.assert_array_equal(move.image(array), expected(array))
    assert move.size == expected(array).shape[:2]


@pytest.mark.parametrize(
    "op", [Flip(), Flip(axis="both"), Transpose(), Transpose(diagonal="other"), QuarterTurn(turns=(2,))]
)
def test_done_twice_is_undone(op):
    first = op.warp((7, 9), stream())
    assert first.then(op.warp(first.size, stream())).is_identity


def test_symmetries_are_the_eight_of_a_square():
    """All of them, each drawn as often as the others."""
    array = noise(5, 5)
    wanted = [np.rot90(side, turns).tobytes() for side in (array, array[::-1]) for turns in range(4)]
    drawn = [Symmetry().warp((5, 5), rng).image(array).tobytes() for rng in streams(1600)]
    counts = [drawn.count(one) for one in wanted]
    assert sum(counts) == 1600
    assert min(counts) > 150


def test_quarter_turns_are_drawn_from_their_set():
    drawn = {QuarterTurn(turns=(1, 3)).warp((3, 5), rng).matrix.tobytes() for rng in streams(50)}
    assert len(drawn) == 2
    with pytest.raises(ParameterError, match="turns must name at least one number"):
        QuarterTurn(turns=())


def test_crops_lie_everywhere():
    """Every place is drawn, none beyond the border."""
    places = {tuple(Crop(height=4, width=5).warp((6, 8), rng).matrix[:2, 2].tolist()) for rng in streams(500)}
    assert places == {(-float(x), -float(y)) for x in range(4) for y in range(3)}


@pytest.mark.parametrize(
    "op, size", [(Crop(), (80, 40)), (Crop(height=0.5, width=10), (50, 10)), (CenterCrop(height=1, width=1.0), (1, 50))]
)
def test_sizes_in_pixels_and_shares(op, size):
    assert op.warp((100, 50), stream()).size == size


def test_a_window_larger_than_the_image():
    """It is padded, the image anywhere in it; or the window shrinks to the image."""
    array = noise(4, 6)
    found = set()
    for rng in streams(60):
        move = Crop(height=6, width=6, fill=(1, 2, 3)).warp((4, 6), rng)
        image = move.image(array)
        assert image.shape == (6, 6, 3)
        rows = np.flatnonzero((image != (1, 2, 3)).any(axis=(1, 2)))
        found.add(int(rows[0]))
        np.testing.assert_array_equal(image[rows[0] : rows[0] + 4], array)
    assert found == {0, 1, 2}
    assert Crop(height=6, width=5, pad=False).warp((4, 6), stream()).size == (4, 5)
    assert CenterCrop(height=6, width=6).warp((4, 6), stream()).image(array)[1:5].tolist() == array.tolist()


@pytest.mark.parametrize("op", [Crop, CenterCrop])
def test_a_share_is_no_number_of_pixels(op):
    with pytest.raises(ParameterError, match=r"a whole number of pixels or a share 0\.\.1, is 224\.0; write 224 for"):
        op(height=224.0)
    with pytest.raises(ParameterError, match=r"is 1\.2; write 1\.0 for the whole side"):
        op(width=1.2)
    with pytest.raises(ParameterError, match="height must be a number, got 'a'"):
        op(height="a")


@pytest.mark.parametrize(
    "fields, size, expected",
    [
        ({}, (50, 64), (64, 64)),
        ({"height": 100, "width": 10}, (50, 64), (100, 64)),
        ({"height": 500, "width": 500}, (50, 64), (500, 500)),
        ({"height": 100, "multiple": 32}, (50, 64), (128, 64)),
        ({"margins_px": (10, 10, 10, 10)}, (100, 100), (120, 120)),
        ({"margins_px": (1, 2, 3, 4)}, (50, 64), (54, 70)),
        ({"multiple": 7}, (49, 49), (49, 49)),
    ],
)
def test_padded_sizes(fields, size, expected):
    assert Pad(**fields).warp(size, stream()).size == expected


@pytest.mark.parametrize(
    "place, corner",
    [
        ("center", (2, 3)),
        ("top left", (0, 0)),
        ("top right", (0, 6)),
        ("bottom left", (5, 0)),
        ("bottom right", (5, 6)),
    ],
)
def test_where_the_image_lies(place, corner):
    array = noise(5, 4)
    padded = Pad(height=10, width=10, place=place, fill=(7, 8, 9)).warp((5, 4), stream()).image(array)
    top, left = corner
    np.testing.assert_array_equal(padded[top : top + 5, left : left + 4], array)
    rest = np.ones((10, 10), bool)
    rest[top : top + 5, left : left + 4] = False
    assert (padded[rest] == (7, 8, 9)).all()


@pytest.mark.parametrize("border, mode", [("edge", "edge"), ("reflect", "symmetric")])
@pytest.mark.parametrize("margins", [(1, 2, 3, 2), (9, 0, 12, 30)])
def test_borders_are_numpys(border, mode, margins):
    """Mirrored again and again, where the margin is wider than the image."""
    array = noise(5, 4)
    top, right, bottom, left = margins
    padded = Pad(margins_px=margins, border=border).warp((5, 4), stream()).image(array)
    np.testing.assert_array_equal(padded, np.pad(array, ((top, bottom), (left, right), (0, 0)), mode=mode))


def test_shifts_are_whole_pixels():
    array = noise(20, 30)
    for rng in streams(50):
        move = Shift().warp((20, 30), rng)
        assert move.is_exact
        x, y = move.matrix[:2, 2].astype(int)
        assert abs(x) <= 3
        assert abs(y) <= 2
        expected = np.zeros_like(array)
        expected[max(y, 0) : 20 + min(y, 0), max(x, 0) : 30 + min(x, 0)] = array[
            max(-y, 0) : 20 - max(y, 0), max(-x, 0) : 30 - max(x, 0)
        ]
        np.testing.assert_array_equal(move.image(array), expected)
    far = Shift(shift_x=(8, 8), shift_y=(-2, -2), unit="pixels").warp((20, 30), stream())
    assert far.matrix[:2, 2].tolist() == [8, -2]


def test_masks_get_a_value_of_their_own():
    """255 is what losses ignore; the picture is padded with its own fill."""
    move = Pad(height=8, width=8, mask_fill=255).warp((4, 4), stream())
    assert set(move.mask(np.ones((4, 4), np.uint8)).ravel().tolist()) == {1, 255}
    assert set(move.image(np.ones((4, 4, 3), np.uint8)).ravel().tolist()) == {0, 1}


@pytest.mark.parametrize(
    "op", [Flip(), QuarterTurn(turns=(1,)), Transpose(), Symmetry(), Crop(), CenterCrop(), Pad(), Shift()]
)
def test_one_pixel(op):
    for rng in streams(5):
        move = op.warp((1, 1), rng)
        assert move.image(np.full((1, 1, 3), 9, np.uint8)).shape[:2] == move.size
