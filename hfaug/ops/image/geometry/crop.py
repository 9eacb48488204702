"""Cut a window of given size out of an image."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from hfaug.kinds import Size
from hfaug.moves import Warp
from hfaug.ops.image.geometry.canvas import Extent, Place, check_extent, extent, placed
from hfaug.ops.image.geometry.filled import FilledOp
from hfaug.randomness import Stream

__all__ = ["CenterCrop", "Crop"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Window(FilledOp):
    """What both crops share: the size of the window."""

    may_change: ClassVar[tuple[str, ...]] = ("whether what a class names is still in the picture",)

    height: Extent = 0.8
    width: Extent = 0.8
    pad: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_extent(type(self).__name__, "height", self.height)
        check_extent(type(self).__name__, "width", self.width)

    def _cut(self, size: Size, rng: Stream, place: Place) -> Warp:
        height, width = extent(self.height, size[0]), extent(self.width, size[1])
        if not self.pad:
            height, width = min(height, size[0]), min(width, size[1])
        top = placed(place, size[0] - height, rng, "down")
        left = placed(place, size[1] - width, rng, "across")
        return Warp.crop(size, top, left, height, width, **self._style)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Crop(_Window):
    """Cut out a window of given size, anywhere: things are never quite in the middle. Pixels are moved, not resampled.

    Args:
        height: Height of the window: a whole number of pixels, or a share 0..1 of the image's (1 is a pixel, 1.0 all of
            it).
        width: Likewise.
        pad: Pad an image that is smaller than the window, and place it in there anywhere; without, the window becomes
            as small as the image.
        fill: See `FilledOp`: RGB value outside the image, 0..255.
        mask_fill: See `FilledOp`.
        border: See `FilledOp`.
        interpolation: See `FilledOp`; it plays a part where the crop is fused with other moves.

    Moves: image, mask, boxes, keypoints; boxes that are cut away drop.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.image.Crop(height=224, width=224).height
    224
    """

    def warp(self, size: Size, rng: Stream) -> Warp:
        """Draw where the window lies, down and across."""
        return self._cut(size, rng, "random")


@dataclasses.dataclass(frozen=True, kw_only=True)
class CenterCrop(_Window):
    """Cut out a window of given size in the middle, as evaluation does. Pixels are moved, not resampled.

    Args:
        height: Height of the window: a whole number of pixels, or a share 0..1 of the image's (1 is a pixel, 1.0 all of
            it).
        width: Likewise.
        pad: Pad an image that is smaller than the window; without, the window becomes as small as the image.
        fill: See `FilledOp`: RGB value outside the image, 0..255.
        mask_fill: See `FilledOp`.
        border: See `FilledOp`.
        interpolation: See `FilledOp`; it plays a part where the crop is fused with other moves.

    Moves: image, mask, boxes, keypoints; boxes that are cut away drop.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.image.CenterCrop(height=224, width=224).width
    224
    """

    def warp(self, size: Size, rng: Stream) -> Warp:
        """Cut out the middle."""
        return self._cut(size, rng, "center")
