"""Fused warps: one resampling, the same picture, labels moved once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfaug.errors import ParameterError
from hfaug.moves import Warp, centre, counts, perspective, rotation, scaling, shear, translation
from tests.moves import reference

GREY, BLACK = (114, 114, 114), (0, 0, 0)


def photo(size, channels=3, seed=0):
    """A smooth picture with structure at many scales."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: size[0], : size[1]]
    planes = [
        sum(np.sin(x * fx + y * fy + phase) for fx, fy, phase in rng.uniform(-0.25, 0.25, (6, 3)))
        for _ in range(channels)
    ]
    return (127 + 20 * np.stack(planes, axis=-1)).astype(np.uint8)


def fused(*warps):
    """All warps as one; fails when they cannot be."""
    result = warps[0]
    for warp in warps[1:]:
        result = result.then(warp)
        assert result is not None
    return result


def counted(call):
    """What a call adds to the counts."""
    before = counts.copy()
    call()
    return dict(counts - before)


def test_a_chain_is_one_warp():
    """Flip, turn, zoom, shift and crop resample once, and a mask once more."""
    size = (64, 80)
    chain = fused(
        Warp.flip(size),
        Warp(rotation(20, about=centre(size)), size),
        Warp(scaling(1.2, about=centre(size)), size),
        Warp(translation(5, -3), size),
        Warp.crop(size, 4, 4, 40, 50),
    )
    assert counted(lambda: chain.image(photo(size))) == {"warp": 1}
    assert counted(lambda: chain.mask(np.zeros(size, np.int32))) == {"warp.mask": 1}


def test_exact_chains_are_slices():
    """Flips, turns, crops and pads stay slices however many they are."""
    size = (40, 30)
    chain = fused(
        Warp.flip(size),
        Warp.quarter_turns(size, 1),
        Warp.crop((30, 40), 3, 5, 20, 20),
        Warp.crop((20, 20), -2, -2, 30, 30),
    )
    assert counted(lambda: chain.image(photo(size))) == {"slice": 1}
    assert counted(lambda: chain.mask(np.zeros(size, np.int32))) == {"slice.mask": 1}


@st.composite
def exact_chain(draw):
    """Random flips, quarter turns, crops and pads, with the same fill."""
    size = (draw(st.integers(1, 9)), draw(st.integers(1, 9)))
    first, warps = size, []
    for _ in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(["flip", "turn", "window"]))
        if kind == "flip":
            warp = Warp.flip(size, draw(st.sampled_from(["horizontal", "vertical"])))
        elif kind == "turn":
            warp = Warp.quarter_turns(size, draw(st.integers(0, 3)))
        else:
            top, left, height, width = draw(st.tuples(*[st.integers(-4, 6)] * 2, *[st.integers(1, 12)] * 2))
            warp = Warp.crop(size, top, left, height, width, fill=GREY)
        warps.append(warp)
        size = warp.size
    return first, warps


@settings(max_examples=300, deadline=None)
@given(exact_chain())
def test_exact_chains_equal_their_steps(chain):
    """Fused whole-pixel moves give every pixel that the steps give, what was cropped stays cropped; labels too."""
    size, warps = chain
    image, mask = photo(size), np.arange(1, size[0] * size[1] + 1, dtype=np.int32).reshape(size)
    one = fused(*warps)
    assert one.is_exact
    stepped, stepped_mask = image, mask
    for warp in warps:
        stepped, stepped_mask = warp.image(stepped), warp.mask(stepped_mask)
    np.testing.assert_array_equal(one.image(image), stepped)
    np.testing.assert_array_equal(one.mask(mask), stepped_mask)
    y, x = np.mgrid[: size[0], : size[1]] + 0.5
    points = np.stack([x, y], axis=-1).reshape(-1, 2)
    seen = one.visible(points)
    assert set(mask.reshape(-1)[seen]) == set(stepped_mask.reshape(-1)) - {0}
    for (column, row), value in zip(one.points(points)[seen], mask.reshape(-1)[seen], strict=True):
        assert stepped_mask[int(row), int(column)] == value


def draw_warp(rng, size):
    """One random smooth move."""
    height, width = size
    about = (rng.uniform(0.3, 0.7) * width, rng.uniform(0.3, 0.7) * height)
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)])
    matrix = [
        rotation(rng.uniform(-40, 40), about=about),
        scaling(*rng.uniform(0.8, 1.4, 2), about=about),
        shear(*rng.uniform(-15, 15, 2), about=about),
        translation(*rng.uniform(-9, 9, 2)),
        perspective(corners, corners + rng.uniform(-6, 6, (4, 2))),
    ][rng.integers(5)]
    after = (height + int(rng.integers(-8, 9)), width + int(rng.integers(-8, 9)))
    return Warp(matrix, size, after, fill=GREY)


