"""One call of a pipeline: at which size it draws, and what it is given for some requests."""

from __future__ import annotations

import dataclasses
import inspect
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from hfaug.backends.image_families import Defaults, is_guided, own_size, unit_of
from hfaug.backends.protocols import ImageRequest, Pixels
from hfaug.errors import ModelError, ParameterError

__all__ = ["Call", "Job", "call_pipe", "resized", "to_pixels"]

Job = tuple[ImageRequest, int]
"""A request and its seed."""
_TILED = 4  # times the model's own area, from which on images are decoded in tiles


@dataclasses.dataclass(frozen=True)
class Call:
    """What all images of a call have in common.

    Args:
        pipe: The pipeline for the task; clones of it are called likewise.
        who: The model, for errors.
        defaults: What the family wants where nobody says.
        steps: Denoising steps.
        guidance: How closely images follow their prompts.
        height: Height in pixels.
        width: Width in pixels.
        control_scale: How closely images follow what controls them.

    Raises:
        ParameterError: The pipeline has no such setting.
    """

    pipe: Any
    who: str
    defaults: Defaults
    steps: int | None = None
    guidance: float | None = None
    height: int | None = None
    width: int | None = None
    control_scale: float | None = None

    def __post_init__(self) -> None:
        for name in ("steps", "height", "width"):
            if (value := getattr(self, name)) is not None and value < 1:
                raise ParameterError(f"{self.who}: {name} must be 1 or more, was {value}; change it")
        sized = {} if "image" in self._accepted else {"height": self.height, "width": self.width}
        named = {
            "num_inference_steps": self.steps,
            "guidance_scale": self.guidance,
            "controlnet_conditioning_scale": self.control_scale,
            **sized,
        }
        if unknown := {name for name, value in named.items() if value is not None} - self._accepted:
            raise ParameterError(
                f"{self.who}: settings must be ones that {type(self.pipe).__name__} has, it has no "
                f"{', '.join(sorted(unknown))}; leave them out"
            )
        if (self.height is None) != (self.width is None):  # pipelines would use neither
            raise ParameterError(
                f"{self.who}: height and width must be given together, were {self.height} and {self.width}; give both"
            )

    @property
    def _accepted(self) -> set[str]:
        return set(inspect.signature(self.pipe.__call__).parameters)

    @property
    def scale(self) -> float | None:
        """The guidance that is asked for, by the user or for the family; None for the pipeline's own."""
        wanted = self.guidance if self.guidance is not None else self.defaults.guidance
        return wanted if "guidance_scale" in self._accepted else None

    @property
    def guided(self) -> bool:
        """Whether negative prompts act."""
        return is_guided(self.pipe, self.scale)

    def size(self, request: ImageRequest) -> tuple[int, int] | None:
        """(height, width) at which a request is drawn; None for the pipeline's own.

        An image or control keeps its aspect, as nearly as the model's unit allows, and gets the model's own area.
        """
        if self.height is not None and self.width is not None:
            return self.height, self.width
        guide = request.guide
        if guide is None:
            return None
        height, width = guide.shape[:2]
        own, unit = own_size(self.pipe), unit_of(self.pipe)
        factor = math.sqrt(own[0] * own[1] / (height * width)) if own is not None else 1.0
        fitted = [max(unit, unit * round(side * factor / unit)) for side in (height, width)]
        return fitted[0], fitted[1]

    def inputs(self, requests: Sequence[ImageRequest]) -> dict[str, Any]:
        """The arguments beside prompts and generators, for requests of one size and strength."""
        first = requests[0]
        size, accepted = self.size(first), self._accepted
        found: dict[str, Any] = {}
        if size is not None:
            found = {name: side for name, side in zip(("height", "width"), size, strict=True) if name in accepted}
        if first.image is not None:
            found["image"] = [_pil(resized(one.image, size)) for one in requests]
        if first.mask is not None:
            found["mask_image"] = [_pil(_shrunk_mask(one.mask, size)) for one in requests]
        if first.control is not None:
            name = "control_image" if "control_image" in accepted else "image"
            found[name] = [_pil(_traced(one, size)) for one in requests]
        steps, share = self.way(first)
        if share is not None:
            found["strength"] = share
        asked = {
            "num_inference_steps": steps,
            "guidance_scale": self.scale,
            "controlnet_conditioning_scale": self.control_scale,
        }
        return {**found, **{name: value for name, value in asked.items() if value is not None}}

    def way(self, request: ImageRequest) -> tuple[int | None, float | None]:
        """The steps of the whole way, and the share of it that a request goes, in whole steps.

        So requests of nearly equal strength are drawn together, and on every device alike.

        Raises:
            ParameterError: The share is less than one step.
        """
        default = inspect.signature(self.pipe.__call__).parameters
        strength, own = request.strength, self.steps
        if own is None and "num_inference_steps" in default:
            own = default["num_inference_steps"].default
        if strength is None or own is None:
            return (self.defaults.steps if self.steps is None else self.steps), strength
        if self.steps is None and self.defaults.steps is not None:
            taken = self.defaults.steps  # the family's few steps are those that are taken
            own = math.ceil(taken / strength)
        else:
            taken = round(own * strength)
        if taken < 1:
            raise ParameterError(
                f"{self.who}: steps times strength must be 1 or more, {own} times {strength:g} is not; raise either"
            )
        share = taken / own
        return own, share if int(own * share) == taken else math.nextafter(share, 1.0)

    def check(self, images: Any, request: ImageRequest) -> None:
        """Refuse images that were drawn at another size than was asked for.

        Raises:
            ParameterError: The model cannot draw at this size.
        """
        size = self.size(request)
        drawn = images.shape[1:3]
        if size is not None and drawn != size:
            raise ParameterError(
                f"{self.who}: height and width must suit {type(self.pipe).__name__}, which drew {drawn[0]}x{drawn[1]} "
                f"instead of {size[0]}x{size[1]}; choose a size that it can draw"
            )

    @contextmanager
    def tiled(self) -> Iterator[None]:
        """Decode images that are much larger than the model's own in tiles, which fit where the whole would not."""
        own = own_size(self.pipe)
        vae: Any = getattr(self.pipe, "vae", None)
        large = own and self.height and self.width and self.height * self.width > _TILED * own[0] * own[1]
        if not large or not hasattr(vae, "enable_tiling"):
            yield
            return
        vae.enable_tiling()
        try:
            yield
        finally:
            vae.disable_tiling()


