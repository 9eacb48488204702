"""Which pixels of an image show its objects."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from hfaug.errors import LabelError
from hfaug.media import Picture
from hfaug.rows import Row, Scene
from hfaug.rows.mixing import shapes_of
from hfaug.rows.places import MaskLabel, gather

__all__ = ["Region", "colored", "edges_of", "grown", "mask_of", "object_region"]

Region: TypeAlias = npt.NDArray[np.bool_]


def object_region(row: Row, scene: Scene, values: Sequence[int] = ()) -> Region:
    """The pixels of all objects: by the mask; of those that it lacks along their masks and outlines, else the boxes.

    Args:
        row: The row.
        scene: Its image.
        values: What the objects are in the mask; all but 0 when empty.
    """
    labels = scene.open_labels()
    found = np.zeros(scene.size, dtype=bool)
    masks = [label for label in labels if isinstance(label, MaskLabel)]
    for mask in masks:
        array: Any = mask.opened(row, scene.size).array
        found |= (np.isin(array, values) if values else array != 0).any(axis=2)
    in_masks = found.copy()
    for objects in () if masks and values else gather(labels, row, scene.size):
        for shape in shapes_of(objects, scene.size, whole=True).values():
            if not (in_masks & shape).any():
                found |= shape
    return found


def grown(region: Region, margin_px: float) -> Region:
    """A region with all pixels that lie within a margin of it.

    >>> grown(np.array([[True, False, False]]), 1).tolist()
    [[True, True, False]]
    """
    if not margin_px or not region.any():
        return region
    import cv2

    outside = cv2.distanceTransform((~region).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(outside <= margin_px + math.ulp(margin_px), dtype=bool)


def mask_of(row: Row, scene: Scene) -> Picture | None:
    """The first mask of an image as it stands; None where the row has none."""
    masks = [label for label in scene.open_labels() if isinstance(label, MaskLabel)]
    return masks[0].opened(row, scene.size) if masks else None


def colored(mask: Picture, palette: Sequence[Sequence[float]] = ()) -> npt.NDArray[np.uint8]:
    """A label map in colours: of a palette, else its own, else the colours of Pascal VOC.

    Args:
        mask: The label map; one of colours is taken as it is.
        palette: The RGB colour of each value.

    Raises:
        LabelError: A value has no colour.
    """
    array = mask.array
    if array.shape[2] >= 3:
        return np.ascontiguousarray(array[..., :3], np.uint8)
    values = array[..., 0].astype(np.int64)
    table = np.array(palette, np.uint8).reshape(-1, 3)
    if not palette and mask.palette is not None:
        table = np.frombuffer(mask.palette, np.uint8).reshape(-1, 3)
    elif not palette:
        table = _voc_colors(256)
    if values.min() < 0 or values.max() >= len(table):
        raise LabelError(
            f"mask: each value must have a colour, {values.max()} is beyond the {len(table)} there are; give a palette "
            "with a colour for each value"
        )
    return table[values]


def _voc_colors(count: int) -> npt.NDArray[np.uint8]:
    """The colours of Pascal VOC: the bits of a value, three by three, from the highest bits of red, green, blue on."""
    values = np.arange(count)
    found = np.zeros((count, 3), np.uint8)
    for place in range(8):
        for channel in range(3):
            bit = (values >> (3 * place + channel)) & 1
            found[:, channel] |= (bit << (7 - place)).astype(np.uint8)
    return found


def edges_of(array: npt.NDArray[np.uint8], thresholds: tuple[float, float]) -> npt.NDArray[np.uint8]:
    """The edges of an RGB image, white on black, by Canny's method.

    Args:
        array: The image.
        thresholds: Gradients from which on an edge goes on, and from which on one begins.
    """
    import cv2

    gray = cv2.cvtColor(array, cv2.COLOR_RGB2GRAY)
    return np.asarray(np.repeat(cv2.Canny(gray, *thresholds)[..., None], 3, axis=2), np.uint8)
