"""Pixels on their way to a pipeline and back: RGB of 8 bits there, what the source is here."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hfaug.ops.mix.fitting import like_image
from hfaug.rows import Row

__all__ = ["as_rgb", "drawn_like", "feathered", "with_drawn"]

Pixels = npt.NDArray[Any]
_RGB = np.empty((1, 1, 3), np.uint8)


def as_rgb(array: Pixels) -> npt.NDArray[np.uint8]:
    """An image as pipelines take it."""
    return np.ascontiguousarray(like_image(array, _RGB), np.uint8)


def drawn_like(drawn: Pixels, source: Pixels) -> Pixels:
    """A drawn image in the size, the channels and the type of the one it was drawn from, whose alpha stays."""
    import cv2

    size = source.shape[:2]
    if drawn.shape[:2] != size:
        shrinks = drawn.shape[0] * drawn.shape[1] > size[0] * size[1]
        drawn = cv2.resize(drawn, size[::-1], interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    found = like_image(drawn, source)
    if source.shape[2] == 4:
        found = np.concatenate([found[..., :3], source[..., 3:]], axis=2)
    return found


def feathered(source: Pixels, drawn: Pixels, region: npt.NDArray[np.bool_], feather_px: float) -> Pixels:
    """An image with a region of it drawn anew; the rest is the very same.

    Args:
        source: The image.
        drawn: What was drawn, of the same shape and type.
        region: (height, width): what is drawn anew.
        feather_px: Pixels over which what was drawn grows stronger, inside the region.
    """
    if not feather_px:
        return np.where(region[..., None], drawn, source)
    import cv2

    inside = cv2.distanceTransform(region.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    share = np.minimum(inside / (feather_px + 1), 1)[..., None]
    mixed = np.rint(share * drawn + (1 - share) * source.astype(np.float64)).astype(source.dtype)
    return np.where(region[..., None], mixed, source)


def with_drawn(row: Row, pixels: Pixels, *, exact: bool = False) -> Row:
    """A row whose image has these pixels, encoded at once, since the model draws on meanwhile.

    Args:
        row: The row.
        pixels: Of the size, the channels and the type of its image.
        exact: Whether they must come back as they are: an image that was stored with loss then becomes a PNG.
    """
    fork = row.fork()
    scene = fork.scenes[0]
    scene.put(pixels, exact=exact)
    scene.settled_media()
    return fork
