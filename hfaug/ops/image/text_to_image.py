"""Draw images from prompts."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial
from typing import Annotated, ClassVar, Literal

from datasets import Features, Image

from hfaug import media
from hfaug.backends import GeneratedImage
from hfaug.fields import Limit
from hfaug.op import Reject
from hfaug.ops.image.diffusion.drawing import Wanted
from hfaug.ops.image.diffusion.pipeline_op import PipelineOp
from hfaug.ops.image.replacing import check_replaced
from hfaug.plan import Plan
from hfaug.randomness import Stream
from hfaug.roles import Roles
from hfaug.rows import Row

__all__ = ["TextToImage"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class TextToImage(PipelineOp):
    """Draw an image for each row of requests, from its prompt. All noise of an image comes from the row's own stream.

    A prompt is a template in Jinja's sandbox: ``"a photo of a {{ label }}, {{ weather }}"`` names columns of the row,
    classes by their names, and attributes. What a row holds is data, never a template.

    Args:
        model: A diffusers pipeline: Hub repo id or folder.
        revision: Tag or commit of a Hub model; none for a folder.
        prompt: The prompt's template; several, of which one is drawn; or one or several for each class,
            ``{"cat": ["a cat", "a kitten"]}``. The column that plays the role ``prompt`` when left out.
        negative_prompt: What no image must show; a template too.
        attributes: What makes images differ, ``{"weather": ["sun", ["rain", 2]]}``: for each row one word is drawn.
        column: The image column to add, or to replace where there is one.
        steps: Denoising steps, from 1 up; the family's own number when left out, as for the values below.
        guidance: How closely the image follows its prompt, from 0 up.
        height: Height in pixels.
        width: Width in pixels.
        lora: LoRA weights with the strength of each, ``{"user/repo": 0.8}``; ``user/repo@revision/file.safetensors``
            and paths of files do too.
        textual_inversion: Learnt words to use in prompts, by the names of their repositories or files.
        format: ``png`` is lossless, ``jpeg`` is small.

    Moves: nothing. Where an image is replaced, rows with boxes, masks or keypoints in it are refused.
    Rejects: rows without a prompt or a value that it prints, images that the model's own safety checker objects to.
    Source: R. Rombach et al., High-Resolution Image Synthesis with Latent Diffusion Models, arXiv:2112.10752.

    >>> import hfaug
    >>> op = hfaug.ops.image.TextToImage(prompt="a {{ look }} cat", attributes={"look": ["red", "grey"]}, steps=20)
    >>> op.steps, op.attributes
    (20, (('look', ('red', 'grey')),))
    """

    may_change: ClassVar[tuple[str, ...]] = ("whether the image shows what its prompt says",)

    column: str = "image"
    height: Annotated[int | None, Limit(1)] = None
    width: Annotated[int | None, Limit(1)] = None
    format: Literal["png", "jpeg"] = "png"

    def adds(self, features: Features, roles: Roles) -> Features:
        """The image column."""
        return Features({self.column: Image()})

    def plan(self, plan: Plan) -> None:
        """Make sure that no label names places in an image that is replaced."""
        with plan.bound(self):
            check_replaced(plan, self.column, "TextToImage")
        super().plan(plan)

    def apply_batch(self, rows: Sequence[Row], rngs: Sequence[Stream]) -> Sequence[Row | Reject]:
        """Draw the images of all rows."""
        wanted = [
            Wanted(place, request, rng.seed(), partial(self._result, row))
            for place, (row, rng) in enumerate(zip(rows, rngs, strict=True))
            if (request := self.request(row, rng)) is not None
        ]
        results: list[Row | Reject] = [Reject("no prompt")] * len(rows)
        return self.draw(results, wanted, height=self.height, width=self.width)

    def _result(self, row: Row, image: GeneratedImage) -> Row:
        like = media.Picture(image.array, format=self.format.upper(), lossless=self.format == "png")
        return row.replace({self.column: row.batch.store_image(like.array, like)})
