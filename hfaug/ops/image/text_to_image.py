"""Draw images from prompts."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from datasets import Features, Image

from hfaug import media
from hfaug.backends import GeneratedImage, ImageRequest, facts, image_pipeline
from hfaug.fields import Limit, ModelName
from hfaug.op import BatchOp, Reject
from hfaug.randomness import Stream
from hfaug.roles import Roles
from hfaug.rows import Row

__all__ = ["TextToImage"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class TextToImage(BatchOp):
    """Draw an image for each row of requests, from its prompt. All noise of an image comes from the row's own stream.

    Args:
        model: A diffusers pipeline: Hub repo id or folder.
        revision: Tag or commit of a Hub model; none for a folder.
        column: The image column to add.
        steps: Denoising steps, from 1 up; the model's own number when left out, as for the values below.
        guidance: How closely the image follows its prompt, from 0 up.
        height: Height in pixels.
        width: Width in pixels.
        negative_prompt: What no image must show.
        format: ``png`` is lossless, ``jpeg`` is small.

    Moves: nothing.
    Rejects: rows without a prompt, images that the model's own safety checker objects to.
    Source: R. Rombach et al., High-Resolution Image Synthesis with Latent Diffusion Models, arXiv:2112.10752.

    >>> import hfaug
    >>> hfaug.ops.image.TextToImage(model="stable-diffusion-v1-5/stable-diffusion-v1-5", steps=20).steps
    20
    """

    needs: ClassVar[tuple[str, ...]] = ("prompt",)
    origin: ClassVar[str] = "synthetic"
    unit_rows: ClassVar[int] = 8
    may_change: ClassVar[tuple[str, ...]] = ("whether the image shows what its prompt says",)

    model: ModelName = "stable-diffusion-v1-5/stable-diffusion-v1-5"
    revision: str | None = None
    column: str = "image"
    steps: Annotated[int | None, Limit(1)] = None
    guidance: Annotated[float | None, Limit(0)] = None
    height: Annotated[int | None, Limit(1)] = None
    width: Annotated[int | None, Limit(1)] = None
    negative_prompt: str | None = None
    format: Literal["png", "jpeg"] = "png"

    def adds(self, features: Features, roles: Roles) -> Features:
        """The image column."""
        return Features({self.column: Image()})

    def models(self) -> tuple[dict[str, str | None], ...]:
        """The pipeline."""
        return (facts("image_pipeline", self.model, self.revision),)

    def apply_batch(self, rows: Sequence[Row], rngs: Sequence[Stream]) -> Sequence[Row | Reject]:
        """Draw the images of all rows."""
        backend = image_pipeline(self.model, revision=self.revision)
        column = rows[0].column("prompt")
        results: list[Row | Reject] = [Reject("no prompt")] * len(rows)
        asked = [place for place, row in enumerate(rows) if row[column] is not None]
        if not asked:
            return results
        images = backend.generate(
            [ImageRequest(rows[place][column], self.negative_prompt) for place in asked],
            [rngs[place].seed() for place in asked],
            steps=self.steps,
            guidance=self.guidance,
            height=self.height,
            width=self.width,
        )
        for place, image in zip(asked, images, strict=True):
            results[place] = self._result(rows[place], image)
        return results

    def _result(self, row: Row, image: GeneratedImage) -> Row | Reject:
        if image.flagged:
            return Reject("flagged by the safety checker")
        return row.replace({self.column: self._stored(image.array, row)})

    def _stored(self, array: object, row: Row) -> object:
        like = media.Picture(array, format=self.format.upper(), lossless=self.format == "png")  # type: ignore[arg-type]
        return row.batch.store_image(like.array, like)
