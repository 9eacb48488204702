"""What is said to models that look at images, and what they answer: classifiers and feature extractors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

from hfaug.backends.protocols import Backend

__all__ = ["ImageClassifier", "ImageFeatures", "Seen"]

Seen: TypeAlias = npt.NDArray[np.uint8]
"""An image as a model gets it: RGB, (height, width, 3)."""


@runtime_checkable
class ImageClassifier(Backend, Protocol):
    """Says which class an image shows."""

    @property
    def classes(self) -> Sequence[str]:
        """The names of the classes, in the order of the scores."""

    def classify(self, images: Sequence[Seen]) -> npt.NDArray[np.floating[Any]]:
        """The probability of each class: shape (images, classes)."""


@runtime_checkable
class ImageFeatures(Backend, Protocol):
    """Says where an image lies in a space in which images that look alike are near each other."""

    def embed(self, images: Sequence[Seen]) -> npt.NDArray[np.float32]:
        """One vector for each image: shape (images, features)."""
