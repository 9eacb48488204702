"""Drop images in which a classifier does not see the class that their label names."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from datasets import ClassLabel, Dataset, Features

from hfaug.assets import Asset
from hfaug.backends import Seen, facts, image_classes, image_classifier
from hfaug.backends.small_classifier import SIZE, SmallClassifier, train
from hfaug.errors import ParameterError, RoleError
from hfaug.fields import ModelName, Share
from hfaug.filters.learning import LearningFilter, real_rows
from hfaug.filters.pictures import looked_at, reduced

__all__ = ["LabelAgrees"]

_FOLDS = 5  # one of so many images of each class is held out


@dataclasses.dataclass(frozen=True, kw_only=True)
class LabelAgrees(LearningFilter):
    """Keep augmented and synthetic images in which a classifier sees their class.

    The classifier is yours (`model`), or a small one that is trained on the real rows, in about a minute. Of each class
    it never sees a fifth, on which it is tried: one that is wrong about real images cannot judge others, so it is
    refused. It knows no other images than these, in other colours too: made ones must show things as they do, from such
    sides and on such backgrounds. Where most fall, look at some, and name a model.

    Args:
        label: The class column, a ClassLabel.
        image: The image column.
        least_probability: Least probability of the class, 0..1, besides that no other that the classifier knows is
            likelier.
        model: An image classifier of transformers, Hub repo id or folder, whose classes are named as those of the
            column; none trains one.
        revision: Tag or commit of a Hub model; none for a folder.
        least_accuracy: Share of the held-out real images that a trained one must be right about, 0..1; the mean over
            the classes.
        most_rows: Real images to learn from, at most: of each class as many as of another, while there are some.
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
        """Make sure that there are images with classes, and that the classifier, if it is given, knows these.

        Raises:
            RoleError: There are none.
            ParameterError: It knows others.
        """
        super().check(features)
        if not isinstance(features[self.label], ClassLabel):
            raise RoleError(
                f"{type(self).__name__}: label must be a ClassLabel, column {self.label!r} is {features[self.label]}; "
                "use ds.class_encode_column, or source.encode in a recipe"
            )
        if self.learnt is not None and features[self.label].names != self._names():
            raise RoleError(
                f"{type(self).__name__}: the classes of {self.label!r} must be those that it learnt, in their order, "
                f"{', '.join(self._names()[:20])}, got {', '.join(features[self.label].names[:20])}; "
                "cast the column to the feature of the other dataset"
            )
        if self.model is not None:
            self._places(features[self.label].names, image_classes(self.model, revision=self.revision))

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
        flat = [np.ascontiguousarray(value) for value in state.values()]
        columns = {
            "name": list(state),
            "dtype": [value.dtype.str for value in flat],
            "shape": pa.array([list(value.shape) for value in flat], pa.list_(pa.int64())),
            "weights": pa.array([value.tobytes() for value in flat], pa.large_binary()),
        }
        return pa.table(columns).replace_schema_metadata({"classes": json.dumps(names)})

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
        seen = [image for place in judged if (image := images[place]) is not None]
        if self.model is not None:
            classifier = image_classifier(self.model, revision=self.revision)
            known, scores = self._places(names, classifier.classes), classifier.classify(seen)
        else:
            known, scores = list(range(len(names))), self._scores(seen)
        for place, score in zip(judged, scores, strict=True):
            own = known[labels[place] or 0]
            if score.argmax() != own or score[own] < self.least_probability:
                found[place] = "looks like another class"
        return found

    def _names(self) -> list[str]:
        """The names of the classes, as it learnt them."""
        found: list[str] = json.loads(self.known().schema.metadata[b"classes"])
        return found

    def _scores(self, images: Sequence[Seen]) -> npt.NDArray[np.float32]:
        """What the trained classifier says of images, shape (images, classes)."""
        assert self.learnt is not None  # noqa: S101 - `judge` has seen to that
        small = np.array([reduced(image, SIZE) for image in images], np.uint8).reshape(-1, SIZE, SIZE, 3)
        return _classifier(self.learnt).probabilities(small)

    def _places(self, names: Sequence[str], known: Sequence[str]) -> list[int]:
        """Where the classes of the column stand among those of the given classifier."""
        missing = [name for name in names if name not in known]
        if missing:
            raise ParameterError(
                f"{type(self).__name__}: the classes of {self.model} must be named as those of {self.label!r}, "
                f"{', '.join(missing)} is not among {', '.join(known[:20])}; rename the classes of one of them"
            )
        return [list(known).index(name) for name in names]

    def _trained(self, rows: Dataset, names: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
        """A classifier that is good enough on real images it has not seen."""
        images, labels, held = self._chosen(rows, names)
        lacking = [name for number, name in enumerate(names) if number not in labels[~held]]
        if lacking or not held.any() or len(names) < 2:
            raise ParameterError(
                f"{type(self).__name__}: there must be two classes or more, and real images of each to learn from, "
                f"{', '.join(lacking) or 'what is left'} has none or too few; name a model that knows the classes"
            )
        state = train(images[~held], labels[~held], len(names))
        hits = SmallClassifier(state).probabilities(images[held]).argmax(axis=1) == labels[held]
        right = float(np.mean([hits[labels[held] == number].mean() for number in np.unique(labels[held])]))
        if right < self.least_accuracy:
            raise ParameterError(
                f"{type(self).__name__}: a classifier that judges must be right about {self.least_accuracy:.0%} of "
                f"real images it has not seen, the one trained on {(~held).sum()} was about {right:.0%} of "
                f"{held.sum()}; name a model, or lower least_accuracy"
            )
        return dict(state)

    def _chosen(
        self, rows: Dataset, names: Sequence[str]
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """Real images and their classes, and which of them are held out; of the others none is read."""
        found = [_class(row[self.label], names) for some in real_rows(rows, [self.label], 1000) for row in some]
        wanted = _in_turns([-1 if label is None else label for label in found], self.most_rows)
        real = itertools.chain.from_iterable(real_rows(rows, [self.image, self.label]))
        pairs = [
            (reduced(image, SIZE), found[place], turn % _FOLDS == _FOLDS - 1)
            for place, row in enumerate(real)
            if (turn := wanted.get(place)) is not None and (image := looked_at(row, self.image)) is not None
        ]
        images = np.array([image for image, _, _ in pairs], np.uint8).reshape(-1, SIZE, SIZE, 3)
        labels = np.array([label for _, label, _ in pairs], np.int64)
        return images, labels, np.array([held for _, _, held in pairs], np.bool_)


@functools.lru_cache(maxsize=4)
def _classifier(learnt: Asset) -> SmallClassifier:
    """The trained classifier, made once a process."""
    rows = learnt.table().to_pylist()
    return SmallClassifier(
        {row["name"]: np.frombuffer(row["weights"], row["dtype"]).reshape(row["shape"]) for row in rows}
    )


def _in_turns(labels: Sequence[int], most: int) -> dict[int, int]:
    """Some rows at random, and in which turn each was taken: one of each class, then a second of each, and so on.

    Args:
        labels: The class of each row; rows below 0 are left aside.
        most: Rows, at most.
    """
    taken, turns = Counter[int](), dict[int, int]()
    for place in np.random.default_rng(0).permutation(len(labels)).tolist():
        if labels[place] >= 0:
            turns[place] = taken[labels[place]]
            taken[labels[place]] += 1
    return dict(sorted(turns.items(), key=lambda item: item[1])[:most])


def _class(value: Any, names: Sequence[str]) -> int | None:
    """The number of a class; None where nobody said which."""
    if isinstance(value, str):
        return names.index(value) if value in names else None
    return int(value) if value is not None and 0 <= value < len(names) else None
