"""Plain callables as ops: on a text, on pixels, on samples, on a whole row."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from datasets import Features

from hfaug import provenance
from hfaug.errors import ParameterError, RowError
from hfaug.kinds import ImageOp, Pixels
from hfaug.moves import Edits
from hfaug.op import Op, Reject
from hfaug.plan import Run
from hfaug.randomness import Stream
from hfaug.roles import Roles
from hfaug.rows import Row, Scene, edit_text
from hfaug.wrap.calls import Call

__all__ = ["PixelFunction", "RowFunction", "SampleFunction", "TextFunction", "checked_pixels"]

_UNKNOWN = ("whatever the wrapped function changes",)


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Function(Op):
    """What wrapped callables share.

    Args:
        function: The callable, frozen.
        draws: Whether it may draw from the global generators.
    """

    may_change: ClassVar[tuple[str, ...]] = _UNKNOWN

    function: str
    draws: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self._reach()

    def _reach(self) -> None:
        """Set what the other ops say of their class and this one knows of itself only: `shifts`, `moves`, `needs`."""

    def _say(self, **said: tuple[str, ...]) -> None:
        for name, value in said.items():
            object.__setattr__(self, name, value)

    @classmethod
    def op_name(cls) -> str:
        """``hfaug.wrap:TextFunction`` and so on, wherever the class stands."""
        return f"hfaug.wrap:{cls.__name__}"

    @property
    def call(self) -> Call:
        """The callable of this process."""
        return Call.of(self.function, draws=self.draws)

    def run(self, rows: Sequence[Row], run: Run) -> list[Row]:
        """Change rows in order; the process's own random state is the same afterwards."""
        with self.call.isolated():
            return super().run(rows, run)


@dataclasses.dataclass(frozen=True, kw_only=True)
class TextFunction(_Function):
    """A callable that gives another text for a text. Made by ``hfaug.wrap(f, reads="text")``.

    Args:
        function: The callable, frozen.
        draws: Whether it may draw from the global generators.
        still: Whether every character stays in its place. Labels in the text then follow; otherwise nobody knows where
            they went, and a text with labels is refused.

    Moves: text; spans, answers, words with their tags, if it is still.
    Rejects: what the callable rejects.
    Source: the callable.

    >>> import hfaug
    >>> from datasets import Dataset
    >>> op = hfaug.wrap(str.upper, reads="text")
    >>> hfaug.augment(Dataset.from_dict({"text": ["so"]}), op, keep=False)["text"][:]
    ['SO']
    """

    needs: ClassVar[tuple[str, ...]] = ("text",)
    shifts: ClassVar[tuple[str, ...]] = ("text",)

    still: bool = False

    def _reach(self) -> None:
        self._say(moves=("spans", "answers", "tags") if self.still else ())

    def apply(self, row: Row, rng: Stream) -> Row | Reject:
        """Give the text to the callable."""
        before, roles = row.text, row.roles
        if before is None or roles is None:
            return row
        after = self.call(before, rng)
        if isinstance(after, Reject):
            return after
        if not isinstance(after, str):
            raise RowError(f"wrap: a function that reads a text must return a text or Reject, returned {_kind(after)}")
        if not self.still:
            return row if after == before else row.with_text(after)
        if len(after) != len(before):
            raise RowError(
                f"wrap: a function with shifts=() must keep every character in its place, made {len(after)} of "
                f"{len(before)}; leave shifts=() out"
            )
        pairs = enumerate(zip(before, after, strict=True))
        edit_text(row, roles, Edits((at, at + 1, new) for at, (old, new) in pairs if old != new))
        return row


@dataclasses.dataclass(frozen=True, kw_only=True)
class PixelFunction(_Function, ImageOp):
    """A callable that gives other pixels for pixels. Made by ``hfaug.wrap(f, reads="pixels")``.

    Args:
        function: The callable, frozen; gets a (height, width, channels) array of its own.
        draws: Whether it may draw from the global generators.
        still: Whether pixels stay in their places. Otherwise an image with boxes, masks or keypoints is refused.

    Moves: image alone.
    Rejects: nothing.
    Source: the callable.

    >>> import hfaug
    >>> hfaug.wrap(lambda pixels: 255 - pixels, reads="pixels").still
    True
    """

    needs: ClassVar[tuple[str, ...]] = ("image",)

    still: bool = True

    def _reach(self) -> None:
        self._say(shifts=() if self.still else ("image",))

    def change(self, scene: Scene, rng: Stream) -> None:
        """Give the pixels to the callable."""
        before = scene.array
        after = checked_pixels(self.call(before.copy(), rng), before)
        if self.still and after.shape[:2] != before.shape[:2]:
            raise RowError(
                f"wrap: a function on pixels must keep their size {before.shape[:2]} (height, width), made "
                f'{after.shape[:2]}; say shifts="image" if it moves pixels'
            )
        if not (np.array_equal(after[:8], before[:8]) and np.array_equal(after, before)):  # a few lines tell most
            scene.replace(after, scene.labels)


def checked_pixels(value: Any, before: Pixels) -> Pixels:
    """What a callable returned for pixels, if it can be stored."""
    after = value[:, :, None] if isinstance(value, np.ndarray) and value.ndim == 2 else value
    fits = isinstance(after, np.ndarray) and after.ndim == 3 and after.dtype == before.dtype
    if not (fits and after.shape[2] in {1, 3, 4} and after.size):
        raise RowError(
            f"wrap: a function that reads pixels must return {before.dtype} of shape (height, width, 1, 3 or 4), "
            f"returned {_kind(value)}; round, clip and convert what it computes"
        )
    return after


