"""Drop images in which a classifier does not see the class that their label names."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from datasets import ClassLabel, Dataset, Features

from hfaug.backends import Seen, facts, image_classifier
from hfaug.backends.small_classifier import SIZE, probabilities, train
from hfaug.errors import ParameterError, RoleError
from hfaug.fields import ModelName, Share
from hfaug.filters.learning import LearningFilter, real_rows
from hfaug.filters.pictures import looked_at, reduced

__all__ = ["LabelAgrees"]

_HELD_OUT = 0.2


@dataclasses.dataclass(frozen=True, kw_only=True)
class LabelAgrees(LearningFilter):
    """Keep augmented and synthetic images in which a classifier sees their class.

    The classifier is yours (`model`), or a small one that is trained on the real rows, in about a minute. Of these it
    never sees a fifth, on which it is tried: one that is wrong about real images cannot judge others, so it is refused.

    Args:
        label: The class column, a ClassLabel.
        image: The image column.
        least_probability: Least probability of the class, 0..1, besides that no other is likelier.
        model: An image classifier of transformers, Hub repo id or folder, whose classes are named as those of the
            column; none trains one.
        revision: Tag or commit of a Hub model; none for a folder.
        least_accuracy: Share of the held-out real images that a trained one must be right about, 0..1.
        most_rows: Real images to learn from, at most.
        learnt: The names of the classes, and the trained classifier.

    Drops: ``looks like another class``, ``no image``, ``no class``.
    Source: rejection by a classifier, as S. Ravuri, O. Vinyals, arXiv:1905.10887, measure generators.

    >>> from hfaug.filters import LabelAgrees
    >>> LabelAgrees(label="digit", least_probability=0.5).needs()
    ('image', 'digit')
    """

    label: str = "label"
    image: str = "image"
    least_probability: Share = 0
    model: ModelName | None = None
    revision: str | None = None
    least_accuracy: Share = 0.8
    most_rows: int = 20_000

    def needs(self) -> Sequence[str]:
        """The images and their classes."""
        return (self.image, self.label)

    def check(self, features: Features) -> None:
        """Make sure that there are images with classes."""
        super().check(features)
        if not isinstance(features[self.label], ClassLabel):
            raise RoleError(
                f"{type(self).__name__}: label must be a ClassLabel, column {self.label!r} is {features[self.label]}; "
                "use ds.class_encode_column, or source.encode in a recipe"
            )

    def models(self) -> tuple[dict[str, Any], ...]:
        """The classifier, if it is not trained here."""
        return () if self.model is None else (facts("image_classifier", self.model, self.revision),)

    def learn(self, rows: Dataset) -> pa.Table:
        """The names of the classes, and a classifier where none is given.

        Raises:
            ParameterError: The given classifier knows other classes, a class has no rows to learn from, or the trained
                one is not good enough to judge.
        """
        self.check(rows.features)
        names = rows.features[self.label].names
        state = {} if self.model is not None else self._trained(rows, names)
        if self.model is not None:
            self._places(names)
        flat = [np.ascontiguousarray(value) for value in state.values()]
        columns = {
            "name": list(state),
            "dtype": [value.dtype.str for value in flat],
            "shape": pa.array([list(value.shape) for value in flat], pa.list_(pa.int64())),
            "weights": pa.array([value.tobytes() for value in flat], pa.large_binary()),
        }
        return pa.table(columns).replace_schema_metadata({"classes": "\n".join(names)})

    def judge_made(self, rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
        """For each row None to keep it, else why not."""
        names = self._names()
        images = [looked_at(row, self.image) for row in rows]
        labels = [_class(row[self.label], names) for row in rows]
        found: list[str | None] = [
            "no image" if image is None else "no class" if label is None else None
            for image, label in zip(images, labels, strict=True)
        ]
        judged = [place for place, reason in enumerate(found) if reason is None]
        scores = self._scores([image for place in judged if (image := images[place]) is not None], names)
        for place, score in zip(judged, scores, strict=True):
            label = labels[place]
            if score.argmax() != label or score[label] < self.least_probability:
                found[place] = "looks like another class"
        return found

    def _names(self) -> list[str]:
        return str(self.known().schema.metadata[b"classes"].decode()).split("\n")

    def _scores(self, images: Sequence[Seen], names: Sequence[str]) -> npt.NDArray[np.floating[Any]]:
        """The probability of each class of the column, shape (images, classes)."""
        if not images:
            return np.zeros((0, len(names)), np.float32)
        if self.model is not None:
            return image_classifier(self.model, revision=self.revision).classify(images)[:, self._places(names)]
        state = {
            row["name"]: np.frombuffer(row["weights"], row["dtype"]).reshape(row["shape"])
            for row in self.known().to_pylist()
        }
        return probabilities(state, np.stack([reduced(image, SIZE) for image in images]))

    def _places(self, names: Sequence[str]) -> list[int]:
        """Where the classes of the column stand among those of the given classifier."""
        assert self.model is not None  # noqa: S101 - callers have seen to that
        known = list(image_classifier(self.model, revision=self.revision).classes)
        missing = [name for name in names if name not in known]
        if missing:
            raise ParameterError(
                f"{type(self).__name__}: the classes of {self.model} must be named as those of {self.label!r}, "
                f"{', '.join(missing)} is not among {', '.join(known[:20])}; rename the classes of one of them"
            )
        return [known.index(name) for name in names]

    def _trained(self, rows: Dataset, names: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
        """A classifier that is good enough on real images it has not seen."""
        images, labels = self._real(rows, names)
        order = np.random.default_rng(0).permutation(len(labels))[: self.most_rows]
        held = order[: round(_HELD_OUT * len(order))]
        seen = order[len(held) :]
        lacking = [name for number, name in enumerate(names) if number not in labels[seen]]
        if lacking or not len(held):
            raise ParameterError(
                f"{type(self).__name__}: every class must have real images to learn from, "
                f"{', '.join(lacking) or 'none'} has none or too few; name a model that knows the classes"
            )
        state = train(images[seen], labels[seen], len(names))
        right = float((probabilities(state, images[held]).argmax(axis=1) == labels[held]).mean())
        if right < self.least_accuracy:
            raise ParameterError(
                f"{type(self).__name__}: a classifier that judges must be right about {self.least_accuracy:.0%} of "
                f"real images it has not seen, the one trained on {len(seen)} was about {right:.0%} of {len(held)}; "
                "name a model, or lower least_accuracy"
            )
        return dict(state)

    def _real(self, rows: Dataset, names: Sequence[str]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
        pairs = [
            (reduced(image, SIZE), label)
            for some in real_rows(rows, [self.image, self.label])
            for row in some
            if (image := looked_at(row, self.image)) is not None
            and (label := _class(row[self.label], names)) is not None
        ]
        labels = np.array([label for _, label in pairs], np.int64)
        return np.array([image for image, _ in pairs], np.uint8).reshape(-1, SIZE, SIZE, 3), labels


def _class(value: Any, names: Sequence[str]) -> int | None:
    """The number of a class; None where nobody said which."""
    if isinstance(value, str):
        return names.index(value) if value in names else None
    return int(value) if value is not None and 0 <= value < len(names) else None
