"""Objects as they are shown: outlines, askew boxes, and masks of single objects, each in the colour of its class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from hfaug import media
from hfaug.binding import ORIENTED
from hfaug.media.runs import decode_runs
from hfaug.preview.look import Look, class_names, value_at
from hfaug.preview.pictures import Outline
from hfaug.rows.places import box_corners, read_rings, run_items

__all__ = ["object_masks", "object_names", "outlines"]

Size = tuple[int, int]


def object_names(row: Mapping[str, Any], look: Look, path: str, count: int) -> Iterator[tuple[str, int | str]]:
    """Name and colour of each object: by its class, where one lies beside it."""
    top, _, field = path.partition(".")
    beside = value_at(row, top) if field else None
    fields = beside if isinstance(beside, Mapping) else (beside[0] if beside else {})
    places = [*look.binding.box_labels, *(f"{top}.{name}" for name in fields if name != field)]
    held = [(place, value_at(row, place)) for place in places]
    fits = [(place, values) for place, values in held if isinstance(values, list) and len(values) == count]
    fits.sort(key=lambda fit: not class_names(look.features, fit[0]))
    for number in range(count):
        value = fits[0][1][number] if fits else None
        names = class_names(look.features, fits[0][0]) if fits else ()
        if isinstance(value, int) and 0 <= value < len(names):
            yield names[value], value
        elif isinstance(value, str):
            yield value[:20], value
        else:
            yield "", number


def outlines(row: Mapping[str, Any], look: Look, size: Size) -> Iterator[Outline]:
    """Polygons, and boxes that stand askew.

    Args:
        row: The row, in storage form.
        look: What its columns are shown as.
        size: (height, width) of the image.
    """
    said = look.binding
    scale = [size[1], size[0]] if said.outline_units == "relative" else [1, 1]
    for path in look.all("polygons"):
        value = value_at(row, path) or []
        names = object_names(row, look, path, len(value))
        for item, (name, colour) in zip(value, names, strict=True):
            rings = read_rings(item)[1] or []
            yield Outline(tuple(ring * scale for ring in rings), "" if look.all("boxes") else name, colour)
    for path in look.all("boxes") if said.box_format in ORIENTED else ():
        corners = box_corners(value_at(row, path) or [], said, size)
        names = object_names(row, look, path, len(corners))
        for ring, (name, colour) in zip(corners, names, strict=True):
            yield Outline((ring,), name, colour, front=True)


def object_masks(row: Mapping[str, Any], look: Look, size: Size) -> Iterator[npt.NDArray[np.int64]]:
    """Label maps of the masks of objects: the number of its class, from 1 up, where an object is."""
    for role in ("rle", "masks"):
        for path in look.all(role):
            value = value_at(row, path)
            items = [] if value is None else run_items(value) if role == "rle" else value
            shown = np.zeros(size, dtype=np.int64)
            for item, (_, colour) in zip(items, object_names(row, look, path, len(items)), strict=True):
                if item is not None:
                    inside = _runs(item, size) if role == "rle" else _mask(item)
                    shown[inside] = 1 + (colour if isinstance(colour, int) else sum(colour.encode()))
            yield shown


def _runs(item: Any, size: Size) -> npt.NDArray[np.bool_]:
    counts = item["counts"] if isinstance(item, Mapping) else item
    return decode_runs(counts, size)


def _mask(item: Any) -> npt.NDArray[np.bool_]:
    inside: npt.NDArray[np.bool_] = (media.decode_mask(media.read_media(item) or b"").array != 0).any(axis=2)
    return inside
