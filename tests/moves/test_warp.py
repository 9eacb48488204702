"""Warps: whole pixels stay exact, and image, mask, points and boxes agree about where things are."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfaug.errors import ParameterError, RowError
from hfaug.moves import (
    Warp,
    centre,
    compose,
    counts,
    flip,
    perspective,
    quarter_turns,
    resampling,
    rotation,
    scaling,
    shear,
    translation,
)

SHAPES = [(7, 5), (7, 5, 1), (7, 5, 2), (7, 5, 3), (7, 5, 4), (7, 5, 9), (1, 1), (1, 9, 3)]


def noise(shape, dtype=np.uint8, seed=0):
    """Values in the whole range of a type."""
    rng = np.random.default_rng(seed)
    if np.dtype(dtype).kind in "iu":
        limits = np.iinfo(dtype)
        return rng.integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)
    return (rng.random(shape) * 2).astype(dtype)


def blob(size, point, spread=6.0):
    """A soft spot around a point."""
    y, x = np.mgrid[: size[0], : size[1]] + 0.5
    return (250 * np.exp(-((x - point[0]) ** 2 + (y - point[1]) ** 2) / (2 * spread**2))).round().astype(np.uint8)


def centroid(array):
    """Where the values of an array have their centre, in continuous coordinates."""
    y, x = np.mgrid[: array.shape[0], : array.shape[1]] + 0.5
    return np.array([(x * array).sum(), (y * array).sum()]) / array.sum()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [shape for shape in SHAPES if len(shape) == 2 or shape[2] <= 4])
def test_flips_and_turns_are_numpy_ones(shape, dtype):
    """Exact moves equal NumPy's, for images as for masks, and never share memory with what they were given."""
    array = noise(shape, dtype)
    size = array.shape[:2]
    cases = [(Warp.flip(size), array[:, ::-1]), (Warp.flip(size, "vertical"), array[::-1])]
    cases += [(Warp.quarter_turns(size, turns), np.rot90(array, turns)) for turns in (1, 2, 3, -1)]
    for warp, expected in cases:
        assert warp.is_exact
        for moved in (warp.image(array), warp.mask(array)):
            assert moved.dtype == dtype
            assert moved.flags.c_contiguous
            assert not np.may_share_memory(moved, array)
            np.testing.assert_array_equal(moved, expected)


@pytest.mark.parametrize(
    "dtype", [bool, np.int8, np.int16, np.int32, np.uint32, np.int64, np.uint64, np.float32, np.float16]
)
@pytest.mark.parametrize("shape", [*SHAPES, (7, 5, 0)])
def test_masks_of_any_type_take_the_nearest_value(shape, dtype):
    """Wide integers, many channels and none: every pixel is the source pixel in which its centre falls, or the fill."""
    array = noise(shape, dtype) if dtype is not bool else noise(shape) > 127
    height, width = shape[:2]
    warp = Warp(rotation(30.1, about=(width / 2, height / 2)), (height, width), (height + 1, width + 2))
    fill = 1 if dtype is bool else 7
    moved = warp.mask(array, fill=fill)
    assert moved.dtype == array.dtype
    y, x = np.mgrid[: height + 1, : width + 2] + 0.5
    back = np.linalg.inv(warp.matrix)
    i = np.floor(back[1, 0] * x + back[1, 1] * y + back[1, 2]).astype(int)
    j = np.floor(back[0, 0] * x + back[0, 1] * y + back[0, 2]).astype(int)
    inside = (i >= 0) & (i < height) & (j >= 0) & (j < width)
    expected = np.full((height + 1, width + 2, *shape[2:]), fill, dtype=array.dtype)
    expected[inside] = array[i[inside], j[inside]]
    np.testing.assert_array_equal(moved, expected)


def test_identity_returns_the_very_array():
    """Nothing moves, nothing is copied, nothing is counted."""
    array = noise((5, 6, 3))
    before = counts.copy()
    for warp in (Warp.identity((5, 6)), Warp.crop((5, 6), 0, 0, 5, 6), Warp.flip((5, 6)).then(Warp.flip((5, 6)))):
        assert warp.is_identity
        assert warp.image(array) is array
        assert warp.mask(array) is array
    assert counts == before


