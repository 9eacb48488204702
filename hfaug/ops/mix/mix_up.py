"""Mix two images and their classes."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np

from hfaug.fields import Positive
from hfaug.mix import MixOp
from hfaug.moves import Warp
from hfaug.op import Reject
from hfaug.ops.mix.fitting import like_image
from hfaug.randomness import Stream
from hfaug.rows import Row
from hfaug.rows.mixing import lacks_labels, part_of, put_together

__all__ = ["MixUp"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class MixUp(MixOp):
    """Blend an image with that of another row, and their classes likewise, so that a model is even between classes.

    The class stays in its column; the shares go to a new column ``<label>_weights``, one number a class. A partner of
    another size is scaled to the image's size. The objects of both images stay.

    Args:
        alpha: Both parameters of the Beta distribution of the share, above 0; small values keep one of the two images
            nearly whole.
        pool: See `MixOp`.

    Moves: image; class weights; boxes, polygons, rle, masks of objects, areas and keypoints of objects.
    Rejects: rows without an image or another row to mix with, and partners without labels where the row has some.
    Source: H. Zhang et al., mixup: Beyond Empirical Risk Minimization, arXiv:1710.09412.

    >>> import hfaug
    >>> hfaug.ops.mix.MixUp(alpha=0.4).alpha
    0.4
    """

    needs: ClassVar[tuple[str, ...]] = ("image",)
    shifts: ClassVar[tuple[str, ...]] = ("image",)
    moves: ClassVar[tuple[str, ...]] = ("masks", "boxes", "polygons", "rle", "areas", "keypoints")
    may_change: ClassVar[tuple[str, ...]] = ("the class: two are blended",)

    alpha: Positive = 0.2

    @property
    def keeps_size(self) -> bool:
        """True."""
        return True

    def mix(self, row: Row, partner: Row, rng: Stream) -> tuple[Row, float] | Reject:
        """Draw the share and blend."""
        if not (row.scenes and partner.scenes):
            return Reject("no image to mix")
        if lacks_labels(row, partner):
            return Reject("a partner without labels")
        share = float(rng.generator().beta(self.alpha, self.alpha))
        own, theirs = row.scenes[0], partner.scenes[0]
        pixels = own.array
        theirs.warp(Warp.resize(theirs.size, own.size, border="edge"))
        other = like_image(theirs.array, pixels)
        blended = share * pixels.astype(np.float32) + (1 - share) * other.astype(np.float32)
        done = np.rint(blended).clip(0, np.iinfo(pixels.dtype).max).astype(pixels.dtype)
        everywhere = np.ones(own.size, dtype=bool)
        return put_together(row, done, [part_of(own, everywhere), part_of(theirs, everywhere)]), share
