"""A video with its labels, on its way through ops.

Changes wait, as those of an image do: warps and colours fuse, and changes of time fuse into one list of which frame is
shown when. When the row is written, frames stream once from the file through what waits into a new file, so that few of
them are ever held. A copy of a row reads the file again: on 640x360 decoding takes a tenth of the time that encoding
takes, so that sharing it among three copies would save 7 %, and hold three encoders in memory at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hfaug import media
from hfaug.errors import LabelError, add_context
from hfaug.moves import Field, FrameTimes, Move, Retiming, TimeMap, Warp
from hfaug.rows.colors import Color, apply_color, fuse_color
from hfaug.rows.footage_labels import FrameLabels
from hfaug.rows.places import fuse
from hfaug.rows.segments import clock_of, move_segments
from hfaug.rows.source import sources

if TYPE_CHECKING:
    from hfaug.rows.batch import Batch
    from hfaug.rows.row import Row

__all__ = ["FilmSource", "Footage", "open_footage"]

Pixels = npt.NDArray[Any]
FrameEdit = Callable[[Pixels, int], Pixels]

_SAMPLED = 5
"""Frames that statistics of a clip are taken of."""


class FilmSource:
    """The stored video, read once for all copies of its row."""

    __slots__ = ("_column", "_film", "batch", "value")

    def __init__(self, batch: Batch, column: str, value: Any) -> None:
        self.batch = batch
        self.value = value
        self._column = column
        self._film: media.Film | None = None

    @property
    def film(self) -> media.Film:
        """The file and what its frames are."""
        if self._film is None:
            try:
                self._film = self.batch.open_video(self.value)
            except Exception as error:
                add_context(error, f"column {self._column!r}")
                raise
        return self._film


@dataclass(frozen=True, eq=False)
class _Edit:
    """A change of pixels, and which number each frame that is shown had when it was asked for."""

    change: FrameEdit
    numbers: npt.NDArray[np.int64]


class Footage:
    """Frames, sound, and the labels that belong to them.

    Attributes:
        row: The row that the video stands in.
    """

    __slots__ = (
        "_labels", "_map", "_order", "_repainted", "_segments", "_settled", "_silent", "_size", "_source", "_times",
        "_todo", "row",
    )  # fmt: skip

    def __init__(self, row: Row, source: FilmSource) -> None:
        self.row = row
        self._source = source
        film = source.film
        self._size = film.size
        self._order: npt.NDArray[np.int64] = np.arange(film.count)
        self._times = FrameTimes(film.starts_s, film.duration_s)
        self._map: TimeMap | None = None
        self._todo: list[Warp | Field | Color | _Edit] = []
        self._labels = FrameLabels(row, film.count, film.size)
        self._segments: tuple[tuple[str, str | None], ...] = ()
        self._silent = False
        self._repainted = False
        self._settled: Any = None

    # ---- changes of pixels, the same for all frames

    def warp(self, warp: Move) -> None:
        """Move every frame alike, with its labels; fuses with a warp that still waits."""
        if warp.is_identity:
            return
        self._touch()
        if self.row.roles is not None:
            self._labels.warp(warp, self.row.roles)
        fuse(self._todo, warp)
        self._size = warp.size

    def color(self, color: Color) -> None:
        """Change the colours of every frame alike; fuses with a colour that still waits."""
        if color.is_identity:
            return
        self._touch()
        fuse_color(self._todo, color)

    def edit_frames(self, change: FrameEdit) -> None:
        """Change pixels that stay in their places.

        Args:
            change: Gets a frame and its number; returns an array of the same shape, or the same object for no change.
        """
        self._touch()
        self._todo.append(_Edit(change, np.arange(self._times.count)))

    def cover(self, hidden: npt.NDArray[np.bool_]) -> None:
        """Count in every frame what a cover leaves to be seen of its objects; see `Scene.cover`."""
        if self.row.roles is not None:
            self._touch()
            self._labels.cover(hidden, self.row.roles)

    # ---- changes of time

    @property
    def times(self) -> FrameTimes:
        """When the frames are shown, as it stands now."""
        return self._times

    def retime(self, move: Retiming) -> None:
        """Show other frames at other times; sound, time labels and labels of frames follow."""
        if move.is_identity(self._times):
            return
        self._touch()
        roles = self.row.roles
        self._labels.meet(roles)
        self._labels.pick(move.frames)
        if roles is not None:
            units = roles.binding.time_units
            if units == "samples" and roles.all("segments"):
                raise LabelError(
                    f"row {self.row.id!r}: times of a video must be seconds or milliseconds, not samples; "
                    "correct .on(time_units=...)"
                )
            found = ((path, units) for path in roles.all("segments"))
            self._segments = tuple(dict.fromkeys([*self._segments, *found]))
        if move.map is not None:
            self._map = move.map if self._map is None else self._map.then(move.map)
        self._order = self._order[move.frames]
        self._todo = [
            replace(step, numbers=step.numbers[move.frames]) if isinstance(step, _Edit) else step for step in self._todo
        ]
        self._times = move.times

    def drop_sound(self) -> None:
        """Leave every sound track out."""
        if self._source.film.sounds and not self._silent:
            self._touch()
            self._silent = True

    def _touch(self) -> None:
        self._settled = None

    # ---- what stands now

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) as it stands now."""
        return self._size

    @property
    def array(self) -> Pixels:
        """Some frames, spread over the clip, as they stand now: one below the other, for statistics of the clip."""
        count = self._times.count
        places = np.unique(np.linspace(0, count - 1, min(_SAMPLED, count)).round().astype(np.int64))
        return np.concatenate(list(self._painted(places)))

    @property
    def boxes(self) -> npt.NDArray[np.float64]:
        """(n, 4) x1, y1, x2, y2 of the boxes of all frames, in pixels as they stand now; see `Scene.boxes`."""
        roles = self.row.roles
        return np.empty((0, 4)) if roles is None else self._labels.boxes(roles)

    @property
    def columns(self) -> set[str]:
        """The columns of the labels that may change."""
        return self._labels.columns | {path for path, _ in self._segments}

    @property
    def changed(self) -> bool:
        """Whether anything may differ from what is stored."""
        return bool(self._todo) or self._is_cut or self._silent or bool(self._labels.settled())

    @property
    def _is_cut(self) -> bool:
        film = self._source.film
        same = np.array_equal(self._order, np.arange(film.count))
        return not (
            same
            and (self._map is None or self._map.is_identity)
            and np.array_equal(self._times.starts_s, film.starts_s)
            and self._times.duration_s == film.duration_s
        )

    def fork(self, row: Row) -> Footage:
        """Footage of its own, for a fork of the row, of the same file."""
        twin = Footage(row, self._source)
        twin._size, twin._order, twin._times, twin._map = self._size, self._order, self._times, self._map
        twin._todo, twin._labels = list(self._todo), self._labels.fork(row)
        twin._segments, twin._silent, twin._settled = self._segments, self._silent, self._settled
        return twin

    # ---- back to storage

    def settled_media(self) -> Any:
        """The video in storage form: what was stored when nothing changed, else read once and encoded once."""
        if not (self._todo or self._is_cut or self._silent):
            return self._source.value
        if self._settled is None:
            self._settled = self._encoded()
        return self._settled

    def settled_labels(self) -> dict[str, Any]:
        """The changed label columns, in storage form."""
        changed = self._labels.settled()
        if self._map is not None:
            for path, units in self._segments:
                changed[path] = move_segments(self.row.stored(path), self._map, path, clock_of(units, 1, 1))
        return changed

    def _encoded(self) -> Any:
        film = self._source.film
        if not (self._todo or self._is_cut) and (silent := media.without_sound(film)) is not None:
            return {"bytes": silent, "path": None}
        places = np.arange(self._times.count)
        self._repainted = any(not isinstance(step, _Edit) for step in self._todo)
        frames = self._painted(places) if self._todo else media.read_frames(film, self._order)
        pieces = None if self._map is None or self._map.is_identity else self._map.pieces
        stored = self.row.batch.store_video(
            frames,
            film,
            starts_s=self._times.starts_s,
            duration_s=self._times.duration_s,
            size=self._size,
            sound=None if self._silent else media.SoundTrack(pieces, self._times.duration_s),
        )
        return stored if self._repainted or self._is_cut or self._silent else self._source.value

    def _painted(self, places: npt.NDArray[np.int64]) -> Iterator[Pixels]:
        """Some of the frames with all that waits done to them."""
        film = self._source.film
        plain = not any(isinstance(step, _Edit) for step in self._todo)
        last: tuple[Any, Pixels] | None = None
        for place, frame in zip(places.tolist(), media.read_frames(film, self._order[places]), strict=True):
            if last is not None and last[0] is frame and plain:
                yield last[1]
                continue
            before = after = media.pixels_of(film, frame)
            before.flags.writeable = False
            for step in self._todo:
                after = _applied(step, after, place)
            self._repainted = self._repainted or after is not before
            last = (frame, after)
            yield after


def _applied(step: Warp | Field | Color | _Edit, pixels: Pixels, place: int) -> Pixels:
    if isinstance(step, Color):
        return apply_color(pixels, step)
    if isinstance(step, _Edit):
        return step.change(pixels, int(step.numbers[place]))
    return step.image(pixels)


def open_footage(row: Row, column: str) -> list[Footage]:
    """The videos of a row's column; a null or an empty list gives none."""
    return [Footage(row, source) for source in sources(row, column, FilmSource)]