@dataclasses.dataclass(frozen=True, kw_only=True)
class SampleFunction(_Function):
    """A callable that gives other samples for samples. Made by ``hfaug.wrap(f, reads="samples")``.

    Args:
        function: The callable, frozen; gets a (channels, samples) float32 array of its own, and the samples a second if
            it has a parameter ``rate`` or ``sample_rate``.
        draws: Whether it may draw from the global generators.
        still: Whether samples stay in time. Otherwise a sound with time labels is refused.

    Moves: samples alone.
    Rejects: what the callable rejects.
    Source: the callable.

    >>> import hfaug
    >>> hfaug.wrap(lambda samples: -samples, reads="samples").still
    True
    """

    needs: ClassVar[tuple[str, ...]] = ("audio",)

    still: bool = True

    def _reach(self) -> None:
        self._say(shifts=() if self.still else ("audio",))

    def apply(self, row: Row, rng: Stream) -> Row | Reject:
        """Give the samples to the callable."""
        sound = row.sound
        if sound is None:
            return row
        before = sound.samples
        value = self.call(before.copy(), rng, sound.rate)
        if isinstance(value, Reject):
            return value
        after = value[None] if isinstance(value, np.ndarray) and value.ndim == 1 else value
        if not (isinstance(after, np.ndarray) and after.ndim == 2 and np.issubdtype(after.dtype, np.floating)):
            raise RowError(
                "wrap: a function that reads samples must return floats of shape (channels, samples) or Reject, "
                f"returned {_kind(value)}"
            )
        if self.still and after.shape[1] != before.shape[1]:
            raise RowError(
                f"wrap: a function on samples must keep their number {before.shape[1]}, made {after.shape[1]}; "
                'say shifts="audio" if it moves them in time'
            )
        if not np.array_equal(after, before):
            sound.put(after.astype(np.float32))
        return row


@dataclasses.dataclass(frozen=True, kw_only=True)
class RowFunction(_Function):
    """A callable that gives columns for a row. Made by ``hfaug.wrap(f, reads="row")``.

    Args:
        function: The callable, frozen; gets a mapping of the stored values by column, and returns a mapping of those
            that changed, or `Reject`.
        draws: Whether it may draw from the global generators.
        shifted: The contents whose places it changes: ``image``, ``text``, ``audio``.
        columns: The features of the columns that it adds, as JSON.

    Moves: what the callable moves.
    Rejects: what the callable rejects.
    Source: the callable.

    >>> import hfaug
    >>> from datasets import Dataset, Value
    >>> op = hfaug.wrap(lambda row: {"length": len(row["text"])}, reads="row", adds={"length": Value("int64")})
    >>> hfaug.augment(Dataset.from_dict({"text": ["so"]}), op, keep=False)["length"][:]
    [2]
    """

    shifted: tuple[Literal["image", "text", "audio"], ...] = ()
    columns: str = "{}"

    def _reach(self) -> None:
        self._say(shifts=self.shifted, needs=self.shifted)

    def adds(self, features: Features, roles: Roles) -> Features:
        """The columns that the callable adds."""
        try:
            return Features.from_dict(json.loads(self.columns))
        except (ValueError, TypeError, KeyError) as error:
            raise ParameterError(f"wrap: columns must be features as JSON, got {self.columns[:80]!r}") from error

    def apply(self, row: Row, rng: Stream) -> Row | Reject:
        """Give the row to the callable."""
        value = self.call(_Columns(row), rng)
        if isinstance(value, Reject):
            return value
        if not isinstance(value, Mapping):
            raise RowError(
                f"wrap: a function that reads a row must return a mapping of columns or Reject, returned {_kind(value)}"
            )
        known = {*_columns(row), *json.loads(self.columns)}
        unknown = sorted(set(value) - known)
        if unknown:
            raise RowError(
                f"wrap: a function on rows may return the columns {', '.join(sorted(known))}, returned "
                f"{', '.join(unknown)}; name new ones with their features in wrap(..., adds=...)"
            )
        changed = {name: item for name, item in value.items() if not _holds(row, name, item)}
        return row.replace(changed) if changed else row


def _holds(row: Row, name: str, value: Any) -> bool:
    """Whether a column has this very value already, so that it need not be written."""
    if name not in _columns(row):
        return False
    same = row[name] == value
    return same is True and type(row[name]) is type(value)


def _columns(row: Row) -> list[str]:
    """The columns that a row has by now; the lineage is not the business of a callable."""
    lineage = {provenance.COLUMN} if provenance.has_lineage(row.batch.features.arrow_schema) else set()
    return [name for name in dict.fromkeys([*row.batch.features, *(row.values or ())]) if name not in lineage]


class _Columns(Mapping[str, Any]):
    """The columns of a row, for a callable that may do with them what it likes."""

    def __init__(self, row: Row) -> None:
        self._row = row
        self._names = _columns(row)

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise KeyError(name)
        return copy.deepcopy(self._row[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _kind(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype} of shape {value.shape}"
    return type(value).__name__
