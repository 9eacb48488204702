"""Colour changes as data: a 3x4 matrix on RGB, or curves on the levels of each channel."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hfaug.media.counters import counts
from hfaug.moves import pixels

__all__ = ["LUMA", "Color", "Curve", "apply_color", "fuse_color", "replaced", "table_curve"]

LUMA = np.array(pixels.LUMA)
"""Weights of ITU-R BT.601: what a grey image shows of a colour."""

_IDENTITY = np.eye(3, 4).ravel().tolist()

Curve = Callable[[npt.NDArray[np.float64], int], npt.NDArray[Any]]
"""``curve(levels, top)``: what becomes of levels 0..top, where top is 255 or 65535: an array of their length, or one of
three columns for red, green and blue. The library rounds and clips."""


@dataclass(frozen=True, eq=False)
class Color:
    """A colour change of every pixel alike.

    Args:
        matrix: (3, 4) float64: RGB out of RGB and 1, in levels 0..255. Matrices fuse, and are clipped once.
        curves: Curves in place of a matrix, one after the other. They fuse into one table, to the very levels that
            they would give one by one.
        clip: ``"once"`` clips a fused product at its end, ``"each"`` clips after this step, so that nothing fuses.
    """

    matrix: npt.NDArray[np.float64] | None = None
    curves: tuple[Curve, ...] = ()
    clip: str = "once"

    @functools.cached_property
    def is_identity(self) -> bool:
        """Whether no pixel can change."""
        if self.matrix is not None:
            # Sums of rounded numbers count as what they stand for: this moves no level, of 16 bits neither.
            return all(abs(a - b) <= 1e-9 for a, b in zip(self.matrix.ravel().tolist(), _IDENTITY, strict=True))
        return self.keeps(255) and self.keeps(65535)

    def keeps(self, top: int, *, grey: bool = False) -> bool:
        """Whether every level of 0..top stays where it is; see `levels`."""
        return self._table(top, grey)[1]

    def then(self, after: Color) -> Color | None:
        """Both in one, or None when they do not fuse."""
        if self.matrix is None and after.matrix is None:
            return Color(curves=(*self.curves, *after.curves))
        if self.matrix is None or after.matrix is None or "each" in (self.clip, after.clip):
            return None
        joined = after.matrix[:, :3] @ self.matrix
        joined[:, 3] += after.matrix[:, 3]
        return Color(matrix=joined)

    def levels(self, top: int, *, grey: bool = False) -> npt.NDArray[Any]:
        """What becomes of each level: (top + 1, 1) where all channels do alike, else (top + 1, 3).

        Args:
            top: 255 or 65535.
            grey: Whether it is for a grey image, which shows the luma of what colours would become.
        """
        return self._table(top, grey)[0]

    def _table(self, top: int, grey: bool) -> tuple[npt.NDArray[Any], bool]:
        """The levels, and whether each stays where it is; worked out once."""
        known: dict[tuple[int, bool], tuple[npt.NDArray[Any], bool]] = vars(self).setdefault("_known", {})
        if (top, grey) not in known:
            levels = self._worked_out(top, grey=grey)
            known[top, grey] = levels, levels.tobytes() == _unchanged(top, levels.shape[1])
        return known[top, grey]

    def _worked_out(self, top: int, *, grey: bool) -> npt.NDArray[Any]:
        kind = np.uint16 if top > 255 else np.uint8
        levels = _ramp(top)
        now = None
        for curve in self._steps:
            drawn = np.asarray(curve(levels, top), dtype=np.float64).reshape(top + 1, -1)
            if grey and drawn.shape[1] == 3:
                drawn = (drawn @ LUMA)[:, None]
            table = np.minimum(np.maximum(np.rint(drawn), 0), top).astype(kind)  # np.clip takes longer
            now = table if now is None else _joined(now, table)
        return levels.astype(kind)[:, None] if now is None else now

    @property
    def _steps(self) -> tuple[Curve, ...]:
        """The curves; of a matrix the one that says what it makes of greys."""
        if self.matrix is None:
            return self.curves
        slope, offset = LUMA @ self.matrix[:, :3].sum(axis=1), LUMA @ self.matrix[:, 3]
        return (lambda levels, top: levels * slope + offset * top / 255,)

    @property
    def is_even(self) -> bool:
        """Whether every channel follows from its own level alone, and all of them alike."""
        if self.matrix is None:
            return False
        rows = self.matrix.tolist()
        slope, offset = rows[0][0], rows[0][3]
        return bool(rows == [[slope, 0, 0, offset], [0, slope, 0, offset], [0, 0, slope, offset]])


@functools.cache
def _ramp(top: int) -> npt.NDArray[np.float64]:
    """Every level in order."""
    levels = np.arange(top + 1, dtype=np.float64)
    levels.flags.writeable = False
    return levels


@functools.cache
def _unchanged(top: int, columns: int) -> bytes:
    """The table in which every level stays where it is."""
    kind = np.uint16 if top > 255 else np.uint8
    return _ramp(top).astype(kind).repeat(columns).tobytes()


def table_curve(table: npt.NDArray[np.uint8]) -> Curve:
    """A curve through a table of (256,) or (256, 3) levels; images of 16 bits lie between its levels."""
    columns = table.reshape(256, -1).astype(np.float64)

    def curve(levels: npt.NDArray[np.float64], top: int) -> npt.NDArray[np.float64]:
        if top == 255:
            return columns
        known = np.arange(256) * 257.0  # 255 * 257 = 65535
        return np.stack([np.interp(levels, known, column * 257) for column in columns.T], axis=1)

    return curve


def fuse_color(queue: list[Any], color: Color) -> None:
    """Add a colour to a queue of steps; neighbours become one where they fuse, and what cancels goes."""
    last = queue[-1] if queue else None
    if isinstance(last, Color) and (joined := last.then(color)) is not None:
        queue.pop()
        color = joined
    if not color.is_identity:
        queue.append(color)


def apply_color(array: npt.NDArray[Any], color: Color) -> npt.NDArray[Any]:
    """Colour a (height, width, channels) array of 1 (grey), 3 (RGB) or 4 (RGBA) channels, 8 or 16 bits; alpha stays.

    Returns:
        The same object where a table shows that no level changes.
    """
    import cv2

    if array.size == 0:
        return array
    top = 65535 if array.itemsize == 2 else 255
    matrix = None if array.shape[2] == 1 or color.is_even else color.matrix
    if matrix is None and color.keeps(top, grey=array.shape[2] == 1):
        return array
    counts.add("image.color")
    colors = np.asarray(cv2.cvtColor(array, cv2.COLOR_RGBA2RGB)) if array.shape[2] == 4 else array
    if matrix is None:
        painted = _look_up(colors, color.levels(top, grey=array.shape[2] == 1))
    else:
        painted = np.asarray(cv2.transform(colors, matrix * [1, 1, 1, 257] if top > 255 else matrix))
    if colors is array:
        return painted
    done = array.copy()
    done[:, :, :3] = painted
    return done


def _joined(first: npt.NDArray[Any], after: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A table after another one; each has one column for all channels, or three."""
    columns = max(first.shape[1], after.shape[1])
    both = [after[:, c % after.shape[1]][first[:, c % first.shape[1]]] for c in range(columns)]
    return np.stack(both, axis=1)


def _look_up(array: npt.NDArray[Any], table: npt.NDArray[Any]) -> npt.NDArray[Any]:
    import cv2

    if table.shape[1] == 1:
        return replaced(array, table[:, 0])
    return np.asarray(cv2.merge([replaced(cv2.extractChannel(array, c), table[:, c]) for c in range(3)]))


def replaced(array: npt.NDArray[Any], table: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Each value of an array by that of a table; for bytes ten times as fast as OpenCV does it. Do not write into it.

    Args:
        array: uint8 or uint16.
        table: What each number becomes, of the same type.
    """
    import stringzilla

    if array.itemsize == 2:
        return np.asarray(table[array])
    source, becomes = np.ascontiguousarray(array), np.ascontiguousarray(table)
    done = stringzilla.translate(source.reshape(-1).data, becomes.data)
    return np.frombuffer(done, np.uint8).reshape(array.shape)