def call_pipe(pipe: Any, who: str, seeds: Sequence[int], **inputs: Any) -> Any:
    """What a pipeline gives, pixels as numbers, with the noise of each image from its own seed.

    Args:
        pipe: The pipeline.
        who: The model, for errors.
        seeds: One an image.
        inputs: What else it is called with.

    Raises:
        ParameterError: It objects to a setting.
    """
    import torch

    generators = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]
    try:
        with torch.inference_mode():
            return pipe(**inputs, generator=generators, output_type="np")
    except ValueError as error:
        raise ParameterError(
            f"{who}: settings must suit {type(pipe).__name__}, which said: {error}; change them"
        ) from error


def to_pixels(images: npt.NDArray[np.floating[Any]], who: str, dtype: Any) -> npt.NDArray[np.uint8]:
    """Images of a pipeline, 0..1, in 8 bits.

    Args:
        images: Of any shape.
        who: The model, for errors.
        dtype: What it computes in.

    Raises:
        ModelError: They are no numbers.
    """
    if not np.isfinite(images).all():
        raise ModelError(
            f"{who}: pixels must be numbers, in {dtype} they overflowed; load it with dtype='bfloat16' or 'float32'"
        )
    return (images * 255).round().astype(np.uint8)


def _pil(array: Pixels) -> Any:
    from PIL import Image

    return Image.fromarray(array)


def resized(array: Pixels | None, size: tuple[int, int] | None, *, label_map: bool = False) -> Pixels:
    """Pixels at another size, (height, width); those of a label map each as one of them was."""
    import cv2

    assert array is not None  # noqa: S101 - all requests of a batch are of one task
    if size is None or array.shape[:2] == size:
        return array
    shrinks = array.shape[0] * array.shape[1] > size[0] * size[1]
    how = cv2.INTER_NEAREST_EXACT if label_map else cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(array, size[::-1], interpolation=how), np.uint8)


def _traced(request: ImageRequest, size: tuple[int, int] | None) -> Pixels:
    """What holds things, at the size that is drawn at: lines that were traced before would fade as they shrink."""
    control = resized(request.control, size, label_map=request.label_map)
    return control if request.trace is None else request.trace(control)


def _shrunk_mask(mask: Pixels | None, size: tuple[int, int] | None) -> Pixels:
    """The mask at another size: a pixel is drawn anew if any part of it was to be."""
    import cv2

    assert mask is not None  # noqa: S101 - as above
    found = (mask > 0).astype(np.uint8) * 255
    if size is None or found.shape[:2] == size:
        return found
    shrinks = found.shape[0] * found.shape[1] > size[0] * size[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_NEAREST
    shares = cv2.resize(found.astype(np.float32), size[::-1], interpolation=how)  # 8 bits lose what is small
    return (np.asarray(shares) > 0).astype(np.uint8) * 255
