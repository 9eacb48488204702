"""Fringe edges with colour."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.fields import Limit
from hfaug.kinds import PixelOp
from hfaug.ops.image.planes import on_colors
from hfaug.randomness import Stream

__all__ = ["AddChromaticAberration"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class AddChromaticAberration(PixelOp):
    """Magnify red and blue a little otherwise than green, as simple lenses do: edges away from the centre get fringes.

    Args:
        shift_px: Range of how far red and blue move in the corners, in pixels of an image whose diagonal is 1000,
            -50..50; outwards above 0, drawn for each.

    Moves: pixels only; every label stays. Grey images stay as they are.
    Rejects: nothing.
    Source: S. Kang, Automatic Removal of Chromatic Aberration from a Single Image, CVPR 2007.

    >>> import hfaug
    >>> hfaug.ops.image.AddChromaticAberration(shift_px=(2, 4)).shift_px
    (2.0, 4.0)
    """

    may_change: ClassVar[tuple[str, ...]] = ()

    shift_px: Annotated[tuple[float, float], Limit(-50, 50, ordered=True)] = (-3, 3)

    def pixels(self, array: npt.NDArray[Any], rng: Stream) -> npt.NDArray[Any]:
        """Draw both ways, red first."""
        red, blue = (1 + rng.uniform(*self.shift_px) / 500 for _ in range(2))
        if red == blue == 1 or array.shape[2] == 1:
            return array
        return on_colors(array, lambda colors: _fringed(colors, red, blue))


def _fringed(colors: npt.NDArray[Any], red: float, blue: float) -> npt.NDArray[Any]:
    import cv2

    height, width = colors.shape[:2]
    done = colors.copy()
    for channel, scale in ((0, red), (2, blue)):
        matrix = np.array([[scale, 0, (1 - scale) * (width - 1) / 2], [0, scale, (1 - scale) * (height - 1) / 2]])
        plane = cv2.extractChannel(colors, channel)
        moved = cv2.warpAffine(plane, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
        cv2.insertChannel(moved, done, channel)
    return done
