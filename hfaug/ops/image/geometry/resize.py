"""Stretch an image to a size."""

from __future__ import annotations

import dataclasses
from typing import Literal

from hfaug.kinds import Size, WarpOp
from hfaug.moves import Warp
from hfaug.ops.image.geometry.canvas import Pixels
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

    height: Pixels = 224
    width: Pixels = 224
    interpolation: Literal["linear", "cubic", "lanczos", "nearest"] = "linear"

    def warp(self, size: Size, rng: Stream) -> Warp:
        """Stretch; nothing is drawn."""
        return Warp.resize(size, (self.height, self.width), interpolation=self.interpolation)
