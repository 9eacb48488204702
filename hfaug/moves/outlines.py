"""Outlines on the move: rings of any shape, carried by a matrix and cut by straight lines.

Convex figures go through `polygons`; these rings may be hollow on one side, cross themselves, or be flat. Points are
homogeneous ``(x, y, w)``, since a perspective must be cut before the division by ``w``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hfaug.moves.plane import carry, sides

__all__ = [
    "Rings",
    "as_rings",
    "bend_edges",
    "clip_ring",
    "is_flat",
    "ring_area",
    "ring_length",
    "seen_outlines",
    "seen_share",
]

Floats = NDArray[np.float64]
Rings = list[Floats]
_FLAT = 1e-12  # area over squared length; what is flatter has its area from rounding


def as_rings(rings: Sequence[Any]) -> Rings:
    """Rings as Kx2 arrays of their own."""
    return [np.array(ring, dtype=np.float64).reshape(-1, 2) for ring in rings]


def ring_area(ring: Floats) -> float:
    """Area of the surface that a closed line goes round (shoelace formula), whichever way round it goes.

    >>> ring_area(np.array([(0, 0), (2, 0), (2, 3), (0, 3)]))
    6.0
    """
    if len(ring) < 3:
        return 0.0
    # Relative to the first corner: far from the origin the products would cancel and lose digits.
    x, y = (ring - ring[0]).T
    ahead_x, ahead_y = np.roll(x, -1), np.roll(y, -1)
    return abs(float((x * ahead_y - ahead_x * y).sum())) / 2.0


def ring_length(ring: Floats) -> float:
    """Length of the closed line: the measure of a ring that is flat.

    >>> ring_length(np.array([(0, 0), (3, 4)]))
    10.0
    """
    edges = np.roll(ring, -1, axis=0) - ring
    return float(np.sqrt((edges * edges).sum(axis=1)).sum())


def is_flat(ring: Floats) -> bool:
    """Whether a ring goes round nothing, as a line or a point does."""
    return ring_area(ring) <= _FLAT * ring_length(ring) ** 2


def clip_ring(ring: Floats, lines: Floats) -> Floats:
    """The part of a ring that every line keeps (Sutherland and Hodgman 1974); without points when nothing is left.

    Parts that come apart stay one ring, joined by edges along the line that cut them; these have no area.

    Args:
        ring: Kx3 homogeneous points.
        lines: Lx3 lines ``a*x + b*y + c*w >= 0``.

    >>> clip_ring(np.array([(0, 0, 1), (4, 0, 1), (4, 2, 1), (0, 2, 1)]), np.array([(-1, 0, 3)])).tolist()
    [[0.0, 0.0, 1.0], [3.0, 0.0, 1.0], [3.0, 2.0, 1.0], [0.0, 2.0, 1.0]]
    """
    for line in lines:
        here = sides(ring, line[None])[:, 0]
        kept = here >= 0
        if kept.all():
            continue
        if not kept.any():
            return np.empty((0, 3))
        before, from_kept, points = np.roll(here, 1), np.roll(kept, 1), np.roll(ring, 1, axis=0)
        crosses = kept != from_kept
        share = (before / np.where(crosses, before - here, 1.0))[:, None]
        pairs = np.stack([points + share * (ring - points), ring], axis=1)
        ring = pairs[np.stack([crosses, kept], axis=1)]
    return ring


def seen_outlines(rings: Rings, matrix: Floats, lines: Floats, inverse: Floats) -> tuple[Rings, Floats]:
    """Rings after a move as far as lines keep them, and the share 0..1 of each that is.

    Args:
        rings: N rings in the source.
        matrix: 3x3, source to destination.
        lines: Lx3 of the destination; for a perspective the horizon ``(0, 0, 1)`` comes first.
        inverse: 3x3, back to where no ring reaches behind a horizon.

    Returns:
        N rings, without points where nothing is left, and N shares.
    """
    moved, shares = [], np.ones(len(rings))
    for number, ring in enumerate(rings):
        carried = carry(matrix, ring)
        left = clip_ring(carried, lines) if len(ring) else carried
        seen = left[:, :2] / left[:, 2:]
        if left is carried:
            shares[number] = float(len(ring) > 0)
        elif (carried[:, 2] > 0).all():
            shares[number] = seen_share(carried[:, :2] / carried[:, 2:], seen, flat=is_flat(ring))
        else:  # behind the horizon a ring has no finite area, so it is measured where it came from
            back = carry_homogeneous(inverse, left)
            shares[number] = seen_share(ring, back[:, :2] / back[:, 2:], flat=is_flat(ring))
        moved.append(seen if shares[number] > 0 else np.empty((0, 2)))
    return moved, shares


def seen_share(whole: Floats, seen: Floats, *, flat: bool) -> float:
    """The share 0..1 of a ring that is left: of its area, or of its length where it is flat; of a point all or nothing.

    Args:
        whole: The ring.
        seen: What is left of it.
        flat: Whether the ring went round nothing to begin with.
    """
    if not len(seen):
        return 0.0
    measure = ring_length if flat else ring_area
    total = measure(whole)
    return min(measure(seen) / total, 1.0) if total > 0 else 1.0


def carry_homogeneous(matrix: Floats, points: Floats) -> Floats:
    """Homogeneous points ``(..., 3)`` after a move."""
    x, y, w = points[..., 0], points[..., 1], points[..., 2]
    return np.stack([a * x + b * y + c * w for a, b, c in matrix.tolist()], axis=-1)


def bend_edges(rings: Rings, move: Callable[[Floats], Floats], longest: float, sagitta: float) -> Rings:
    """Rings under a move that bends their edges; an edge gets further points until none lies far from where it should.

    Args:
        rings: The rings.
        move: Moves Nx2 points.
        longest: Length above which an edge is divided at once: a wave might cross it just where it is looked at.
        sagitta: How far, in pixels, the middle of a moved edge may lie from the chord that stands for it.
    """
    counts = [len(ring) for ring in rings]
    if not sum(counts):
        return rings
    start = np.concatenate(rings)
    span = np.concatenate([np.roll(ring, -1, axis=0) for ring in rings]) - start
    times = np.maximum(np.ceil(np.sqrt((span * span).sum(axis=1)) / longest), 1).astype(np.int64)
    edge = np.repeat(np.arange(len(start)), times)
    low = (np.arange(len(edge)) - np.repeat(np.cumsum(times) - times, times)) / times[edge]
    high = low + 1.0 / times[edge]
    head, tail = (move(start[edge] + at[:, None] * span[edge]) for at in (low, high))
    points, places = [head], [edge + low]
    for _ in range(12):
        middle = (low + high) / 2
        bent = move(start[edge] + middle[:, None] * span[edge])
        off = bent - (head + tail) / 2
        split = (off * off).sum(axis=1) > sagitta**2
        if not split.any():
            break
        edge, low, high, middle, head, tail, bent = (
            part[split] for part in (edge, low, high, middle, head, tail, bent)
        )
        points.append(bent)
        places.append(edge + middle)
        edge, low, high = np.tile(edge, 2), np.concatenate([low, middle]), np.concatenate([middle, high])
        head, tail = np.concatenate([head, bent]), np.concatenate([bent, tail])
    order = np.argsort(np.concatenate(places), kind="stable")
    place, moved = np.concatenate(places)[order], np.concatenate(points)[order]
    return np.split(moved, np.searchsorted(place, np.cumsum(counts)[:-1]))
