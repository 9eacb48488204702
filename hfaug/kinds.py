"""The kinds of ops. Each asks for one small function, and the library moves the rest."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from hfaug.errors import RowError, add_context
from hfaug.moves import Arrangement, Edits, Warp, arranged
from hfaug.op import Op, Reject
from hfaug.plan import Run
from hfaug.randomness import Stream, Streams
from hfaug.roles import Roles
from hfaug.rows import Color, Row, arrange_text, edit_text, has_labels, movable_parts

__all__ = ["ArrangeOp", "ColorOp", "EditOp", "ImageOp", "PixelOp", "TextOp", "WarpOp", "WaveOp"]

Pixels = npt.NDArray[Any]
Samples = npt.NDArray[np.float32]
Size = tuple[int, int]


class ImageStats:
    """Statistics of an image as it stands now; computed when asked for: they cost a decode and end a fused run."""

    __slots__ = ("_array", "_scene")

    def __init__(self, scene: Any) -> None:
        self._scene = scene
        self._array: Pixels | None = None

    @property
    def array(self) -> Pixels:
        """(height, width, channels), RGB."""
        if self._array is None:
            self._array = self._scene.array
        return self._array

    @property
    def mean(self) -> npt.NDArray[np.float64]:
        """Mean of each channel, in levels."""
        means: npt.NDArray[np.float64] = self.array.reshape(-1, self.array.shape[2]).mean(axis=0)
        return means


@dataclasses.dataclass(frozen=True, kw_only=True)
class ImageOp(Op):
    """What image ops share: one draw for every image of a row, or one for each, as the binding says."""

    needs: ClassVar[tuple[str, ...]] = ("image",)
    unit_rows: ClassVar[int] = 100

    def run(self, rows: Sequence[Row], run: Run) -> list[Row]:
        """Change the images of each row."""
        leaf = run.leaf(self)
        each = leaf.binding.images == "each"
        streams = run.streams(leaf, rows)
        for place, row in enumerate(rows):
            if row.rejected is None:
                row.roles = leaf.roles
                self._change_row(row, streams, place, each)
        return list(rows)

    def _change_row(self, row: Row, streams: Streams, place: int, each: bool) -> None:
        try:
            for number, scene in enumerate(row.scenes):
                rng = streams[place]  # from its start: a shared draw is the same for every image
                self.change(scene, rng.child(number) if each else rng)
        except Exception as error:
            add_context(error, f"in {type(self).__name__}, row {row.id!r}")
            raise

    @abstractmethod
    def change(self, scene: Any, rng: Stream) -> None:
        """Change one image with its labels."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class WarpOp(ImageOp):
    """An op that moves an image and all in it: ``warp(size, rng) -> Warp``. Neighbours fuse into one resampling."""

    shifts: ClassVar[tuple[str, ...]] = ("image",)
    moves: ClassVar[tuple[str, ...]] = ("mask", "boxes", "keypoints")

    @abstractmethod
    def warp(self, size: Size, rng: Stream) -> Warp:
        """Draw the move for an image of ``(height, width)``."""

    @property
    def defers(self) -> bool:
        """True: pixels are moved when somebody looks at them."""
        return True

    def change(self, scene: Any, rng: Stream) -> None:
        """Move the image, its masks, boxes and keypoints."""
        scene.warp(self.warp(scene.size, rng))


@dataclasses.dataclass(frozen=True, kw_only=True)
class ColorOp(ImageOp):
    """An op on colours alone: ``color(stats, rng)`` gives a 3x4 matrix or a table of 256 levels.

    Neighbouring matrices fuse, tables do not.

    Args:
        clip: ``"once"`` clips a fused run of colour matrices at its end, ``"each"`` after every op.
    """

    clip: Literal["once", "each"] = "once"

    @abstractmethod
    def color(self, stats: ImageStats, rng: Stream) -> npt.NDArray[Any]:
        """Draw a (3, 4) matrix in levels 0..255, or a (256,) or (256, 3) uint8 table."""

    def change(self, scene: Any, rng: Stream) -> None:
        """Change the colours."""
        drawn = np.asarray(self.color(ImageStats(scene), rng))
        if drawn.shape == (3, 4):
            scene.color(Color(matrix=drawn.astype(np.float64), clip=self.clip))
        else:
            scene.color(Color(table=drawn.astype(np.uint8)))


