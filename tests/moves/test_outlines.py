"""Outlines of any shape through chains of warps and bends, against sets of points that ask where they come from."""

import numpy as np
import pytest

from hfaug.moves import Field, Warp, counts, follow, rotation, scaling, shear, translation
from tests.moves import dense_reference as reference

TIMES = 4


def blobs(rng, size, count):
    """Simple rings that are seldom convex, from inside, across and outside an image."""
    height, width = size
    for _ in range(count):
        corners = int(rng.integers(3, 14))
        angle = np.sort(rng.uniform(0, 2 * np.pi, corners))
        reach = rng.uniform(0.05, 0.45) * min(size) * rng.uniform(0.3, 1, corners)
        middle = rng.uniform(-0.1, 1.1, 2) * (width, height)
        yield middle + np.stack([np.cos(angle), np.sin(angle)], axis=1) * reach[:, None]


def chain(rng, kind):
    """A chain of a kind: moves, and steps of the reference."""
    size = int(rng.integers(24, 44)), int(rng.integers(24, 44))
    moves, steps = [], []
    for letter in kind:
        height, width = size
        about = width / 2, height / 2
        if letter == "f":
            nodes = rng.normal(0, rng.uniform(0.3, 1.5), (6, 6, 2))
            moves.append(Field.bend(size, nodes))
            steps.append(("nodes", moves[-1].steps[0].nodes, size))
            continue
        matrix = translation(*rng.uniform(-5, 5, 2)) @ rotation(rng.uniform(-60, 60), about=about)
        matrix = shear(rng.uniform(-15, 15), about=about) @ scaling(*rng.uniform(0.7, 1.4, 2), about=about) @ matrix
        if letter == "p":
            matrix = np.array([[1, 0, 0], [0, 1, 0], [*rng.uniform(-0.004, 0.004, 2), 1]]) @ matrix
        after = height + int(rng.integers(-6, 7)), width + int(rng.integers(-6, 7))
        moves.append(Warp(matrix, size, after))
        steps.append(("matrix", moves[-1].matrix, size, after))
        size = after
    return moves, steps


@pytest.mark.parametrize("kind", ["w", "p", "ww", "f", "wf", "fw", "wfw", "fwf", "wfpf"])
def test_rings_go_round_the_points_that_show_them(kind):
    """Each point of the result is inside the moved ring just when it shows one of the ring; but for a hair's breadth.

    Together 2,000 rings, of which many cross a border and some vanish.
    """
    rng = np.random.default_rng(sum(map(ord, kind)))
    tried = crossed = vanished = 0
    for _ in range(45):
        moves, steps = chain(rng, kind)
        size = moves[0].source
        given = [ring for ring in blobs(rng, size, 14) if reference.inside(ring, size).all()]
        points = reference.centres(moves[-1].size, TIMES)
        source, seen = reference.came_from(points, steps)
        for ring, after, share in zip(given, *follow(moves).outlines(given), strict=True):
            expected, found = reference.within(source, ring) & seen, reference.within(points, after)
            for point in points[expected != found]:
                assert len(after)
                assert distance(point, after) < 0.15
            tried, crossed, vanished = tried + 1, crossed + (0 < share < 1), vanished + (share == 0)
            assert (len(after) == 0) == (share == 0)
    assert tried > 150
    assert crossed > 5
    assert vanished > 0 or kind == "f"  # a bend alone moves nothing far


@pytest.mark.parametrize("kind", ["w", "f", "wf", "fw", "wfw"])
def test_shares_are_what_is_left(kind):
    """The seen part of the area that the whole moved ring has."""
    rng = np.random.default_rng(9)
    checked = 0
    for _ in range(50):
        moves, steps = chain(rng, kind)
        size = moves[0].source
        rings = [ring for ring in blobs(rng, size, 12) if reference.inside(ring, size).all()]
        _, shares = follow(moves).outlines(rings)
        around = reference.centres(moves[-1].size, 2, around=40)
        source, seen = reference.came_from(around, steps)
        for ring, share in zip(rings, shares, strict=True):
            whole = reference.within(source, ring)
            if whole.sum() < 250:
                continue
            checked += 1
            assert abs(share - (whole & seen).sum() / whole.sum()) < 0.08
    assert checked > 15


