"""The kinds of ops. Each asks for one small function, and the library moves the rest."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from hfaug.errors import RowError, add_context
from hfaug.moves import Edits, Warp
from hfaug.op import Op, Reject
from hfaug.plan import Run
from hfaug.randomness import Stream, Streams
from hfaug.rows import Color, Row, edit_text, has_labels

__all__ = ["ColorOp", "EditOp", "ImageOp", "PixelOp", "WarpOp", "WaveOp"]

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

    def change(self, scene: Any, rng: Stream) -> None:
        """Change the pixels."""
        before = scene.array
        after = self.pixels(before, rng)
        if after.shape != before.shape or after.dtype != before.dtype:
            raise RowError(
                f"{type(self).__name__}: pixels must return {before.dtype} of shape {before.shape}, "
                f"returned {after.dtype} of {after.shape}; mend the op"
            )
        if after is not before:
            scene.put(after)


@dataclasses.dataclass(frozen=True, kw_only=True)
class EditOp(Op):
    """An op on text: ``edits(text, rng) -> Edits``. Spans, answers, and words with their tags follow."""

    needs: ClassVar[tuple[str, ...]] = ("text",)
    shifts: ClassVar[tuple[str, ...]] = ("text",)
    moves: ClassVar[tuple[str, ...]] = ("spans", "answers", "tags")

    @abstractmethod
    def edits(self, text: str, rng: Stream) -> Edits:
        """Draw edits of a text, in order and without overlap."""

    def apply(self, row: Row, rng: Stream) -> Row | Reject:
        """Edit the text of one row, with its labels."""
        roles = row.roles
        text = row.text
        if text is not None and roles is not None:
            edit_text(row, roles, self.edits(text, rng))
        return row

    def run(self, rows: Sequence[Row], run: Run) -> list[Row]:
        """Edit the text of each row; a text without labels takes the short way."""
        leaf = run.plan.leaves[run.position]
        if leaf.roles is None or has_labels(leaf.roles):
            return super().run(rows, run)
        run.leaf(self)
        if rows:
            self._edit_plain(rows, leaf.roles.all("text")[0], run.streams(leaf, rows))
        return list(rows)

    def _edit_plain(self, rows: Sequence[Row], column: str, streams: Streams) -> None:
        """What `apply` does, without the calls that a text of no labels does not need: they would double its cost."""
        edits, stored, row = self.edits, rows[0].batch.column(column), rows[0]
        try:
            for row, rng in zip(rows, streams, strict=True):
                if row.rejected is not None:
                    continue
                values = row.values
                text = stored[row.index] if values is None or column not in values else values[column]
                if text is None:
                    continue
                after = edits(text, rng).apply(text)
                if after is not text:
                    row.values = {column: after} if values is None else {**values, column: after}
        except Exception as error:
            add_context(error, f"in {type(self).__name__}, row {row.id!r}")
            raise


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