@dataclasses.dataclass(frozen=True, kw_only=True)
class PixelOp(ImageOp):
    """An op on pixels that stay in their places: ``pixels(array, rng) -> array`` of the same shape."""

    @abstractmethod
    def pixels(self, array: Pixels, rng: Stream) -> Pixels:
        """Change a (height, width, channels) array; return the same object for no change, and never write into it."""

    @property
    def defers(self) -> bool:
        """True: pixels are changed when somebody looks at them."""
        return True

    def change(self, scene: Any, rng: Stream) -> None:
        """Change the pixels, once somebody looks at them."""
        scene.edit(partial(self._edited, rng=rng))

    def _edited(self, before: Pixels, rng: Stream) -> Pixels:
        try:
            after = self.pixels(before, rng)
        except Exception as error:
            add_context(error, f"in {type(self).__name__}")
            raise
        if after.shape != before.shape or after.dtype != before.dtype:
            raise RowError(
                f"{type(self).__name__}: pixels must return {before.dtype} of shape {before.shape}, "
                f"returned {after.dtype} of {after.shape}; mend the op"
            )
        return after


@dataclasses.dataclass(frozen=True, kw_only=True)
class TextOp(Op):
    """What ops on text share: they change it with its labels, or, where a text has none, at once."""

    needs: ClassVar[tuple[str, ...]] = ("text",)
    shifts: ClassVar[tuple[str, ...]] = ("text",)
    moves: ClassVar[tuple[str, ...]] = ("spans", "answers", "tags")

    def refuses(self, text: str) -> str | None:
        """Why the op can do nothing sensible with a text, such as one in a script it does not know; None by default."""
        return None

    @abstractmethod
    def edited(self, text: str, rng: Stream) -> str:
        """The changed text; the very same one when there is nothing to do."""

    @abstractmethod
    def change(self, row: Row, roles: Roles, text: str, rng: Stream) -> None:
        """Change the text of a row with its labels, by the same draws as `edited`."""

    @property
    def defers(self) -> bool:
        """True: it has no media."""
        return True

    def apply(self, row: Row, rng: Stream) -> Row | Reject:
        """Change the text of one row, with its labels."""
        roles = row.roles
        text = row.text
        if text is None or roles is None:
            return row
        reason = self.refuses(text)
        if reason is not None:
            return Reject(reason)
        self.change(row, roles, text, rng)
        return row

    def editors(self) -> tuple[Op, ...]:
        """The op itself, unless it changes rows in a way of its own."""
        plain = type(self).run is TextOp.run and type(self).apply is TextOp.apply
        return (self,) if plain else ()

    def refuses_some(self, texts: Sequence[str | None]) -> bool:
        """Whether some texts must go the long way, which can reject a row."""
        if type(self).refuses is TextOp.refuses:
            return False
        return any(text is not None and self.refuses(text) is not None for text in texts)

    def run(self, rows: Sequence[Row], run: Run) -> list[Row]:
        """Change the text of each row; texts without labels at once."""
        leaf = run.plan.leaves[run.position]
        if leaf.roles is None or has_labels(leaf.roles) or not self.editors():
            return super().run(rows, run)
        column = leaf.roles.all("text")[0]
        live = [row for row in rows if row.rejected is None]
        before = [row.stored(column) for row in live]
        if self.refuses_some(before):
            return super().run(rows, run)
        run.leaf(self)
        after = self.edit_column(before, run.streams(leaf, live), [row.id for row in live])
        for row, old, new in zip(live, before, after, strict=True):
            if new is not old:
                row.values = {column: new} if row.values is None else {**row.values, column: new}
        return list(rows)

    def edit_column(self, texts: Sequence[str | None], streams: Streams, ids: Sequence[str]) -> list[str | None]:
        """What `apply` makes of texts without labels: the same draws, the same texts."""
        edited = self._column_editor()
        done: list[str | None] = []
        try:
            for text, rng in zip(texts, streams, strict=True):
                done.append(None if text is None else edited(text, rng))
        except Exception as error:
            add_context(error, f"in {type(self).__name__}, row {ids[len(done)]!r}")
            raise
        return done

    def _column_editor(self) -> Callable[[str, Stream], str]:
        return self.edited


