"""The labels of a video's frames: each frame is a scene of its own, whose labels follow the moves of the picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hfaug.errors import add_context
from hfaug.frames import frame_columns, frame_features, joined_frames, split_frames
from hfaug.moves import Move
from hfaug.rows.batch import Batch
from hfaug.rows.row import Row
from hfaug.rows.scene import Scene

if TYPE_CHECKING:
    from hfaug.roles import Roles

__all__ = ["FrameLabels"]

Size = tuple[int, int]


class FrameBatch(Batch):
    """The frames of one video as rows, each with its part of the labels."""

    def __init__(self, row: Row, count: int) -> None:
        super().__init__(row.batch.features, row.batch.codec)
        self.row = row
        self.count = count
        self.names: tuple[str, ...] = ()
        self.ids = [row.id] * count
        self._parts: dict[str, Sequence[Any]] = {}

    def meet(self, roles: Roles) -> None:
        """Read the columns of some roles as columns of frames."""
        features = self.row.batch.features
        self.names = tuple(dict.fromkeys([*self.names, *frame_columns(features, roles.columns, roles.binding)]))
        self.features = frame_features(features, self.names, f"row {self.row.id!r}")

    def __len__(self) -> int:
        return self.count

    def column(self, name: str) -> Sequence[Any]:
        if name not in self._parts:
            value = self.row.stored(name)
            split = split_frames(value, self.row.batch.features[name], self.count, name) if name in self.names else None
            self._parts[name] = [value] * self.count if split is None else split
        return self._parts[name]

    def collect(self, rows: Sequence[Row], schema: Any, lineage: Any) -> Any:
        """Frames are no rows of a dataset."""
        raise NotImplementedError

    def open_mask(self, value: Any) -> Any:
        return self.row.batch.open_mask(value)

    def store_mask(self, array: npt.NDArray[Any], like: Any) -> Any:
        return self.row.batch.store_mask(array, like)


class _Still:
    """What a scene must know of an image that nobody looks at."""

    def __init__(self, size: Size) -> None:
        self.size = size


class FrameLabels:
    """The labels of the frames of one video, in the order in which the frames are shown."""

    def __init__(self, row: Row, count: int, size: Size) -> None:
        self._batch = FrameBatch(row, count)
        self._size = size
        self._order: npt.NDArray[np.int64] = np.arange(count)
        self._scenes: list[Scene] | None = None
        self._in_order = True

    @property
    def columns(self) -> set[str]:
        """The columns that may change."""
        return set(self._batch.names)

    def meet(self, roles: Roles | None) -> None:
        """Know of the labels of the op that is running."""
        if roles is not None:
            self._batch.meet(roles)

    def warp(self, move: Move, roles: Roles) -> None:
        """Move the labels of every frame alike."""
        for number, scene in enumerate(self._opened(roles)):
            try:
                scene.warp(move)
            except Exception as error:
                add_context(error, f"in frame {number}")
                raise

    def cover(self, hidden: npt.NDArray[np.bool_], roles: Roles) -> None:
        """Lay the same cover over every frame."""
        for scene in self._opened(roles):
            scene.cover(hidden)

    def boxes(self, roles: Roles) -> npt.NDArray[np.float64]:
        """(n, 4) x1, y1, x2, y2 of the boxes of all frames, in pixels as they stand now."""
        return np.concatenate([np.empty((0, 4)), *(scene.boxes for scene in self._opened(roles))])

    def _opened(self, roles: Roles) -> list[Scene]:
        """The scenes of all frames, for an op that knows of some labels; none where no frame has labels."""
        self.meet(roles)
        if not self._batch.names:
            return []
        if self._scenes is None:
            rows = (Row(self._batch, int(number), 0) for number in self._order)
            self._scenes = [Scene(row, _Still(self._size)) for row in rows]  # type: ignore[arg-type] # never decoded
        for scene in self._scenes:
            scene.row.roles = roles
        return self._scenes

    def pick(self, frames: npt.NDArray[np.int64]) -> None:
        """Show other frames: of each new one, the number of the one that it was."""
        if self._scenes is not None:
            seen: set[int] = set()
            picked = []
            for number in frames.tolist():
                scene = self._scenes[number]
                picked.append(scene.fork(scene.row.fork()) if number in seen else scene)
                seen.add(number)
            self._scenes = picked
        self._order = self._order[frames]
        self._in_order = False

    def fork(self, row: Row) -> FrameLabels:
        """Labels of their own for a fork of the row."""
        twin = FrameLabels(row, self._batch.count, self._size)
        twin._batch.names, twin._batch.features = self._batch.names, self._batch.features
        twin._order, twin._in_order = self._order, self._in_order
        if self._scenes is not None:
            twin._scenes = [scene.fork(_frame_of(twin._batch, scene.row)) for scene in self._scenes]
        return twin

    def settled(self) -> dict[str, Any]:
        """The columns that changed, in storage form."""
        changed = [scene.settled_labels() for scene in self._scenes] if self._scenes is not None else None
        touched = {name for part in changed or () for name in part}
        result: dict[str, Any] = {}
        for name in self._batch.names:
            if self._in_order and name not in touched:
                continue
            stored = self._batch.column(name)
            parts = [
                changed[place][name] if changed is not None and name in changed[place] else stored[number]
                for place, number in enumerate(self._order.tolist())
            ]
            row = self._batch.row
            result[name] = joined_frames(row.stored(name), row.batch.features[name], parts)
        return result


def _frame_of(batch: FrameBatch, frame: Row) -> Row:
    twin = Row(batch, frame.index, frame.key)
    twin.roles = frame.roles
    return twin
