"""What an op may rely on where images of classes are drawn; see :mod:`hfaug.backends.protocols`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy.typing as npt

from hfaug.backends.protocols import Backend

__all__ = ["ImageSampler"]


@runtime_checkable
class ImageSampler(Backend, Protocol):
    """Draws images of a class, or of none where it was fitted without classes."""

    @property
    def classes(self) -> Mapping[str, int]:
        """The classes by name, each with its number in the model; empty for a model that knows none."""

    def sample(
        self,
        classes: Sequence[str | None],
        seeds: Sequence[int],
        *,
        steps: int | None = None,
        guidance: float | None = None,
        batch_size: int | None = None,
    ) -> list[npt.NDArray[Any]]:
        """Draw one image for each class; the answers are in the order of the classes.

        Args:
            classes: Names that the model knows; None for each image of a model that knows no classes.
            seeds: One number in [0, 2**63) an image; all its noise comes from it.
            steps: Denoising steps; None for the model's own number, as for guidance.
            guidance: How closely the image follows its class.
            batch_size: Images that go through the model at once, at most; None for what suits the device.

        Returns:
            Pixels, uint8, (height, width, 1 or 3).

        Raises:
            ParameterError: The model does not know a class or a setting, or seeds and classes are not equally many.
        """
