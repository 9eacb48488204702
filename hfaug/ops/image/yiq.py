"""Grey and hue as matrices of red, green and blue: by way of YIQ, the colour space of NTSC."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from hfaug.rows import LUMA

__all__ = ["GREY", "hue_turn"]

GREY = np.tile(LUMA, (3, 1))
"""(3, 3): the luma in each channel."""

_TO_YIQ = np.array([LUMA, [0.595716, -0.274453, -0.321263], [0.211456, -0.522591, 0.311135]])
_FROM_YIQ = np.linalg.inv(_TO_YIQ)


def hue_turn(radians: float) -> npt.NDArray[np.float64]:
    """(3, 3): a turn of the chrominance plane, which keeps the luma of each pixel.

    Args:
        radians: Angle of the turn from I to Q, which is the other way than hues are counted.
    """
    cos, sin = math.cos(radians), math.sin(radians)
    return np.asarray(_FROM_YIQ @ np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]]) @ _TO_YIQ)
