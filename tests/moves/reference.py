"""Slow, plain references for moved labels: sets of points and characters. Nothing of hfaug is imported here."""

import math

import numpy as np


def step_matrix(step):
    """The 3x3 matrix of one step ``(kind, *numbers)``, written out."""
    kind, *n = step
    if kind == "flip":
        return [[-1, 0, n[0]], [0, 1, 0], [0, 0, 1]]
    if kind == "shift":
        return [[1, 0, n[0]], [0, 1, n[1]], [0, 0, 1]]
    if kind == "scale":
        return [[n[0], 0, n[2] - n[0] * n[2]], [0, n[1], n[3] - n[1] * n[3]], [0, 0, 1]]
    if kind == "rotate":
        angle, x, y = math.radians(n[0]), n[1], n[2]
        cos, sin = math.cos(angle), math.sin(angle)
        return [[cos, sin, x - cos * x - sin * y], [-sin, cos, y + sin * x - cos * y], [0, 0, 1]]
    if kind == "tilt":
        return [[1, 0, 0], [0, 1, 0], [n[0], n[1], 1]]
    raise ValueError(kind)


def move(points, matrix):
    """Plane points under a matrix."""
    m = np.asarray(matrix, dtype=float)
    x, y = np.asarray(points, dtype=float).T
    w = m[2, 0] * x + m[2, 1] * y + m[2, 2]
    return np.stack(
        [(m[0, 0] * x + m[0, 1] * y + m[0, 2]) / w, (m[1, 0] * x + m[1, 1] * y + m[1, 2]) / w],
        axis=1,
    )


def _between(start, end, count):
    share = np.linspace(0, 1, count)[:, None]
    return np.asarray(start, dtype=float) * (1 - share) + np.asarray(end, dtype=float) * share


def _outline(x0, y0, x1, y1, count):
    corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    return np.concatenate([_between(corners[i - 1], corners[i], count) for i in range(4)])


def _through(points, steps):
    """Points after all steps, and which of them stayed inside every image on the way."""
    seen = np.ones(len(points), dtype=bool)
    for matrix, (height, width) in steps:
        points = move(points, matrix)
        x, y = points.T
        seen &= (x >= -1e-9) & (y >= -1e-9) & (x <= width + 1e-9) & (y <= height + 1e-9)
    return points, seen


def visible_box(box, steps, cells=60, edge=300):
    """Box around what is seen of a box at the end, its visible share, and how far both may be off.

    A grid of cells is moved step by step and counted, weighted by how much each cell grew; the extremes come from
    points along the box's outline and along the borders of all images.
    """
    x0, y0, x1, y1 = box
    side = (np.arange(cells) + 0.5) / cells
    grid = np.stack(np.meshgrid(x0 + side * (x1 - x0), y0 + side * (y1 - y0)), axis=-1).reshape(-1, 2)
    _, seen = _through(grid, steps)
    product = np.eye(3)
    outlines = [_outline(*box, edge)]
    for matrix, (height, width) in steps:
        product = np.asarray(matrix) @ product
        outlines.append(move(_outline(0, 0, width, height, 4 * edge), np.linalg.inv(product)))
    weight = 1 / np.abs(grid @ product[2, :2] + product[2, 2]) ** 3
    share = float(weight[seen].sum() / weight.sum())
    candidates = np.concatenate([grid, *outlines])
    x, y = candidates.T
    inside = (x >= x0 - 1e-9) & (x <= x1 + 1e-9) & (y >= y0 - 1e-9) & (y <= y1 + 1e-9)
    ends, visible = _through(candidates[inside], steps)
    ends = ends[visible]
    if not len(ends):
        return None, 0.0, 0.0
    reach = [np.abs(np.diff(move(outlines[0], product), axis=0)).max()]
    for i, (_, (height, width)) in enumerate(steps):
        rest = np.eye(3)
        for matrix, _ in steps[i + 1 :]:
            rest = np.asarray(matrix) @ rest
        line = move(_outline(0, 0, width, height, 4 * edge), rest)
        reach.append(np.abs(np.diff(line, axis=0))[np.abs(np.diff(line, axis=0)).max(axis=1) < width].max())
    return (*ends.min(axis=0), *ends.max(axis=0)), share, 2 * max(reach)


def edited_cells(text, edits):
    """The edited text as identities: ``("old", i)`` is a character that stayed, ``("new", k, j)`` one of an edit."""
    cells, at = [], 0
    for k, (start, end, replacement) in enumerate(edits):
        cells += [("old", i) for i in range(at, start)]
        cells += [("new", k, j) for j in range(len(replacement))]
        at = end
    return cells + [("old", i) for i in range(at, len(text))]


def spell(cells, text, edits):
    """The text of such a list."""
    return "".join(text[cell[1]] if cell[0] == "old" else edits[cell[1]][2][cell[2]] for cell in cells)


def moved_span(text, edits, span):
    """Where a non-empty span lies afterwards, from sets of characters; None where it can no longer be right."""
    members = set(range(*span))
    inside = set()
    for k, (start, end, _) in enumerate(edits):
        gone = set(range(start, end))
        if gone & members and not gone <= members:
            return None
        if gone and gone <= members:
            inside.add(k)
        if not gone and span[0] < start < span[1]:
            inside.add(k)
    places = [
        place
        for place, cell in enumerate(edited_cells(text, edits))
        if (cell[1] in members if cell[0] == "old" else cell[1] in inside)
    ]
    if not places:
        return None
    if places != list(range(places[0], places[-1] + 1)):
        raise AssertionError(f"a span came apart: {places}")
    return places[0], places[-1] + 1


def is_valid_bio(tags):
    """Whether every I- continues a B- or I- of its own kind."""
    before = "O"
    for tag in tags:
        if tag.startswith("I-") and before not in (f"B-{tag[2:]}", tag):
            return False
        before = tag
    return True
