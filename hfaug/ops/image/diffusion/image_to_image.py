"""Draw images anew from themselves."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial
from typing import Annotated, ClassVar

from hfaug.backends import GeneratedImage
from hfaug.fields import Limit
from hfaug.op import Reject
from hfaug.ops.image.diffusion.drawing import Wanted
from hfaug.ops.image.diffusion.pipeline_op import PipelineOp
from hfaug.ops.image.diffusion.pixels import as_rgb, drawn_like, with_drawn
from hfaug.ops.image.diffusion.prompts import Prompt
from hfaug.randomness import Stream
from hfaug.rows import Row

__all__ = ["ImageToImage"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ImageToImage(PipelineOp):
    """Draw an image anew from itself, more or less like it: other looks of the same thing, under the same label.

    With an empty prompt and little strength it varies an image; a prompt says where it goes. It is drawn at a size that
    suits the model and comes back in its own, and a grey image comes back grey.

    Args:
        model: A diffusers pipeline: Hub repo id or folder.
        revision: Tag or commit of a Hub model; none for a folder.
        prompt: As in `TextToImage`; empty to vary the image alone, and None for the column of the role ``prompt``.
        negative_prompt: What no image must show; a template too.
        attributes: Words to draw for slots of the prompt, as in `TextToImage`.
        strength: Range of how much may change, above 0 to 1; one is drawn for each row, in whole steps. On a GPU
            rows of equal strength share batches, so one strength for all is fastest.
        steps: Denoising steps of the whole way, from 1 up; the family's own number when left out, as below.
        guidance: How closely the image follows its prompt, from 0 up.
        height: Height to draw at, in pixels; with the width. The model's own area in the image's aspect when left out.
        width: Width to draw at, in pixels.
        lora: LoRA weights with the strength of each, as in `TextToImage`.
        textual_inversion: Learnt words, as in `TextToImage`.

    Moves: nothing; things may come to stand elsewhere, so rows with boxes, masks or keypoints are refused.
    Rejects: rows without an image or a prompt, images that the model's own safety checker objects to.
    Source: C. Meng et al., SDEdit, arXiv:2108.01073; B. Trabucco et al., Effective Data Augmentation With Diffusion
        Models, arXiv:2302.07944.

    >>> import hfaug
    >>> hfaug.ops.image.ImageToImage(prompt="a photo of a {{ label }} in the rain", strength=(0.3, 0.5)).strength
    (0.3, 0.5)
    """

    takes: ClassVar[tuple[str, ...]] = ("image",)
    shifts: ClassVar[tuple[str, ...]] = ("image",)
    may_change: ClassVar[tuple[str, ...]] = ("whether the image still shows its class", "where things stand", "text")

    prompt: Prompt | None = ""
    strength: Annotated[tuple[float, float], Limit(0, 1, ordered=True, above=True)] = (0.3, 0.6)
    height: Annotated[int | None, Limit(1)] = None
    width: Annotated[int | None, Limit(1)] = None

    @property
    def keeps_size(self) -> bool:
        """True."""
        return True

    def apply_batch(self, rows: Sequence[Row], rngs: Sequence[Stream]) -> Sequence[Row | Reject]:
        """Draw the images of all rows."""
        results: list[Row | Reject] = [Reject("no image")] * len(rows)
        wanted = []
        for place, (row, rng) in enumerate(zip(rows, rngs, strict=True)):
            if not row.scenes:
                continue
            strength = rng.child("strength").uniform(*self.strength)
            request = self.request(row, rng, image=as_rgb(row.pixels), strength=strength)
            if request is None:
                results[place] = Reject("no prompt")
            else:
                wanted.append(Wanted(place, request, rng.seed(), partial(_result, row)))
        return self.draw(results, wanted, height=self.height, width=self.width)


def _result(row: Row, image: GeneratedImage) -> Row:
    return with_drawn(row, drawn_like(image.array, row.pixels))
