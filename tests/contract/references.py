"""Slow, plain references for where labels go. Nothing is imported from hfaug: points and characters are followed."""

import math

import numpy as np

EPS = 1e-6


def turned(degrees):
    """Counter-clockwise about the middle, y pointing down: a step of a trajectory."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))

    def step(points, size):
        height, width = size
        x, y = points[:, 0] - width / 2, points[:, 1] - height / 2
        return np.stack([width / 2 + cos * x + sin * y, height / 2 - sin * x + cos * y], axis=1)

    return step


def flipped(axis):
    """Left and right swapped, or top and bottom: a step of a trajectory."""

    def step(points, size):
        after = points.copy()
        side = 0 if axis == "horizontal" else 1
        after[:, side] = size[1 - side] - after[:, side]
        return after

    return step


def followed(points, steps, size):
    """Where points go, and which were seen after every step. All steps keep the size."""
    seen = np.ones(len(points), bool)
    for step in steps:
        points = step(points, size)
        seen &= inside(points, (0, 0, size[1], size[0]))
    return points, seen


def inside(points, box):
    """Which points lie in a box or on its border."""
    x0, y0, x1, y1 = box
    x, y = points.T
    return (x >= x0 - EPS) & (x <= x1 + EPS) & (y >= y0 - EPS) & (y <= y1 + EPS)


def outline(box, step=0.04):
    """Points along the border of a box, corners among them."""
    x0, y0, x1, y1 = box
    across = np.linspace(x0, x1, max(2, math.ceil((x1 - x0) / step) + 1))
    down = np.linspace(y0, y1, max(2, math.ceil((y1 - y0) / step) + 1))
    sides = [(across, np.full_like(across, y)) for y in (y0, y1)] + [(np.full_like(down, x), down) for x in (x0, x1)]
    return np.concatenate([np.stack(side, axis=1) for side in sides])


def source_frames(steps, size):
    """Points on the border of each frame of a chain, where they come from in the source."""
    frame = outline((0, 0, size[1], size[0]))
    found = []
    for count in range(1, len(steps) + 1):
        points = frame
        for step in reversed(steps[:count]):
            points = _undone(step, points, size)
        found.append(points)
    return np.concatenate(found)


def _undone(step, points, size):
    """The inverse of an affine step, from what it does to three points."""
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    moved = step(corners, size)
    linear = np.stack([moved[1] - moved[0], moved[2] - moved[0]], axis=1)
    return np.linalg.solve(linear, (points - moved[0]).T).T


def seen_box(box, steps, size, frames):
    """The upright box around what is still to be seen of a box, or None; `frames` are those of `source_frames`."""
    candidates = np.concatenate([outline(box), frames[inside(frames, box)]])
    points, seen = followed(candidates, steps, size)
    points = points[seen]
    return None if not len(points) else np.array([*points.min(axis=0), *points.max(axis=0)])


def seen_mask(mask, steps):
    """A mask after steps, each pixel from the pixel that its centre came from; and which centres lie on no border."""
    height, width = mask.shape
    y, x = np.mgrid[:height, :width] + 0.5
    points = np.stack([x.ravel(), y.ravel()], axis=1)
    seen, clear = np.ones(len(points), bool), np.ones(len(points), bool)
    for step in reversed(steps):
        points = _undone(step, points, mask.shape)
        seen &= inside(points, (0, 0, width, height))
        near = [np.abs(points[:, 0]), np.abs(points[:, 0] - width), np.abs(points[:, 1]), np.abs(points[:, 1] - height)]
        clear &= np.min(near, axis=0) > 1e-3
    clear &= (np.abs(points - np.round(points)) > 1e-3).all(axis=1)
    columns, rows = np.floor(points).astype(int).T.clip(0)
    values = mask[rows.clip(0, height - 1), columns.clip(0, width - 1)]
    return np.where(seen, values, 0).reshape(mask.shape), clear.reshape(mask.shape)


# ---- texts: every character remembers where it came from


def crossing(edit, span):
    """Whether an edit takes away or rewrites characters on both sides of a border of a span."""
    start, end, text = edit
    low, high = span
    gone, own = set(range(start, end)), set(range(low, high))
    if not own:
        return start < low < end
    if not (gone & own) or gone <= own:
        return False
    return not (own <= gone and not text)


def kept_edits(edits, spans, answers):
    """The edits that are made: none that crosses a border, none of those that would leave an answer empty."""
    made = [edit for edit in edits if not any(crossing(edit, span) for span in (*spans, *answers))]
    for low, high in answers:
        if low < high and not positions(traced_characters(made, high), made, (low, high)):
            made = [edit for edit in made if edit[1] <= low or edit[0] >= high]
    return made


def traced_characters(edits, length):
    """The characters after edits: the number each had, or the edit (as -1 - its number) that wrote it."""
    traced, at = [], 0
    for number, (start, end, text) in enumerate(edits):
        traced += list(range(at, start)) + [-1 - number] * len(text)
        at = end
    return traced + list(range(at, length))


def edited(text, edits):
    """The text after edits, character by character."""
    parts, at = [], 0
    for start, end, new in edits:
        parts += [*text[at:start], *new]
        at = end
    return "".join([*parts, *text[at:]])


def positions(traced, edits, span):
    """Where the characters of a span now are: its own, and those that an edit inside of it wrote."""
    low, high = span
    own = set(range(low, high))
    for number, (start, end, _) in enumerate(edits):
        at_border = start == end and start in (low, high)
        if low <= start and end <= high and low < high and not at_border:
            own.add(-1 - number)
    return [place for place, origin in enumerate(traced) if origin in own]


def moved_span(text, edits, span):
    """Where a span is after edits; None when nothing is left of it."""
    traced = traced_characters(edits, len(text))
    low, high = span
    if low == high:
        before = {*range(low), *(-1 - number for number, edit in enumerate(edits) if edit[1] <= low)}
        place = sum(origin in before for origin in traced)
        return place, place
    found = positions(traced, edits, span)
    return (found[0], found[-1] + 1) if found else None
