"""Mix two images and their classes."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.fields import Positive
from hfaug.mix import MixOp
from hfaug.op import Reject
from hfaug.randomness import Stream
from hfaug.rows import Row

__all__ = ["MixUp"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class MixUp(MixOp):
    """Blend an image with that of another row, and their classes likewise, so that a model is even between classes.

    The class stays in its column; the shares go to a new column ``<label>_weights``, one number a class. A partner of
    another size is
    scaled to the image's size.

    Args:
        alpha: Both parameters of the Beta distribution of the share, above 0; small values keep one of the two images
            nearly whole.
        pool: See `MixOp`.

    Moves: image; class weights.
    Rejects: rows without an image, or without another row to mix with.
    Source: H. Zhang et al., mixup: Beyond Empirical Risk Minimization, arXiv:1710.09412.

    >>> import hfaug
    >>> hfaug.ops.mix.MixUp(alpha=0.4).alpha
    0.4
    """

    needs: ClassVar[tuple[str, ...]] = ("image", "label")
    shifts: ClassVar[tuple[str, ...]] = ("image",)
    may_change: ClassVar[tuple[str, ...]] = ("the class: two are blended",)

    alpha: Positive = 0.2

    def mix(self, row: Row, partner: Row, rng: Stream) -> tuple[Row, float] | Reject:
        """Draw the share and blend."""
        if not (row.scenes and partner.scenes):
            return Reject("no image to mix")
        share = float(rng.generator().beta(self.alpha, self.alpha))
        own = row.pixels
        other = _fitted(partner.pixels, own)
        scale = 65535 if own.dtype == np.uint16 else 255
        blended = share * own.astype(np.float32) + (1 - share) * other
        return row.with_pixels(np.rint(blended).clip(0, scale).astype(own.dtype)), share


def _fitted(array: npt.NDArray[Any], like: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """An image in the size, channels and levels of another."""
    import cv2

    levels = 65535 if array.dtype == np.uint16 else 255
    wanted = 65535 if like.dtype == np.uint16 else 255
    height, width, channels = like.shape
    if array.shape[2] != channels:
        array = _with_channels(array, channels, levels)
    if array.shape[:2] != (height, width):
        shrinks = array.shape[0] > height or array.shape[1] > width
        array = cv2.resize(array, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    scaled: npt.NDArray[np.float32] = array.reshape(height, width, channels).astype(np.float32) * np.float32(
        wanted / levels
    )
    return scaled


def _with_channels(array: npt.NDArray[Any], channels: int, opaque: int) -> npt.NDArray[Any]:
    colour = array[:, :, :3] if array.shape[2] >= 3 else np.repeat(array[:, :, :1], 3, axis=2)
    if channels == 1:
        grey = np.rint(colour.astype(np.float64) @ np.array([0.299, 0.587, 0.114]))
        return np.asarray(grey, dtype=array.dtype)[:, :, None]
    if channels == 3:
        return colour
    alpha = array[:, :, 3:] if array.shape[2] == 4 else np.full((*array.shape[:2], 1), opaque, array.dtype)
    return np.concatenate([colour, alpha], axis=2)
