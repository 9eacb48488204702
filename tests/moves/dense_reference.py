"""Slow, plain references for dense moves. Nothing of hfaug is imported: every pixel is asked where it comes from."""

import numpy as np


def displacement(points, nodes, size):
    """A grid of displacements, bilinear between its nodes, at Nx2 points; beyond the image as at its border."""
    nodes = np.asarray(nodes, dtype=float)
    rows, columns = nodes.shape[:2]
    u = np.clip(points[:, 0] / size[1], 0, 1) * (columns - 1)
    v = np.clip(points[:, 1] / size[0], 0, 1) * (rows - 1)
    j, i = np.minimum(np.floor(u).astype(int), columns - 2), np.minimum(np.floor(v).astype(int), rows - 2)
    s, t = (u - j)[:, None], (v - i)[:, None]
    return (nodes[i, j] * (1 - s) + nodes[i, j + 1] * s) * (1 - t) + (
        nodes[i + 1, j] * (1 - s) + nodes[i + 1, j + 1] * s
    ) * t


def came_from(points, steps):
    """Where points of the result lie in the source, and which were inside every image on the way.

    A step is ``("matrix", 3x3, size before, size after)`` or ``("nodes", grid, size)``.
    """
    seen = np.ones(len(points), bool)
    for step in reversed(steps):
        after = step[-1]
        seen &= inside(points, after)
        if step[0] == "matrix":
            m = np.linalg.inv(step[1])
            x, y = points.T
            w = m[2, 0] * x + m[2, 1] * y + m[2, 2]
            points = np.stack(
                [(m[0, 0] * x + m[0, 1] * y + m[0, 2]) / w, (m[1, 0] * x + m[1, 1] * y + m[1, 2]) / w], axis=1
            )
        else:
            points = points + displacement(points, step[1], step[2])
    return points, seen & inside(points, steps[0][2])


def inside(points, size, margin=0.0):
    """Which points lie within an image, or so far within."""
    x, y = points.T
    return (x >= margin) & (y >= margin) & (x <= size[1] - margin) & (y <= size[0] - margin)


def centres(size, times=1, around=0):
    """The centres of all pixels, or of several parts of each, and of pixels around the image."""
    y = (np.arange((size[0] + 2 * around) * times) + 0.5) / times - around
    x = (np.arange((size[1] + 2 * around) * times) + 0.5) / times - around
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)


def within(points, ring):
    """Which points a closed line goes round (even and odd crossings)."""
    x, y = points.T
    odd = np.zeros(len(points), bool)
    for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        crosses = (y0 > y) != (y1 > y)
        if y0 != y1:
            odd ^= crosses & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    return odd


def between_pixels(array, points):
    """Values at points by linear interpolation between pixel centres; beyond the outermost ones as there."""
    height, width = array.shape[:2]
    x, y = np.clip(points[:, 0] - 0.5, 0, width - 1), np.clip(points[:, 1] - 0.5, 0, height - 1)
    j, i = (
        np.minimum(np.floor(x).astype(int), max(width - 2, 0)),
        np.minimum(np.floor(y).astype(int), max(height - 2, 0)),
    )
    s, t = (x - j)[:, None], (y - i)[:, None]
    right, below = np.minimum(j + 1, width - 1), np.minimum(i + 1, height - 1)
    values = array.reshape(height, width, -1).astype(float)
    return (values[i, j] * (1 - s) + values[i, right] * s) * (1 - t) + (
        values[below, j] * (1 - s) + values[below, right] * s
    ) * t


def area(ring):
    """Area that a closed line goes round."""
    x, y = np.asarray(ring, dtype=float).reshape(-1, 2).T
    return abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2
