"""albumentations pipelines as ops: their transforms, our streams and labels."""

from __future__ import annotations

import dataclasses
import functools
import random
from collections.abc import Sequence
from typing import Any

import numpy as np

from hfaug.errors import LabelError, RowError
from hfaug.kinds import ImageOp, Pixels
from hfaug.plan import Run
from hfaug.randomness import Stream, isolated_globals, seed_globals
from hfaug.rows import Row, Scene
from hfaug.rows.places import BoxLabel, PlaceLabel, read_path
from hfaug.wrap import specs
from hfaug.wrap.labels import Carried
from hfaug.wrap.wrapped import Wrapped

__all__ = ["Albumentations"]

INDEX = "hfaug_index"
"""The label field by which boxes and points are known again; hfaug drops by it what belongs to a dropped box."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Albumentations(Wrapped, ImageOp):
    """An albumentations pipeline. Made by `hfaug.wrap`.

    Its draws are seeded by the row. A pipeline of pixel transforms alone leaves labels be; otherwise boxes, masks and
    keypoints of the row go through it, and what it drops is dropped with all that belongs to it. The thresholds of its
    ``bbox_params`` hold; its formats do not matter, since the binding says them. Keypoints keep their places, as
    everywhere in hfaug: one that leaves the image loses its visibility.

    Args:
        pipeline: Its configuration, canonical JSON.

    Moves: image; mask, boxes and keypoints as far as its transforms can.
    Rejects: nothing.
    Source: A. Buslaev et al., Albumentations: Fast and Flexible Image Augmentations, arXiv:1809.06839.

    >>> import albumentations
    >>> import hfaug
    >>> hfaug.wrap(albumentations.HorizontalFlip()).moves, hfaug.wrap(albumentations.GaussNoise()).moves
    (('mask', 'boxes', 'keypoints'), ())
    """

    def _reach(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return specs.reach(self.pipeline)

    def _extra(self) -> dict[str, Any]:
        return {**super()._extra(), "library": specs.library()}

    def run(self, rows: Sequence[Row], run: Run) -> list[Row]:
        """Change the images of each row; the process's own random state is the same afterwards."""
        with isolated_globals():
            return super().run(rows, run)

    def change(self, scene: Scene, rng: Stream) -> None:
        """Send the image and its labels through the pipeline."""
        seed_globals(rng.seed(64))  # for transforms of users that draw from the global generators
        before = scene.array
        labels = _Labels(scene.open_labels() if self.shifts else [], scene)
        pipeline = _built(self.pipeline, labels.has_boxes, labels.has_points, len(labels.masks))
        specs.renew(pipeline, rng.generator(), random.Random(rng.seed(64)))
        given = before.copy()  # copies of the row share it, and other code may write into what it gets
        result = pipeline(image=given, **labels.data(specs.label_fields(pipeline, INDEX)))
        after = _checked(result["image"], before)
        if self.shifts:
            scene.replace(before if after is given else after, labels.taken(result, after))
        elif after is not given:
            scene.put(after)


class _Labels(Carried):
    """The labels of one image as albumentations takes them, and back."""

    def __init__(self, labels: Sequence[PlaceLabel], scene: Scene) -> None:
        super().__init__(labels, scene)
        self._scene = scene
        self._names = ["mask", *(f"mask_{number}" for number in range(1, len(self.masks)))][: len(self.masks)]

    def data(self, fields: Sequence[str]) -> dict[str, Any]:
        """The arguments for the labels; `fields` are the label fields that the pipeline itself names."""
        data: dict[str, Any] = {name: _plain_mask(array) for name, array in zip(self._names, self.masks, strict=True)}
        if self.has_boxes:
            height, width = self._scene.size
            # Coordinates that were rounded when written may stick out by a hair; albumentations refuses them.
            data["bboxes"] = self.boxes.clip(0, [width, height, width, height])
            data[INDEX] = list(range(len(self.boxes)))
            data.update({name: self._beside(name) for name in fields})
        if self.has_points:
            # Its keypoints count from the middle of the first pixel, ours from its corner.
            data["keypoints"] = self.points - 0.5
            data[f"{INDEX}_points"] = list(range(len(self.points)))
        return data

    def _beside(self, name: str) -> list[Any]:
        """The values of a label field of the pipeline: what stands beside the boxes under the same name."""
        found: list[Any] = []
        for label in self.labels:
            if not isinstance(label, BoxLabel):
                continue
            path = next((path for path in label.beside if path.rsplit(".", 1)[-1] == name), None)
            if path is None:
                raise LabelError(
                    f"Albumentations: the label field {name!r} of bbox_params must stand beside {label.path!r}, found "
                    f"{', '.join(label.beside) or 'nothing'}; rename it to one of them, or leave label_fields out: "
                    "what stands beside the boxes follows them anyway"
                )
            values = read_path(self._scene.row, path)
            found.extend(values[number] for number in label.kept)
        return found

    def taken(self, result: dict[str, Any], after: Pixels) -> list[PlaceLabel]:
        """The labels as they came out."""
        numbers = [round(number) for number in result.get(INDEX, ())]
        found = dict(zip(numbers, np.asarray(result.get("bboxes", ()), np.float64).reshape(-1, 4), strict=True))
        numbers.sort()
        boxes = np.array([found[number] for number in numbers], np.float64).reshape(-1, 4)
        masks = [result[name] for name in self._names]
        return self.moved(after.shape[:2], boxes, numbers, self._taken_points(result), masks)

    def _taken_points(self, result: dict[str, Any]) -> Any:
        numbers = [round(number) for number in result.get(f"{INDEX}_points", ())]
        if len(numbers) < len(self.points):
            raise RowError(
                f"Albumentations: keypoints must keep their places, {len(self.points) - len(numbers)} were taken out; "
                "use a transform that moves them"
            )
        points = self.points.copy()
        if numbers:
            points[numbers] = np.asarray(result["keypoints"], np.float64).reshape(len(numbers), -1)[:, :2] + 0.5
        return points


def _plain_mask(array: Pixels) -> Pixels:
    """A mask as the transforms know it: without an axis for its one channel, of a type that OpenCV can move."""
    array = array[:, :, 0] if array.shape[2] == 1 else array
    return array.astype(np.float64) if array.dtype == np.int32 else array.copy()


def _checked(image: Any, before: Pixels) -> Pixels:
    """The image that came out, if it can be stored."""
    array = np.asarray(image)
    array = array[:, :, None] if array.ndim == 2 else array
    if array.ndim != 3 or array.dtype != before.dtype or array.shape[2] not in {1, 3, 4} or 0 in array.shape:
        raise RowError(
            f"Albumentations: the pipeline must give {before.dtype} of shape (height, width, 1, 3 or 4), gave "
            f"{getattr(image, 'dtype', type(image).__name__)} of {array.shape}; leave Normalize, ToFloat and "
            "ToTensorV2 to the training loop"
        )
    return image if array is image else array


@functools.lru_cache(maxsize=32)
def _built(pipeline: str, boxes: bool, points: bool, masks: int) -> Any:
    """The pipeline of this process."""
    return specs.build(pipeline, boxes=boxes, points=points, masks=masks, index=INDEX)
