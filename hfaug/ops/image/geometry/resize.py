"""Stretch an image to a size."""

from __future__ import annotations

import dataclasses

from hfaug.kinds import Size, WarpOp
from hfaug.moves import Warp
from hfaug.moves.areas import Interpolation
from hfaug.ops.image.geometry.canvas import Side
from hfaug.randomness import Stream

__all__ = ["Resize"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Resize(WarpOp):
    """Stretch the whole image to one size, whatever its shape. Areas are averaged where it shrinks.

    Args:
        height: Height of the result, in pixels.
        width: Width of the result, in pixels.
        interpolation: ``linear``, ``cubic``, ``lanczos`` or ``nearest``.

    Moves: image, mask, boxes, keypoints.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.image.Resize(height=64, width=64).width
    64
    """

    height: Side = 224
    width: Side = 224
    interpolation: Interpolation = "linear"

    def warp(self, size: Size, rng: Stream) -> Warp:
        """Stretch; nothing is drawn."""
        return Warp.resize(size, (self.height, self.width), interpolation=self.interpolation)
