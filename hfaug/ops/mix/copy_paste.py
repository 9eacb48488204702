"""Copy objects out of one image into another."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt
from datasets import Features

from hfaug.errors import RoleError
from hfaug.fields import Limit, Share
from hfaug.groups import object_groups
from hfaug.mix import MixOp
from hfaug.op import Reject
from hfaug.ops.mix.fitting import laid_over, like_image
from hfaug.randomness import Stream
from hfaug.roles import Roles
from hfaug.rows import Row
from hfaug.rows.mixing import Part, cut_out, lacks_labels, part_of, put_together, shapes_of

__all__ = ["CopyPaste"]

Pixels = npt.NDArray[Any]


@dataclasses.dataclass(frozen=True, kw_only=True)
class CopyPaste(MixOp):
    """Copy objects out of another row's image into an image, so that a model sees them in more surroundings.

    Objects are cut out along their masks, run lengths or polygons, and where none is bound as the boxes they stand in.
    The other image is scaled to fit, varied, perhaps mirrored, and shifted; then the drawn objects are pasted with all
    that belongs to them. Objects under them shrink to what is left, or go. The class of the image stays.

    Args:
        share: Chance of each object of the partner to be pasted, 0..1; at least one is.
        scale: Range of the size of the partner, 1 being that at which it fits into the image, above 0.
        mirror: Chance that the partner is mirrored, 0..1.
        feather_px: Pixels over which pasted edges fade, from 0 up; labels know the sharp edges.
        pool: See `MixOp`.

    Moves: image, mask; boxes, polygons, rle, masks of objects, areas and keypoints of objects.
    Rejects: rows without an image or another row, and partners that show no object or lack labels.
    Source: G. Ghiasi et al., Simple Copy-Paste is a Strong Data Augmentation Method, arXiv:2012.07177.

    >>> import hfaug
    >>> hfaug.ops.mix.CopyPaste(share=1).share
    1.0
    """

    needs: ClassVar[tuple[str, ...]] = ("image",)
    shifts: ClassVar[tuple[str, ...]] = ("image",)
    moves: ClassVar[tuple[str, ...]] = ("mask", "masks", "boxes", "polygons", "rle", "areas", "keypoints")
    may_change: ClassVar[tuple[str, ...]] = ("left and right", "where things stand")
    weighs: ClassVar[bool] = False

    share: Share = 0.5
    scale: Annotated[tuple[float, float], Limit(0, ordered=True, above=True)] = (0.6, 1.2)
    mirror: Share = 0.5
    feather_px: Annotated[float, Limit(0, 100)] = 0.0

    def adds(self, features: Features, roles: Roles) -> Features:
        """Nothing; but objects must be known."""
        if not object_groups(features, roles.columns, roles.binding):
            raise RoleError(
                "CopyPaste: needs objects to copy, none are bound; say what they are, as in "
                '.on(boxes="objects.bbox", box_format="coco", polygons="objects.segmentation")'
            )
        return super().adds(features, roles)

    @property
    def keeps_size(self) -> bool:
        """True."""
        return True

    def mix(self, row: Row, partner: Row, rng: Stream) -> tuple[Row, float] | Reject:
        """Draw how the partner is laid over the image and which objects stay of it."""
        factor, mirrored, y, x = rng.uniform(*self.scale), rng.random() < self.mirror, rng.random(), rng.random()
        if not (row.scenes and partner.scenes):
            return Reject("no image to mix")
        if lacks_labels(row, partner):
            return Reject("a partner without labels")
        own, theirs = row.scenes[0], partner.scenes[0]
        move = laid_over(theirs.size, own.size, factor, (y, x), mirrored=mirrored)
        # Objects at its border must not fade into what lies outside.
        above = like_image(dataclasses.replace(move, border="edge").image(theirs.array), own.array)
        theirs.warp(move)
        pasted = self._chosen(part_of(theirs, np.zeros(own.size, dtype=bool)), rng)
        if not pasted.region.any():
            return Reject("no object to paste")
        done = self._blended(own.array, above, pasted.region)
        cut_out(own, pasted.region)
        return put_together(row, done, [part_of(own, ~pasted.region), pasted]), 1.0

    def _chosen(self, part: Part, rng: Stream) -> Part:
        """The part with the drawn objects alone, and the pixels that show them."""
        shapes = [shapes_of(objects, part.scene.size) for objects in part.objects]
        draws = [rng.child(place).generator().random(1 + max(found, default=0)) for place, found in enumerate(shapes)]
        drawn = [draws[place][number] for place, found in enumerate(shapes) for number in found]
        limit = max(self.share, min(drawn, default=0.0) + 1e-12)
        region, chosen = part.region.copy(), []
        for objects, found, draw in zip(part.objects, shapes, draws, strict=True):
            kept = tuple(number for number in found if draw[number] < limit)
            for number in kept:
                region |= found[number]
            chosen.append(dataclasses.replace(objects, kept=kept))
        return Part(part.scene, region, tuple(chosen))

    def _blended(self, below: Pixels, above: Pixels, region: npt.NDArray[np.bool_]) -> Pixels:
        if not self.feather_px:
            return np.where(region[..., None], above, below)
        import cv2

        alpha = cv2.GaussianBlur(region.astype(np.float32), (0, 0), self.feather_px / 2)[..., None]
        return np.asarray(np.rint(alpha * above + (1 - alpha) * below)).astype(below.dtype)