def test_boxes_are_rings_of_four():
    """Boxes through a path enclose their moved outlines, with the same shares."""
    rng = np.random.default_rng(3)
    for _ in range(40):
        moves, _ = chain(rng, "wfw")
        height, width = moves[0].source
        corner = rng.uniform(-0.1, 0.9, (10, 2)) * (width, height)
        boxes = np.concatenate([corner, corner + rng.uniform(0, 15, (10, 2))], axis=1)
        motion = follow(moves)
        found, shares = motion.boxes(boxes)
        rings, expected = motion.outlines(boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2))
        np.testing.assert_array_equal(shares, expected)
        for box, ring in zip(found, rings, strict=True):
            np.testing.assert_allclose(box, [*ring.min(0), *ring.max(0)] if len(ring) else [0] * 4, atol=1e-6)


def test_warps_give_boxes_the_same_either_way():
    """Boxes of a warp go a faster way; it leads to the same place as that of outlines."""
    rng = np.random.default_rng(4)
    for _ in range(60):
        moves, _ = chain(rng, "wp")
        motion = follow(moves)
        height, width = motion.source
        corner = rng.uniform(0, 0.9, (20, 2)) * (width, height)
        boxes = np.concatenate([corner, corner + rng.uniform(0, 15, (20, 2))], axis=1)
        boxes[:3, 2] = boxes[:3, 0]  # flat
        boxes[2] = boxes[2, [0, 1, 0, 1]]  # a point
        found, shares = motion.boxes(boxes)
        rings, others = motion.outlines(boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2))
        np.testing.assert_allclose(shares, others, atol=1e-9)
        for box, ring in zip(found, rings, strict=True):
            np.testing.assert_allclose(box, [*ring.min(0), *ring.max(0)] if len(ring) else [0] * 4, atol=1e-9)


def test_edges_bend():
    """A long edge follows the field between its ends: no point of it lies far from where it should."""
    rng = np.random.default_rng(5)
    for _ in range(30):
        field = Field.bend((100, 100), rng.normal(0, 3, (7, 7, 2)))
        (ring,), _ = field.outlines([[(20, 20), (80, 20), (80, 80), (20, 80)]])
        side = np.linspace(20, 80, 200)
        for edge in ([(s, 20) for s in side], [(80, s) for s in side]):
            for point in field.points(edge):
                assert distance(point, ring) < 0.15


def distance(point, ring):
    """From a point to the nearest edge of a ring."""
    start, end = ring, np.roll(ring, -1, axis=0)
    along = end - start
    share = (((point - start) * along).sum(1) / np.maximum((along**2).sum(1), 1e-12)).clip(0, 1)
    return np.linalg.norm(start + share[:, None] * along - point, axis=1).min()


@pytest.mark.parametrize("move", [Warp.crop((20, 20), 0, 0, 20, 10), Field.bend((20, 20), np.zeros((2, 2, 2)) + 1e-9)])
def test_odd_rings(move):
    """Nothing, a point, a line there and back, a ring that goes round twice."""
    rings, shares = move.outlines([np.empty((0, 2)), [(3, 3)], [(2, 2), (6, 2)], [(1, 1), (4, 1), (4, 4), (1, 4)] * 2])
    assert [len(ring) > 0 for ring in rings] == [False, True, True, True]
    assert shares.tolist() == [0, 1, 1, 1]
    assert move.outlines([])[0] == []


def test_half_a_line_has_half_its_length():
    rings, shares = Warp.crop((20, 20), 0, 0, 20, 10).outlines([[(5, 5), (15, 5)], [(15, 5), (15, 9)]])
    assert shares.tolist() == [0.5, 0.0]
    assert rings[0][:, 0].max() == 10


def test_a_ring_that_comes_apart_keeps_both_parts():
    """The two tips of a U whose bottom was cut off: one ring, the area of both."""
    u = [(0, 0), (2, 0), (2, 8), (8, 8), (8, 0), (10, 0), (10, 10), (0, 10)]
    (ring,), shares = Warp.crop((10, 10), 0, 0, 6, 10).outlines([u])
    assert reference.area(ring) == pytest.approx(24)
    assert shares[0] == pytest.approx(24 / (100 - 48))


def test_part_behind_the_horizon():
    """Of a ring that reaches behind the horizon its front is left, and the share is that of where it came from."""
    crop = Warp.crop((100, 1000), 0, 0, 100, 100)
    tilt = Warp(np.array([[1, 0, 0], [0, 1, 0], [-0.005, 0, 1.0]]), (100, 100), (200, 300))
    rings, shares = crop.then(tilt).outlines([[(0, 0), (400, 0), (400, 100), (0, 100)]])
    assert shares[0] == pytest.approx(0.25)
    assert rings[0].max(axis=0) == pytest.approx([200, 200])


def test_positions_move_no_pixels():
    before = counts.copy()
    Field.bend((20, 20), np.ones((3, 3, 2))).outlines([[(1, 1), (5, 1), (5, 5)]])
    assert not counts - before
