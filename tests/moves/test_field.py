"""Fields: pixels and masks against a plain formula, alone and fused with warps and each other."""

import numpy as np
import pytest

from hfaug.errors import ParameterError, RowError
from hfaug.moves import Bend, Field, Path, Warp, counts, follow, rotation, scaling, translation
from tests.moves import dense_reference as reference

GREY = (114, 114, 114)


def wave(size, amount=2.0, seed=0, still=False):
    """A random displacement; with a frame that stays, or without."""
    nodes = np.random.default_rng(seed).normal(0, amount, (5, 6, 2))
    if still:
        nodes[:, [0, -1], 0], nodes[[0, -1], :, 1] = 0, 0
    return nodes


def photo(size, channels=3, kind=np.uint8):
    """A smooth picture."""
    y, x = np.mgrid[: size[0], : size[1]]
    planes = [np.sin(x * (0.1 + 0.03 * c) + c) + np.cos(y * (0.08 + 0.02 * c)) for c in range(channels)]
    return ((np.stack(planes, axis=-1) + 2) * (np.iinfo(kind).max / 4.2)).astype(kind)


@pytest.mark.parametrize(
    "kind, channels, near", [(np.uint8, 3, 2), (np.uint8, 1, 2), (np.uint8, 4, 2), (np.uint16, 3, 400)]
)
def test_pixels_are_those_of_the_formula(kind, channels, near):
    """Linear interpolation at p + d(p); alpha moves like a colour."""
    size = (40, 56)
    image = photo(size, channels, kind)
    field = Field.bend(size, wave(size, still=True))
    nodes = field.steps[0].nodes
    points = reference.centres(size)
    expected = reference.between_pixels(image, points + reference.displacement(points, nodes, size))
    moved = field.image(image)
    assert moved.dtype == kind
    assert moved.shape == image.shape
    assert np.abs(moved.reshape(-1, channels) - expected).max() <= near


def test_masks_take_the_pixel_that_the_centre_shows():
    size = (40, 56)
    for seed in range(20):
        field = Field.bend(size, wave(size, seed=seed))
        mask = np.arange(1, size[0] * size[1] + 1, dtype=np.int32).reshape(size)
        points = reference.centres(size)
        source = points + reference.displacement(points, field.steps[0].nodes, size)
        expected = np.zeros(len(points), int)
        seen = reference.inside(source, size)
        column, row = np.floor(source).astype(int).T.clip(0)
        expected[seen] = mask[row.clip(0, 39)[seen], column.clip(0, 55)[seen]]
        clear = (np.abs(source - np.round(source)) > 1e-3).all(axis=1)
        assert (field.mask(mask).reshape(-1) == expected)[clear].all()
        assert (field.mask(mask, fill=-5).reshape(-1)[clear & ~seen] == -5).all()


