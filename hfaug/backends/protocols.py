"""What an op may rely on, whichever runtime does the work.

A backend gets all texts or prompts of a unit in one call, with one seed each, and answers in their order. It plans its
own batches: how many rows go through the model at once is no business of an op, and never a part of its digest.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

from hfaug.errors import ParameterError

__all__ = [
    "TOO_LONG",
    "TRUNCATED",
    "Backend",
    "Determinism",
    "GeneratedImage",
    "Halving",
    "ImagePipeline",
    "ImageRequest",
    "Sampling",
    "Translation",
    "Translator",
]

Determinism: TypeAlias = Literal["row", "request", "recorded"]
"""What a result depends on, the model and its device aside.

``row``: on the row and its seed alone. ``request``: also on the other rows of the call, since they share batches.
``recorded``: on nothing that can be repeated, so answers are kept and never asked for twice.
"""

TOO_LONG = "too_long"
"""The text is longer than the model reads. It was not translated: a cut text never reaches the model."""

TRUNCATED = "truncated"
"""The model came to the limit of its output before it ended the sentence."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sampling:
    """How the next token is chosen: the likeliest by default, drawn with the row's seed above temperature 0.

    Args:
        temperature: 0 searches for the likeliest output; above 0, tokens are drawn, the flatter the higher.
        top_k: Draw among this many likeliest tokens; 0 for all. Only with a temperature.
        top_p: Draw among the fewest tokens that hold this share of the probability (nucleus sampling), in (0, 1]. Only
            with a temperature.
        beams: Width of the search at temperature 0; None for what the model's own files say. Drawing implies one beam.

    Raises:
        ParameterError: A value out of its limits, or two that exclude each other.
    Source: Holtzman et al. 2020, arXiv:1904.09751 (top_p); Fan et al. 2018, arXiv:1805.04833 (top_k).

    >>> Sampling(temperature=0.8, top_k=10).draws
    True
    """

    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    beams: int | None = None

    def __post_init__(self) -> None:
        limits = (
            ("temperature", 0 <= self.temperature < float("inf"), "0 or more"),
            ("top_k", self.top_k >= 0, "0 (all) or more"),
            ("top_p", 0 < self.top_p <= 1, "above 0, at most 1"),
            ("beams", self.beams is None or self.beams >= 1, "1 or more"),
        )
        for name, holds, text in limits:
            if not holds:
                raise ParameterError(f"Sampling: {name} must be {text}, was {getattr(self, name)}; change it")
        if self.draws and self.beams not in {None, 1}:
            raise ParameterError(
                f"Sampling: drawing goes along one beam, beams was {self.beams}; leave beams out, or set temperature=0"
            )
        if not self.draws and (self.top_k or self.top_p < 1):
            raise ParameterError(
                f"Sampling: top_k and top_p choose what is drawn from, but temperature is 0 (top_k={self.top_k}, "
                f"top_p={self.top_p}); set a temperature, such as 1.0"
            )

    @property
    def draws(self) -> bool:
        """Whether tokens are drawn, so that the seed matters."""
        return self.temperature > 0

    def keys(self, who: str, count: int, seeds: Sequence[int] | None) -> Sequence[int]:
        """What each text draws by: its seed, and 0 for all where nothing is drawn, so that equal texts are one job.

        Args:
            who: Who speaks in errors.
            count: How many texts there are.
            seeds: One a text, or none.

        Raises:
            ParameterError: Tokens are drawn, and the seeds are not one a text.
        """
        if not self.draws:
            return [0] * count
        if seeds is None or len(seeds) != count:
            given = "none" if seeds is None else len(seeds)
            raise ParameterError(f"{who}: drawing needs one seed a text, {count} texts had {given}; give as many")
        return seeds


@dataclasses.dataclass(frozen=True)
class Translation:
    """One translated text.

    Args:
        text: The translation; empty where there was nothing to translate or ``too_long`` is flagged.
        flags: What is wrong with it, of :data:`TOO_LONG` and :data:`TRUNCATED`; an op takes them as reasons to reject.
    """

    text: str
    flags: tuple[str, ...] = ()


Pixels: TypeAlias = npt.NDArray[np.uint8]


