"""kornia pipelines as ops: their transforms, our streams and labels; on the GPU where there is one."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from hfaug.errors import RowError, add_context
from hfaug.kinds import ImageOp, Pixels
from hfaug.plan import Run
from hfaug.randomness import Stream, seed_globals
from hfaug.rows import Row, Scene
from hfaug.wrap import kornia_specs as specs
from hfaug.wrap.known import Known
from hfaug.wrap.labels import Carried
from hfaug.wrap.layers import lend_globals
from hfaug.wrap.wrapped import Wrapped

__all__ = ["Kornia"]

_EXACT = 2**24
"""Up to here 32-bit floats hold every whole number."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kornia(Wrapped, ImageOp):
    """A kornia augmentation, or a container of some. Made by `hfaug.wrap`.

    The parameters of each row are drawn for it alone, on the CPU, from torch's global generator, seeded by the row and
    given back as it was; so ``same_on_batch`` and ``p_batch`` speak of one image. On a GPU, images of one size whose
    transforms allow it go through as one batch: the last digits may then follow from its neighbours. Without a GPU
    every image goes alone, and its bytes follow from itself.

    Transforms of colours leave labels be. Through those that move pixels, masks and keypoints go as such, and boxes as
    their corners; boxes that have left the image are dropped with all that belongs to them, keypoints keep their places
    and lose their visibility. Images come as floats 0..1 and are clipped to that afterwards, in 8 and 16 bits.
    Transparency is moved like a mask and keeps its values.

    Args:
        pipeline: Its configuration, canonical JSON.

    Moves: image; mask, boxes and keypoints as far as its transforms are known to.
    Rejects: nothing.
    Source: E. Riba et al., Kornia: an Open Source Differentiable Computer Vision Library for PyTorch, arXiv:1910.02190.

    >>> import hfaug
    >>> import kornia.augmentation as K
    >>> hfaug.wrap(K.RandomAffine(20.0)).moves, hfaug.wrap(K.RandomGamma()).moves
    (('mask', 'boxes', 'keypoints'), ())
    """

    def _extra(self) -> dict[str, Any]:
        return {**super()._extra(), "library": specs.library()}

    def run(self, rows: Sequence[Row], run: Run) -> list[Row]:
        """Change the images of each row; the process's own random state is the same afterwards."""
        with lend_globals():
            if specs.gains_by_batches() and specs.stacks(self.pipeline):
                return self._run_stacked(rows, run)
            return super().run(rows, run)

    def _run_stacked(self, rows: Sequence[Row], run: Run) -> list[Row]:
        """Draw for one row after the other, then compute in batches of what fits together."""
        leaf = run.leaf(self)
        each = leaf.binding.images == "each"
        streams = run.streams(leaf, rows)
        jobs: list[_Job] = []
        for place, row in enumerate(rows):
            if row.rejected is None:
                row.roles = leaf.roles
                for number, scene in enumerate(row.scenes):
                    jobs.append(self._job(scene, streams[place].child(number) if each else streams[place]))
        for batch in _batches(jobs):
            self._compute(batch)
        return list(rows)

    def change(self, scene: Scene, rng: Stream) -> None:
        """Send the image and its labels through the pipeline."""
        self._compute([self._job(scene, rng)])

    def _job(self, scene: Scene, rng: Stream) -> _Job:
        job = _Job(scene, Known.of(self.pipeline, type(self).__name__))
        seed_globals(rng.seed(64))
        job.params = specs.build(self.pipeline).forward_parameters(job.shape)
        return job

    def _compute(self, jobs: Sequence[_Job]) -> None:
        """One batch. A single image may go on drawing while it is computed: its seed still holds."""
        pipeline = specs.build(self.pipeline)
        params = jobs[0].params if len(jobs) == 1 else specs.joined([job.params for job in jobs])
        keys, given = _stacked(jobs)
        try:
            results = pipeline.forward(*given, params=params, data_keys=keys)
        except Exception as error:
            channels = jobs[0].shape[1]
            if channels != 3:
                raise RowError(
                    f"Kornia: every transform must take an image of its {channels} channels, one does not ({error}); "
                    "leave it out, or convert the images to RGB first"
                ) from error
            add_context(error, f"in Kornia, rows {jobs[0].scene.row.id!r} to {jobs[-1].scene.row.id!r}")
            raise
        results = list(results) if len(keys) > 1 else [results]
        for place, job in enumerate(jobs):
            job.take([result[place] for result in results])