@pytest.mark.parametrize("kind", ["bool", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32"])
def test_masks_of_any_type(kind):
    mask = (np.arange(30 * 20 * 5) % 2 if kind == "bool" else np.arange(30 * 20 * 5)).astype(kind).reshape(30, 20, 5)
    moved = Field.bend((30, 20), np.full((2, 2, 2), 3.0)).mask(mask)
    assert moved.dtype == mask.dtype
    assert (moved[:27, :17] == mask[3:, 3:]).all()
    assert (moved[27:] == 0).all()


def test_no_field_returns_the_very_array():
    image = photo((9, 9))
    field = Field.bend((9, 9), np.zeros((4, 4, 2)))
    assert field.image(image) is image
    assert field.mask(image) is image
    assert field.is_identity


def test_a_frame_that_stays_shows_no_fill():
    """No rim, no corner: a white picture stays white, and every point stays in sight."""
    size = (33, 47)
    for seed in range(20):
        field = Field.bend(size, wave(size, 6, seed, still=True), fill=GREY)
        white = np.full((*size, 3), 255, np.uint8)
        assert (field.image(white) == 255).all()
        assert field.visible(reference.centres(size)).all()


@pytest.mark.parametrize("border", ["constant", "reflect", "edge"])
def test_what_lies_outside(border):
    image = photo((20, 20))
    moved = Field.bend((20, 20), np.full((2, 2, 2), 4.0), border=border, fill=GREY).image(image)
    assert (moved[:16, :16] == image[4:, 4:]).all()
    outside = {"constant": np.full((16, 3), 114), "edge": image[19, 4:], "reflect": image[19, 4:]}[border]
    assert (moved[16, :16] == outside).all()
    second = {"constant": np.full((16, 3), 114), "edge": image[19, 4:], "reflect": image[18, 4:]}[border]
    assert (moved[17, :16] == second).all()


# ---- fused


def chain_of(rng, size, count=4):
    """Random warps and bends: as moves of hfaug, and as steps of the reference."""
    moves, steps = [], []
    for number in range(count):
        height, width = size
        if number % 2 == (count % 3 == 0):
            field = Field.bend(size, rng.normal(0, rng.uniform(0.5, 3), (4, 5, 2)), fill=GREY)
            moves.append(field)
            steps.append(("nodes", field.steps[0].nodes, size))
            continue
        matrix = (
            translation(*rng.uniform(-6, 6, 2))
            @ rotation(rng.uniform(-30, 30), about=(width / 2, height / 2))
            @ scaling(*rng.uniform(0.8, 1.3, 2), about=(width / 2, height / 2))
        )
        if rng.random() < 0.3:
            matrix = np.array([[1, 0, 0], [0, 1, 0], [*rng.uniform(-0.002, 0.002, 2), 1]]) @ matrix
        after = height + int(rng.integers(-8, 9)), width + int(rng.integers(-8, 9))
        moves.append(Warp(matrix, size, after, fill=GREY))
        steps.append(("matrix", moves[-1].matrix, size, after))
        size = after
    return moves, steps


def fused(moves):
    """All moves as one resampling."""
    one = moves[0]
    for move in moves[1:]:
        one = one.then(move)
        assert one is not None
    return one


@pytest.mark.parametrize("seed", range(60))
def test_a_chain_shows_what_its_formula_says(seed):
    """Warps and bends in any order: one resampling, masks to the pixel, what left an image on the way is fill."""
    rng = np.random.default_rng(seed)
    size = (44, 60)
    moves, steps = chain_of(rng, size)
    one = fused(moves)
    assert isinstance(one, Field)
    mask = np.arange(1, size[0] * size[1] + 1, dtype=np.int32).reshape(size)
    before = counts.copy()
    moved = one.mask(mask).reshape(-1)
    assert dict(counts - before) == {"warp.mask": 1}
    source, seen = reference.came_from(reference.centres(one.size), steps)
    column, row = np.floor(source).astype(int).T
    expected = np.where(seen, mask[row.clip(0, size[0] - 1), column.clip(0, size[1] - 1)], 0)
    doubt = (np.abs(source - np.round(source)) < 0.06).any(axis=1) | near_a_border(reference.centres(one.size), steps)
    assert doubt.mean() < 0.45
    assert (moved == expected)[~doubt].all()
    image = photo(size)
    picture = one.image(image).reshape(-1, 3)
    rim = near_a_border(reference.centres(one.size), steps, 1.5)
    assert (picture[~seen & ~rim] == GREY).all()
    smooth = np.abs(picture - reference.between_pixels(image, source))[seen & ~rim]
    assert smooth.max() <= 5
    assert smooth.mean() < 0.8


def near_a_border(points, steps, margin=0.06):
    """Which points come so near to the border of an image on their way that rounding may decide."""
    near = np.zeros(len(points), bool)
    for number in range(len(steps) + 1):
        at, _ = reference.came_from(points, steps[number:]) if number < len(steps) else (points, None)
        size = steps[number][2] if number < len(steps) else steps[-1][-1]
        near |= reference.inside(at, size, -margin) & ~reference.inside(at, size, margin)
    return near


@pytest.mark.parametrize("seed", range(30))
def test_points_of_a_chain_go_where_the_picture_shows_them(seed):
    """A pixel of the result shows a point of the source; that point goes to the pixel, along the chain and fused."""
    rng = np.random.default_rng(100 + seed)
    moves, steps = chain_of(rng, (44, 60), count=int(rng.integers(1, 6)))
    moves = (
        moves if any(isinstance(move, Field) for move in moves) else [*moves, Field.bend(moves[-1].size, wave((1, 1)))]
    )
    steps = steps if len(steps) == len(moves) else [*steps, ("nodes", moves[-1].steps[0].nodes, moves[-1].size)]
    centres = reference.centres(moves[-1].size)
    source, seen = reference.came_from(centres, steps)
    for motion in (follow(moves), fused(moves)):
        np.testing.assert_allclose(motion.points(source)[seen], centres[seen], atol=1e-5)
        clear = ~near_a_border(centres, steps, 1e-3)
        clear &= reference.inside(source, steps[0][2])  # a label lies in its image
        assert (motion.visible(source) == seen)[clear].all()
        assert (motion.source, motion.size) == (moves[0].source, moves[-1].size)


def test_chains_that_cancel_are_nothing():
    size = (20, 30)
    field = Field.bend(size, np.zeros((3, 3, 2)))
    assert fused([Warp.flip(size), field, Warp.flip(size)]).is_identity
    assert follow([Warp.flip(size), field, Warp.flip(size)]).is_identity
    assert follow([Warp.flip(size), Field.bend(size, wave(size))]).mirrors
    assert not follow([Warp.flip(size), Field.bend(size, wave(size)), Warp.flip(size)]).mirrors


def test_warps_alone_stay_one_matrix():
    size = (20, 30)
    assert isinstance(follow([Warp.flip(size), Warp.flip(size, "vertical")]), Warp)
    assert isinstance(follow([Warp.flip(size), Field.bend(size, wave(size)), Warp.flip(size)]), Path)
    assert isinstance(follow([Field.bend(size, wave(size))]), Bend)
    with pytest.raises(ParameterError, match="there must be a move to follow"):
        follow([])


def test_styles_must_agree_where_they_show():
    """A bend with a frame that stays fuses with any fill, but not with another interpolation."""
    size = (30, 30)
    still, free = Field.bend(size, wave(size, still=True)), Field.bend(size, wave(size), fill=GREY)
    turn = Warp(rotation(20, about=(15, 15)), size, fill=(9, 9, 9))
    assert turn.then(still).fill == (9, 9, 9)
    assert still.then(turn).fill == (9, 9, 9)
    assert turn.then(free) is None
    assert free.then(turn) is None
    assert free.then(turn, positions_only=True) is not None
    assert still.then(Field.bend(size, wave(size), interpolation="cubic")) is None
    assert still.then(Warp.flip(size)) is not None
    ignored = Warp(rotation(20, about=(15, 15)), size, mask_fill=255)
    assert ignored.then(Field.bend(size, wave(size))) is None
    assert ignored.then(still).mask_fill == 255
    with pytest.raises(ParameterError, match="the next move must take images of"):
        still.then(Warp.flip((9, 9)))


@pytest.mark.parametrize("border", ["reflect", "edge"])
def test_mirrored_borders_go_on_between_steps(border):
    """A shift out of sight and back by two bends shows the border of the image between, as the two alone do."""
    size = (24, 24)
    image = photo(size)
    there, back = (Field.bend(size, np.full((2, 2, 2), off), border=border) for off in (6.0, -6.0))
    np.testing.assert_array_equal(there.then(back).image(image), back.image(there.image(image)))


def test_what_shrinks_is_averaged():
    """Stripes of one pixel become grey, not stripes: no source pixel is skipped."""
    stripes = np.zeros((120, 120, 1), np.uint8)
    stripes[:, ::2] = 255
    field = Field.bend((120, 120), wave((1, 1), 0.5, still=True))
    small = field.then(Warp.resize((120, 120), (24, 24))).image(stripes)
    assert 90 <= small[4:-4, 4:-4].min() <= small[4:-4, 4:-4].max() <= 165


def test_one_pixel():
    """The smallest image, bent beyond its own size."""
    field = Field.bend((1, 1), np.full((2, 2, 2), 5.0), fill=GREY)
    assert field.image(np.zeros((1, 1, 3), np.uint8)).tolist() == [[[114, 114, 114]]]
    still = Field.bend((1, 1), np.zeros((2, 2, 2)))
    assert still.image(np.ones((1, 1, 3), np.uint8)).tolist() == [[[1, 1, 1]]]


def test_wrong_arrays_are_refused():
    field = Field.bend((10, 10), wave((1, 1)))
    with pytest.raises(RowError, match=r"Field: the image must be of \(height, width\) \(10, 10\)"):
        field.image(np.zeros((9, 10, 3), np.uint8))
    with pytest.raises(RowError, match="Field: an image must be uint8 or uint16"):
        field.image(np.zeros((10, 10, 3), np.float32))
    with pytest.raises(ParameterError, match="Field: the fill of a mask must fit"):
        field.mask(np.zeros((10, 10), np.uint8), fill=256)
    with pytest.raises(ParameterError, match="Field: border must be"):
        Field.bend((10, 10), wave((1, 1)), border="wrap")
    with pytest.raises(ParameterError, match="each step must take images"):
        Field((Warp.flip((10, 10)), Bend((9, 9), wave((1, 1)))))
    with pytest.raises(ParameterError, match="each step must take images"):
        Field(())
    with pytest.raises(RowError, match="OpenCV must be able to move the image"):
        Field.bend((1, 40_000), wave((1, 1))).image(np.zeros((1, 40_000), np.uint8))


def test_the_map_is_made_once():
    """All frames of a clip, and their masks, use one map."""
    field = Field.bend((16, 16), wave((1, 1)))
    field.image(photo((16, 16)))
    places = field._places
    field.mask(np.zeros((16, 16), np.uint8))
    assert field._places is places
    np.testing.assert_allclose(field.shown - 0.5, places, atol=1e-6)
