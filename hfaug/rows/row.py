"""One row on its way through ops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hfaug.errors import RoleError, RowError, add_context
from hfaug.measures import measures
from hfaug.randomness import copy_key
from hfaug.rows.measures import write_measures
from hfaug.rows.passage import read_text
from hfaug.rows.places.paths import tops
from hfaug.rows.scene import Scene, open_scenes
from hfaug.rows.sound import Sound

if TYPE_CHECKING:
    from hfaug.roles import Roles
    from hfaug.rows.batch import Batch
    from hfaug.rows.footage import Footage

__all__ = ["KEPT", "Row"]

KEPT = -1
"""The place of a row among its own copies."""

_NO_SCENES: dict[str, list[Any]] = {}
_NO_SOUNDS: dict[str, Sound] = {}
"""What a row holds that opened nothing; shared, since a row of text must not cost two dictionaries. Never filled."""


class Row:
    """A row that ops read and change; what nobody touched stays where it was stored.

    Columns are read with ``row["name"]`` as stored values: an image is ``{"bytes", "path"}``, a class is its number.
    Contents are read by role: ``row.text``, ``row.pixels``, ``row.samples``. An op returns ``row.replace(name=value)``
    or ``row.with_text(...)``.

    Attributes:
        original: Kept beside its copies, and nothing changed it.
        id: What names the row (see the id rule of `hfaug.with_ids`).
        copy: Which copy of its source row it is: empty for a row that is not a copy, else one number a `Times`.
    """

    __slots__ = (
        "_measures", "_scenes", "_sounds", "batch", "copy", "index", "key", "original", "parents", "rejected", "roles",
        "values",
    )  # fmt: skip

    def __init__(self, batch: Batch, index: int, key: int) -> None:
        self.batch = batch
        self.index = index
        self.key = key
        self.copy: tuple[int, ...] = ()
        self.original = False
        self.parents: tuple[str, ...] = ()
        self.rejected: tuple[str, str] | None = None
        self.roles: Roles | None = None
        self.values: dict[str, Any] | None = None
        self._measures: tuple[tuple[str, str], ...] = ()
        self._scenes: dict[str, list[Any]] = _NO_SCENES  # of images and of videos
        self._sounds: dict[str, Sound] = _NO_SOUNDS

    @property
    def id(self) -> str:
        """The id of the source row."""
        return self.batch.ids[self.index]

    def __getitem__(self, column: str) -> Any:
        if self._holds(column):
            self.settle()
        return self.stored(column)

    def stored(self, column: str) -> Any:
        """The value of a column without the changes that still wait in an image or sound."""
        if self.values is not None and column in self.values:
            return self.values[column]
        return self.batch.value(column, self.index)

    def _holds(self, *columns: str) -> bool:
        """Whether an open image or sound decides what stands in some columns."""
        if not self.holds_contents:
            return False
        held = {*self._scenes, *self._sounds, *tops(self, *(path for _, path in self._measures))}
        for scenes in self._scenes.values():
            held.update(*(scene.columns for scene in scenes))
        held.update(*(sound.columns for sound in self._sounds.values()))
        return not held.isdisjoint(columns)

    def replace(self, values: Mapping[str, Any] | None = None, **more: Any) -> Row:
        """A row with other values in some columns; the lists and dictionaries given must not be changed afterwards.

        Args:
            values: New values by column name, in storage form.
            more: The same, for names that are identifiers.
        """
        row = self.fork()
        row.add_values({**(values or {}), **more})
        return row

    def fork(self, copy: int | None = None) -> Row:
        """A row of its own that shares the decoded source with this one.

        Args:
            copy: Number of the copy; it gets draws of its own.
        """
        row = Row(self.batch, self.index, self.key if copy is None else copy_key(self.key, copy))
        row.copy = self.copy if copy is None else (*self.copy, copy)
        row.parents, row.rejected, row.roles, row.original = self.parents, self.rejected, self.roles, self.original
        row.values = None if self.values is None else dict(self.values)
        row._measures = self._measures
        if self._scenes:
            row._scenes = {column: [scene.fork(row) for scene in scenes] for column, scenes in self._scenes.items()}
        if self._sounds:
            row._sounds = {column: sound.fork() for column, sound in self._sounds.items()}
        return row

    # ---- contents by role

    def column(self, role: str) -> str:
        """The column that plays a role for the op that is running."""
        found = self.roles.one(role) if self.roles is not None else None
        if found is None:
            raise RoleError(
                f"row: no column plays the role {role}; bind one with .on({role}=...) and name it in the op's needs"
            )
        return found

    @property
    def scenes(self) -> list[Scene]:
        """Every image of the image columns, with the labels that belong to it."""
        roles = self.roles
        if roles is None:
            raise RoleError('row: no column plays the role image; bind one with .on(image="...")')
        self._meet(roles)
        found: list[Scene] = []
        for column in roles.all("image"):
            if column not in self._scenes:
                self._scenes = {**self._scenes, column: open_scenes(self, column)}
            found.extend(self._scenes[column])
        return found

    @property
    def footage(self) -> list[Footage]:
        """Every video of the video columns, with the labels that belong to it."""
        from hfaug.rows.footage import open_footage

        found: list[Footage] = []
        self._meet(self.roles)
        for column in self.roles.all("video") if self.roles is not None else ():
            if column not in self._scenes:
                self._scenes = {**self._scenes, column: open_footage(self, column)}
            found.extend(self._scenes[column])
        return found

    def _meet(self, roles: Roles | None) -> None:
        """Know what measures the images, videos and sounds, from any of the ops that opened them."""
        fresh = [pair for pair in measures(roles.columns) if pair not in self._measures] if roles is not None else ()
        if fresh:
            self._measures = (*self._measures, *fresh)

    @property
    def sound(self) -> Sound | None:
        """The sound with the labels that belong to it; None where the row holds none."""
        column = self.column("audio")
        self._meet(self.roles)
        if column not in self._sounds:
            self._sounds = {**self._sounds, column: Sound.open(self, column)}
        sound = self._sounds[column]
        return sound if sound.present else None

    @property
    def text(self) -> str | None:
        """The text as it stands now; tokens are joined with single blanks."""
        assert self.roles is not None  # noqa: S101 - ops only run after their roles were resolved
        return read_text(self, self.roles)

    @property
    def pixels(self) -> npt.NDArray[np.uint8 | np.uint16]:
        """The (first) image as it stands now: (height, width, channels), RGB. Do not write into it.

        Raises:
            RowError: The row holds no image.
        """
        return _first_scene(self).array

    @property
    def samples(self) -> npt.NDArray[np.float32] | None:
        """The sound as it stands now: (channels, samples), -1..1. Do not write into it."""
        sound = self.sound
        return None if sound is None else sound.samples

    def with_text(self, text: str) -> Row:
        """A row with another text; an op that changes texts so cannot move labels in them, and must not say so."""
        return self.replace({self.column("text"): text})

    def with_pixels(self, pixels: npt.NDArray[Any]) -> Row:
        """A row whose (first) image has these pixels, encoded in the format of the image they replace."""
        row = self.fork()
        _first_scene(row).put(pixels)
        return row

    def with_samples(self, samples: npt.NDArray[np.float32]) -> Row:
        """A row whose sound has these samples, in the format of the sound they replace."""
        row = self.fork()
        sound = row.sound
        if sound is not None:
            sound.put(samples)
        return row

    def start_anew(self, pixels: npt.NDArray[Any], values: Mapping[str, Any]) -> Row:
        """A row whose (first) image is another one, of any size, with other labels.

        Args:
            pixels: (height, width, channels), of the type and channels of the image that they replace.
            values: The label columns that differ, in storage form.
        """
        row = self.fork()
        _first_scene(row).start_anew(pixels)
        row._write(dict(values))  # noqa: SLF001  # of the class of this file
        return row

    def settle(self) -> None:
        """Write what the contents became back into column values."""
        for column, scenes in self._scenes.items():
            with _told_of(self, column):
                self._write(_settled_scenes(self, column, scenes))
        for column, sound in self._sounds.items():
            with _told_of(self, column):
                changed = sound.settled(self)
                if changed:
                    write_measures(self, changed, self._measures, sound)
                self._write(changed)

    @property
    def is_copy(self) -> bool:
        """Whether it is a copy, and not the row itself kept among its copies."""
        return any(number != KEPT for number in self.copy)

    @property
    def holds_contents(self) -> bool:
        """Whether an image or a sound of the row is open."""
        return bool(self._scenes or self._sounds)

    def close(self) -> None:
        """Write the contents back and let go of what was decoded."""
        if self.holds_contents:
            self.settle()
            for column in self._scenes:
                self.batch.sources.pop((column, self.index), None)  # copies that are still open have it themselves
            for column in self._sounds:
                self.batch.sources.pop((column, self.index), None)
            self._scenes, self._sounds = _NO_SCENES, _NO_SOUNDS
        self.original = bool(self.copy) and not self.is_copy and self.values is None

    def drop_changes(self) -> None:
        """Be the source row again."""
        self.values = None
        self._scenes, self._sounds = _NO_SCENES, _NO_SOUNDS

    def add_values(self, values: Mapping[str, Any]) -> None:
        """Set column values in place, for layers around ops; an op returns `replace` instead."""
        if self._holds(*values):
            self.close()
        self._write(dict(values))

    def _write(self, changed: dict[str, Any]) -> None:
        if changed:
            self.values = {**(self.values or {}), **changed}


@contextmanager
def _told_of(row: Row, column: str) -> Iterator[None]:
    """Errors inside name the column and the file, where there is one: nobody finds a row by the hash of its content."""
    try:
        yield
    except Exception as error:
        value = row.batch.value(column, row.index)
        path = value.get("path") if isinstance(value, Mapping) else None
        notes = getattr(error, "__notes__", ())
        if any(note.startswith(f"column {column!r} with") for note in notes):
            raise
        known = f"column {column!r}" in notes
        told = [*([] if known else [f"column {column!r} with its labels"]), *([f"file {path!r}"] if path else [])]
        if told:
            add_context(error, ", ".join(told))
        raise


def _first_scene(row: Row) -> Scene:
    scenes = row.scenes
    if not scenes:
        raise RowError(f"row {row.id!r}: must hold an image, holds none; drop such rows first")
    return scenes[0]


def _settled_scenes(row: Row, column: str, scenes: list[Any]) -> dict[str, Any]:
    if not any(scene.changed for scene in scenes):
        return {}
    changed: dict[str, Any] = {}
    for scene in scenes:
        changed.update(scene.settled_labels())
        write_measures(row, changed, row._measures, scene)  # noqa: SLF001  # of the class of this file
    media = [scene.settled_media() for scene in scenes]
    if not row.batch.is_list(column):
        return {**changed, column: media[0]}
    after = iter(media)
    return {**changed, column: [None if item is None else next(after) for item in row.stored(column)]}
