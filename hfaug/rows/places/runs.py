"""Masks of objects as COCO's run lengths: with the mask's size or alone, as texts or as numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hfaug.columns import SPLIT
from hfaug.errors import LabelError
from hfaug.media import Picture
from hfaug.media.runs import decode_runs, encode_runs, pack_counts
from hfaug.moves import Move
from hfaug.rows.places.figures import FigureLabel
from hfaug.rows.places.label import Origin, Size

__all__ = ["RunLabel", "run_items"]

_BITS = 8


@dataclass(frozen=True, eq=False)
class RunLabel(FigureLabel):
    """Run lengths, one mask an object; each is written back as text or as numbers, as it came."""

    @classmethod
    def open(cls, origin: Origin, value: Any, size: Size) -> RunLabel:
        """Run lengths of a row, not read yet."""
        return cls(origin, tuple(run_items(value)), size)

    def _read(self, item: Any) -> Picture:
        counts = item["counts"] if isinstance(item, Mapping) else item
        size = item.get("size") if isinstance(item, Mapping) else None
        if size is not None and tuple(map(int, size)) != tuple(self.size):
            raise LabelError(
                f"column {self.path!r}: run lengths must be of the image's size {tuple(self.size)} (height, width), "
                f"are of {tuple(size)}; correct the row"
            )
        try:
            mask = decode_runs(counts if isinstance(counts, (str, bytes)) else list(counts), self.size)
        except (ValueError, TypeError) as error:
            split = f"; {SPLIT}" if str(counts).lstrip()[:1] in ("[", "{") and isinstance(counts, str) else ""
            raise LabelError(f"column {self.path!r}: {error}{split}") from error
        return Picture(mask.astype(np.uint8)[..., None], mode="L")

    def _write(self, picture: Picture, item: Any) -> Any:
        runs = encode_runs(picture.array[..., 0])
        old = item["counts"] if isinstance(item, Mapping) else item
        counts: Any = runs
        if isinstance(old, str):
            counts = pack_counts(runs)
        elif isinstance(old, bytes):
            counts = pack_counts(runs).encode("ascii")
        if not isinstance(item, Mapping):
            return counts
        sized = {"size": [*picture.size]} if item.get("size") is not None else {}
        return {**item, "counts": counts, **sized}

    def _carried(self, pictures: Sequence[Picture | None], warp: Move) -> list[Picture | None]:
        """The masks after a move, eight at a time as the bits of one: nearest neighbours take values as they are."""
        moved: list[Picture | None] = [None] * len(pictures)
        found = [(number, picture) for number, picture in enumerate(pictures) if picture is not None]
        for start in range(0, len(found), _BITS):
            some = found[start : start + _BITS]
            plane = np.zeros(warp.source, dtype=np.uint8)
            for bit, (_, picture) in enumerate(some):
                plane |= picture.array[..., 0] << bit
            after = warp.mask(plane)
            for bit, (number, picture) in enumerate(some):
                moved[number] = replace(picture, array=((after >> bit) & 1)[..., None])
        return moved


def run_items(value: Any) -> list[Any]:
    """The run lengths of each object, out of a list of them, a struct of lists, or those of one object."""
    if not isinstance(value, Mapping):
        return list(value)
    counts = value["counts"]
    if isinstance(counts, (str, bytes)) or (len(counts) and np.ndim(counts[0]) == 0 and not _is_text(counts[0])):
        return [value]
    names = list(value)
    return [dict(zip(names, items, strict=True)) for items in zip(*value.values(), strict=True)]


def _is_text(value: Any) -> bool:
    return isinstance(value, (str, bytes))
