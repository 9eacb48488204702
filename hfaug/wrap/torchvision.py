"""torchvision pipelines as ops: their transforms, our streams and labels."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from hfaug.errors import RowError
from hfaug.kinds import ImageOp, Pixels
from hfaug.plan import Run
from hfaug.randomness import Stream, seed_globals
from hfaug.rows import Row, Scene
from hfaug.wrap import torchvision_specs as specs
from hfaug.wrap.known import Known
from hfaug.wrap.labels import Carried
from hfaug.wrap.layers import lend_globals
from hfaug.wrap.wrapped import Wrapped

__all__ = ["Torchvision"]

_TOP = 65_535
"""The highest level of 16 bits."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Torchvision(Wrapped, ImageOp):
    """A torchvision transform or pipeline of `torchvision.transforms.v2`. Made by `hfaug.wrap`.

    Its draws come from torch's global generator, seeded by the row and given back as it was. Transforms of colours
    leave labels be; through those that move pixels, boxes, masks and keypoints of the row go as ``BoundingBoxes``,
    ``Mask`` and ``KeyPoints``. What ``SanitizeBoundingBoxes`` drops, or what has left the image, is dropped with all
    that belongs to it, whatever its ``labels_getter``. Keypoints keep their places, as everywhere in hfaug:
    ``SanitizeKeyPoints`` takes none out, a point outside of the image loses its visibility. Labels do not pass through
    transforms that torchvision gives none (``AutoAugment``, ``AugMix``) or that are the user's own.

    Images come as ``tv_tensors.Image``, uint8, and must leave as such. 16 bits come as int32 where nothing but places
    changes, as floats 0..1 where all transforms of colours do the same to those, and else are refused. Transparency is
    moved along and keeps its values.

    Args:
        pipeline: Its configuration, canonical JSON.

    Moves: image; mask, boxes and keypoints as far as its transforms are known to.
    Rejects: nothing.
    Source: https://docs.pytorch.org/vision/stable/transforms.html

    >>> import hfaug
    >>> from torchvision.transforms import v2
    >>> hfaug.wrap(v2.RandomHorizontalFlip()).moves, hfaug.wrap(v2.ColorJitter(0.2)).moves
    (('mask', 'boxes', 'keypoints'), ())
    """

    def _extra(self) -> dict[str, Any]:
        return {**super()._extra(), "library": specs.library()}

    def run(self, rows: Sequence[Row], run: Run) -> list[Row]:
        """Change the images of each row; the process's own random state is the same afterwards."""
        with lend_globals(), warnings.catch_warnings():
            # RandomErasing warns of what is meant: labels stay.
            warnings.filterwarnings("ignore", message=".*currently passing through inputs of type")
            return super().run(rows, run)

    def change(self, scene: Scene, rng: Stream) -> None:
        """Send the image and its labels through the pipeline."""
        known = Known.of(self.pipeline, type(self).__name__)
        before = scene.array
        if before.dtype != np.uint8 and not (known.plain or known.wide):
            raise RowError(
                f"Torchvision: some transforms of this pipeline take 8 bits alone, the image has {before.dtype}; leave "
                "out RandomPosterize, RandomSolarize and what else speaks of levels, or use hfaug's own ops on colours"
            )
        pipeline = specs.build(self.pipeline)
        labels = Carried(scene.open_labels() if self.shifts else [], scene)
        sample = _Sample(before, labels, known, asks_for_boxes=specs.asks_for_boxes(self.pipeline))
        seed_globals(rng.seed(64))
        result = pipeline(sample.given)
        after = sample.pixels(result)
        if not self.shifts:
            if after is not before:
                scene.put(after)
        elif known.moves:
            scene.replace(after, sample.labels(result, after))
        else:
            scene.replace(after, scene.labels)


