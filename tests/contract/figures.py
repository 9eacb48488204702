"""Slow references for objects: points inside outlines are followed one by one. Nothing is imported from hfaug."""

import math

import numpy as np


def inside_ring(points, ring):
    """Which points a closed line goes round: an odd number of its edges lies to the left of them."""
    inside = np.zeros(len(points), bool)
    x, y = np.asarray(points, dtype=float).T
    for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        crosses = (y0 <= y) != (y1 <= y)
        if crosses.any():
            inside ^= crosses & (x > x0 + (y - y0) / np.where(crosses, y1 - y0, 1) * (x1 - x0))
    return inside


def inside_rings(points, rings):
    """Which points lie in one of several closed lines."""
    return np.any([inside_ring(points, ring) for ring in rings], axis=0) if rings else np.zeros(len(points), bool)


def grid(low, high, per_pixel):
    """Points evenly over a rectangle."""
    sides = [low[i] + (np.arange(max(1, math.ceil((high[i] - low[i]) * per_pixel))) + 0.5) / per_pixel for i in (0, 1)]
    return np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, 2)


def centres(size):
    """The centres of all pixels, row by row."""
    return grid((0, 0), size[::-1], 1)


def drawn(rings, size):
    """A mask: the pixels whose centres lie inside."""
    return inside_rings(centres(size), rings).reshape(size)


def carried(points, matrix):
    """Points under a matrix."""
    (a, b, c), (d, e, f), (g, h, i) = np.asarray(matrix, dtype=float)
    x, y = np.asarray(points, dtype=float).T
    w = g * x + h * y + i
    return np.stack([(a * x + b * y + c) / w, (d * x + e * y + f) / w], axis=1)


def within(points, size):
    """Which points lie in an image or on its border."""
    x, y = points.T
    return (x >= -1e-9) & (y >= -1e-9) & (x <= size[1] + 1e-9) & (y <= size[0] + 1e-9)


def through(points, steps):
    """Points after ``(matrix, size)`` steps, and which were seen after every one."""
    seen = np.ones(len(points), bool)
    for matrix, size in steps:
        points = carried(points, matrix)
        seen &= within(points, size)
    return points, seen


def back(points, steps, size):
    """Where points of the result come from in an image of ``size``, and which were seen all the way."""
    seen = np.ones(len(points), bool)
    sizes = [size, *(after for _, after in steps)]
    for (matrix, _), before in zip(reversed(steps), reversed(sizes[:-1]), strict=True):
        points = carried(points, np.linalg.inv(matrix))
        seen &= within(points, before)
    return points, seen


def fate(rings, steps, per_pixel=6):
    """What of an object is seen after steps: its share, its area, and the upright box around it; None where nothing."""
    points = np.concatenate(rings)
    tried = grid(points.min(axis=0), points.max(axis=0), per_pixel)
    tried = tried[inside_rings(tried, rings)]
    if not len(tried):
        return 0.0, 0.0, None
    moved, seen = through(tried, steps)
    grown = _growth(tried, steps)
    share = grown[seen].sum() / grown.sum()
    area = grown[seen].sum() / per_pixel**2
    box = [*moved[seen].min(axis=0), *moved[seen].max(axis=0)] if seen.any() else None
    return float(share), float(area), box


def _growth(points, steps, hair=1e-4):
    """By how much the surface grows at each point."""
    middle = through(points, steps)[0]
    right = through(points + np.array([hair, 0]), steps)[0] - middle
    below = through(points + np.array([0, hair]), steps)[0] - middle
    return np.abs(right[:, 0] * below[:, 1] - right[:, 1] * below[:, 0]) / hair**2


def seen_shape(rings, steps, size):
    """The pixels of the result whose centres show an object, drawn anew from its outlines."""
    after = steps[-1][1]
    points, seen = back(centres(after), steps, size)
    return (seen & inside_rings(points, rings)).reshape(after)


def seen_pixels(mask, steps):
    """A mask after steps, each pixel from the one its centre came from; and which centres came from near no border."""
    after = steps[-1][1]
    points, seen = back(centres(after), steps, mask.shape)
    clear = (np.abs(points - np.round(points)) > 1e-3).all(axis=1)
    columns, rows = np.floor(points).astype(int).T
    values = mask[rows.clip(0, mask.shape[0] - 1), columns.clip(0, mask.shape[1] - 1)]
    return np.where(seen, values, 0).reshape(after), clear.reshape(after)


def overlap(one, other):
    """Intersection over union of two masks; 1 where both are empty."""
    union = (one | other).sum()
    return 1.0 if union == 0 else float((one & other).sum() / union)


# ---- objects to try


def ngon(rng, middle, radius):
    """A star-shaped outline: hollow on some sides."""
    angles = np.sort(rng.uniform(0, 2 * math.pi, rng.integers(4, 9)))
    radii = radius * rng.uniform(0.5, 1, len(angles))
    return middle + np.stack([np.cos(angles) * radii, np.sin(angles) * radii], axis=1)


def bar(rng, middle, radius):
    """A rectangle that stands askew."""
    angle = rng.uniform(0, math.pi)
    along = np.array([math.cos(angle), math.sin(angle)]) * radius
    across = np.array([-math.sin(angle), math.cos(angle)]) * radius * rng.uniform(0.2, 0.9)
    return middle + np.array([-along - across, along - across, along + across, -along + across])


def shape(rng, size):
    """The rings of an object inside an image: one or two parts, small or large, in the middle or at the border."""
    height, width = size
    radius = min(size) * rng.choice([0.06, 0.15, 0.3])
    rings = []
    for _ in range(rng.integers(1, 3)):
        where = rng.uniform(0, 1, 2)
        if rng.random() < 0.4:
            where[rng.integers(2)] = rng.choice([0.02, 0.98])
        ring = (bar if rng.random() < 0.5 else ngon)(rng, where * (width, height), radius)
        rings.append(ring.clip(0, (width, height)))
    return rings


def area(ring):
    """Of what a ring goes round."""
    x, y = np.asarray(ring).T
    return abs(float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))) / 2
