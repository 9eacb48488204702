"""What a kind of generator brings to the training: its networks, its losses, and the pipeline that it becomes."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.errors import ParameterError
from hfaug.fields import canonical
from hfaug.fit.images import TrainingImages
from hfaug.fit.sheets import draw_samples

if TYPE_CHECKING:
    import torch

    from hfaug.fit.augmenting import Augmenter
    from hfaug.fit.order import Numbers
    from hfaug.fit.privacy import Privacy

__all__ = ["Batch", "Job", "Losses", "Phase", "check_levels"]


@dataclasses.dataclass(frozen=True, eq=False)
class Batch:
    """What one process sees at once.

    Args:
        pixels: -1..1, (images, channels, size, size).
        labels: The number of each image's class.
        generator: Where all that is drawn for this batch comes from.
    """

    pixels: torch.Tensor
    labels: torch.Tensor
    generator: torch.Generator

    @classmethod
    def blind(cls, count: int, classes: int, generator: torch.Generator) -> Batch:
        """A batch that has nothing of the data: no pixels, and each class with the same chance."""
        import torch

        labels = torch.randint(classes, (count,), generator=generator, device=generator.device)
        return cls(torch.empty(count, 0, device=generator.device), labels, generator)

    def normal(self, shape: Sequence[int]) -> torch.Tensor:
        """Drawn from the normal distribution."""
        import torch

        return torch.randn(tuple(shape), generator=self.generator, device=self.pixels.device)

    def uniform(self, *shape: int) -> torch.Tensor:
        """Drawn from 0..1."""
        import torch

        return torch.rand(shape, generator=self.generator, device=self.pixels.device)


Losses = Callable[[Batch], "dict[str, torch.Tensor]"]
"""From a batch to numbers for the log; the one called ``loss`` is made smaller."""


@dataclasses.dataclass(frozen=True)
class Phase:
    """One update within a step.

    Args:
        part: The network whose weights change.
        losses: What they change for.
        blind: Whether it sees no images: its batches have no pixels, and classes that are drawn evenly.
        every: In which steps it is: in every one, every second ...
    """

    part: str
    losses: Losses
    blind: bool = False
    every: int = 1


class Job(ABC):
    """One kind of generator on its way to be fitted.

    Args:
        data: The images.

    Attributes:
        privacy: What is promised of single images, if anything is. Then a loss is asked for one image at a time.
        released: What `release` gave, once it did.
        augmenter: What images go through when they are seen, if they go through anything.
        parts: The networks that are trained, by name.
        averaged: The part of which the moving average is kept, and becomes the model.
    """

    kind: ClassVar[str]
    averaged: ClassVar[str]
    entry: ClassVar[str] = "model_index.json"
    """The file without which the folder is no model; it is written last."""
    releases: ClassVar[bool] = False
    """Whether the model takes more from the data, at the end, than what phases taught it; see `release`."""

    def __init__(self, data: TrainingImages) -> None:
        self.data = data
        self.privacy: Privacy | None = None
        self.released: dict[str, torch.Tensor] | None = None
        self.augmenter: Augmenter | None = None
        self.parts: dict[str, torch.nn.Module] = {}

    @property
    @abstractmethod
    def settings(self) -> Mapping[str, Any]:
        """What decides the weights besides data and training, as plain JSON values."""

    @property
    def meta(self) -> Mapping[str, Any]:
        """What the card says to the Hub, besides the licence."""
        return {"tags": ["hfaug", "image-generation", self.kind]}

    @abstractmethod
    def build(self) -> dict[str, torch.nn.Module]:
        """New networks; the weights are drawn from torch's own generator, which is seeded."""

    def seen(self, numbers: Numbers, visits: Numbers, device: Any) -> torch.Tensor:
        """Images as networks see them: -1..1, (images, channels, size, size).

        Args:
            numbers: Which.
            visits: How often each was seen before.
            device: Where they are wanted.
        """
        import torch

        data, op = self.data, self.augmenter
        pixels = data.pixels(numbers) if op is None else op.pixels(numbers, visits)
        return torch.from_numpy(pixels).to(device).float() / 127.5 - 1

    @abstractmethod
    def phases(self) -> Sequence[Phase]:
        """The updates of a step, in order."""

    @abstractmethod
    def optimizer(self, weights: Sequence[torch.nn.Parameter], rate: float) -> torch.optim.Optimizer:
        """What changes the weights of a part."""

    def helpers(self) -> Sequence[torch.nn.Module]:
        """Networks that losses use and that are not trained."""
        return ()

    def release(self, noise: float, secret: np.random.Generator) -> dict[str, torch.Tensor]:
        """What the model takes from the data at the end, under a promise of privacy; asked for once.

        Args:
            noise: Deviation of the noise, as a multiple of what one image adds at most.
            secret: Where the noise comes from.
        """
        raise NotImplementedError(f"{type(self).__name__} says that it releases something, and must say what")

    @abstractmethod
    def pipeline(self) -> Any:
        """The pipeline that draws with the averaged part as it is."""

    def draw(self) -> npt.NDArray[np.uint8]:
        """Samples to look at, as one picture."""
        return draw_samples(self.pipeline())

    def write(self, path: Path) -> None:
        """Write the model's files into a folder."""
        self.pipeline().save_pretrained(path, safe_serialization=True)

    def weights(self, part: str) -> list[torch.nn.Parameter]:
        """The weights of a part that are trained."""
        return list(self.parts[part].parameters())

    def state(self, part: str) -> dict[str, torch.Tensor]:
        """What a checkpoint keeps of a part."""
        found: dict[str, torch.Tensor] = self.parts[part].state_dict()
        return found

    def load(self, part: str, state: Mapping[str, torch.Tensor]) -> None:
        """Take a part's state back."""
        self.parts[part].load_state_dict(state)

    def labels(self) -> dict[str, str]:
        """Number of each class that can be drawn -> its name.

        Nothing is known of a class without images, so it is not there. Under a promise of privacy all are: whether a
        class has one image or none must not be told.
        """
        counts = self.data.counts
        return {
            str(number): name
            for number, name in enumerate(self.data.classes)
            if counts[name] or self.privacy is not None
        }


def check_levels(who: str, size: int, channels: Sequence[int], layers: int) -> tuple[int, tuple[int, ...], int]:
    """See that an image can be halved from level to level, and that there is something at each.

    Returns:
        The same, as Python's own numbers.

    Raises:
        ParameterError: It cannot, there are no levels or no blocks, or a number is not whole.
    """
    size, layers = canonical(size, int, who, "size"), canonical(layers, int, who, "the number of blocks")
    widths: tuple[int, ...] = canonical(channels, tuple[int, ...], who, "channels")
    if layers < 1:
        raise ParameterError(f"{who}: each level must have 1 block or more, had {layers}; change it")
    if not widths or any(width < 8 or width % 8 for width in widths):
        raise ParameterError(f"{who}: channels must be multiples of 8, were {widths}; change them")
    fold = 2 ** (len(widths) - 1)
    if size < 8 or size % fold:
        raise ParameterError(
            f"{who}: size must be a multiple of {fold} for {len(widths)} levels and 8 at least, was {size}; change "
            "it, or the number of channels"
        )
    return size, widths, layers
