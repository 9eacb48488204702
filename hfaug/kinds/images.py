"""Kinds of ops on images."""

from __future__ import annotations

import copy
import dataclasses
from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from hfaug.binding import Binding
from hfaug.errors import RowError, add_context
from hfaug.labels import check_readable
from hfaug.moves import Move
from hfaug.op import Op
from hfaug.plan import Plan, Run
from hfaug.randomness import Stream, Streams
from hfaug.rows import Color, Curve, Footage, Row, apply_color, table_curve

__all__ = ["ColorOp", "CurveOp", "ImageOp", "ImageStats", "PixelOp", "Pixels", "Size", "WarpOp"]

Pixels = npt.NDArray[Any]
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

    @classmethod
    def of(cls, array: Pixels) -> ImageStats:
        """The statistics of an array."""
        stats = cls(None)
        stats._array = array
        return stats

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
    each_frame: ClassVar[bool] = False
    """Whether the frames of a video draw arrays and children of their own, as noise does; else all share one draw."""

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
            for number, scene in enumerate([*row.scenes, *row.footage]):
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
    """An op that moves an image and all in it: ``warp(size, rng)`` gives a `Warp` or a `Field`. Neighbours fuse."""

    also: ClassVar[tuple[str, ...]] = ("video",)

    shifts: ClassVar[tuple[str, ...]] = ("image",)
    moves: ClassVar[tuple[str, ...]] = ("mask", "masks", "boxes", "polygons", "rle", "areas", "keypoints")

    @abstractmethod
    def warp(self, size: Size, rng: Stream) -> Move:
        """Draw the move for an image of ``(height, width)``."""

    def move_of(self, scene: Any, rng: Stream) -> Move:
        """Draw the move for an image with its labels: `warp`, unless an op looks at ``scene.boxes``, read-only."""
        return self.warp(scene.size, rng)

    @property
    def defers(self) -> bool:
        """True: pixels are moved when somebody looks at them."""
        return True

    def change(self, scene: Any, rng: Stream) -> None:
        """Move the image, its masks, boxes and keypoints."""
        scene.warp(self.move_of(scene, rng))


@dataclasses.dataclass(frozen=True, kw_only=True)
class ColorOp(ImageOp):
    """An op on colours alone: ``color(stats, rng)`` gives a 3x4 matrix or a table of 256 levels.

    Neighbouring matrices fuse into one, neighbouring tables into one.

    Args:
        clip: ``"once"`` clips a fused run of colour matrices at its end, ``"each"`` after every op.
    """

    also: ClassVar[tuple[str, ...]] = ("video",)

    reads_image: ClassVar[bool] = True
    """Whether `color` may ask for statistics of the image; ops that never do say False, and wait for the pixels."""

    clip: Literal["once", "each"] = "once"

    @property
    def defers(self) -> bool:
        """Whether colours are changed when somebody looks at them: unless they follow from the image."""
        return not self.reads_image

    @abstractmethod
    def color(self, stats: ImageStats, rng: Stream) -> npt.NDArray[Any]:
        """Draw a (3, 4) matrix in levels 0..255, or a (256,) or (256, 3) uint8 table."""

    def change(self, scene: Any, rng: Stream) -> None:
        """Change the colours."""
        drawn = np.asarray(self.color(ImageStats(scene), rng))
        if drawn.shape == (3, 4):
            scene.color(Color(matrix=drawn.astype(np.float64, copy=False), clip=self.clip))
        else:
            scene.color(Color(curves=(table_curve(drawn.astype(np.uint8)),)))


@dataclasses.dataclass(frozen=True, kw_only=True)
class CurveOp(ImageOp):
    """An op on the levels of each channel: ``curve(stats, rng)`` gives a function of levels, of 8 bits and of 16.

    Neighbours fuse into one table, to the very levels that they would give one by one. An op whose curve follows from
    the image says so by ``reads_image = True``; it waits for the pixels like an op on pixels, and does not fuse.
    """

    also: ClassVar[tuple[str, ...]] = ("video",)

    reads_image: ClassVar[bool] = False

    @abstractmethod
    def curve(self, stats: ImageStats, rng: Stream) -> Curve:
        """Draw ``curve(levels, top)``: what becomes of levels 0..top, an array of their length or with 3 columns."""

    @property
    def defers(self) -> bool:
        """True: levels are changed when somebody looks at them."""
        return True

    def change(self, scene: Any, rng: Stream) -> None:
        """Change the levels."""
        if self.reads_image and not isinstance(scene, Footage):
            scene.edit(partial(self._edited, rng=rng))
        else:  # of a video the statistics are those of the clip, so that it does not flicker
            scene.color(Color(curves=(self.curve(ImageStats(scene), rng),)))

    def _edited(self, before: Pixels, rng: Stream) -> Pixels:
        color = Color(curves=(self.curve(ImageStats.of(before), rng),))
        return apply_color(before, color)  # not asked for what it does to others: the curve is made for this image


@dataclasses.dataclass(frozen=True, kw_only=True)
class PixelOp(ImageOp):
    """An op on pixels that stay in their places: ``pixels(array, rng) -> array`` of the same shape."""

    also: ClassVar[tuple[str, ...]] = ("video",)

    @abstractmethod
    def pixels(self, array: Pixels, rng: Stream) -> Pixels:
        """Change a (height, width, channels) array; return the same object for no change, and never write into it."""

    def covered(self, size: Size, rng: Stream) -> npt.NDArray[np.bool_] | None:
        """Draw, as `pixels` does, which pixels of an image of ``(height, width)`` something else is laid over.

        Where ``min_visibility`` is bound, objects of which less is left drop. None, as here: it lays nothing over.
        """
        return None

    def plan(self, plan: Plan) -> None:
        """Resolve roles; labels that may drop out must be readable."""
        super().plan(plan)
        leaf = plan.leaves[-1]
        if leaf.roles is not None and self._judges(leaf.binding):
            check_readable(leaf.binding, leaf.roles.columns, type(self).__name__)

    def _judges(self, binding: Binding) -> bool:
        """Whether objects may drop since they are covered."""
        return binding.min_visibility is not None and type(self).covered is not PixelOp.covered

    @property
    def defers(self) -> bool:
        """True: pixels are changed when somebody looks at them."""
        return True

    def change(self, scene: Any, rng: Stream) -> None:
        """Change the pixels, once somebody looks at them."""
        if type(self).covered is not PixelOp.covered and self._judges(scene.row.roles.binding):
            hidden = self.covered(scene.size, copy.copy(rng))
            if hidden is not None and hidden.any():
                scene.cover(hidden)
        if isinstance(scene, Footage):
            scene.edit_frames(partial(self._edited_frame, rng=rng))
        else:
            scene.edit(partial(self._edited, rng=rng))

    def _edited_frame(self, before: Pixels, number: int, rng: Stream) -> Pixels:
        """Every frame draws alike, from the start of the stream, unless `each_frame` says otherwise."""
        return self._edited(before, rng.frame(number) if self.each_frame else copy.copy(rng))

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
