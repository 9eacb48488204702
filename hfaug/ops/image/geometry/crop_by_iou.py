"""Cut out a window that overlaps an object by so much."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.errors import ParameterError
from hfaug.fields import Limit
from hfaug.kinds import Size, WarpOp
from hfaug.moves import Move, Warp
from hfaug.ops.image.geometry.resized_crop import window_of_area
from hfaug.randomness import Stream

__all__ = ["CropByIou"]

_TRIES = 50

Window = tuple[int, int, int, int]


@dataclasses.dataclass(frozen=True, kw_only=True)
class CropByIou(WarpOp):
    """Cut out a random window that overlaps some box by a drawn share at least: how SSD sees small and large objects.

    The overlap is the intersection of window and box over their union. Where fifty windows have too little of it, the
    image stays whole; as it does for a share of 1. Objects that are cut away drop; how much of one must be seen, say
    with ``min_visibility``.

    Args:
        iou: Least overlaps, 0..1, of which one is drawn; with 0 any window does.
        area: Range of the share of the image's area that the window has, above 0, at most 1.
        aspect: Range of width over height of the window, above 0; drawn on a log scale.

    Moves: image, mask, boxes, keypoints.
    Rejects: nothing.
    Source: W. Liu et al., SSD: Single Shot MultiBox Detector, arXiv:1512.02325.

    >>> import hfaug
    >>> hfaug.ops.image.CropByIou(iou=(0.5, 0.7)).iou
    (0.5, 0.7)
    """

    needs: ClassVar[tuple[str, ...]] = ("image", "boxes")
    may_change: ClassVar[tuple[str, ...]] = ("whether what a class names is still in the picture",)

    iou: Annotated[tuple[float, ...], Limit(0, 1)] = (0, 0.1, 0.3, 0.5, 0.7, 0.9, 1)
    area: Annotated[tuple[float, float], Limit(0, 1, ordered=True, above=True)] = (0.1, 1)
    aspect: Annotated[tuple[float, float], Limit(0, ordered=True, above=True)] = (0.5, 2)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.iou:
            raise ParameterError("CropByIou: iou must name at least one overlap, is empty; give (0.5,) or the like")

    def move_of(self, scene: Any, rng: Stream) -> Move:
        """Draw the least overlap, then windows until one has it."""
        least, size = rng.choice(self.iou), scene.size
        boxes: npt.NDArray[np.float64] = scene.boxes
        if least == 1:
            return Warp.crop(size, 0, 0, *size)
        for _ in range(_TRIES):
            window = self._window(size, rng)
            if least == 0 or (len(boxes) and _overlaps(boxes, window).max() >= least):
                return Warp.crop(size, *window)
        return Warp.crop(size, 0, 0, *size)

    def warp(self, size: Size, rng: Stream) -> Warp:
        """Draw a window for an image whose boxes nobody looks at."""
        return Warp.crop(size, *self._window(size, rng))

    def _window(self, size: Size, rng: Stream) -> Window:
        """Top, left, height and width."""
        height, width = window_of_area(size, self.area, self.aspect, rng)
        return rng.integers(0, size[0] - height + 1), rng.integers(0, size[1] - width + 1), height, width


def _overlaps(boxes: npt.NDArray[np.float64], window: Window) -> npt.NDArray[np.float64]:
    """Intersection over union of a window with each box."""
    top, left, height, width = window
    low = np.maximum(boxes[:, :2], [left, top])
    high = np.minimum(boxes[:, 2:], [left + width, top + height])
    shared = np.prod((high - low).clip(0), axis=1)
    return np.asarray(shared / (np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) + height * width - shared))
