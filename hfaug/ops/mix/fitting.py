"""One image in the form of another: its channels and levels, and a place within its border."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hfaug.moves import Warp, compose, flip, scaling, translation
from hfaug.rows import LUMA

__all__ = ["laid_over", "like_image"]

Pixels = npt.NDArray[Any]


def like_image(array: Pixels, like: Pixels) -> Pixels:
    """An image with the channels and the type of another; white stays white, and what has no alpha is opaque."""
    return np.asarray(_leveled(_channeled(array, like.shape[2]), like.dtype))


def _leveled(array: Pixels, kind: np.dtype[Any]) -> Pixels:
    if array.dtype == kind:
        return array
    return (array.astype(np.uint16) * np.uint16(257)) if kind == np.uint16 else ((array + 128.0) // 257).astype(kind)


def _channeled(array: Pixels, channels: int) -> Pixels:
    if array.shape[2] == channels:
        return array
    colour = array[:, :, :3] if array.shape[2] >= 3 else np.repeat(array[:, :, :1], 3, axis=2)
    if channels == 1:
        return np.asarray(np.rint(colour @ LUMA)).astype(array.dtype)[:, :, None]
    if channels == 3:
        return colour
    opaque = np.full((*array.shape[:2], 1), np.iinfo(array.dtype).max, array.dtype)
    return np.concatenate([colour, array[:, :, 3:] if array.shape[2] == 4 else opaque], axis=2)


def laid_over(
    size: tuple[int, int], target: tuple[int, int], factor: float, place: Sequence[float], *, mirrored: bool
) -> Warp:
    """The move of an image into one of another size: scaled by what makes it fit, and somewhere within its border.

    Args:
        size: (height, width) of the image.
        target: (height, width) of the other one.
        factor: Its scale; with 1 it just fits.
        place: Shares 0..1 of the room that is left, or lacking: from the top, from the left.
        mirrored: Whether left and right change places.
    """
    scale = factor * min(target[0] / size[0], target[1] / size[1])
    y, x = (share * (after - scale * before) for share, before, after in zip(place, size, target, strict=True))
    steps = [scaling(scale, scale), translation(x, y)]
    return Warp(compose(*([flip(size, "horizontal")] if mirrored else []), *steps), size, target)
