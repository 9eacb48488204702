"""Augmenters with the protocol of imgaug as ops: their transforms, our streams and labels."""

from __future__ import annotations

import copy
import dataclasses
import functools
import inspect
import json
import random
from collections.abc import Sequence
from typing import Any

import numpy as np

from hfaug.errors import FingerprintError, RowError
from hfaug.kinds import ImageOp, Pixels
from hfaug.plan import Run
from hfaug.randomness import Stream, isolated_globals, seed_globals
from hfaug.rows import Row, Scene
from hfaug.wrap.freezing import MOST_BYTES, Freezer, locate
from hfaug.wrap.functions import checked_pixels
from hfaug.wrap.known import Known
from hfaug.wrap.labels import Carried
from hfaug.wrap.thawing import Thawer
from hfaug.wrap.wrapped import Wrapped

__all__ = ["Imgaug", "is_augmenter", "specify"]

_KEYWORDS = {"mask": "segmentation_maps", "boxes": "bounding_boxes", "keypoints": "keypoints"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Imgaug(Wrapped, ImageOp):
    """An object with the protocol of imgaug's augmenters. Made by `hfaug.wrap`.

    It has ``augment_image(image)``, or is called with ``image=``; the image is its own (height, width, channels) array.
    If it takes ``bounding_boxes=``, ``keypoints=`` and ``segmentation_maps=`` too (as parameters of its call, or told
    by methods ``augment_bounding_boxes`` and so on), it is called once with those that the row has: lists of
    (x1, y1, x2, y2) and of (x, y) in continuous pixels, and an int32 array; and gives all back in that order. Boxes
    that have left the image are dropped with all that belongs to them.

    Each image gets a fresh copy of the object. It may draw from the global generators, which are seeded by the row and
    given back as they were. Generators that it holds begin anew for each row, by its method ``seed_(seed)``.

    Args:
        pipeline: What it is, canonical JSON.

    Moves: image; mask, boxes and keypoints as far as it takes them.
    Rejects: nothing.
    Source: https://imgaug.readthedocs.io

    >>> import hfaug
    >>> from types import SimpleNamespace
    >>> upside_down = SimpleNamespace(augment_image=np.flipud)
    >>> hfaug.wrap(upside_down).shifts, hfaug.wrap(upside_down).moves
    (('image',), ())
    """

    def run(self, rows: Sequence[Row], run: Run) -> list[Row]:
        """Change the images of each row; the process's own random state is the same afterwards."""
        with isolated_globals():
            return super().run(rows, run)

    def change(self, scene: Scene, rng: Stream) -> None:
        """Send the image and its labels through the augmenter."""
        before = scene.array
        labels = Carried(scene.open_labels() if self.shifts else [], scene)
        augmenter = copy.deepcopy(_built(self.pipeline))
        seed_globals(rng.seed(64))
        if hasattr(augmenter, "seed_"):
            augmenter.seed_(rng.seed(31))
        given = _given(before, labels)
        result = _called(augmenter, given)
        after = checked_pixels(result["image"], before)
        after = before if after.shape == before.shape and np.array_equal(after, before) else after
        if self.shifts:
            scene.replace(after, _moved(labels, result, after.shape[:2]) if self.moves else scene.labels)
        elif after is not before:
            scene.put(after)


def is_augmenter(target: Any) -> bool:
    """Whether an object has the protocol."""
    if isinstance(target, type) or inspect.isroutine(target):
        return False
    return hasattr(target, "augment_image") or (hasattr(target, "to_deterministic") and _takes(target, "image"))


def specify(target: Any, shifts: Sequence[str] | None = None) -> str:
    """An augmenter as canonical JSON: equal for equal ones, before and after use.

    Args:
        target: The augmenter.
        shifts: What the user says of it: empty or ``image``; by default ``image``.

    Raises:
        FingerprintError: It could not be made again, or holds a generator that nobody can seed.
    """
    freezer = _Augmenters(type(target).__qualname__)
    tree = freezer.tree(target)
    if freezer.generators and not hasattr(target, "seed_"):
        raise FingerprintError(
            f"wrap: {type(target).__qualname__} must draw the same for a row in every process, holds a generator "
            "of its own; give it a method seed_(seed) that sets it, or draw from NumPy's global generator"
        )
    moves = () if shifts == () else tuple(role for role, name in _KEYWORDS.items() if _takes(target, name))
    text = Known(shifts=() if shifts == () else ("image",), moves=moves, plain=False, sure=True).text(tree)
    if len(text) > MOST_BYTES:
        raise FingerprintError(
            f"wrap: {type(target).__qualname__} must hold at most {MOST_BYTES} bytes of configuration, holds "
            f"{len(text)}; wrap its parts and chain them with hfaug.Chain"
        )
    return text


def _takes(target: Any, name: str) -> bool:
    """Whether a call of an augmenter takes an argument, by its parameters or by the method that stands for it."""
    if not callable(target):
        return False
    if hasattr(target, f"augment_{name}"):
        return True
    return name in inspect.signature(target).parameters


def _given(image: Pixels, labels: Carried) -> dict[str, Any]:
    """The arguments of one call, in the order of the answer."""
    given: dict[str, Any] = {"image": image.copy()}  # copies of the row share it
    if len(labels.boxes):
        given["bounding_boxes"] = [tuple(box) for box in labels.boxes.tolist()]
    if len(labels.points):
        given["keypoints"] = [tuple(point) for point in labels.points.tolist()]
    if labels.masks:
        given["segmentation_maps"] = np.concatenate(labels.masks, axis=2).astype(np.int32)
    return given


def _called(augmenter: Any, given: dict[str, Any]) -> dict[str, Any]:
    if not _takes(augmenter, "image"):
        return {"image": augmenter.augment_image(given["image"])}
    result = augmenter(**given)
    answers = [result] if len(given) == 1 else list(result)
    if len(answers) != len(given):
        raise RowError(
            f"Imgaug: {type(augmenter).__qualname__} must give back {', '.join(given)}, gave {len(answers)} results; "
            "mend the augmenter"
        )
    return dict(zip(given, answers, strict=True))


def _moved(labels: Carried, result: dict[str, Any], size: tuple[int, int]) -> Any:
    boxes = np.asarray(result.get("bounding_boxes", ()), np.float64).reshape(-1, 4)
    points = np.asarray(result.get("keypoints", ()), np.float64).reshape(-1, 2)
    for name, before, after in (("bounding_boxes", labels.boxes, boxes), ("keypoints", labels.points, points)):
        if len(before) != len(after):
            raise RowError(
                f"Imgaug: {name} must all come back, {len(after)} of {len(before)} did; leave out what takes them out: "
                "hfaug drops what has left the image"
            )
    masks: list[Any] = []
    if labels.masks:
        planes = np.asarray(result["segmentation_maps"])
        planes = planes.reshape(*planes.shape[:2], -1)
        masks = np.split(planes, np.cumsum([mask.shape[2] for mask in labels.masks])[:-1], axis=2)
    left, numbers = labels.inside(boxes, range(len(boxes)), size)
    return labels.moved(size, left, numbers, points, masks)


@functools.lru_cache(maxsize=32)
def _built(text: str) -> Any:
    """The augmenter of this process; every image gets a copy."""
    return _Builder().value(json.loads(text)["pipeline"])


class _Augmenters(Freezer):
    """Objects whose generators will be seeded anew, so that their state does not count."""

    def __init__(self, who: str) -> None:
        super().__init__(who)
        self.generators = 0

    def tree(self, value: Any) -> Any:
        """The tree of a value; of a generator, its kind."""
        kinds = (np.random.Generator, np.random.RandomState, random.Random)
        kind = next((kind for kind in kinds if isinstance(value, kind)), None)
        if kind is None and type(value).__name__ == "RNG":  # imgaug's own
            kind = type(value)
        if kind is None:
            return super().tree(value)
        self.generators += 1
        return {"generator": locate(kind)}


class _Builder(Thawer):
    """Such objects again, with generators that wait for their seed."""

    def value(self, tree: Any) -> Any:
        """The value of a tree."""
        if isinstance(tree, dict) and "generator" in tree:
            kind = super().value({"name": tree["generator"]})
            return np.random.default_rng(0) if kind is np.random.Generator else kind(0)
        return super().value(tree)
