"""Figures on the grid of pixels, against points looked at one by one."""

import numpy as np
import pytest

from hfaug.rows.places.oriented import least_rectangle
from hfaug.rows.places.raster import fill_rings, left_of_boxes, traced
from tests.contract import figures


@pytest.mark.parametrize("seed", range(60))
def test_filling_is_asking_each_centre(seed):
    """Rings of any form: hollow, crossing themselves, outside of the image, with corners on centres."""
    rng = np.random.default_rng(seed)
    size = tuple(rng.integers(1, 30, 2).tolist())
    rings = [rng.uniform(-8, 36, (rng.integers(3, 9), 2)) for _ in range(rng.integers(1, 4))]
    rings = [np.round(ring * 2) / 2 if rng.random() < 0.3 else ring for ring in rings]
    away = np.ones(size, bool)
    for ring in rings:  # where a centre lies on an edge, either answer is right
        edges = np.concatenate(
            [a + np.linspace(0, 1, 200)[:, None] * (b - a) for a, b in zip(ring, np.roll(ring, -1, 0), strict=True)]
        )
        near = np.floor(edges[(np.abs(edges - np.floor(edges) - 0.5) < 0.1).all(axis=1)]).astype(int)
        near = near[((near >= 0) & (near < size[::-1])).all(axis=1)]
        away[near[:, 1], near[:, 0]] = False
    assert (fill_rings(rings, size) == figures.drawn(rings, size))[away].all()


@pytest.mark.parametrize("seed", range(80))
def test_traced_outlines_cover_the_mask_and_nothing_else(seed):
    """Also where it has holes, touches by a corner, or fills the image."""
    rng = np.random.default_rng(seed)
    mask = rng.random(tuple(rng.integers(1, 24, 2))) < rng.choice([0.05, 0.4, 0.7, 0.95, 1])
    rings = traced(mask)
    count = sum((fill_rings([ring], mask.shape).astype(int) for ring in rings), np.zeros(mask.shape, int))
    assert (count == mask).all()
    assert sum(map(figures.area, rings)) == mask.sum()


@pytest.mark.parametrize("seed", range(60))
def test_what_a_cover_leaves_of_boxes(seed):
    """Share and border of what is to be seen, from points."""
    rng = np.random.default_rng(seed)
    size = tuple(rng.integers(1, 20, 2).tolist())
    hidden = rng.random(size) < rng.choice([0.1, 0.6, 0.95])
    hidden[: rng.integers(0, size[0] + 1), : rng.integers(0, size[1] + 1)] = True
    corners = np.sort(rng.uniform(0, 1, (2, 2)), axis=0) * size[::-1]
    if rng.random() < 0.3:
        corners = np.round(corners)
    box = corners.ravel()
    (left,), (share,) = left_of_boxes(box[None], hidden)
    if (corners[1] - corners[0]).min() < 0.05:
        return
    points = corners[0] + (corners[1] - corners[0]) * figures.grid((0, 0), (1, 1), 300)
    columns, rows = np.floor(points).astype(int).T
    seen = ~hidden[rows.clip(0, size[0] - 1), columns.clip(0, size[1] - 1)]
    assert share == pytest.approx(seen.mean(), abs=0.03)
    if seen.any():
        extent = np.array([*points[seen].min(axis=0), *points[seen].max(axis=0)])
        assert np.abs(left - extent).max() < 0.01 * max(size) + 0.01


@pytest.mark.parametrize("seed", range(40))
def test_the_least_rectangle_holds_all_and_is_least(seed):
    """No rectangle at any of a thousand angles is smaller."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(0, 10, (rng.integers(3, 9), 2))
    corners = least_rectangle(points, rng.normal(size=2))
    along, across = corners[1] - corners[0], corners[3] - corners[0]
    assert abs(along @ across) < 1e-9
    inside = (points - corners[0]) @ np.stack([along, across], axis=1)
    assert (inside > -1e-9).all()
    assert (inside < np.array([along @ along, across @ across]) + 1e-9).all()
    areas = []
    for angle in np.linspace(0, np.pi, 1000):
        axes = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        areas.append(np.ptp(points @ axes, axis=0).prod())
    assert figures.area(corners) <= min(areas) + 1e-9


def test_rectangles_around_points_and_lines():
    assert least_rectangle(np.array([(3.0, 4.0)]), (1, 0)).tolist() == [[3.0, 4.0]] * 4
    flat = least_rectangle(np.array([(0.0, 0.0), (2.0, 2.0), (1.0, 1.0)]), (1, 0))
    assert np.allclose(flat, [[0, 0], [2, 2], [2, 2], [0, 0]])
