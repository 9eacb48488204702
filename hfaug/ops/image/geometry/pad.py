"""Put an image on a larger canvas."""

from __future__ import annotations

import dataclasses
import math
from typing import Annotated

from hfaug.fields import Limit, Rgb
from hfaug.kinds import Size
from hfaug.moves import Warp, compose, scaling, translation
from hfaug.ops.image.geometry.canvas import Place, Side, placed
from hfaug.ops.image.geometry.filled import FilledOp
from hfaug.randomness import Stream

__all__ = ["Letterbox", "Pad"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pad(FilledOp):
    """Pad an image to a least size, to a multiple, or by margins_px, as networks and batches ask for. Side only move.

    Args:
        height: Least height of the result in pixels.
        width: Least width of the result in pixels.
        multiple: Both sides of the result are multiples of it; 1 when left out, or 32 where nothing else is given.
        margins_px: Side added at the top, right, bottom and left, before all else.
        place: Where the image lies on the larger canvas: ``center``, a corner such as ``top left``, or ``random``.
        fill: See `FilledOp`: RGB value outside the image, 0..255.
        mask_fill: See `FilledOp`.
        border: See `FilledOp`.
        interpolation: See `FilledOp`; it plays a part where the padding is fused with other moves.

    Moves: image, mask, boxes, keypoints.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.image.Pad(height=512, width=512, place="top left").place
    'top left'
    """

    height: Side | None = None
    width: Side | None = None
    multiple: Side | None = None
    margins_px: Annotated[tuple[int, int, int, int], Limit(0)] = (0, 0, 0, 0)
    place: Place = "center"

    def warp(self, size: Size, rng: Stream) -> Warp:
        """Draw the place, if it is random."""
        top, right, bottom, left = self.margins_px
        bare = self.height is None and self.width is None and not any(self.margins_px)
        multiple = self.multiple or (32 if bare else 1)
        tall, wide = size[0] + top + bottom, size[1] + left + right
        is_bare = self.height is None and self.width is None and not any(self.margins_px)
        multiple = self.multiple or (32 if is_bare else 1)
        height, width = (
            math.ceil(max(side, least or 1) / multiple) * multiple
            for side, least in ((tall, self.height), (wide, self.width))
        )
        above = top + placed(self.place, height - tall, rng, "down")
        before = left + placed(self.place, width - wide, rng, "across")
        return Warp.crop(size, -above, -before, height, width, **self._style)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Letterbox(FilledOp):
    """Fit the whole image into one size, keeping its shape, and pad the rest: what detectors take, nothing distorted.

    Args:
        height: Height of the result, in pixels.
        width: Width of the result, in pixels.
        place: Where the image lies: ``center``, a corner such as ``top left``, or ``random``.
        enlarge: Whether smaller images are enlarged, too.
        fill: See `FilledOp`: RGB value outside the image, 0..255.
        mask_fill: See `FilledOp`.
        border: See `FilledOp`.
        interpolation: See `FilledOp`; areas are averaged where the image shrinks.

    Moves: image, mask, boxes, keypoints.
    Rejects: nothing.
    Source: J. Redmon, A. Farhadi, YOLOv3, arXiv:1804.02767.

    >>> import hfaug
    >>> hfaug.ops.image.Letterbox(height=416, width=416).fill
    (114.0, 114.0, 114.0)
    """

    height: Side = 640
    width: Side = 640
    place: Place = "center"
    enlarge: bool = True
    fill: Rgb = (114, 114, 114)

    def warp(self, size: Size, rng: Stream) -> Warp:
        """Draw the place, if it is random."""
        scale = min(self.height / size[0], self.width / size[1])
        scale = scale if self.enlarge else min(scale, 1.0)
        tall = min(self.height, max(1, round(size[0] * scale)))
        wide = min(self.width, max(1, round(size[1] * scale)))
        top = placed(self.place, self.height - tall, rng, "down")
        left = placed(self.place, self.width - wide, rng, "across")
        matrix = compose(scaling(wide / size[1], tall / size[0]), translation(left, top))
        return Warp(matrix, size, (self.height, self.width), **self._style)