@pytest.mark.parametrize("border", ["constant", "edge", "reflect"])
@pytest.mark.parametrize("pad", [(2, 1, 3, 4), (9, 8, 7, 20), (-2, -1, 3, -2), (-3, 2, 1, -1)])
def test_pads_and_crops_are_numpy_ones(pad, border):
    """Windows that reach outside pad as NumPy does, further than the image is wide too."""
    top, bottom, left, right = pad
    array = noise((7, 5, 3))
    size = (7 + top + bottom, 5 + left + right)
    moved = Warp.crop((7, 5), -top, -left, *size, border=border, fill=(1, 2, 3)).image(array)
    grow = [max(side, 0) for side in pad]
    mode = {"constant": "constant", "edge": "edge", "reflect": "symmetric"}[border]
    whole = np.pad(array, ((grow[0], grow[1]), (grow[2], grow[3]), (0, 0)), mode=mode)
    if border == "constant":
        outside = np.pad(np.zeros((7, 5), bool), ((grow[0], grow[1]), (grow[2], grow[3])), constant_values=True)
        whole[outside] = (1, 2, 3)
    y, x = max(-top, 0), max(-left, 0)
    np.testing.assert_array_equal(moved, whole[y : y + size[0], x : x + size[1]])


def test_window_outside_the_image_is_all_fill():
    """A crop that misses the image shows only fill."""
    moved = Warp.crop((4, 4), 10, 10, 3, 2, fill=(9, 8, 7)).image(noise((4, 4, 3)))
    np.testing.assert_array_equal(moved, np.broadcast_to(np.uint8([9, 8, 7]), (3, 2, 3)))


MOVES = {
    "rotate": lambda s: rotation(17, about=centre(s)),
    "rotate by a right angle off centre": lambda s: rotation(90, about=(45.25, 40)),
    "flip": flip,
    "enlarge": lambda s: scaling(1.3, 1.7, about=centre(s)),
    "shrink": lambda s: scaling(0.4, 0.3, about=centre(s)),
    "shrink and turn": lambda s: rotation(70, about=centre(s)) @ scaling(0.35, about=centre(s)),
    "shift": lambda s: translation(3.3, -4.6),
    "shear": lambda s: shear(12, -8, about=centre(s)),
    "perspective": lambda s: perspective(
        [(0, 0), (s[1], 0), (s[1], s[0]), (0, s[0])], [(5, 2), (s[1] - 9, 6), (s[1] - 1, s[0] - 4), (3, s[0])]
    ),
}


def gaps(name, interpolation="linear"):
    """How far image, mask and box of a spot lie from where the points say, in pixels."""
    size, point = (90, 110), (58.0, 41.0)
    warp = Warp(MOVES[name](size), size, interpolation=interpolation)
    expected = warp.points([point])[0]
    spot = blob(size, point, spread=2.5)
    disc = (blob(size, point, spread=10) > 100).astype(np.int32)
    rows, columns = np.nonzero(disc)
    around = [[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]]
    mask = warp.mask(disc)
    (box,), _ = warp.boxes(around)
    seen_rows, seen_columns = np.nonzero(mask)
    excess = max(
        box[0] - seen_columns.min(),
        box[1] - seen_rows.min(),
        seen_columns.max() + 1 - box[2],
        seen_rows.max() + 1 - box[3],
    )
    return (
        float(np.abs(centroid(warp.image(spot).astype(float)) - expected).max()),
        float(np.abs(centroid(mask.astype(float)) - warp.points([centroid(disc.astype(float))])[0]).max()),
        float(excess),
    )


@pytest.mark.parametrize("interpolation", ["linear", "cubic", "lanczos", "nearest"])
@pytest.mark.parametrize("name", MOVES)
def test_image_mask_points_and_boxes_agree(name, interpolation):
    """A spot is found where its point went, its mask likewise, and the box holds the mask."""
    image, mask, excess = gaps(name, interpolation)
    assert image < (0.06 if interpolation != "nearest" else 0.5)
    assert mask < 0.45
    assert excess <= 0.5


@pytest.mark.parametrize("name", [name for name in MOVES if name not in ("flip", "shift", "shrink", "perspective")])
def test_half_a_pixel_would_be_noticed(name, monkeypatch):
    """The check above is worth something: without the half-pixel conversion it fails."""
    monkeypatch.setattr(resampling, "_HALF", np.eye(3))
    monkeypatch.setattr(resampling, "_HALF_BACK", np.eye(3))
    image, _, _ = gaps(name)
    assert image > 0.06


def test_resampled_flip_equals_the_slice():
    """OpenCV under our conversion gives a flip to the last bit."""
    array = noise((33, 47, 3))
    moved = resampling.resample_image(
        array, flip((33, 47)) + 1e-9, (33, 47), interpolation="linear", border="constant", fill=(0, 0, 0), covered=False
    )
    np.testing.assert_array_equal(moved, array[:, ::-1])


