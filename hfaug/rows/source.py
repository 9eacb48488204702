"""The stored images of a row, and what was decoded of them so far; how copies share what is stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy.typing as npt

from hfaug import media
from hfaug.errors import add_context
from hfaug.moves import Warp, reduction_of, warp_reduced

if TYPE_CHECKING:
    from hfaug.rows.batch import Batch
    from hfaug.rows.row import Row

__all__ = ["ImageSource", "sources"]

Pixels = npt.NDArray[Any]
T = TypeVar("T")
SourceT = TypeVar("SourceT")


class ImageSource:
    """The stored image, read and decoded once for all copies of its row."""

    __slots__ = ("_column", "_picture", "_reduced", "_size", "batch", "value")

    def __init__(self, batch: Batch, column: str, value: Any) -> None:
        self.batch = batch
        self.value = value
        self._column = column
        self._picture: media.Picture | None = None
        self._reduced: dict[int, media.Reduced | None] = {}
        self._size: tuple[int, int] | None = None

    @property
    def picture(self) -> media.Picture:
        """The decoded image."""
        if self._picture is None:
            self._picture = self._asked(self.batch.open_image)
            # Copies share it: an op that wrote into it would change its siblings.
            self._picture.array.flags.writeable = False
            self._size = self._picture.size
        return self._picture

    @property
    def facts(self) -> media.Picture:
        """What encoding must know of the image; its pixels may be of fewer."""
        found = next((reduced for reduced in self._reduced.values() if reduced is not None), None)
        return self.picture if self._picture is not None or found is None else found.picture

    def shrunk(self, step: object) -> Pixels | None:
        """What becomes of the image under a warp that shrinks it so much that a part of the decoding can be spared.

        By how much less is decoded follows from the warp alone: never from what the copies beside it do, or a copy
        would look otherwise in other company. Copies of equal need share one decode.

        Args:
            step: The first change that waits.

        Returns:
            None where all pixels are needed.
        """
        factor = reduction_of(step)
        if factor == 1 or not isinstance(step, Warp):
            return None
        if factor not in self._reduced:
            found = self._asked(lambda value: self.batch.open_reduced(value, factor))
            if found is not None:
                found.picture.array.flags.writeable = False
            self._reduced[factor] = found
        reduced = self._reduced[factor]
        if reduced is None:
            return None
        return warp_reduced(step, reduced.picture.array, factor, reduced.left, reduced.top)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width), from the header when nothing was decoded yet."""
        if self._size is None:
            self._size = self._asked(self.batch.measure_image)
        return self._size

    def _asked(self, question: Callable[[Any], T]) -> T:
        try:
            return question(self.value)
        except Exception as error:
            add_context(error, f"column {self._column!r}")
            raise


def sources(row: Row, column: str, opens: Callable[[Batch, str, Any], SourceT]) -> list[SourceT]:
    """The stored contents of a row's column; those that no op replaced are shared by all copies of the row.

    Args:
        row: The row.
        column: Holds one content, or a list.
        opens: Makes a source of a batch, a column and a value.
    """
    if row.values and column in row.values:
        return _opened(row.batch, column, row.values[column], opens)
    kept = row.batch.sources
    if (column, row.index) not in kept:
        kept[column, row.index] = _opened(row.batch, column, row.batch.value(column, row.index), opens)
    found: list[SourceT] = kept[column, row.index]
    return found


def _opened(batch: Batch, column: str, value: Any, opens: Callable[[Batch, str, Any], SourceT]) -> list[SourceT]:
    items = (value or []) if batch.is_list(column) else [value]
    return [opens(batch, column, item) for item in items if item is not None]
