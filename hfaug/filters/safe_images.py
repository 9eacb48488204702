"""Drop images that a safety checker objects to."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from datasets import Features

from hfaug.backends import facts, image_classes, image_classifier
from hfaug.errors import ParameterError
from hfaug.fields import ModelName, Share
from hfaug.filters.base import BatchFilter
from hfaug.filters.pictures import looked_at

__all__ = ["SafeImages"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class SafeImages(BatchFilter):
    """Keep images to which a safety checker does not object: any image classifier with classes for what must not be.

    Many diffusion pipelines have no safety checker of their own. Rows of all origins are judged. A checker of another
    kind is a `BatchFilter` of one's own, or takes the place of the model by ``backends.override("image_classifier")``.

    Args:
        model: An image classifier of transformers: Hub repo id or folder.
        unsafe: The classes that must not be, by their names in the model.
        most: Greatest probability of all of them together that stays, 0..1.
        image: The image column.
        revision: Tag or commit of a Hub model; none for a folder.

    Drops: ``unsafe image``.
    Source: folklore.

    >>> from hfaug.filters import SafeImages
    >>> SafeImages().unsafe
    ('nsfw',)
    """

    batch_rows: ClassVar[int] = 64

    model: ModelName = "Falconsai/nsfw_image_detection"
    unsafe: tuple[str, ...] = ("nsfw",)
    most: Share = 0.5
    image: str = "image"
    revision: str | None = None

    def needs(self) -> Sequence[str]:
        """The images."""
        return (self.image,)

    def models(self) -> tuple[dict[str, Any], ...]:
        """The checker."""
        return (facts("image_classifier", self.model, self.revision),)

    def check(self, features: Features) -> None:
        """Make sure that there are images, and that the model has the classes that must not be.

        Raises:
            ParameterError: It has not.
        """
        super().check(features)
        self._places(image_classes(self.model, revision=self.revision))

    def judge(self, rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
        """One entry a row, in order.

        Raises:
            ParameterError: The model has no such class.
        """
        checker = image_classifier(self.model, revision=self.revision)
        unsafe = self._places(checker.classes)
        found: list[str | None] = [None] * len(rows)
        images = {place: image for place, row in enumerate(rows) if (image := looked_at(row, self.image)) is not None}
        scores = checker.classify(list(images.values()))
        for place, score in zip(images, scores, strict=True):
            if sum(score[at] for at in unsafe) > self.most:
                found[place] = "unsafe image"
        return found

    def _places(self, known: Sequence[str]) -> list[int]:
        """Where the classes that must not be stand among those of the model."""
        unknown = [name for name in self.unsafe if name not in known]
        if unknown or not self.unsafe:
            raise ParameterError(
                f"{type(self).__name__}: unsafe must name classes of {self.model} ({', '.join(known[:20])}), "
                f"{', '.join(unknown) or 'nothing'} is none; correct unsafe"
            )
        return [place for place, name in enumerate(known) if name in self.unsafe]