class _Sample:
    """One image with its labels as torchvision takes them, and back.

    Attributes:
        given: The image alone for transforms that nobody knows, which expect no more; else a dictionary.
    """

    def __init__(self, image: Pixels, labels: Carried, known: Known, *, asks_for_boxes: bool) -> None:
        import torch
        from torchvision import tv_tensors

        self._image = image
        self._labels = labels
        self._splits = image.shape[2] == 4 and not known.plain and known.sure
        self._scaled = image.dtype == np.uint16 and not known.plain
        array = _tensor(image[:, :, :3] if self._splits else image)
        given: dict[str, Any] = {"image": tv_tensors.Image(array.float() / _TOP if self._scaled else array)}
        size = image.shape[:2]
        # Not as many as there are boxes: SanitizeBoundingBoxes would take them for the masks of those.
        self._copies = 2 if len(labels.boxes) == 1 else 1
        if self._splits:
            given["alpha"] = specs.kinds().alpha(self._stacked(image[:, :, 3:]))
        if known.moves and (labels.has_boxes or asks_for_boxes):
            boxes = torch.from_numpy(labels.boxes.copy())
            given["boxes"] = tv_tensors.BoundingBoxes(boxes, format="XYXY", canvas_size=size)
            given[specs.NUMBERS] = torch.arange(len(boxes))
        if known.moves:
            given.update({f"mask_{at}": tv_tensors.Mask(self._stacked(mask)) for at, mask in enumerate(labels.masks)})
            if labels.has_points:
                given["keypoints"] = specs.kinds().points(torch.from_numpy(labels.points.copy()), canvas_size=size)
        self.given = given if known.sure else given["image"]

    def _stacked(self, array: Pixels) -> Any:
        """(copies, channels, height, width)."""
        exact = array if array.dtype == np.uint8 else array.astype(np.float64)
        return _tensor(exact).expand(self._copies, -1, -1, -1)

    def pixels(self, result: Any) -> Pixels:
        """The image that came out, if it can be stored; the very array that went in where nothing changed."""
        image = result.get("image") if isinstance(result, dict) else result
        after = _array(image, self._image, scaled=self._scaled)
        if self._splits:
            if after.shape[2] != 3:
                raise RowError(
                    f"Torchvision: an image with transparency must keep its 3 colours, has {after.shape[2]} now; leave "
                    "the transform out, or hand over images without transparency"
                )
            after = np.concatenate([after, _unstacked(result["alpha"]).round().astype(after.dtype)], axis=2)
        same = after.shape == self._image.shape and np.array_equal(after, self._image)
        return self._image if same else after

    def labels(self, result: dict[str, Any], after: Pixels) -> Any:
        """The labels as they came out."""
        size = after.shape[:2]
        boxes, numbers = self._labels.boxes, list(range(len(self._labels.boxes)))
        if "boxes" in result:
            numbers = result[specs.NUMBERS].tolist()
            boxes, numbers = self._labels.inside(specs.corners(result["boxes"]), numbers, size)
        points = result["keypoints"].double().numpy() if "keypoints" in result else self._labels.points
        masks = [_unstacked(result[f"mask_{at}"]) for at in range(len(self._labels.masks))]
        return self._labels.moved(size, boxes, numbers, points, masks)


def _tensor(array: Pixels) -> Any:
    """(channels, height, width) of its own; 16 bits as 32, since torch computes little with unsigned ones."""
    import torch

    # A copy, since others may write into what they get; as images lie in files, which torchvision resizes fastest.
    own = array.astype(np.int32) if array.dtype == np.uint16 else np.array(array, order="C")
    return torch.from_numpy(own).permute(2, 0, 1)


def _unstacked(stack: Any) -> Pixels:
    return np.ascontiguousarray(stack[0].permute(1, 2, 0).numpy())


def _array(image: Any, before: Pixels, *, scaled: bool) -> Pixels:
    """(height, width, channels) in the type of the image that went in."""
    import torch

    if isinstance(image, torch.Tensor):
        array = image.as_subclass(torch.Tensor).numpy()
        array = np.ascontiguousarray(array.transpose(1, 2, 0)) if array.ndim == 3 else array
    else:
        array = np.asarray(image)  # of ToPILImage
    array = array[:, :, None] if array.ndim == 2 else array
    wanted = np.float32 if scaled else np.int32 if before.dtype == np.uint16 else before.dtype
    if array.ndim != 3 or array.dtype != wanted or array.shape[2] not in {1, 3, 4} or 0 in array.shape:
        raise RowError(
            f"Torchvision: the pipeline must give {before.dtype} of shape (1, 3 or 4, height, width), gave "
            f"{getattr(image, 'dtype', type(image).__name__)} of {tuple(getattr(image, 'shape', ()))}; leave ToDtype "
            "and Normalize to the training loop"
        )
    if scaled:
        array = np.rint(array * np.float32(_TOP))
    return array if wanted == before.dtype else array.clip(0, _TOP).astype(before.dtype)