def test_fill_by_channels():
    """Colour for RGB, luma for grey, see-through for alpha, the same share of white in 16 bits."""
    for shape, expected in [
        ((2, 2), [81]),
        ((2, 2, 2), [81, 0]),
        ((2, 2, 3), [200, 30, 30]),
        ((2, 2, 4), [200, 30, 30, 0]),
    ]:
        for dtype, scale in ((np.uint8, 1), (np.uint16, 257)):
            array = np.full(shape, 5, dtype=dtype)
            moved = Warp.crop((2, 2), -1, 0, 3, 2, fill=(200, 30, 30)).image(array)
            assert np.abs(moved[0, 0].astype(int).reshape(-1) - np.array(expected) * scale).max() <= scale // 2
            turned = Warp(rotation(45, about=(1, 1)), (2, 2), (9, 9), fill=(200, 30, 30)).image(array)
            np.testing.assert_array_equal(turned[8, 8], moved[0, 0])


def test_enlarging_shows_no_rim_of_fill():
    """Where every pixel comes from the source, the fill is nowhere mixed in."""
    array = np.full((6, 6, 3), 200, np.uint8)
    for warp in (
        Warp.resize((6, 6), (20, 20), fill=(0, 255, 0)),
        Warp(scaling(3.1, about=(3, 3)) @ rotation(10, about=(3, 3)), (6, 6)),
        Warp.crop((6, 6), 0.4, 0.4, 5, 5, fill=(0, 255, 0)),
    ):
        assert not warp.shows_outside
        assert (warp.image(array) == 200).all()


def test_shrinking_averages_areas():
    """A fine grid becomes even grey instead of a moiré, upright or turned; whole parts become their means."""
    grid = np.zeros((240, 240), np.uint8)
    grid[::2] = 255
    moved = Warp.resize((240, 240), (24, 24)).image(grid)
    assert np.abs(moved.astype(int) - 127.5).max() <= 1
    turned = Warp(rotation(30, about=(30, 30)) @ scaling(0.25), (240, 240), (60, 60)).image(grid)
    assert np.abs(turned[20:40, 20:40].astype(int) - 127.5).max() <= 2
    ramp = noise((12, 20, 3))
    means = ramp.reshape(4, 3, 5, 4, 3).mean(axis=(1, 3))
    assert np.abs(Warp.resize((12, 20), (4, 5)).image(ramp) - means).max() <= 0.5
    window = Warp(scaling(0.25, 1 / 3) @ translation(-4, -3), (12, 20), (2, 3)).image(ramp)
    assert np.abs(window - means[1:3, 1:4]).max() <= 0.5


@pytest.mark.parametrize("squeeze", [0.2, 0.25, 0.3])
def test_shrinking_one_way_after_a_turn(squeeze, monkeypatch):
    """Also where the image is squeezed across its own axes, pixels are means of what they cover."""
    size = (240, 240)
    stripes = np.where(np.indices(size).sum(axis=0) % 6 < 3, 255, 0).astype(np.uint8)
    matrix = compose(rotation(45, about=centre(size)), scaling(squeeze, 1, about=centre(size)))
    moved = Warp(matrix, size).image(stripes)[100:140, 100:140]
    y, x = np.mgrid[: 8 * 40, : 8 * 40] / 8 + 100
    back = np.linalg.inv(matrix)
    i, j = (np.floor(row[0] * x + row[1] * y + row[2]).astype(int) for row in (back[1], back[0]))
    means = stripes[i, j].reshape(40, 8, 40, 8).mean(axis=(1, 3))
    assert np.abs(moved - means).mean() < 16
    monkeypatch.setattr(resampling, "_MOST_OVERSAMPLING", 1)
    skipping = Warp(matrix, size).image(stripes)[100:140, 100:140]
    assert np.abs(skipping - means).mean() > 2 * np.abs(moved - means).mean()


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 12),
    st.integers(1, 12),
    st.floats(-180, 180),
    st.floats(0.05, 60),
    st.sampled_from(["constant", "reflect", "edge"]),
)
def test_any_size_and_scale_works(height, width, degrees, factor, border):
    """Single pixels, lines and huge factors give the asked size and type."""
    matrix = rotation(degrees, about=(width / 2, height / 2)) @ scaling(factor)
    warp = Warp(matrix, (height, width), (width + 3, 2 * height), border=border)
    assert warp.image(noise((height, width, 3))).shape == (width + 3, 2 * height, 3)
    mask = warp.mask(np.full((height, width), 9, np.int32), fill=4)
    assert set(np.unique(mask)) <= {4, 9}


def test_one_pixel_becomes_a_large_image():
    """A single pixel enlarged is its own colour everywhere."""
    moved = Warp.resize((1, 1), (2000, 3000)).image(np.uint8([[[10, 20, 30]]]))
    assert (moved == (10, 20, 30)).all()


