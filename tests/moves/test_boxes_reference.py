"""Boxes of random chains against sets of points that are moved one by one."""

import math

import numpy as np
import pytest

from hfaug.moves import Warp, flip, perspective, rotation, scaling, translation
from tests.moves import reference

CASES = 3000


def draw_step(rng, size):
    """One random step: for the reference, for hfaug, and the size after it."""
    height, width = size
    after = (int(rng.integers(60, 160)), int(rng.integers(60, 160))) if rng.random() < 0.3 else size
    kind = rng.choice(["flip", "shift", "scale", "rotate", "tilt"])
    if kind == "flip":
        return ("flip", width), flip(size), after
    if kind == "shift":
        x, y = rng.uniform(-0.6, 0.6) * width, rng.uniform(-0.6, 0.6) * height
        return ("shift", x, y), translation(x, y), after
    if kind == "scale":
        x, y, about = rng.uniform(0.4, 2), rng.uniform(0.4, 2), (rng.uniform(0, width), rng.uniform(0, height))
        return ("scale", x, y, *about), scaling(x, y, about=about), after
    if kind == "rotate":
        degrees, about = rng.uniform(-180, 180), (rng.uniform(0, width), rng.uniform(0, height))
        return ("rotate", degrees, *about), rotation(degrees, about=about), after
    x, y = rng.uniform(-0.3, 0.3) / width, rng.uniform(-0.3, 0.3) / height
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], dtype=float)
    ends = reference.move(corners, reference.step_matrix(("tilt", x, y)))
    return ("tilt", x, y), perspective(corners, ends), after


def draw_case(seed):
    """A box, the steps for the reference, and the fused warp."""
    rng = np.random.default_rng(seed)
    size = (int(rng.integers(20, 160)), int(rng.integers(20, 160)))
    height, width = size
    x0, y0 = rng.uniform(0, width * 0.8), rng.uniform(0, height * 0.8)
    if rng.random() < 0.75:
        box = (x0 / 2, y0 / 2, rng.uniform(0.6, 1) * width, rng.uniform(0.6, 1) * height)
    else:  # small ones, which leave the image whole
        box = (x0, y0, min(x0 + rng.uniform(1, 15), width), min(y0 + rng.uniform(1, 15), height))
    steps, warp = [], None
    for _ in range(rng.integers(1, 4)):
        plain, matrix, after = draw_step(rng, size)
        one = Warp(matrix, size, after)
        steps.append((reference.step_matrix(plain), after))
        warp = one if warp is None else warp.then(one)
        size = after
    return box, steps, warp


@pytest.fixture(scope="module")
def compared():
    """For every case the share, and by how much hfaug differs in share and in pixels beyond the tolerance."""
    rows = []
    for seed in range(CASES):
        box, steps, warp = draw_case(seed)
        expected, share, tolerance = reference.visible_box(box, steps)
        moved, shares = warp.boxes([box])
        off = 0.0
        if expected is not None and shares[0] > 0:
            off = float(np.abs(moved[0] - expected).max()) - tolerance
        elif expected is not None:
            off = max(expected[2] - expected[0], expected[3] - expected[1]) - tolerance
        elif shares[0] > 0:
            off = math.sqrt((moved[0][2] - moved[0][0]) * (moved[0][3] - moved[0][1])) - 0.5
        rows.append((share, abs(shares[0] - share), off))
    return np.array(rows)


def test_cases_are_hard_enough(compared):
    """At least 30 % of the boxes cross a border and at least 5 % vanish."""
    share = compared[:, 0]
    assert ((share > 0.002) & (share < 0.998)).mean() >= 0.30
    assert (share == 0).mean() >= 0.05


def test_boxes_enclose_what_is_seen(compared):
    """No box is off by more than the spacing of the reference's points."""
    worst = np.argsort(compared[:, 2])[-5:]
    assert compared[worst[-1], 2] <= 0, worst


