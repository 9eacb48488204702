"""The check that all labels of an object go together. It looks at results and shares no arithmetic with moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hfaug import media
from hfaug.media.runs import decode_runs
from hfaug.plan import Plan
from hfaug.testing.case import Case, must

__all__ = ["check_objects"]

Mask = npt.NDArray[np.bool_]

_NEAR_PX = 2  # how far a pixel of a mask may lie from an outline that was moved as often as the mask was resampled


def check_objects(case: Case) -> None:
    """The box, outline, run lengths and number of an object show one and the same object."""
    if case.sample != "instances":
        return
    roles = next((leaf.roles for leaf in Plan(case.op, case.rows.features).leaves if leaf.roles is not None), None)
    if roles is None or not roles.all("polygons"):
        return
    for place, row in enumerate(case.op(case.table).to_pylist()):
        if row["image"] is None or row["objects"] is None:
            continue
        size = media.image_size(row["image"]["bytes"])
        numbers = {item["number"] for item in row["objects"]}
        must(len(numbers) == len(row["objects"]), f"row {place}: two objects have one number")
        shown = media.decode_mask(row["instance_mask"]["bytes"]).array
        strange = sorted(set(np.unique(shown).tolist()) - numbers - {0})
        must(not strange, f"row {place}: the mask shows {strange}, which no object has as its number")
        for item in row["objects"]:
            _check_object(item, size, f"row {place}, object {item['number']}")


def _check_object(item: Mapping[str, Any], size: tuple[int, int], where: str) -> None:
    must(tuple(item["rle"]["size"]) == size, f"{where}: its run lengths are of {item['rle']['size']}, not of {size}")
    runs = decode_runs(item["rle"]["counts"], size)
    must(runs.any(), f"{where}: its mask is empty")
    drawn = np.any([_inside(ring, size) for ring in item["segmentation"]] or [np.zeros(size, bool)], axis=0)
    stray = (runs & ~_near(drawn, _NEAR_PX)) if drawn.any() else drawn
    must(not stray.any(), f"{where}: its mask shows {stray.sum()} pixels far from its outline")
    stray = drawn & ~_near(runs, _NEAR_PX)
    must(not stray.any(), f"{where}: its outline goes round {stray.sum()} pixels far from its mask")
    x, y, width, height = item["bbox"]
    points = [np.reshape(ring, (-1, 2)) for ring in item["segmentation"]]
    low, high = (np.array(end) for end in ((x, y), (x + width, y + height)))
    for ring in points:
        beyond = max((low - ring).max(), (ring - high).max())
        must(beyond < 1.0, f"{where}: its outline lies {beyond:.2f} pixels beyond its box")
    must(len(item["keypoints"]) == 9, f"{where}: it has {len(item['keypoints'])} numbers of keypoints in place of 9")


def _inside(ring: Sequence[float], size: tuple[int, int]) -> Mask:
    """The pixels whose centres have an odd number of edges to their left."""
    corners = np.reshape(ring, (-1, 2))
    y, x = np.indices(size) + 0.5
    inside = np.zeros(size, dtype=bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        crosses = (y0 <= y) != (y1 <= y)
        share = (y - y0) / (y1 - y0 if y1 != y0 else 1.0)
        inside ^= crosses & (x > x0 + share * (x1 - x0))
    return inside


def _near(mask: Mask, reach: int) -> Mask:
    """A mask and all pixels around it."""
    padded = np.pad(mask, reach)
    height, width = mask.shape
    found = np.zeros_like(mask)
    for down in range(2 * reach + 1):
        for right in range(2 * reach + 1):
            found |= padded[down : down + height, right : right + width]
    return found
