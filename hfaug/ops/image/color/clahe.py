"""Equalise contrast locally."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.fields import Limit
from hfaug.kinds import PixelOp
from hfaug.ops.image.color.tiles import equalized_tiles
from hfaug.ops.image.planes import on_colors
from hfaug.randomness import Stream

__all__ = ["Clahe"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Clahe(PixelOp):
    """Bring out local contrast by equalising the luma tile by tile (CLAHE). Colours keep their chrominance.

    Args:
        clip_limit: Range of how far over the average a level may count, above 0; higher is stronger.
        tiles: Tiles along each side, from 1 up.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: K. Zuiderveld, Contrast Limited Adaptive Histogram Equalization, Graphics Gems IV, 1994.

    >>> import hfaug
    >>> hfaug.ops.image.Clahe(clip_limit=(2, 2), tiles=4).tiles
    4
    """

    may_change: ClassVar[tuple[str, ...]] = ()

    clip_limit: Annotated[tuple[float, float], Limit(0, ordered=True, above=True)] = (1, 4)
    tiles: Annotated[int, Limit(1, 1024)] = 8

    def pixels(self, array: npt.NDArray[Any], rng: Stream) -> npt.NDArray[Any]:
        """Draw the limit and equalise."""
        limit = rng.uniform(*self.clip_limit)
        return on_colors(array, lambda colors: self._equalized(colors, limit))

    def _equalized(self, colors: npt.NDArray[Any], limit: float) -> npt.NDArray[Any]:
        import cv2

        if colors.shape[2] == 1:
            return self._spread(colors[:, :, 0], limit)
        split = cv2.cvtColor(colors, cv2.COLOR_RGB2YCrCb)
        cv2.insertChannel(self._spread(np.asarray(cv2.extractChannel(split, 0)), limit), split, 0)
        return np.asarray(cv2.cvtColor(split, cv2.COLOR_YCrCb2RGB))

    def _spread(self, luma: npt.NDArray[Any], limit: float) -> npt.NDArray[Any]:
        import cv2

        tiles = tuple(min(self.tiles, side) for side in luma.shape)
        if luma.dtype == np.uint16:  # OpenCV would count 65536 levels, each far below any limit
            return equalized_tiles(luma, limit, tiles)
        return np.asarray(cv2.createCLAHE(clipLimit=limit, tileGridSize=tiles[::-1]).apply(luma))
