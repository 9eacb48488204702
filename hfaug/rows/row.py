"""One row on its way through ops."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hfaug.errors import RoleError
from hfaug.randomness import copy_key
from hfaug.rows.passage import read_text
from hfaug.rows.scene import Scene, open_scenes
from hfaug.rows.sound import Sound

if TYPE_CHECKING:
    from hfaug.roles import Roles
    from hfaug.rows.batch import Batch

__all__ = ["KEPT", "Row"]

KEPT = -1
"""The place of a row among its own copies."""


class Row:
    """A row that ops read and change; what nobody touched stays where it was stored.

    Columns are read with ``row["name"]`` as stored values: an image is ``{"bytes", "path"}``, a class is its number. Contents are
    read by role: ``row.text``, ``row.pixels``, ``row.samples``. An op returns ``row.replace(name=value)`` or ``row.with_text(...)``.

    Attributes:
        original: Kept beside its copies, and nothing changed it.
        id: What names the row (see the id rule of `hfaug.with_ids`).
        copy: Which copy of its source row it is: empty for a row that is not a copy, else one number a `Times`.
    """

    __slots__ = (
        "_scenes", "_sound", "batch", "copy", "index", "key", "original", "parents", "rejected", "roles", "values",
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
        self._scenes: dict[str, list[Scene]] | None = None
        self._sound: Sound | None = None

    @property
    def id(self) -> str:
        """The id of the source row."""
        return self.batch.ids[self.index]

    def __getitem__(self, column: str) -> Any:
        if self._scenes is not None or self._sound is not None:
            self.settle()
        if self.values is not None and column in self.values:
            return self.values[column]
        return self.batch.value(column, self.index)

    def replace(self, values: Mapping[str, Any] | None = None, **more: Any) -> Row:
        """A row with other values in some columns; the lists and dictionaries given must not be changed afterwards.

        Args:
            values: New values by column name, in storage form.
            more: The same, for names that are identifiers.
        """
        row = self.fork()
        row.settle()
        row.values = {**(row.values or {}), **(values or {}), **more}
        row._scenes = row._sound = None
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
        if self._scenes is not None:
            row._scenes = {column: [scene.fork() for scene in scenes] for column, scenes in self._scenes.items()}
        row._sound = None if self._sound is None else self._sound.fork()
        return row

    # ---- contents by role

    def _column(self, role: str) -> str:
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
        if self._scenes is None:
            self._scenes = {}
        found: list[Scene] = []
        for column in roles.all("image"):
            if column not in self._scenes:
                self._scenes[column] = open_scenes(self, column, roles)
            found.extend(self._scenes[column])
        return found

    @property
    def sound(self) -> Sound | None:
        """The sound with the labels that belong to it; None where the row holds none."""
        if self._sound is None:
            assert self.roles is not None  # noqa: S101 - ops only run after their roles were resolved
            self._sound = Sound.open(self, self.roles)
        return self._sound if self._sound.present else None

    @property
    def text(self) -> str | None:
        """The text as it stands now; tokens are joined with single blanks."""
        assert self.roles is not None  # noqa: S101 - ops only run after their roles were resolved
        return read_text(self, self.roles)

    @property
    def pixels(self) -> npt.NDArray[np.uint8 | np.uint16]:
        """The image as it stands now: (height, width, channels), RGB. Do not write into it."""
        return self.scenes[0].array

    @property
    def samples(self) -> npt.NDArray[np.float32] | None:
        """The sound as it stands now: (channels, samples), -1..1. Do not write into it."""
        sound = self.sound
        return None if sound is None else sound.samples

    def with_text(self, text: str) -> Row:
        """A row with another text; the op must refuse rows with labels inside the text, or declare that it moves them."""
        return self.replace({self._column("text"): text})

    def with_pixels(self, pixels: npt.NDArray[Any]) -> Row:
        """A row whose (first) image has these pixels, encoded in the format of the image they replace."""
        row = self.fork()
        row.scenes[0].put(pixels)
        return row

    def with_samples(self, samples: npt.NDArray[np.float32]) -> Row:
        """A row whose sound has these samples, in the format of the sound they replace."""
        row = self.fork()
        sound = row.sound
        if sound is not None:
            sound.put(samples)
        return row

    def settle(self) -> None:
        """Write what the contents became back into column values."""
        for column, scenes in (self._scenes or {}).items():
            self._write(_settled_scenes(self, column, scenes))
        if self._sound is not None:
            self._write(self._sound.settled(self))

    @property
    def is_copy(self) -> bool:
        """Whether it is a copy, and not the row itself kept among its copies."""
        return any(number != KEPT for number in self.copy)

    def close(self) -> None:
        """Write the contents back and let go of what was decoded."""
        if self._scenes is not None or self._sound is not None:
            self.settle()
            self._scenes = self._sound = None
        self.original = bool(self.copy) and not self.is_copy and self.values is None

    def drop_changes(self) -> None:
        """Be the source row again."""
        self.values = None
        self._scenes = self._sound = None

    def add_values(self, values: Mapping[str, Any]) -> None:
        """Set column values in place, for layers around ops; an op returns `replace` instead."""
        self._write(dict(values))

    def _write(self, changed: dict[str, Any]) -> None:
        if changed:
            self.values = {**(self.values or {}), **changed}


def _settled_scenes(row: Row, column: str, scenes: list[Scene]) -> dict[str, Any]:
    if not any(scene.changed for scene in scenes):
        return {}
    changed: dict[str, Any] = {}
    for scene in scenes:
        changed.update(scene.settled_labels(row))
    media = [scene.settled_media() for scene in scenes]
    if not row.batch.is_list(column):
        return {**changed, column: media[0]}
    held = row.values[column] if row.values and column in row.values else row.batch.value(column, row.index)
    after = iter(media)
    return {**changed, column: [None if item is None else next(after) for item in held]}
