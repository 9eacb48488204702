"""The images of rows as filters look at them, and a space in which those that look alike are near each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hfaug import media
from hfaug.backends import Seen, image_features
from hfaug.errors import add_context
from hfaug.filters.base import row_name

__all__ = ["PIXELS", "embedded", "looked_at", "nearest", "reduced"]

PIXELS = "pixels, 16x16 RGB, without their mean, of unit length"
"""The space where no model is given: in it an image is near to its copies that are recompressed, lighter, darker, noisy
or moved by a hundredth of their width; not to those that are mirrored, cut out, in other colours, or moved further."""

_SIDE = 16
_FLAT = 1.0
"""What the space has beside the pixels, in their levels: all that an image has which is grey all over."""
_BLOCK = 4096


def looked_at(row: Mapping[str, Any], column: str) -> Seen | None:
    """The image in a column, RGB on white, 8 bits; None where there is none.

    Args:
        row: A row with values as they are stored, or decoded.
        column: Its image column.

    Raises:
        MediaError: It is no image; the error names the row.
    """
    value = row[column]
    if value is None:
        return None
    stored = isinstance(value, (bytes, str)) or (isinstance(value, Mapping) and "bytes" in value)
    try:
        data = media.read_media(value) if stored else None
        array = (media.decode_image(data) if data is not None else media.picture_from(value)).array
    except Exception as error:
        add_context(error, row_name(row, column))
        raise
    if array.dtype == np.uint16:
        array = (array >> 8).astype(np.uint8)
    if array.shape[2] == 4:
        alpha = array[..., 3:].astype(np.uint16)
        array = ((array[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(array, (*array.shape[:2], 3)))


def reduced(image: Seen, side: int) -> Seen:
    """An image as a square of some pixels, each the mean of those that it stands for; the shape is not kept.

    Args:
        image: Shape (height, width, 3).
        side: Height and width of the result, in pixels.
    """
    import cv2

    way = cv2.INTER_AREA if min(image.shape[:2]) >= side else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (side, side), interpolation=way), np.uint8)


def embedded(images: Sequence[Seen], model: str | None, revision: str | None) -> npt.NDArray[np.float32]:
    """Where images lie: one vector of length 1 for each, shape (images, features).

    Args:
        images: Of any size.
        model: A feature extractor; None for `PIXELS`.
        revision: Its tag or commit.
    """
    if model is not None:
        found = image_features(model, revision=revision).embed(images)
    else:
        found = np.array([reduced(image, _SIDE).ravel() for image in images], np.float32).reshape(-1, 3 * _SIDE**2)
        found -= found.mean(axis=1, keepdims=True)
        found = np.pad(found, ((0, 0), (0, 1)), constant_values=_FLAT)
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    return np.asarray(found / np.maximum(lengths, 1e-6), np.float32)


def nearest(
    some: npt.NDArray[np.float32], others: npt.NDArray[np.floating[Any]], itself: npt.NDArray[np.intp] | None = None
) -> npt.NDArray[np.float32]:
    """The distance from each vector to the nearest of others, 1 less their cosine: 0 for the same direction, up to 2.

    Args:
        some: Vectors of length 1, shape (n, features).
        others: Vectors of length 1, shape (m, features), of which only some are looked at together.
        itself: The place of each of `some` among `others`, which does not count.
    """
    closest = np.full(len(some), -1, np.float32)
    for start in range(0, len(others), _BLOCK):
        near = some @ others[start : start + _BLOCK].astype(np.float32, copy=False).T
        if itself is not None:
            inside = (itself >= start) & (itself < start + _BLOCK)
            near[inside, itself[inside] - start] = -1
        np.maximum(closest, near.max(axis=1), out=closest)
    return np.maximum(1 - closest, 0)  # of equal vectors the product can come out a bit above 1
