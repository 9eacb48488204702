"""Figures on the grid of pixels: outlines filled and traced, boxes under a cover."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["fill_rings", "left_of_boxes", "traced"]

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def fill_rings(rings: Sequence[Floats], size: tuple[int, int]) -> Mask:
    """The pixels whose centres lie inside one of some closed lines.

    Args:
        rings: Each Kx2 ``(x, y)`` in continuous pixels.
        size: (height, width).

    >>> fill_rings([np.array([(1, 0), (3, 0), (3, 2), (1, 2)])], (2, 4)).astype(int).tolist()
    [[0, 1, 1, 0], [0, 1, 1, 0]]
    """
    filled = np.zeros(size, dtype=bool)
    for ring in rings:
        filled |= _fill(np.asarray(ring, dtype=np.float64), size)
    return filled


def _fill(ring: Floats, size: tuple[int, int]) -> Mask:
    """Even and odd numbers of edges to the left of each pixel's centre; looked at where the ring is alone."""
    filled = np.zeros(size, dtype=bool)
    if not len(ring):
        return filled
    # In whole pixels, so that nothing is computed otherwise than for the whole image.
    left, top = np.floor(ring.min(axis=0)).clip(0, size[::-1]).astype(np.int64).tolist()
    right, bottom = np.ceil(ring.max(axis=0)).clip(0, size[::-1]).astype(np.int64).tolist()
    if left < right and top < bottom:
        filled[top:bottom, left:right] = _crossed(ring, top, bottom, left, right)
    return filled


def _crossed(ring: Floats, top: int, bottom: int, left: int, right: int) -> Mask:
    (x0, y0), (x1, y1) = ring.T, np.roll(ring, -1, axis=0).T
    low, high = np.minimum(y0, y1), np.maximum(y0, y1)
    first = np.ceil(low - 0.5).clip(top, bottom).astype(np.int64)
    stop = np.ceil(high - 0.5).clip(top, bottom).astype(np.int64)
    times = np.maximum(stop - first, 0)
    edge = np.repeat(np.arange(len(ring)), times)
    line = np.arange(len(edge)) - np.repeat(np.cumsum(times) - times, times) + first[edge]
    share = (line + 0.5 - y0[edge]) / (y1 - y0)[edge]
    x = x0[edge] + share * (x1 - x0)[edge]
    column = np.ceil(x - 0.5).clip(left, right).astype(np.int64) - left
    height, width = bottom - top, right - left
    crossings = np.bincount((line - top) * (width + 1) + column, minlength=height * (width + 1))
    inside: Mask = np.cumsum(crossings.reshape(height, width + 1)[:, :width], axis=1) % 2 == 1
    return inside


def traced(mask: Mask) -> list[Floats]:
    """Outlines of a mask along the edges of its pixels, without holes: what surrounds one is cut in two at the hole.

    >>> [ring.tolist() for ring in traced(np.array([[0, 1, 1], [0, 1, 0]], dtype=bool))]
    [[[1.0, 0.0], [3.0, 0.0], [3.0, 1.0], [2.0, 1.0], [2.0, 2.0], [1.0, 2.0]]]
    """
    import cv2

    found: list[Floats] = []
    parts = [(np.ascontiguousarray(mask, dtype=np.uint8), 0)]
    while parts:
        part, offset = parts.pop()
        count, labels = cv2.connectedComponents(part, connectivity=4)
        for number in range(1, count):
            one = labels == number
            hole = _hole(one)
            if hole is None:
                found.append(_walk(one) + np.array([offset, 0]))
            else:
                parts.append((np.ascontiguousarray(one[:, :hole], dtype=np.uint8), offset))
                parts.append((np.ascontiguousarray(one[:, hole:], dtype=np.uint8), offset + hole))
    return sorted(found, key=lambda ring: (ring[:, 1].min(), ring[:, 0].min(), len(ring)))


def _hole(mask: Mask) -> int | None:
    """A column that runs through a hole of a mask, or None when it has none."""
    import cv2

    padded = np.pad(~mask, 1, constant_values=True).astype(np.uint8)
    # What is joined by corners only counts as open: the outline passes between.
    count, labels = cv2.connectedComponents(padded, connectivity=8)
    if count <= 2:
        return None
    return int(np.flatnonzero((labels[1:-1, 1:-1] >= 2).any(axis=0))[0])


