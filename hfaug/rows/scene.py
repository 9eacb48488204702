"""An image with its labels, on its way through ops.

Changes wait in a queue. A warp that follows a warp multiplies into it, a colour matrix that follows a colour matrix
likewise, so a chain resamples once; pixels are decoded when somebody looks at them or when the row is written. Labels
follow the product of the warps, once, whatever colours came in between.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from hfaug.errors import RowError
from hfaug.moves import Field, Move, Warp
from hfaug.rows.colors import Color, apply_color, fuse_color
from hfaug.rows.places import (
    BoxLabel,
    MaskLabel,
    ObjectLabel,
    OrientedLabel,
    PlaceLabel,
    fuse,
    open_labels,
    write_labels,
)
from hfaug.rows.source import ImageSource, sources

if TYPE_CHECKING:
    from hfaug.roles import Roles
    from hfaug.rows.row import Row

__all__ = ["Scene", "open_scenes"]

Pixels = npt.NDArray[Any]
Edit = Callable[[Pixels], Pixels]


class Scene:
    """Pixels, masks, boxes and keypoints that move together.

    Attributes:
        row: The row that the image stands in.
    """

    __slots__ = ("_array", "_exact", "_labels", "_met", "_settled", "_size", "_source", "_todo", "_warps", "row")

    def __init__(self, row: Row, source: ImageSource) -> None:
        self.row = row
        self._source = source
        self._size: tuple[int, int] | None = None
        self._array: Pixels | None = None
        self._exact = False
        self._todo: list[Warp | Field | Color | Edit] = []
        self._warps: list[Move] = []
        self._labels: list[PlaceLabel] = []
        self._met: Roles | None = None
        self._settled: Any = None

    # ---- changes

    def warp(self, warp: Move) -> None:
        """Move everything; fuses with a warp that still waits."""
        if warp.is_identity:
            return
        self._meet(self.row.roles)
        self._settled = None
        fuse(self._todo, warp)
        self._warps.append(warp)
        self._size = warp.size

    def color(self, color: Color) -> None:
        """Change the colours; fuses with a colour matrix that still waits."""
        if color.is_identity:
            return
        self._settled = None
        fuse_color(self._todo, color)

    def edit(self, change: Edit) -> None:
        """Change pixels that stay in their places.

        Args:
            change: Returns an array of the same shape, or the same object for no change. It is called once, when the
                pixels are looked at or written.
        """
        self._settled = None
        self._todo.append(change)

    def put(self, pixels: Pixels, *, exact: bool = False) -> None:
        """Take other pixels of the same size.

        Args:
            pixels: (height, width, channels).
            exact: Whether they must come back as they are: an image that was stored with loss then becomes a PNG.

        Raises:
            RowError: They are of another size, so that labels would have to move.
        """
        if pixels.shape[:2] != self.size:
            raise RowError(
                f"row: pixels must keep the image's size {self.size} (height, width), have {pixels.shape[:2]}; "
                "change the size with a warp, so that labels follow"
            )
        self._flush()
        self._settled = None
        self._array = pixels
        self._exact = self._exact or exact

    def open_labels(self) -> list[PlaceLabel]:
        """The labels that the running op must move, as they stand now; for ops that move them by other code."""
        self._meet(self.row.roles)
        return list(self.labels)

    def replace(self, pixels: Pixels, labels: Sequence[PlaceLabel]) -> None:
        """Take another image of any size, with its labels as they stand in it.

        Args:
            pixels: (height, width, channels), or the very array that stands now for no change.
            labels: `open_labels`, each moved along with the pixels.
        """
        if pixels is not self.array:
            self._settled = None
            self._array = pixels
            self._size = (int(pixels.shape[0]), int(pixels.shape[1]))
        self._labels = list(labels)

    def cover(self, hidden: npt.NDArray[np.bool_]) -> None:
        """Count what a cover leaves to be seen of the objects that the running op knows of; they stay as they are.

        Args:
            hidden: (height, width): the pixels that it covers.
        """
        self._meet(self.row.roles)
        dimmed: list[PlaceLabel] = []
        for label in self._labels:
            if isinstance(label, MaskLabel):
                dimmed.append(label)
                continue
            held = cast("ObjectLabel", label)
            # The label itself goes on following all its moves at once.
            now = cast("ObjectLabel", held.moved(self._warps)) if self._warps else held
            dimmed.append(held.dimmed(now.seen(hidden)))
        self._labels = dimmed

    def start_anew(self, pixels: Pixels) -> None:
        """Take another image of any size; its labels are those that the row holds from now on."""
        self._array, self._size = pixels, (int(pixels.shape[0]), int(pixels.shape[1]))
        self._todo, self._warps, self._labels = [], [], []
        self._met = self._settled = None

    def _meet(self, roles: Roles | None) -> None:
        """Open the labels that the running op knows of; one that is opened late follows the warps from now on."""
        if roles is self._met or roles is None:
            return
        self._met = roles
        fresh = open_labels(self.row, roles, self.size, self._labels)
        if fresh:
            self._labels = [*self.labels, *fresh]

    # ---- what stands now

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) as it stands now, with the changes that still wait."""
        return self._source.size if self._size is None else self._size

    @property
    def array(self) -> Pixels:
        """(height, width, channels) as it stands now. Do not write into it."""
        self._flush()
        return self._source.picture.array if self._array is None else self._array

    @property
    def labels(self) -> list[PlaceLabel]:
        """The labels as they stand now."""
        if self._warps:
            self._labels = [label.moved(self._warps) for label in self._labels]
            self._warps = []
        return self._labels

    @property
    def boxes(self) -> npt.NDArray[np.float64]:
        """(n, 4) x1, y1, x2, y2 of the boxes that the running op knows of, in pixels as they stand now.

        Askew ones count by the upright box around them, cut at the border. Looking at them settles nothing: they still
        follow all their moves at once.
        """
        self._meet(self.row.roles)
        found = [label for label in self._labels if isinstance(label, (BoxLabel, OrientedLabel))]
        moved = [label.moved(self._warps) if self._warps else label for label in found]
        return np.concatenate([np.empty((0, 4)), *(_upright(label, self.size) for label in moved)])

    @property
    def columns(self) -> set[str]:
        """The columns of the open labels."""
        return {column for label in self._labels for column in label.columns}

    @property
    def changed(self) -> bool:
        """Whether anything of the image or its labels differs from what is stored."""
        return self._repainted or any(label.is_moved for label in self.labels)

    @property
    def _repainted(self) -> bool:
        self._flush()  # an edit may turn out to change nothing
        return self._array is not None

    def fork(self, row: Row) -> Scene:
        """A scene of its own, for a fork of the row, that shares the decoded source."""
        if any(not isinstance(step, (Warp, Field, Color)) for step in self._todo):
            self._flush()  # an edit draws: both go on from what it drew
        twin = Scene(row, self._source)
        twin._array, twin._todo, twin._warps = self._array, list(self._todo), list(self._warps)
        twin._labels, twin._met = self._labels, self._met
        twin._size, twin._settled, twin._exact = self._size, self._settled, self._exact
        return twin

    def _flush(self) -> None:
        todo, self._todo = self._todo, []
        if todo and self._array is None and (shrunk := self._source.shrunk(todo[0])) is not None:
            self._array = shrunk
            todo = todo[1:]
        for step in todo:
            before = self._source.picture.array if self._array is None else self._array
            after = _applied(step, before)
            if after is not before:
                self._array = after

    # ---- back to storage

    def settled_media(self) -> Any:
        """The image in storage form: what was stored when nothing changed, else encoded once."""
        if not self._repainted:
            return self._source.value
        if self._settled is None:
            facts = self._source.facts
            if self._exact and not facts.lossless:
                facts = replace(facts, format="PNG", lossless=True)
            self._settled = self.row.batch.store_image(self.array, facts)
        return self._settled

    def settled_labels(self) -> dict[str, Any]:
        """The changed label columns, in storage form."""
        return write_labels(self.row, self.labels, self.size)


def _upright(label: BoxLabel | OrientedLabel, size: tuple[int, int]) -> npt.NDArray[np.float64]:
    if isinstance(label, BoxLabel):
        return label.boxes
    around = np.concatenate([label.corners.min(axis=1), label.corners.max(axis=1)], axis=1)
    return around.clip(0, [size[1], size[0]] * 2)


def _applied(step: Warp | Field | Color | Edit, pixels: Pixels) -> Pixels:
    if isinstance(step, (Warp, Field)):
        return step.image(pixels)
    return apply_color(pixels, step) if isinstance(step, Color) else step(pixels)


def open_scenes(row: Row, column: str) -> list[Scene]:
    """The images of a row's column; a null or an empty list gives none."""
    return [Scene(row, source) for source in sources(row, column, ImageSource)]
