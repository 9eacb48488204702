"""Put a rectangle of another image into an image."""

from __future__ import annotations

import dataclasses
import math
from typing import ClassVar

import numpy as np

from hfaug.fields import Positive
from hfaug.mix import MixOp
from hfaug.moves import Warp
from hfaug.op import Reject
from hfaug.ops.mix.fitting import like_image
from hfaug.randomness import Stream
from hfaug.rows import Row
from hfaug.rows.mixing import cut_out, lacks_labels, part_of, put_together

__all__ = ["CutMix"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class CutMix(MixOp):
    """Put a rectangle of another row's image in place of that of an image, so that a model looks at more than one spot.

    Classes are weighed by the area that is to be seen of each image (see `MixUp`). A partner of another size is scaled
    to the image's size; the rectangle stays where it was in it. Objects shrink to what is left of them, or go.

    Args:
        alpha: Both parameters of the Beta distribution of the share of the image itself, above 0.
        pool: See `MixOp`.

    Moves: image, mask; class weights; boxes, polygons, rle, masks of objects, areas and keypoints of objects.
    Rejects: rows without an image or another row to mix with, and partners without labels where the row has some.
    Source: S. Yun et al., CutMix: Regularization Strategy to Train Strong Classifiers, arXiv:1905.04899.

    >>> import hfaug
    >>> hfaug.ops.mix.CutMix(alpha=0.5).alpha
    0.5
    """

    needs: ClassVar[tuple[str, ...]] = ("image",)
    shifts: ClassVar[tuple[str, ...]] = ("image",)
    moves: ClassVar[tuple[str, ...]] = ("mask", "masks", "boxes", "polygons", "rle", "areas", "keypoints")
    may_change: ClassVar[tuple[str, ...]] = ("the class: parts of two are shown",)

    alpha: Positive = 1.0

    @property
    def keeps_size(self) -> bool:
        """True."""
        return True

    def mix(self, row: Row, partner: Row, rng: Stream) -> tuple[Row, float] | Reject:
        """Draw the rectangle and exchange it."""
        if not (row.scenes and partner.scenes):
            return Reject("no image to mix")
        if lacks_labels(row, partner):
            return Reject("a partner without labels")
        own, theirs = row.scenes[0], partner.scenes[0]
        top, bottom, left, right = self._rectangle(own.size, rng)
        inside = np.zeros(own.size, dtype=bool)
        inside[top:bottom, left:right] = True
        if not inside.any():
            return row, 1.0
        theirs.warp(Warp.resize(theirs.size, own.size, border="edge"))
        theirs.warp(Warp.crop(own.size, top, left, bottom - top, right - left))
        done = own.array.copy()
        done[top:bottom, left:right] = like_image(theirs.array, done)
        cut_out(own, inside)
        height, width = own.size
        theirs.warp(Warp.crop((bottom - top, right - left), -top, -left, height, width))
        mixed = put_together(row, done, [part_of(own, ~inside), part_of(theirs, inside)])
        return mixed, 1 - float(inside.mean())

    def _rectangle(self, size: tuple[int, int], rng: Stream) -> tuple[int, int, int, int]:
        """Top, bottom, left and right: of the shape of the image, its middle anywhere, cut by the border."""
        side = math.sqrt(1 - float(rng.generator().beta(self.alpha, self.alpha)))
        height, width = size
        tall, wide = round(height * side), round(width * side)
        top, left = rng.integers(0, height) - tall // 2, rng.integers(0, width) - wide // 2
        return max(0, top), min(height, top + tall), max(0, left), min(width, left + wide)
