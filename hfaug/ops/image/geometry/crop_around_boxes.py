"""Cut out a window that loses no object."""

from __future__ import annotations

import dataclasses
import math
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from hfaug.fields import Limit, Share
from hfaug.kinds import Size, WarpOp
from hfaug.moves import Move, Warp
from hfaug.moves.areas import Interpolation
from hfaug.ops.image.geometry.canvas import Side
from hfaug.ops.image.geometry.resized_crop import resized_window, window_of_area
from hfaug.randomness import Stream

__all__ = ["CropAroundBoxes"]

_ROUNDING = 1e-6


@dataclasses.dataclass(frozen=True, kw_only=True)
class CropAroundBoxes(WarpOp):
    """Cut out a random window that keeps the boxes, so that detectors see other framings and lose no object.

    Each side of the window is drawn between the border of the image and the boxes. Without any box the window is drawn
    by its area.

    Args:
        keep: ``all`` boxes, or ``one`` of them, drawn with equal chances.
        visible: Share of the height and width of each box that must stay, 0..1; the middle of the box.
        height: Height of the result in pixels, to which the window is stretched; that of the window when left out.
        width: Likewise.
        area: Range of the share of the image's area for an image without boxes, above 0, at most 1.
        interpolation: ``linear``, ``cubic``, ``lanczos`` or ``nearest``, where the window is stretched.

    Moves: image, mask, boxes, keypoints.
    Rejects: nothing.
    Source: folklore; for one box: W. Liu et al., SSD: Single Shot MultiBox Detector, arXiv:1512.02325.

    >>> import hfaug
    >>> hfaug.ops.image.CropAroundBoxes(height=640, width=640).keep
    'all'
    """

    needs: ClassVar[tuple[str, ...]] = ("image", "boxes")

    keep: Literal["all", "one"] = "all"
    visible: Share = 1
    height: Side | None = None
    width: Side | None = None
    area: Annotated[tuple[float, float], Limit(0, 1, ordered=True, above=True)] = (0.3, 1)
    interpolation: Interpolation = "linear"

    def move_of(self, scene: Any, rng: Stream) -> Move:
        """Draw the window for an image and its boxes: which box, then the four sides."""
        boxes: npt.NDArray[np.float64] = scene.boxes
        if not len(boxes):
            return self.warp(scene.size, rng)
        height, width = scene.size
        chosen = rng.integers(0, len(boxes))
        boxes = boxes[[chosen]] if self.keep == "one" else boxes
        lost = (boxes[:, 2:] - boxes[:, :2]) * (1 - self.visible) / 2
        low, high = (boxes[:, :2] + lost).min(axis=0), (boxes[:, 2:] - lost).max(axis=0)
        left, right = _sides(low[0], high[0], width, rng)
        top, bottom = _sides(low[1], high[1], height, rng)
        return self._window((height, width), top, left, bottom - top, right - left)

    def warp(self, size: Size, rng: Stream) -> Warp:
        """Draw the window for an image without boxes: its area and shape, then its place."""
        height, width = window_of_area(size, self.area, (3 / 4, 4 / 3), rng)
        top, left = rng.integers(0, size[0] - height + 1), rng.integers(0, size[1] - width + 1)
        return self._window(size, top, left, height, width)

    def _window(self, size: Size, top: int, left: int, height: int, width: int) -> Warp:
        after = self.height or height, self.width or width
        return resized_window(size, (top, left, height, width), after, self.interpolation)


def _sides(low: float, high: float, length: int, rng: Stream) -> tuple[int, int]:
    """Whole pixels between which ``low`` to ``high`` lies, anywhere up to the borders. Takes two uniforms."""
    first = min(max(math.floor(low + _ROUNDING), 0), length - 1)
    last = min(max(math.ceil(high - _ROUNDING), first + 1), length)
    return rng.integers(0, first + 1), rng.integers(last, length + 1)
