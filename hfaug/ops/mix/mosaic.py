"""Put four images together."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.fields import Limit, ShareRange
from hfaug.mix import MixOp
from hfaug.moves import Warp
from hfaug.op import Reject
from hfaug.ops.mix.fitting import like_image
from hfaug.randomness import Stream
from hfaug.rows import Row, Scene
from hfaug.rows.mixing import Part, lacks_labels, part_of, put_together

__all__ = ["Mosaic"]

Cell = tuple[int, int, int, int]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mosaic(MixOp):
    """Put an image and three others around one point, so that a detector sees smaller objects in more surroundings.

    Each image fills its quarter: it is scaled to cover it, and a window is cut out. Which quarter is whose is drawn.
    Where a class column is, classes are weighed by the area of their quarter (see `MixUp`).

    Args:
        height: Height of the result, in pixels.
        width: Width of the result, in pixels.
        center: Range of the place where the four meet, as a share of height and of width, 0..1.
        scale: Range of how much larger an image is made than its quarter needs, from 1 up.
        pool: See `MixOp`.

    Moves: image, mask; class weights; boxes, polygons, rle, masks of objects, areas and keypoints of objects.
    Rejects: rows without an image or another row to mix with, and partners without labels where the row has some.
    Source: A. Bochkovskiy et al., YOLOv4: Optimal Speed and Accuracy of Object Detection, arXiv:2004.10934.

    >>> import hfaug
    >>> hfaug.ops.mix.Mosaic(height=320, width=320).center
    (0.3, 0.7)
    """

    needs: ClassVar[tuple[str, ...]] = ("image",)
    shifts: ClassVar[tuple[str, ...]] = ("image",)
    moves: ClassVar[tuple[str, ...]] = ("mask", "masks", "boxes", "polygons", "rle", "areas", "keypoints")
    may_change: ClassVar[tuple[str, ...]] = ("the class: parts of four are shown", "the scene")
    partners: ClassVar[int] = 3

    height: Annotated[int, Limit(1)] = 640
    width: Annotated[int, Limit(1)] = 640
    center: ShareRange = (0.3, 0.7)
    scale: Annotated[tuple[float, float], Limit(1, ordered=True)] = (1.0, 1.5)

    def mix_many(self, row: Row, partners: Sequence[Row], rng: Stream) -> tuple[Row, Sequence[float]] | Reject:
        """Draw the point and the windows, and put the images together."""
        # A row that knows fewer than three others shows them more than once.
        rows = [row, *(partners[number % len(partners)].fork() for number in range(3))]
        order = rng.permutation(4)
        cells = list(self._cells(rng))
        draws = [[rng.random() for _ in range(3)] for _ in rows]
        if not all(one.scenes for one in rows):
            return Reject("no image to mix")
        if any(lacks_labels(row, partner) for partner in rows[1:]):
            return Reject("a partner without labels")
        whole = np.zeros((self.height, self.width, row.pixels.shape[2]), row.pixels.dtype)
        parts, shares = [], []
        for one, place, drawn in zip(rows, order, draws, strict=True):
            part = self._place(one.scenes[0], cells[place], drawn, whole)
            shares.append(float(part.region.mean()))
            parts.append(part)
        return put_together(row, whole, parts), shares

    def _cells(self, rng: Stream) -> Iterator[Cell]:
        """Top, left, height and width of each quarter."""
        height, width = self.height, self.width
        y, x = (round(side * rng.uniform(*self.center)) for side in (height, width))
        for top, tall in ((0, y), (y, height - y)):
            for left, wide in ((0, x), (x, width - x)):
                yield top, left, tall, wide

    def _place(self, scene: Scene, cell: Cell, drawn: Sequence[float], whole: npt.NDArray[Any]) -> Part:
        """Move an image and its labels into a quarter."""
        top, left, tall, wide = cell
        region = np.zeros((self.height, self.width), dtype=bool)
        region[top : top + tall, left : left + wide] = True
        height, width = scene.size
        factor = max(tall / height, wide / width) * (self.scale[0] + drawn[0] * (self.scale[1] - self.scale[0]))
        size = max(tall, round(height * factor), 1), max(wide, round(width * factor), 1)
        y, x = round(drawn[1] * (size[0] - tall)), round(drawn[2] * (size[1] - wide))
        if region.any():
            scene.warp(Warp.resize(scene.size, size, border="edge"))
            scene.warp(Warp.crop(size, y, x, tall, wide))
            whole[top : top + tall, left : left + wide] = like_image(scene.array, whole)
            scene.warp(Warp.crop((tall, wide), -top, -left, self.height, self.width))
        else:  # its quarter has no pixels: everything lies beside the result
            scene.warp(Warp.crop(scene.size, height, width, self.height, self.width))
        return part_of(scene, region)
