"""Draw new images that are like those that are there."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial
from typing import Annotated, ClassVar

from hfaug.backends import GeneratedImage, Part, encoder_beside
from hfaug.errors import ParameterError
from hfaug.fields import Limit, ModelName
from hfaug.op import Reject
from hfaug.ops.image.diffusion.drawing import Wanted, ask_each
from hfaug.ops.image.diffusion.pipeline_op import PipelineOp
from hfaug.ops.image.diffusion.pixels import as_rgb, drawn_like, with_drawn
from hfaug.ops.image.diffusion.prompts import Prompt
from hfaug.randomness import Stream
from hfaug.rows import Row

__all__ = ["Vary"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Vary(PipelineOp):
    """Draw another image of what an image shows: with the image as a prompt, from nothing but noise.

    What it shows stays, where it stands and how it is lit need not: more changes than with `ImageToImage`, which starts
    from its pixels. It is drawn at a size that suits the model and comes back in its own, and a grey image comes back
    grey. The model sees the image squeezed into a square.

    Args:
        adapter: The IP-Adapter, made for the family of the model: ``user/repo@revision/folder/file.safetensors``, or a
            file or folder. None for a model that is made to vary images, such as
            ``lambdalabs/sd-image-variations-diffusers`` or a Stable unCLIP.
        image_encoder: The image encoder that the adapter was taught with: Hub repo id, with the folder behind where it
            lies in one, or a folder. The ``image_encoder`` beside the adapter when left out.
        scale: How closely the new image follows the old one, from 0, not at all, to 1; less than 1 leaves more to a
            prompt.
        model: A diffusers pipeline: Hub repo id or folder.
        revision: Tag or commit of a Hub model; none for a folder.
        prompt: As in `TextToImage`; empty to vary the image alone, and None for the column of the role ``prompt``.
        negative_prompt: What no image must show; a template too.
        attributes: Words to draw for slots of the prompt, as in `TextToImage`.
        steps: Denoising steps, from 1 up; the family's own number when left out, as below.
        guidance: How closely the image follows image and prompt, from 0 up.
        height: Height to draw at, in pixels; with the width. The model's own area in the image's aspect when left out.
        width: Width to draw at, in pixels.
        lora: LoRA weights with the strength of each, as in `TextToImage`.
        textual_inversion: Learnt words, as in `TextToImage`.

    Moves: nothing; things come to stand elsewhere, so rows with boxes, masks or keypoints are refused.
    Rejects: rows without an image or a prompt, images that the model's own safety checker objects to.
    Source: H. Ye et al., IP-Adapter, arXiv:2308.06721; A. Ramesh et al., Hierarchical Text-Conditional Image Generation
        with CLIP Latents, arXiv:2204.06125.

    >>> import hfaug
    >>> hfaug.ops.image.Vary(prompt="a {{ label }} in the snow", scale=0.6).parts[1].name
    'h94/IP-Adapter/models/image_encoder'
    """

    takes: ClassVar[tuple[str, ...]] = ("image",)
    shifts: ClassVar[tuple[str, ...]] = ("image",)
    may_change: ClassVar[tuple[str, ...]] = ("whether the image still shows its class", "where things stand", "text")

    adapter: ModelName | None = "h94/IP-Adapter/models/ip-adapter_sd15.safetensors"
    image_encoder: ModelName | None = None
    scale: Annotated[float, Limit(0, 1)] = 1.0
    prompt: Prompt | None = ""
    height: Annotated[int | None, Limit(1)] = None
    width: Annotated[int | None, Limit(1)] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.adapter is None and (self.image_encoder is not None or self.scale != 1):
            raise ParameterError(
                "Vary: image_encoder and scale belong to an adapter, there is none; leave them out, or name an adapter"
            )

    @property
    def parts(self) -> tuple[Part, ...]:
        """What is laid over the pipeline, the adapter and its encoder among it."""
        if self.adapter is None:
            return super().parts
        encoder = self.image_encoder or encoder_beside(self.adapter)
        return (Part("ip_adapter", self.adapter, self.scale), Part("image_encoder", encoder), *super().parts)

    @property
    def keeps_size(self) -> bool:
        """True."""
        return True

    def apply_batch(self, rows: Sequence[Row], rngs: Sequence[Stream]) -> Sequence[Row | Reject]:
        """Draw the images of all rows."""
        return self.draw(*ask_each(rows, rngs, self._wanted), height=self.height, width=self.width)

    def _wanted(self, place: int, row: Row, rng: Stream) -> Wanted | Reject:
        request = self.request(row, rng, like=as_rgb(row.pixels))
        return Reject("no prompt") if request is None else Wanted(place, request, rng.seed(), partial(_result, row))


def _result(row: Row, image: GeneratedImage) -> Row:
    return with_drawn(row, drawn_like(image.array, row.pixels))
