"""Label maps of the image's size; moved with nearest-neighbour sampling, lossless."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hfaug.errors import LabelError
from hfaug.media import Picture
from hfaug.moves import Move
from hfaug.rows.places.label import Hidden, Size, fuse
from hfaug.rows.places.paths import write_path

if TYPE_CHECKING:
    from hfaug.rows.row import Row

__all__ = ["MaskLabel", "checked_size"]


@dataclass(frozen=True, eq=False)
class MaskLabel:
    """A label map, of classes or of instances; decoded when it is written."""

    path: str
    columns: frozenset[str]
    value: Any
    picture: Picture | None = None
    warps: tuple[Move, ...] = ()

    @property
    def is_moved(self) -> bool:
        """Whether it differs from what is stored."""
        return bool(self.warps) or self.picture is not None

    def moved(self, warps: Sequence[Move]) -> MaskLabel:
        """The mask after moves, which wait until the row is written."""
        queue = list(self.warps)
        for warp in warps:
            fuse(queue, warp)
        return replace(self, warps=tuple(queue))

    def cut(self, hidden: Hidden) -> MaskLabel:
        """The mask itself: what takes the place of pixels says which labels come with them."""
        return self

    def opened(self, row: Row, size: Size) -> Picture:
        """The mask as it stands in an image of ``(height, width)``."""
        mask = row.batch.open_mask(self.value) if self.picture is None else self.picture
        array = checked_size(self.path, mask.array, self.warps[0].source if self.warps else size)
        for warp in self.warps:
            array = warp.mask(array)
        return replace(mask, array=array)

    def replaced(self, picture: Picture) -> MaskLabel:
        """The mask as other code moved it: `opened`, with another array."""
        return replace(self, picture=picture, warps=())

    def write(self, row: Row, changed: dict[str, Any], size: Size, cleared: Collection[int] = ()) -> None:
        """Decode, move, encode.

        Args:
            row: The row.
            changed: Takes the new value.
            size: (height, width) of the image.
            cleared: Values whose pixels become 0, since their objects are gone.
        """
        mask = self.opened(row, size)
        array = mask.array
        if cleared and (gone := np.isin(array, list(cleared))).any():
            array = np.where(gone, np.zeros((), array.dtype), array)
        elif not self.is_moved:
            return
        write_path(row, changed, self.path, row.batch.store_mask(array, mask))


def checked_size(path: str, array: Any, size: Size) -> Any:
    """The array of a mask, if it has the size of its image.

    Raises:
        LabelError: It has not.
    """
    if array.shape[:2] != tuple(size):
        raise LabelError(
            f"column {path!r}: the mask must have the image's size {tuple(size)} (height, width), "
            f"has {array.shape[:2]}; correct the row"
        )
    return array