@pytest.mark.parametrize("border", ["constant", "edge", "reflect"])
def test_sides_beyond_sixteen_bits(border):
    """Panoramas are longer than OpenCV counts; their masks move all the same."""
    matrix = rotation(0.02, about=(20, 20)) @ scaling(0.9, 1.1, about=(20, 20))
    mask = noise((40, 33_000, 2), np.int32)
    long = Warp(matrix, (40, 33_000), border=border).mask(mask, fill=5)
    short = Warp(matrix, (40, 32_000), (40, 28_000), border=border).mask(mask[:, :32_000], fill=5)
    assert (long[:, :28_000] != short).mean() < 0.01  # OpenCV places far columns to 1/500 pixel
    assert long[:, -2000:].any()


def test_what_opencv_cannot_move_is_named():
    """An image beyond its limits is an error of the row that says what to do."""
    with pytest.raises(RowError, match="resize"):
        Warp(rotation(1), (4, 40_000), interpolation="lanczos").image(np.zeros((4, 40_000), np.uint8))


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"matrix": np.zeros((3, 3))}, "invertible"),
        ({"matrix": np.full((3, 3), np.nan)}, "finite"),
        ({"matrix": np.eye(2)}, "3x3"),
        ({"source": (0, 4)}, "at least one pixel"),
        ({"size": (4, 0)}, "at least one pixel"),
        ({"size": (4, -1)}, "at least one pixel"),
        ({"border": "wrap"}, "border"),
        ({"interpolation": "area"}, "interpolation"),
        ({"fill": (0, 0)}, "fill"),
        ({"fill": (0, 0, 300)}, "fill"),
        ({"matrix": [[1, 0, 0], [0, 1, 0], [-0.5, 0, 1]]}, "horizon"),
    ],
)
def test_refusals(arguments, text):
    """What cannot be moved is refused when the warp is made."""
    with pytest.raises(ParameterError, match=text):
        Warp(**{"matrix": np.eye(3), "source": (4, 4), **arguments})


def test_wrong_arrays_are_named():
    """An array of another size or type is an error of the row."""
    warp = Warp.flip((4, 5))
    with pytest.raises(RowError, match=r"\(4, 5\), has shape \(5, 4\)"):
        warp.image(np.zeros((5, 4), np.uint8))
    with pytest.raises(RowError, match="float32"):
        warp.image(np.zeros((4, 5), np.float32))
    with pytest.raises(RowError, match="1 to 4 channels"):
        warp.image(np.zeros((4, 5, 5), np.uint8))
    with pytest.raises(RowError, match="mask"):
        warp.mask(np.zeros((4, 4), np.int32))
    with pytest.raises(ParameterError, match="uint8, is -1"):
        warp.mask(np.zeros((4, 5), np.uint8), fill=-1)


def test_matrices():
    """Exact entries, the fixed point, and the sense of turning."""
    assert set(np.abs(rotation(270)).reshape(-1).tolist()) == {0.0, 1.0}
    for matrix in (rotation(33, about=(3, 4)), scaling(2, 3, about=(3, 4)), shear(10, 20, about=(3, 4))):
        np.testing.assert_allclose(matrix @ [3, 4, 1], [3, 4, 1])
    assert (rotation(30) @ [1, 0, 1])[1] < 0  # up, so counter-clockwise as seen
    matrix, size = quarter_turns((3, 7), -5)
    assert size == (7, 3)
    np.testing.assert_array_equal(matrix @ quarter_turns((7, 3), 5)[0], np.eye(3))
    assert Warp.flip((3, 3)).mirrors
    assert not Warp.quarter_turns((3, 3), 1).mirrors
    with pytest.raises(ParameterError, match="one line"):
        perspective([(0, 0), (1, 1), (2, 2), (0, 3)], [(0, 0), (1, 0), (1, 1), (0, 1)])
    with pytest.raises(ParameterError, match="above 0"):
        scaling(0)
    with pytest.raises(ParameterError, match="axis"):
        flip((2, 2), "diagonal")
    with pytest.raises(ParameterError, match="90"):
        shear(90)


def test_visible_points():
    """Points on the border are seen, those beyond and those that an earlier step cut away are not."""
    warp = Warp.flip((10, 10)).then(Warp.crop((10, 10), 0, 0, 10, 6)).then(Warp.crop((10, 6), 0, -4, 10, 10))
    points = [(10, 0), (5, 5), (4, 10), (3.9, 5), (0, 5)]
    assert warp.visible(points).tolist() == [True, True, True, False, False]
    assert warp.points(points)[:, 0].tolist() == [4, 9, 10, 10.1, 14]


def test_warps_are_values():
    """Equal warps are equal, hash equally, survive pickling, and cannot be changed."""
    one, two = (Warp(rotation(10), (4, 4), fill=(1, 2, 3)) for _ in range(2))
    assert one == two
    assert hash(one) == hash(two)
    assert one != Warp(rotation(11), (4, 4), fill=(1, 2, 3))
    assert pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == one
    with pytest.raises(ValueError, match="read-only"):
        one.matrix[0, 0] = 5