def test_shares_are_the_seen_part(compared):
    """Visible shares agree to within what counting cells can tell."""
    worst = np.argsort(compared[:, 1])[-5:]
    assert compared[worst[-1], 1] <= 0.035, worst
    assert compared[:, 1].mean() < 0.003


def test_turning_there_and_back_keeps_a_box():
    """+20 and -20 degrees leave 6,000 square pixels at 6,000, where two steps would make 17,221 of them."""
    size = (400, 400)
    there = Warp(rotation(20, about=(200, 200)), size)
    back = Warp(rotation(-20, about=(200, 200)), size)
    box = [[150.0, 180.0, 270.0, 230.0]]
    moved, share = there.then(back).boxes(box)
    assert (moved[0, 2] - moved[0, 0]) * (moved[0, 3] - moved[0, 1]) == pytest.approx(6000, abs=1e-6)
    assert share.tolist() == [1.0]
    (twice, _) = back.boxes(there.boxes(box)[0])
    assert (twice[0, 2] - twice[0, 0]) * (twice[0, 3] - twice[0, 1]) > 12000


def test_crowds_move_like_single_boxes():
    """500 boxes at once come out as one by one."""
    rng = np.random.default_rng(5)
    corner = rng.uniform(0, 100, (500, 2))
    crowd = np.concatenate([corner, corner + rng.uniform(0, 40, (500, 2))], axis=1)
    warp = Warp(rotation(33, about=(70, 70)), (140, 140), (90, 120))
    boxes, shares = warp.boxes(crowd)
    for i in range(500):
        box, share = warp.boxes(crowd[i : i + 1])
        assert np.array_equal(box[0], boxes[i])
        assert share[0] == shares[i]
    assert 0 < (shares == 0).sum() < (shares < 1).sum() < 500


@pytest.mark.parametrize(
    ("box", "share"),
    [
        ((5, 5, 5, 5), 1.0),  # a point inside
        ((10, 10, 10, 10), 1.0),  # on the corner of the result
        ((11, 5, 11, 5), 0.0),
        ((5, 5, 15, 5), 0.5),  # half of a line
        ((12, 2, 12, 9), 0.0),
        ((10, 0, 10, 10), 1.0),  # along the border
        ((10, 0, 20, 10), 0.0),  # touches from outside
    ],
)
def test_boxes_without_area(box, share):
    """A flat box counts by its length, a point by whether it is seen; what only touches from outside is gone."""
    _, shares = Warp.crop((20, 20), 0, 0, 10, 10).boxes([box])
    assert shares[0] == pytest.approx(share)


@pytest.mark.parametrize("degrees", [10, 33, 45, 90, 123])
def test_flat_boxes_turn(degrees):
    """A line of which half leaves the image keeps the share one half at any angle."""
    warp = Warp(rotation(degrees, about=(50, 50)), (100, 100))
    _, shares = warp.boxes([[50, 50, 50 + 40, 50], [50, 50, 50, 50]])
    assert shares == pytest.approx([1.0, 1.0])
    angle = math.radians(degrees)
    reach = 50 / max(abs(math.cos(angle)), abs(math.sin(angle)))
    _, shares = warp.boxes([[50, 50, 50 + 2 * reach, 50]])
    assert shares[0] == pytest.approx(0.5)


def test_no_boxes():
    """An image without boxes keeps none."""
    boxes, shares = Warp.flip((4, 4)).boxes([])
    assert boxes.shape == (0, 4)
    assert shares.shape == (0,)


def test_part_behind_the_horizon():
    """A box that a crop cut and a strong tilt would throw behind the horizon still shows its front."""
    crop = Warp.crop((100, 1000), 0, 0, 100, 100)
    tilt = Warp(np.array([[1, 0, 0], [0, 1, 0], [-0.005, 0, 1.0]]), (100, 100), (200, 300))
    boxes, shares = crop.then(tilt).boxes([[0, 0, 400, 100]])
    assert shares[0] == pytest.approx(0.25)
    assert boxes[0] == pytest.approx([0, 0, 200, 200])