@dataclasses.dataclass(frozen=True, kw_only=True)
class EditOp(TextOp):
    """An op on text: ``edits(text, rng) -> Edits``. Spans, answers, and words with their tags follow.

    Where a text has no labels, nobody asks where its parts went: for that case an op may have a shorter way to the same
    text, with the same draws, ``edited(text, rng) -> str``.
    """

    spares_labels: ClassVar[bool] = False
    """Whether edits that would change the words a label covers are left out: what says the same is no other name."""

    @abstractmethod
    def edits(self, text: str, rng: Stream) -> Edits:
        """Draw edits of a text, in order and without overlap."""

    def edited(self, text: str, rng: Stream) -> str:
        """The edited text; the very same one when there is nothing to do."""
        return self.edits(text, rng).apply(text)

    def change(self, row: Row, roles: Roles, text: str, rng: Stream) -> None:
        """Edit the text of a row with its labels."""
        edit_text(row, roles, self.edits(text, rng), spare=self.spares_labels)

    def _column_editor(self) -> Callable[[str, Stream], str]:
        # Not a shorter way that an op inherits beside edits of its own.
        owner = next(cls for cls in type(self).__mro__ if "edited" in vars(cls) or "edits" in vars(cls))
        return self.edited if "edited" in vars(owner) else partial(EditOp.edited, self)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ArrangeOp(TextOp):
    """An op that lets parts of a text change places: ``parts(text)`` says which, ``order(count, rng)`` how.

    What a label covers stays together, so every label covers afterwards what it covered before.
    """

    @abstractmethod
    def parts(self, text: str) -> Sequence[tuple[int, int]]:
        """What can change places, half-open, in order, without overlap."""

    @abstractmethod
    def order(self, count: int, rng: Stream) -> Sequence[int]:
        """Draw which part comes to each place: a permutation of ``range(count)``."""

    def edited(self, text: str, rng: Stream) -> str:
        """The text in its new order."""
        parts = self.parts(text)
        return arranged(text, parts, self.order(len(parts), rng))

    def change(self, row: Row, roles: Roles, text: str, rng: Stream) -> None:
        """Rearrange the text of a row with its labels."""
        parts = movable_parts(row, roles, text, self.parts(text))
        arrange_text(row, roles, Arrangement(parts, self.order(len(parts), rng)))


@dataclasses.dataclass(frozen=True, kw_only=True)
class WaveOp(Op):
    """An op on samples that stay in time: ``wave(samples, rate, rng) -> samples`` of the same shape."""

    needs: ClassVar[tuple[str, ...]] = ("audio",)
    unit_rows: ClassVar[int] = 50

    @abstractmethod
    def wave(self, samples: Samples, rate: int, rng: Stream) -> Samples:
        """Change (channels, samples) float32; return the same object for no change, and never write into it."""

    def apply(self, row: Row, rng: Stream) -> Row | Reject:
        """Change the sound of one row."""
        sound = row.sound
        if sound is None:
            return row
        before = sound.samples
        after = self.wave(before, sound.rate, rng)
        if after.shape != before.shape:
            raise RowError(
                f"{type(self).__name__}: wave must return samples of shape {before.shape}, returned {after.shape}; "
                "mend the op"
            )
        if after is not before:
            sound.put(np.asarray(after, dtype=np.float32))
        return row
