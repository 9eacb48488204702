"""Lay a colour over an image, as fog, flakes and mud do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hfaug.ops.image.planes import Pixels, rounded
from hfaug.rows import LUMA, Color, apply_color, replaced

__all__ = ["haze", "veil"]

_COVERS = np.arange(256, dtype=np.uint8)


def veil(colors: Pixels, alpha: Pixels, color: Sequence[float] = (1, 1, 1)) -> Pixels:
    """Lay one colour over an image.

    Args:
        colors: (height, width, 1 or 3).
        alpha: How much of it covers each pixel: float32 from 0 to 1, or uint8 up to 255.
        color: In shares of white.
    """
    import cv2

    channels = colors.shape[2]
    shares = list(color) if channels == 3 else [float(LUMA @ np.asarray(color))]
    if colors.dtype == np.uint16:
        plane = colors.astype(np.float32)
        share = alpha.astype(np.float32) / np.float32(255) if alpha.dtype == np.uint8 else alpha
        plane += (np.array(shares, np.float32) * 65535 - plane) * share[:, :, None]
        return rounded(plane, colors)
    cover = alpha if alpha.dtype == np.uint8 else cv2.convertScaleAbs(alpha, alpha=255)
    rest = cv2.multiply(colors, cv2.merge([cv2.bitwise_not(cover)] * channels), scale=1 / 255)
    tables = [cv2.convertScaleAbs(_COVERS, alpha=share).ravel() for share in shares]
    paint = cv2.merge([replaced(cover, table) for table in tables])
    return np.asarray(cv2.add(rest, paint)).reshape(colors.shape)


def haze(colors: Pixels, share: float, color: Sequence[float]) -> Pixels:
    """Lay one colour over an image, everywhere alike.

    Args:
        colors: (height, width, 1 or 3).
        share: How much of it covers each pixel, 0..1.
        color: In shares of white.
    """
    matrix = np.column_stack([np.eye(3) * (1 - share), np.array(color) * (255 * share)])
    return apply_color(colors, Color(matrix=matrix))