@dataclasses.dataclass(frozen=True)
class ImageRequest:
    """One image to draw: from a prompt alone, from another image, or into a part of one.

    Args:
        prompt: What it shows.
        negative_prompt: What it must not show; None for nothing.
        image: What to start from, (height, width, 3); it is drawn at a size that suits the model, of like aspect.
        mask: Where to draw into ``image``: (height, width), not 0 where it is drawn anew.
        control: What holds things in their places, (height, width, 3): edges, depths, a map of what is where.
        trace: What makes of ``control``, at the size that is drawn at, what holds things: of an image its edges.
        label_map: Whether the colours of ``control`` name what is there, so that no others may come between them.
        like: What it is to be like, (height, width, 3), wherever things stand: a prompt that is an image.
        strength: How much of ``image`` may change, above 0 to 1; None for what the model says.
    """

    prompt: str
    negative_prompt: str | None = None
    image: Pixels | None = dataclasses.field(default=None, compare=False)
    mask: Pixels | None = dataclasses.field(default=None, compare=False)
    control: Pixels | None = dataclasses.field(default=None, compare=False)
    trace: Callable[[Pixels], Pixels] | None = dataclasses.field(default=None, compare=False)
    label_map: bool = False
    like: Pixels | None = dataclasses.field(default=None, compare=False)
    strength: float | None = None

    @property
    def task(self) -> Literal["text", "image", "inpaint"]:
        """What it is drawn from: text alone, an image, or an image with a mask."""
        if self.image is None:
            return "text"
        return "image" if self.mask is None else "inpaint"

    @property
    def guide(self) -> Pixels | None:
        """The image whose aspect the drawing has."""
        return next((one for one in (self.image, self.control, self.like) if one is not None), None)


@dataclasses.dataclass(frozen=True, eq=False)
class GeneratedImage:
    """One drawn image.

    Args:
        array: Pixels, uint8, (height, width, 3).
        flagged: The model's own safety checker objected. The pixels are then black and must not be stored.
        prompt_cut: The prompt is longer than the model reads, so its end had no effect.
    """

    array: npt.NDArray[np.uint8]
    flagged: bool = False
    prompt_cut: bool = False


@dataclasses.dataclass(frozen=True)
class Halving:
    """A batch that did not fit into memory and was worked on in two halves.

    Args:
        rows: How many rows the batch had.
        of: How many rows the whole call had.
    """

    rows: int
    of: int


@runtime_checkable
class Backend(Protocol):
    """What every loaded model says about itself; the run record and the card print it."""

    @property
    def model_id(self) -> str:
        """The name on the Hub, or the name of a local folder without the path to it."""

    @property
    def revision(self) -> str:
        """The commit on the Hub; ``xxh3:...`` of the contents for a local folder."""

    @property
    def licence(self) -> str | None:
        """The licence of the model card, if there is a card that names one."""

    @property
    def determinism(self) -> Determinism:
        """What a result depends on."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """What else decided the results, as plain JSON values: device, dtype, padding, batch plan."""

    @property
    def halvings(self) -> Sequence[Halving]:
        """The batches that did not fit into memory, since the model was loaded."""


@runtime_checkable
class Translator(Backend, Protocol):
    """Translates texts from one language to another."""

    def translate(
        self,
        texts: Sequence[str],
        *,
        target: str,
        source: str | None = None,
        seeds: Sequence[int] | None = None,
        sampling: Sampling = ...,
    ) -> list[Translation]:
        """Translate each text; the answers are in the order of the texts.

        Args:
            texts: Any number of texts of any length; an empty one comes back empty.
            target: The language to translate to, by the code that the model uses (``de``).
            source: The language of the texts, for models that want to know; others check it where they can.
            seeds: One number in [0, 2**63) a text; needed where ``sampling.draws``, of no effect elsewhere.
            sampling: How tokens are chosen.

        Raises:
            ParameterError: The model does not know the language, or seeds and texts are not equally many.
        """


@runtime_checkable
class ImagePipeline(Backend, Protocol):
    """Draws images from prompts, and from other images."""

    def generate(
        self,
        requests: Sequence[ImageRequest],
        seeds: Sequence[int],
        *,
        steps: int | None = None,
        guidance: float | None = None,
        height: int | None = None,
        width: int | None = None,
        control_scale: float | None = None,
        batch_size: int | None = None,
        on_done: Callable[[int, GeneratedImage], None] | None = None,
    ) -> list[GeneratedImage]:
        """Draw one image for each request; the answers are in the order of the requests.

        Args:
            requests: What to draw.
            seeds: One number in [0, 2**63) a request; all the noise of an image comes from it.
            steps: Denoising steps; None for the model's own number, as for the values below.
            guidance: How closely the image follows its prompt.
            height: Height in pixels.
            width: Width in pixels.
            control_scale: How closely the image follows ``control``.
            batch_size: Images that go through the model at once, at most; None for what suits the device.
            on_done: Told of each image by its place, as soon as it is there and from any thread, so that it can be
                encoded while others are drawn.

        Raises:
            ParameterError: The model has no such setting, or seeds and requests are not equally many.
        """
