"""Equalise 16 bits tile by tile, with histograms of 256 levels as for 8 bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["equalized_tiles"]


def equalized_tiles(luma: npt.NDArray[np.uint16], limit: float, tiles: tuple[int, ...]) -> npt.NDArray[np.uint16]:
    """What OpenCV's CLAHE does to 8 bits, for (height, width) of 16 bits; levels in between lie between.

    Args:
        luma: The levels.
        limit: How far over the average a level may count.
        tiles: How many down and across.
    """
    # As OpenCV does: where one side is no multiple of its tiles, both grow.
    uneven = any(side % count for side, count in zip(luma.shape, tiles, strict=True))
    margins = [(0, (count - side % count) * uneven) for side, count in zip(luma.shape, tiles, strict=True)]
    sizes = [(side + more) // count for side, count, (_, more) in zip(luma.shape, tiles, margins, strict=True)]
    wide = np.pad(luma, margins, mode="reflect" if min(luma.shape) > 1 else "edge")
    tables = np.empty((*tiles, 257), np.float32)
    for row in range(tiles[0]):
        for column in range(tiles[1]):
            part = wide[row * sizes[0] : (row + 1) * sizes[0], column * sizes[1] : (column + 1) * sizes[1]]
            tables[row, column] = _table(part, limit)
    levels = luma.astype(np.float32) / np.float32(257)
    low = levels.astype(np.intp)
    share = levels - low
    (top, down), (left, across) = (_between(*sides) for sides in zip(luma.shape, tiles, sizes, strict=True))
    done = np.zeros(luma.shape, np.float32)
    for rows, y_weight in ((top, 1 - down), (np.minimum(top + 1, tiles[0] - 1), down)):
        for columns, x_weight in ((left, 1 - across), (np.minimum(left + 1, tiles[1] - 1), across)):
            table = (np.maximum(rows, 0)[:, None], np.maximum(columns, 0)[None])
            value = tables[(*table, low)] * (1 - share) + tables[(*table, np.minimum(low + 1, 256))] * share
            done += value * (y_weight[:, None] * x_weight[None])
    return np.asarray(np.rint(done * np.float32(257)).clip(0, 65535), dtype=np.uint16)


def _between(side: int, count: int, size: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
    """For each pixel the tile whose middle lies before it, and how far it is on the way to the next."""
    place = np.arange(side) / size - 0.5
    before = np.floor(place).astype(np.intp)
    return np.minimum(before, count - 1), (place - before).astype(np.float32)


def _table(part: npt.NDArray[np.uint16], limit: float) -> npt.NDArray[Any]:
    """What becomes of levels 0..255, and of 256 once more for what lies above."""
    rounded = ((part.astype(np.uint32) + 128) // 257).reshape(-1)
    counts = np.bincount(rounded, minlength=256)
    most = max(1, int(limit * part.size / 256))
    excess = int(np.maximum(counts - most, 0).sum())
    counts = np.minimum(counts, most) + excess // 256
    rest = excess % 256
    if rest:
        counts[:: max(256 // rest, 1)][:rest] += 1
    table = np.cumsum(counts) * (255 / part.size)
    return np.append(table, table[-1])
