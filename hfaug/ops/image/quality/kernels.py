"""Filter with a 3x3 kernel."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hfaug.ops.image.planes import on_colors

__all__ = ["SELF", "filtered"]

SELF = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]])
"""The kernel that changes nothing."""


def filtered(array: npt.NDArray[Any], kernel: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
    """Colours after a kernel, beyond the border of which lies what lies at it.

    Args:
        array: (height, width, channels).
        kernel: (3, 3), as it lies on the image.
    """
    import cv2

    weights = kernel.astype(np.float32)
    return on_colors(array, lambda colors: cv2.filter2D(colors, -1, weights, borderType=cv2.BORDER_REPLICATE))
