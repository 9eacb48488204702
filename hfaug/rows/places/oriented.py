"""Boxes that may stand askew: four corners an object, kept whole wherever they go."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hfaug.binding import Binding
from hfaug.errors import LabelError, RowError
from hfaug.moves import Move, follow
from hfaug.rows.places.boxes import full, is_one_box
from hfaug.rows.places.label import Fate, FromOrigin, Hidden, Numbers, Origin, Size
from hfaug.rows.places.paths import as_stored, read_path
from hfaug.rows.places.raster import fill_rings

if TYPE_CHECKING:
    from hfaug.rows.row import Row

__all__ = ["OrientedLabel", "box_corners", "least_rectangle"]

_WIDTHS = {"cxcywha": 5, "corners": 8}
_SQUARE = 1e-6
"""How far from a right angle (its cosine) a figure may be and still be a rectangle."""


@dataclass(frozen=True, eq=False)
class OrientedLabel(FromOrigin):
    """The askew boxes of one column, (n, 4, 2) corners in continuous pixels, the first two along the side ``w``.

    They are never cut: one that leaves the image in part keeps its form, and drops by the share that is to be seen.
    Boxes with an angle stay rectangles: where a move makes something else of one, the least rectangle around that.
    """

    origin: Origin
    corners: Numbers
    kept: npt.NDArray[np.int64]
    shares: Numbers
    growth: Numbers
    is_moved: bool = False

    @classmethod
    def open(cls, origin: Origin, value: Any, size: Size) -> OrientedLabel:
        """Read and check the boxes of a row."""
        try:
            corners = box_corners(value, origin.binding, size)
        except ValueError as error:
            raise LabelError(f"column {origin.path!r}: {error}") from error
        ones = np.ones(len(corners))
        return cls(origin, corners, np.arange(len(corners)), ones, ones)

    def moved(self, warps: Sequence[Move]) -> OrientedLabel:
        """The boxes after moves; without those of which nothing is to be seen."""
        motion = follow(warps)
        if motion.is_identity or not len(self.corners):
            return self
        rings, seen = motion.outlines(list(self.corners))
        corners = motion.points(self.corners.reshape(-1, 2)).reshape(-1, 4, 2)
        for number in np.flatnonzero((seen > 0) & ~np.isfinite(corners).all(axis=(1, 2))).tolist():
            corners[number] = least_rectangle(rings[number], (1.0, 0.0))  # what lies behind a horizon has no corners
        if self.origin.binding.box_format == "cxcywha":
            for number in np.flatnonzero(seen > 0).tolist():
                if not _is_rectangle(corners[number]):
                    corners[number] = least_rectangle(corners[number], tuple(corners[number][1] - corners[number][0]))
        before, whole = _ring_areas(self.corners), _ring_areas(corners)
        growth = np.where(before > 0, whole / np.where(before > 0, before, 1.0), 1.0)
        # They stay whole, so each share is one of the whole figure, and the least of them holds.
        shares = np.minimum(self.shares, seen)
        grown = self.growth / np.where(self.shares > 0, self.shares, 1.0) * growth * shares
        after = replace(self, corners=corners, shares=shares, growth=grown, is_moved=True)
        return _thinned(after, seen > 0)

    def cut(self, hidden: Hidden) -> OrientedLabel:
        """The boxes under a cover; they keep their form while anything of them is to be seen."""
        seen = self.seen(hidden)[self.kept]
        if (seen >= 1).all():
            return self
        return _thinned(replace(self, shares=self.shares * seen, growth=self.growth * seen), seen > 0)

    @property
    def is_dimmed(self) -> bool:
        """Whether something hides a part of them."""
        return bool((self.shares < 1).any())

    def seen(self, hidden: Hidden) -> Numbers:
        """The share that a cover leaves of each box."""
        left = np.array([1.0 - _hidden_share(ring, hidden) for ring in self.corners])
        return full(left, self.kept, self.origin.count, 1.0)

    def dimmed(self, seen: Numbers) -> OrientedLabel:
        """The boxes as they are, with such shares to be seen."""
        return replace(self, shares=self.shares * seen[self.kept])

    def filled(self, number: int, size: Size) -> npt.NDArray[np.bool_]:
        """The pixels of an object, by its number."""
        return fill_rings(list(self.corners[self.kept == number]), size)

    def fate(self, row: Row, size: Size) -> Fate:
        """What became of each box."""
        count = self.origin.count
        areas = _ring_areas(self.corners) * self.shares
        return Fate(*(full(values, self.kept, count, 0.0) for values in (self.shares, areas, self.growth)))

    def values(self, row: Row, size: Size, kept: Sequence[int]) -> list[Any]:
        """Some of the boxes in their own format."""
        binding = self.origin.binding
        if not self.is_moved:
            held = read_path(row, self.path, self.origin.source)
            return [held] if is_one_box(held, _WIDTHS[binding.box_format or ""]) else [held[n] for n in kept]
        return as_stored(row, self.path, _numbers(self.corners[np.isin(self.kept, kept)], binding, size))


def _thinned(label: OrientedLabel, stay: npt.NDArray[np.bool_]) -> OrientedLabel:
    shares, growth = label.shares[stay], label.growth[stay]
    return replace(label, corners=label.corners[stay], kept=label.kept[stay], shares=shares, growth=growth)


def box_corners(value: Any, binding: Binding, size: Size) -> Numbers:
    """Four corners of each box, from the numbers it is written in.

    Args:
        value: The boxes as they are stored.
        binding: Their format and units.
        size: (height, width) of the image.

    Returns:
        (n, 4, 2) x, y in continuous pixels, the first two along the side ``w``.

    Raises:
        RowError: A box is not of the numbers that its format asks for.
    """
    width = _WIDTHS[binding.box_format or ""]
    try:
        numbers = np.asarray(value, dtype=np.float64).reshape(-1, width)
    except (ValueError, TypeError) as error:
        raise RowError(
            f"boxes must be {width} numbers each, are {str(value)[:80]}; correct the row, or bind the right box_format"
        ) from error
    _check_numbers(numbers)
    if width == 8:
        scale = [size[1], size[0]] if binding.box_units == "relative" else [1, 1]
        return np.asarray(numbers.reshape(-1, 4, 2) * scale)
    angle = np.radians(numbers[:, 4]) if binding.angle_units == "degrees" else numbers[:, 4]
    along = np.stack([np.cos(angle), np.sin(angle)], axis=1) * numbers[:, 2:3] / 2
    across = np.stack([-np.sin(angle), np.cos(angle)], axis=1) * numbers[:, 3:4] / 2
    middle = numbers[:, :2]
    ends = [middle - along - across, middle + along - across, middle + along + across, middle - along + across]
    return np.stack(ends, axis=1)


def _check_numbers(numbers: Numbers) -> None:
    wrong = ~np.isfinite(numbers).all(axis=1)
    if numbers.shape[1] == 5:
        wrong |= (numbers[:, 2:4] < 0).any(axis=1)
    if wrong.any():
        number = int(np.flatnonzero(wrong)[0])
        raise RowError(
            f"boxes must have finite numbers and sides from 0 up, box {number} is {numbers[number].tolist()}; "
            "correct the row, or bind the right box_format"
        )


def _numbers(corners: Numbers, binding: Binding, size: Size) -> Numbers:
    """The inverse of `box_corners`; angles come in (-180, 180] degrees."""
    if binding.box_format == "corners":
        scale = [size[1], size[0]] if binding.box_units == "relative" else [1, 1]
        return np.asarray((corners / scale).reshape(-1, 8))
    along, across = corners[:, 1] - corners[:, 0], corners[:, 3] - corners[:, 0]
    # A mirror image has its corners the other way round; the angle of the side w says all the same.
    angle = np.arctan2(along[:, 1], along[:, 0])
    sides = [np.hypot(*along.T), np.hypot(*across.T)]
    turned = np.degrees(angle) if binding.angle_units == "degrees" else angle
    return np.column_stack([corners.mean(axis=1), *sides, turned])


def _is_rectangle(corners: Numbers) -> bool:
    along, across = corners[1] - corners[0], corners[3] - corners[0]
    lengths = math.hypot(*along) * math.hypot(*across)
    skew = np.abs(corners[2] - corners[1] - across).max()
    near = _SQUARE * (1 + max(np.abs(along).max(), np.abs(across).max()))
    return bool(abs(along @ across) <= _SQUARE * lengths + 1e-12 and skew <= near)


def least_rectangle(points: Numbers, along: Sequence[float]) -> Numbers:
    """The corners of the least rectangle around points.

    Args:
        points: Kx2, at least one.
        along: The direction ``(x, y)`` that its side ``w`` shall come nearest to.

    >>> least_rectangle(np.array([(0.0, 0.0), (2.0, 0.0), (2.0, 1.0), (1.0, 1.0)]), (1, 0)).tolist()
    [[0.0, 0.0], [2.0, 0.0], [2.0, 1.0], [0.0, 1.0]]
    """
    hull = _hull(points)
    edges = np.roll(hull, -1, axis=0) - hull
    lengths = np.hypot(*edges.T)
    if not (lengths > 0).any():
        return np.repeat(points[:1], 4, axis=0)
    units = edges[lengths > 0] / lengths[lengths > 0][:, None]
    sides = np.stack([units, np.stack([-units[:, 1], units[:, 0]], axis=1)], axis=1)
    spread = np.einsum("kij,nj->kin", sides, hull)
    low, high = spread.min(axis=2), spread.max(axis=2)
    best = int(np.argmin((high - low).prod(axis=1)))
    axes, low, high = sides[best], low[best], high[best]
    # Of its four directions the one that the side w had: so neither w and h nor front and back change places.
    towards = np.concatenate([axes @ along, -(axes @ along)])
    turn = int(np.argmax(towards)) % 2
    first, second = axes[turn], axes[1 - turn]
    a, b = (low[turn], high[turn]), (low[1 - turn], high[1 - turn])
    if towards[turn] < 0:
        first, a = -first, (-a[1], -a[0])
    if first[0] * second[1] - first[1] * second[0] < 0:
        second, b = -second, (-b[1], -b[0])
    return np.array([first * u + second * v for u, v in ((a[0], b[0]), (a[1], b[0]), (a[1], b[1]), (a[0], b[1]))])


def _hull(points: Numbers) -> Numbers:
    """The convex hull (Andrew's monotone chain)."""
    ordered = sorted({(x, y) for x, y in np.asarray(points).tolist()})
    if len(ordered) < 3:
        return np.array(ordered)

    def half(sequence: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        chain: list[tuple[float, float]] = []
        for x, y in sequence:
            while len(chain) > 1:
                (ax, ay), (bx, by) = chain[-2:]
                if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0:
                    break
                chain.pop()
            chain.append((x, y))
        return chain[:-1]

    return np.array(half(ordered) + half(ordered[::-1]))


def _ring_areas(corners: Numbers) -> Numbers:
    x, y = corners[..., 0], corners[..., 1]
    cross = x * np.roll(y, -1, axis=1) - np.roll(x, -1, axis=1) * y
    return np.asarray(np.abs(cross.sum(axis=1)) / 2)


def _hidden_share(ring: Numbers, hidden: Hidden) -> float:
    """The share of a figure's pixels that is covered; of one between pixels, whether its middle is."""
    inside = fill_rings([ring], (hidden.shape[0], hidden.shape[1]))
    if inside.any():
        return float(hidden[inside].mean())
    height, width = hidden.shape
    x, y = np.floor(ring.mean(axis=0)).astype(int).tolist()
    return float(hidden[y, x]) if 0 <= x < width and 0 <= y < height else 0.0
