"""The labels of one image as arrays that other code can move, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hfaug.rows import Scene
from hfaug.rows.places import BoxLabel, MaskLabel, PlaceLabel, PointLabel

__all__ = ["Carried"]

Numbers = npt.NDArray[np.float64]
Size = tuple[int, int]


class Carried:
    """All boxes, points and masks of an image, whatever columns they stand in.

    Attributes:
        labels: The labels as they stand.
        boxes: (n, 4) x1, y1, x2, y2 in continuous pixels.
        points: (n, 2) x, y in continuous pixels.
        masks: (height, width, channels), one a mask column.
    """

    def __init__(self, labels: Sequence[PlaceLabel], scene: Scene) -> None:
        self.labels = labels
        self._size = scene.size
        self._pictures = {
            label.path: label.opened(scene.row, scene.size) for label in labels if isinstance(label, MaskLabel)
        }
        self.masks = [picture.array for picture in self._pictures.values()]
        self.boxes = _joined([label.boxes for label in labels if isinstance(label, BoxLabel)], 4)
        self.points = _joined([label.points for label in labels if isinstance(label, PointLabel)], 2)

    @property
    def has_boxes(self) -> bool:
        """Whether there is a column of boxes, if only an empty one."""
        return any(isinstance(label, BoxLabel) for label in self.labels)

    @property
    def has_points(self) -> bool:
        """Whether there is a column of keypoints, if only an empty one."""
        return any(isinstance(label, PointLabel) for label in self.labels)

    def moved(
        self, size: Size, boxes: Numbers, numbers: Sequence[int], points: Numbers, masks: Sequence[Any]
    ) -> list[PlaceLabel]:
        """The labels as they came out.

        Args:
            size: (height, width) of the image that came out.
            boxes: (k, 4), those that are left.
            numbers: Which of `boxes` each of them is, ascending.
            points: (n, 2), all of them.
            masks: As `masks`, in any type that holds their values; may lack an axis for one channel.
        """
        # What did not move is as it was: many libraries count in 32 bits, some in shares of the image.
        boxes = _unrounded(boxes, self.boxes[list(numbers)], size)
        points = _unrounded(points, self.points, size)
        each_boxes, each_points, each_mask = self._boxes(boxes, numbers), self._points(points, size), iter(masks)
        moved: list[PlaceLabel] = []
        for label in self.labels:
            if isinstance(label, BoxLabel):
                moved.append(label.replaced(*next(each_boxes)))
            elif isinstance(label, PointLabel):
                moved.append(label.replaced(*next(each_points)))
            elif isinstance(label, MaskLabel):
                moved.append(self._mask(label, next(each_mask)))
        return moved

    def inside(self, boxes: Numbers, numbers: Sequence[int], size: Size) -> tuple[Numbers, list[int]]:
        """What is left of moved boxes in their image, and which of `boxes` that is; as `moved` takes them.

        Args:
            boxes: (k, 4) as they came out.
            numbers: Which of `boxes` each of them is.
            size: (height, width) of the image that came out.
        """
        before = self.boxes[list(numbers)]
        cut = boxes.clip(0, [size[1], size[0], size[1], size[0]])
        # One that sticks out by a hair and was not moved stays as it is.
        still = np.all(boxes == before, axis=1) & (size == self._size)
        area, had = ((each[:, 2] - each[:, 0]) * (each[:, 3] - each[:, 1]) for each in (cut, before))
        touches = np.all((boxes[:, :2] <= size[::-1]) & (boxes[:, 2:] >= 0), axis=1)
        left = still | (area > 0) | ((had == 0) & touches)  # what had no area need not have one now
        kept = np.flatnonzero(left).tolist()
        return np.where(still[:, None], boxes, cut)[left], [numbers[number] for number in kept]

    def _boxes(self, boxes: Numbers, numbers: Sequence[int]) -> Iterator[tuple[Numbers, list[int]]]:
        """For each column: its boxes, and which of them they are."""
        which, start = np.asarray(numbers, dtype=np.int64), 0
        for label in self.labels:
            if isinstance(label, BoxLabel):
                stop = start + len(label.boxes)
                own = (start <= which) & (which < stop)
                yield boxes[own], (which[own] - start).tolist()
                start = stop

    def _points(self, points: Numbers, size: Size) -> Iterator[tuple[Numbers, npt.NDArray[np.bool_]]]:
        """For each column: its points, and which of them are to be seen."""
        seen = np.all((points >= 0) & (points <= size[::-1]), axis=1)
        start = 0
        for label in self.labels:
            if isinstance(label, PointLabel):
                stop = start + len(label.points)
                yield points[start:stop], seen[start:stop]
                start = stop

    def _mask(self, label: MaskLabel, after: Any) -> MaskLabel:
        picture = self._pictures[label.path]
        array = np.asarray(after).astype(picture.array.dtype)
        array = array.reshape(*array.shape[:2], -1)
        if np.array_equal(array, picture.array):
            return label
        return label.replaced(dataclasses.replace(picture, array=array))


def _joined(parts: Sequence[Any], width: int) -> Numbers:
    return np.concatenate(parts) if parts else np.zeros((0, width))


def _unrounded(after: Numbers, before: Numbers, size: Size) -> Numbers:
    """Positions that did not move, as they were."""
    still = np.all(np.abs(after - before) <= 2.0**-21 * max(size), axis=1)
    return np.where(still[:, None], before, after)