@pytest.mark.parametrize("seed", range(60))
def test_smooth_chains_equal_their_steps(seed):
    """Away from borders a fused chain shows the same picture as its steps; beyond what a step cut off is fill."""
    rng = np.random.default_rng(seed)
    size, warps = (70, 90), []
    for _ in range(3):
        warps.append(draw_warp(rng, warps[-1].size if warps else size))
    one = fused(*warps)
    image = photo(size)
    stepped, at = image, []
    for warp in warps:
        stepped = warp.image(stepped)
        at.append((warp.matrix, warp.size))
    result = one.image(image)
    height, width = one.size
    y, x = np.mgrid[:height, :width] + 0.5
    points, seen, near = (
        np.stack([x, y], -1).reshape(-1, 2),
        np.ones(height * width, bool),
        np.zeros(height * width, bool),
    )
    for (matrix, _), before in zip(at[::-1], [size, *(s for _, s in at[:-1])][::-1], strict=True):
        points = reference.move(points, np.linalg.inv(matrix))
        px, py = points.T
        margin = np.min([px, py, before[1] - px, before[0] - py], axis=0)
        seen &= margin > 0
        near |= np.abs(margin) < 2.5
    clear, gone = (seen & ~near).reshape(height, width), (~seen & ~near).reshape(height, width)
    assert (result[gone] == GREY).all()
    difference = np.abs(result.astype(int) - stepped)[clear]
    assert difference.max() <= 14
    assert difference.mean() < 2


def test_what_was_cropped_stays_cropped():
    """Turning back does not bring back the corners, in the picture as for points."""
    size = (60, 60)
    there, back = (Warp(rotation(angle, about=(30, 30)), size, fill=GREY) for angle in (45, -45))
    one = fused(there, back)
    assert one.is_exact
    assert not one.is_identity
    image = photo(size)
    moved = one.image(image)
    y, x = np.mgrid[:60, :60] + 0.5
    reach = np.abs(x - 30) + np.abs(y - 30)  # the image between is a square on its tip
    kept = reach < 30 * np.sqrt(2)
    np.testing.assert_array_equal(moved[kept], image[kept])
    assert (moved[~kept] == GREY).all()
    assert one.visible([(1, 1), (30, 1), (30, 30)]).tolist() == [False, True, True]
    _, share = one.boxes([[0, 0, 10, 10]])
    assert 0 < share[0] < 0.2


def test_what_stays_inside_needs_no_clip():
    """A step that loses nothing, or of which only the inside is shown on, leaves no clip lines behind."""
    size = (40, 60)
    turn = Warp(rotation(10, about=centre(size)), size)
    assert len(fused(Warp.flip(size), turn).clips) == 0
    assert len(fused(turn, Warp.crop(size, 5, 5, 20, 20)).clips) == 0
    assert len(fused(Warp.crop(size, -30, -30, 100, 120), Warp(rotation(10, about=(60, 50)), (100, 120))).clips) == 0
    assert len(fused(Warp.crop(size, 5, 5, 20, 20), Warp(rotation(10), (20, 20))).clips) == 4


def test_fill_and_border_must_agree_where_they_show():
    """A flip or an inner crop fuses with anything; two warps that show different fills do not."""
    size = (40, 40)
    grey, black = (Warp(rotation(10, about=(20, 20)), size, fill=fill) for fill in (GREY, BLACK))
    mirrored = Warp(rotation(10, about=(20, 20)), size, border="reflect")
    assert grey.then(black) is None
    assert grey.then(mirrored) is None
    assert grey.then(Warp(rotation(3, about=(20, 20)), size, fill=GREY, interpolation="cubic")) is None
    for warp in (grey, black, mirrored):
        for one in (warp.then(Warp.flip(size)), Warp.flip(size).then(warp)):
            assert (one.fill, one.border) == (warp.fill, warp.border)
    inner = Warp.crop(size, 10, 10, 20, 20)
    assert mirrored.then(inner).border == "reflect"
    assert inner.then(Warp(rotation(5), (20, 20), border="reflect")) is None
    assert inner.then(Warp(rotation(5), (20, 20), fill=GREY)).fill == GREY
    zoom = Warp(scaling(2), size, (80, 80), interpolation="cubic")
    assert zoom.then(Warp.flip((80, 80))).interpolation == "cubic"


def test_mirrored_borders_fuse_when_nothing_is_cut():
    """Pad by mirroring, then turn: one warp, continued from the source."""
    size = (30, 30)
    pad = Warp.crop(size, -10, -10, 50, 50, border="reflect")
    turn = Warp(rotation(10, about=(25, 25)), (50, 50), border="reflect")
    image = photo(size)
    one = fused(pad, turn)
    assert len(one.clips) == 0
    difference = np.abs(one.image(image).astype(int) - turn.image(pad.image(image)))[8:42, 8:42]
    assert difference.mean() < 1.5


def test_positions_always_fuse():
    """Boxes and points know no fill, so they move once even where pixels cannot."""
    size = (400, 400)
    there = Warp(rotation(20, about=(200, 200)), size, fill=GREY)
    back = Warp(rotation(-20, about=(200, 200)), size, border="reflect")
    assert there.then(back) is None
    one = there.then(back, positions_only=True)
    assert one.boxes([[150, 180, 270, 230]])[0][0] == pytest.approx([150, 180, 270, 230])
    assert one.visible([(1, 1)]).tolist() == [False]


def test_sizes_must_fit():
    """A warp for another size than the one before makes is a mistake, not a missed fusion."""
    with pytest.raises(ParameterError, match=r"\(4, 5\)"):
        Warp.flip((4, 5)).then(Warp.flip((5, 4)))


def test_identity_fuses_away():
    """The identity leaves the other warp as it is, whatever their fills."""
    turn = Warp(rotation(7), (9, 9), fill=GREY)
    assert Warp.identity((9, 9)).then(turn) is turn
    assert turn.then(Warp.identity((9, 9))) is turn
