"""Colour changes as data: a 3x4 matrix on RGB, or a lookup table per channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hfaug.media.counters import counts

__all__ = ["Color", "apply_color"]

_LUMA = np.array([0.299, 0.587, 0.114])
"""Weights of ITU-R BT.601: what a grey image shows of a colour."""

_IDENTITY = np.eye(3, 4)


@dataclass(frozen=True, eq=False)
class Color:
    """A colour change of every pixel alike.

    Args:
        matrix: (3, 4) float64: RGB out of RGB and 1, in levels 0..255. Matrices fuse.
        table: (256,) or (256, 3) uint8 in place of a matrix. Tables do not fuse.
        clip: ``"once"`` clips a fused product at its end, ``"each"`` clips after this step, so that nothing fuses.
    """

    matrix: npt.NDArray[np.float64] | None = None
    table: npt.NDArray[np.uint8] | None = None
    clip: str = "once"

    @property
    def is_identity(self) -> bool:
        """Whether no pixel can change."""
        if self.matrix is not None:
            # Sums of rounded numbers count as what they stand for: this moves no level, of 16 bits neither.
            return bool(np.abs(self.matrix - _IDENTITY).max() <= 1e-9)
        return self.table is not None and bool(np.all(self.table.reshape(256, -1) == np.arange(256)[:, None]))

    def then(self, after: Color) -> Color | None:
        """Both in one, or None when they do not fuse."""
        if self.matrix is None or after.matrix is None or "each" in (self.clip, after.clip):
            return None
        joined = after.matrix[:, :3] @ self.matrix
        joined[:, 3] += after.matrix[:, 3]
        return Color(matrix=joined)


def apply_color(array: npt.NDArray[Any], color: Color) -> npt.NDArray[Any]:
    """Colour a (height, width, channels) array of 1 (grey), 3 (RGB) or 4 (RGBA) channels, 8 or 16 bits; alpha stays."""
    import cv2

    counts.add("image.color")
    channels = array.shape[2]
    if array.size == 0:
        return array
    if channels == 1:
        return _grey(array, color)
    head = np.ascontiguousarray(array[:, :, :3])
    if color.matrix is not None:
        matrix = color.matrix.copy()
        if array.dtype == np.uint16:
            matrix[:, 3] *= 257  # offsets are in levels of 8 bits: 255 * 257 = 65535
        done: npt.NDArray[Any] = cv2.transform(head, matrix)
    else:
        done = _look_up(head, color)
    if channels == 3:
        return done
    return np.concatenate([done, array[:, :, 3:]], axis=2)


def _grey(array: npt.NDArray[Any], color: Color) -> npt.NDArray[Any]:
    """What the colour of (g, g, g) would be, seen as grey again."""
    if color.matrix is None:
        return _look_up(array, color)
    top = 65535 if array.dtype == np.uint16 else 255
    slope = float(_LUMA @ color.matrix[:, :3].sum(axis=1))
    offset = float(_LUMA @ color.matrix[:, 3]) * top / 255
    levels = np.rint(np.arange(top + 1) * slope + offset).clip(0, top).astype(array.dtype)
    return np.asarray(levels[array])


def _look_up(array: npt.NDArray[Any], color: Color) -> npt.NDArray[Any]:
    assert color.table is not None  # noqa: S101 - a Color has a matrix or a table
    table: npt.NDArray[Any] = color.table.reshape(256, -1)
    if array.shape[2] == 1 and table.shape[1] == 3:
        table = np.rint(table @ _LUMA).astype(np.uint8)[:, None]
    if array.dtype == np.uint16:
        levels = np.arange(65536) / 257
        table = np.stack([np.interp(levels, np.arange(256), column) for column in table.T.astype(np.float64)], axis=1)
        table = np.rint(table * 257).astype(np.uint16)
    if table.shape[1] == 1:
        done: npt.NDArray[Any] = table[array[:, :, 0]] if array.shape[2] == 1 else table[:, 0][array]
        return done
    return np.stack([table[:, c][array[:, :, c]] for c in range(array.shape[2])], axis=2)