class _Job:
    """One image with its labels as kornia takes them, and back.

    Attributes:
        scene: The image.
        shape: (1, channels, height, width).
        params: What was drawn for it.
        points: (n, 2): keypoints, then the corners of boxes; counted from the middle of the first pixel.
    """

    def __init__(self, scene: Scene, known: Known) -> None:
        self.scene = scene
        self.params: Any = None
        self._known = known
        self._image = scene.array
        self._labels = Carried(scene.open_labels() if known.shifts else [], scene)
        self._splits = self._image.shape[2] == 4 and not known.plain
        self._colours = self._image[:, :, :3] if self._splits else self._image
        self._top = 65_535 if self._image.dtype == np.uint16 else 255
        self.shape = (1, self._colours.shape[2], *self._image.shape[:2])
        x0, y0, x1, y1 = self._labels.boxes.T
        rings = np.stack([x0, y0, x1, y0, x1, y1, x0, y1], axis=1).reshape(-1, 2)
        self.points = np.concatenate([self._labels.points, rings]) - 0.5

    def tensors(self) -> list[Any]:
        """The image as floats 0..1, then masks and transparency; (channels, height, width) each."""
        colours = _tensor(self._colours)
        return [colours / self._top, *(_tensor(_exact(mask)) for mask in self._masks())]

    def _masks(self) -> list[Pixels]:
        return [*self._labels.masks, *([self._image[:, :, 3:]] if self._splits else [])]

    def take(self, results: Sequence[Any]) -> None:
        """Take what came out: the image, masks and transparency, points."""
        colours, *masks = [result.permute(1, 2, 0).cpu().numpy() for result in results[: 1 + len(self._masks())]]
        after = self._stored(colours)
        if self._splits:
            after = np.concatenate([after, masks.pop().round().astype(after.dtype)], axis=2)
        if after.shape == self._image.shape and np.array_equal(after, self._image):
            after = self._image
        if not self._known.shifts:
            if after is not self._image:
                self.scene.put(after)
        elif self._known.moves:
            points = results[-1].double().cpu().numpy()[: len(self.points)] if len(self.points) else self.points
            self.scene.replace(after, self._moved(after, points + 0.5, masks))
        else:
            self.scene.replace(after, self.scene.labels)

    def _moved(self, after: Pixels, points: Any, masks: Sequence[Pixels]) -> Any:
        size = after.shape[:2]
        count = len(self._labels.points)
        rings = points[count:].reshape(-1, 4, 2)
        boxes = np.concatenate([rings.min(axis=1), rings.max(axis=1)], axis=1)
        boxes = np.where(np.abs(boxes - self._labels.boxes) <= 2.0**-21 * max(size), self._labels.boxes, boxes)
        left, numbers = self._labels.inside(boxes, range(len(boxes)), size)
        return self._labels.moved(size, left, numbers, points[:count], [mask.round() for mask in masks])

    def _stored(self, colours: Pixels) -> Pixels:
        if not np.isfinite(colours).all() or colours.shape[2] not in {1, 3, 4} or 0 in colours.shape:
            raise RowError(
                f"Kornia: the pipeline must give finite numbers 0..1 in 1, 3 or 4 channels, gave {colours.shape[2]} "
                f"channels of {'finite numbers' if np.isfinite(colours).all() else 'numbers that are not finite'}; "
                "leave the transform out that makes them"
            )
        levels = np.rint(colours.clip(0, 1) * np.float32(self._top))
        return np.ascontiguousarray(levels.astype(self._image.dtype))


def _tensor(array: Pixels) -> Any:
    """(channels, height, width) of 32-bit floats on the device."""
    import torch

    wide = array.astype(np.int32) if array.dtype == np.uint16 else array
    chosen = torch.from_numpy(np.array(wide.transpose(2, 0, 1), order="C")).to(specs.device())
    return chosen.to(torch.float32)


def _exact(mask: Pixels) -> Pixels:
    if mask.dtype != np.uint8 and mask.size and mask.max() >= _EXACT:
        raise RowError(f"Kornia: values of a mask must be below {_EXACT}, one is {mask.max()}; number the objects anew")
    return mask


def _batches(jobs: Sequence[_Job]) -> list[list[_Job]]:
    """What can go through together: images of one shape, with masks alike, whose parameters fit."""
    found: dict[Any, list[_Job]] = {}
    for job in jobs:
        masks = tuple(tensor.shape[2] for tensor in job._masks())  # noqa: SLF001 - of this module
        found.setdefault((job.shape, masks, specs.signature(job.params)), []).append(job)
    return list(found.values())


def _stacked(jobs: Sequence[_Job]) -> tuple[list[str], list[Any]]:
    """What the tensors are, and the tensors, each with an axis for the images in front."""
    import torch

    given = [torch.stack(parts) for parts in zip(*(job.tensors() for job in jobs), strict=True)]
    keys = ["input", *["mask"] * (len(given) - 1)]
    most = max(len(job.points) for job in jobs)
    if most:
        points = np.zeros((len(jobs), most, 2), np.float32)
        for place, job in enumerate(jobs):
            points[place, : len(job.points)] = job.points
        return [*keys, "keypoints"], [*given, torch.from_numpy(points).to(specs.device())]
    return keys, given