def _walk(mask: Mask) -> Floats:
    """The outline of one piece without holes, its corners clockwise from the first one in reading order."""
    height, width = mask.shape
    padded = np.pad(mask, 1)
    down, right = padded[1:, 1:-1] != padded[:-1, 1:-1], padded[1:-1, 1:] != padded[1:-1, :-1]
    y, x = np.argwhere(mask)[0].tolist()
    start, heading, corners = (x, y), (1, 0), [(x, y)]
    x += 1
    while (x, y) != start:
        dx, dy = heading
        # Right first: at a corner that two pixels share, the line stays with the piece it goes round.
        for turn in ((-dy, dx), (dx, dy), (dy, -dx)):
            if _is_edge(mask, x, y, turn, down, right, height, width):
                break
        if turn != heading:
            corners.append((x, y))
        heading = turn
        x, y = x + turn[0], y + turn[1]
    return np.array(corners, dtype=np.float64)


def _is_edge(
    mask: Mask, x: int, y: int, turn: tuple[int, int], down: Mask, right: Mask, height: int, width: int
) -> bool:
    """Whether an edge of the mask leads from a corner in a direction, with the mask to its right."""
    dx, dy = turn
    if dx:
        column = x if dx > 0 else x - 1
        if not (0 <= column < width and down[y, column]):
            return False
        inside = y if dx > 0 else y - 1
        return 0 <= inside < height and bool(mask[inside, column])
    row = y if dy > 0 else y - 1
    if not (0 <= row < height and right[row, x]):
        return False
    inside = x - 1 if dy > 0 else x
    return 0 <= inside < width and bool(mask[row, inside])


def left_of_boxes(boxes: Floats, hidden: Mask) -> tuple[Floats, Floats]:
    """What a cover leaves of boxes: the upright box around it, and its share 0..1 of the area.

    Args:
        boxes: Nx4 ``(x0, y0, x1, y1)`` in continuous pixels.
        hidden: (height, width): the covered pixels.

    >>> left_of_boxes(np.array([[0.0, 0.0, 4.0, 2.0]]), np.array([[1, 1, 0, 0], [1, 1, 1, 0]], dtype=bool))
    (array([[2., 0., 4., 2.]]), array([0.375]))
    """
    found = list(_left(boxes, hidden))
    if not found:
        return boxes.copy(), np.ones(0)
    left, shares = zip(*found, strict=True)
    return np.array(left), np.array(shares)


def _left(boxes: Floats, hidden: Mask) -> Iterator[tuple[list[float], float]]:
    height, width = hidden.shape
    for x0, y0, x1, y1 in boxes.tolist():
        columns, rows = _span(x0, x1, width), _span(y0, y1, height)
        part = hidden[rows, columns]
        if not part.any():
            yield [x0, y0, x1, y1], 1.0
            continue
        wide, high = _overlaps(x0, x1, columns), _overlaps(y0, y1, rows)
        whole = float(wide.sum() * high.sum())
        seen = float(high @ ~part @ wide) / whole if whole > 0 else float((~part).mean())
        if seen <= 1e-9:
            yield [x0, y0, x1, y1], 0.0
            continue
        across, down = np.flatnonzero(~part.all(axis=0)) + columns.start, np.flatnonzero(~part.all(axis=1)) + rows.start
        yield [
            max(x0, float(across[0])), max(y0, float(down[0])),
            min(x1, float(across[-1] + 1)), min(y1, float(down[-1] + 1)),
        ], seen  # fmt: skip


def _span(low: float, high: float, size: int) -> slice:
    """The pixels that a stretch touches; one at least."""
    start = min(max(int(np.floor(low)), 0), size - 1)
    return slice(start, max(start + 1, min(int(np.ceil(high)), size)))


def _overlaps(low: float, high: float, span: slice) -> Floats:
    """How much of each pixel of a span a stretch takes."""
    edges = np.arange(span.start, span.stop + 1, dtype=np.float64)
    return np.asarray(np.minimum(edges[1:], high) - np.maximum(edges[:-1], low)).clip(0)
