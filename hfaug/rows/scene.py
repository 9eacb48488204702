"""An image with its labels, on its way through ops.

Changes wait in a queue. A warp that follows a warp multiplies into it, a colour matrix that follows a colour matrix likewise, so a
chain resamples once; pixels are decoded when somebody looks at them or when the row is written. Labels follow the product of the
warps, once, whatever colours came in between.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from hfaug import media
from hfaug.errors import LabelError, add_context
from hfaug.moves import Warp
from hfaug.rows.colors import Color, apply_color
from hfaug.rows.places import BoxLabel, MaskLabel, PlaceLabel, PointLabel

if TYPE_CHECKING:
    from hfaug.roles import Roles
    from hfaug.rows.batch import Batch
    from hfaug.rows.row import Row

__all__ = ["ImageSource", "Scene", "open_scenes"]

Pixels = npt.NDArray[Any]


class ImageSource:
    """The stored image, read and decoded once for all copies of its row."""

    __slots__ = ("_picture", "_size", "batch", "value")

    def __init__(self, batch: Batch, value: Any) -> None:
        self.batch = batch
        self.value = value
        self._picture: media.Picture | None = None
        self._size: tuple[int, int] | None = None

    @property
    def picture(self) -> media.Picture:
        """The decoded image."""
        if self._picture is None:
            self._picture = self.batch.open_image(self.value)
            self._size = self._picture.size
        return self._picture

    @property
    def size(self) -> tuple[int, int]:
        """(height, width), from the header when nothing was decoded yet."""
        if self._size is None:
            self._size = self.batch.measure_image(self.value)
        return self._size


class Scene:
    """Pixels, masks, boxes and keypoints that move together.

    Attributes:
        size: (height, width) as it stands now, with the changes that still wait.
    """

    __slots__ = ("_array", "_labels", "_settled", "_source", "_todo", "_warps", "batch", "size")

    def __init__(self, batch: Batch, source: ImageSource, labels: list[PlaceLabel]) -> None:
        self.batch = batch
        self._source = source
        self._labels = labels
        self._array: Pixels | None = None
        self._todo: list[Warp | Color] = []
        self._warps: list[Warp] = []
        self._settled: Any = None
        self.size = source.size

    # ---- changes

    def warp(self, warp: Warp) -> None:
        """Move everything; fuses with a warp that still waits."""
        if warp.is_identity:
            return
        self._settled = None
        _push(self._todo, warp)
        _push(self._warps, warp)
        self.size = warp.size

    def color(self, color: Color) -> None:
        """Change the colours; fuses with a colour matrix that still waits."""
        if color.is_identity:
            return
        self._settled = None
        last = self._todo[-1] if self._todo else None
        if isinstance(last, Color) and (joined := last.then(color)) is not None:
            self._todo[-1] = joined
        else:
            self._todo.append(color)

    def edit(self, change: Callable[[Pixels], Pixels]) -> None:
        """Change pixels that stay in their places. `change` returns an array of the same size, or the same object for no change."""
        before = self.array
        after = change(before)
        if after is not before:
            self.put(after)

    def put(self, pixels: Pixels) -> None:
        """Take other pixels of the same size."""
        self._flush()
        self._settled = None
        self._array = pixels

    # ---- what stands now

    @property
    def array(self) -> Pixels:
        """(height, width, channels) as it stands now. Do not write into it."""
        self._flush()
        return self._source.picture.array if self._array is None else self._array

    @property
    def labels(self) -> list[PlaceLabel]:
        """The labels as they stand now."""
        for warp in self._warps:
            self._labels = [label.moved(warp) for label in self._labels]
        self._warps = []
        return self._labels

    @property
    def changed(self) -> bool:
        """Whether anything of the image differs from what is stored."""
        return self._array is not None or bool(self._todo)

    def fork(self) -> Scene:
        """A scene of its own that shares the decoded source."""
        twin = Scene(self.batch, self._source, list(self._labels))
        twin._array, twin._todo, twin._warps = self._array, list(self._todo), list(self._warps)
        twin.size, twin._settled = self.size, self._settled
        return twin

    def _flush(self) -> None:
        todo, self._todo = self._todo, []
        for step in todo:
            before = self._source.picture.array if self._array is None else self._array
            self._array = step.image(before) if isinstance(step, Warp) else apply_color(before, step)

    # ---- back to storage

    def settled_media(self) -> Any:
        """The image in storage form: what was stored when nothing changed, else encoded once."""
        if not self.changed:
            return self._source.value
        if self._settled is None:
            self._settled = self.batch.store_image(self.array, self._source.picture)
        return self._settled

    def settled_labels(self, row: Row) -> dict[str, Any]:
        """The changed label columns, in storage form."""
        moved = [label for label in self.labels if label.is_moved]
        changed: dict[str, Any] = {}
        for label in moved:
            label.write(row, changed, self.size)
        return changed


def _push(queue: list[Any], warp: Warp) -> None:
    last = queue[-1] if queue else None
    if isinstance(last, Warp) and (joined := last.then(warp)) is not None:
        queue[-1] = joined
        if joined.is_identity:
            queue.pop()
    else:
        queue.append(warp)


def open_scenes(row: Row, column: str, roles: Roles) -> list[Scene]:
    """The images of a row's column, each with its labels; a null or an empty list gives none."""
    many = row.batch.is_list(column)
    try:
        sources = _sources(row, column, many)
        return [Scene(row.batch, source, _open_labels(row, roles, source, many)) for source in sources]
    except Exception as error:
        raise add_context(error, f"column {column!r}")


def _sources(row: Row, column: str, many: bool) -> list[ImageSource]:
    """The stored images; those that no op replaced are shared by all copies of the row."""
    if row.values and column in row.values:
        return _open_sources(row.batch, row.values[column], many)
    kept = row.batch.sources
    if (column, row.index) not in kept:
        kept[column, row.index] = _open_sources(row.batch, row.batch.value(column, row.index), many)
    found: list[ImageSource] = kept[column, row.index]
    return found


def _open_sources(batch: Batch, value: Any, many: bool) -> list[ImageSource]:
    items = (value or []) if many else [value]
    return [ImageSource(batch, item) for item in items if item is not None]


def _open_labels(row: Row, roles: Roles, source: ImageSource, many: bool) -> list[PlaceLabel]:
    if many and any(roles.all(role) for role in ("mask", "boxes", "keypoints")):
        raise LabelError(
            "row: labels of a list of images cannot be told apart; hold one image a row, or remove the labels"
        )
    labels: list[PlaceLabel] = [MaskLabel.open(row, path) for path in roles.all("mask")]
    labels += [BoxLabel.open(row, path, roles.binding, source) for path in roles.all("boxes")]
    labels += [PointLabel.open(row, path, roles.binding) for path in roles.all("keypoints")]
    return labels
