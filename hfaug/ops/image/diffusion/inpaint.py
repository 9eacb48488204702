"""Draw a part of an image anew."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial
from typing import Annotated, ClassVar, Literal

import numpy as np
from datasets import Features

from hfaug.backends import GeneratedImage
from hfaug.errors import RoleError
from hfaug.fields import Limit
from hfaug.groups import object_groups
from hfaug.op import Reject
from hfaug.ops.image.diffusion.drawing import Wanted, ask_each
from hfaug.ops.image.diffusion.pipeline_op import PipelineOp
from hfaug.ops.image.diffusion.pixels import as_rgb, drawn_like, feathered, with_drawn
from hfaug.ops.image.diffusion.prompts import Prompt
from hfaug.ops.image.diffusion.regions import Region, grown, object_region
from hfaug.randomness import Stream
from hfaug.roles import Roles
from hfaug.rows import Row

__all__ = ["Inpaint"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Inpaint(PipelineOp):
    """Draw what surrounds the objects of an image anew, or the objects themselves; all else stays to the last bit.

    Objects are known by a mask, those that it lacks by their own masks and outlines, else by boxes. Where an image was
    stored with loss it becomes a PNG, so that pixels that are kept are those that were there. Let the prompt say what
    surrounds the objects: one that names them may draw more of them, which no label knows.

    Args:
        region: What is drawn anew: ``background``, with the objects and all their labels kept, or ``objects``.
        mask_values: What the objects are in the mask; all but 0 when left out.
        grow_px: Pixels around the objects that count as theirs, from 0 up.
        feather_px: Pixels over which what was drawn fades into what is kept, inside the drawn region, from 0 up.
        model: A diffusers pipeline, one for inpainting among them: Hub repo id or folder.
        revision: Tag or commit of a Hub model; none for a folder.
        prompt: As in `TextToImage`; None for the column of the role ``prompt``.
        negative_prompt: What no image must show; a template too.
        attributes: Words to draw for slots of the prompt, as in `TextToImage`.
        strength: Range of how much the region may change, above 0 to 1; one is drawn for each row, in whole steps.
        steps: Denoising steps, from 1 up; the family's own number when left out, as below.
        guidance: How closely the image follows its prompt, from 0 up.
        height: Height to draw at, in pixels; with the width. The model's own area in the image's aspect when left out.
        width: Width to draw at, in pixels.
        lora: LoRA weights with the strength of each, as in `TextToImage`.
        textual_inversion: Learnt words, as in `TextToImage`.

    Moves: nothing. With ``region="objects"`` labels that name places are refused: a new object has another outline. So
        they are with ``mask_values``: what has other values is gone, and its labels say otherwise.
    Rejects: rows without an image, a prompt or an object, with nothing to draw anew, and flagged images.
    Source: A. Lugmayr et al., RePaint, arXiv:2201.09865; R. Rombach et al., arXiv:2112.10752.

    >>> import hfaug
    >>> hfaug.ops.image.Inpaint(prompt="on a {{ place }}", attributes={"place": ["beach", "street"]}).region
    'background'
    """

    takes: ClassVar[tuple[str, ...]] = ("image",)
    may_change: ClassVar[tuple[str, ...]] = (
        "what surrounds the objects, or what they are",
        "how many objects there are",
    )

    prompt: Prompt | None = ""
    region: Literal["background", "objects"] = "background"
    mask_values: Annotated[tuple[int, ...], Limit(0)] = ()
    grow_px: Annotated[float, Limit(0)] = 0.0
    feather_px: Annotated[float, Limit(0)] = 0.0
    strength: Annotated[tuple[float, float], Limit(0, 1, ordered=True, above=True)] = (1.0, 1.0)
    height: Annotated[int | None, Limit(1)] = None
    width: Annotated[int | None, Limit(1)] = None

    @property
    def shifts(self) -> tuple[str, ...]:  # type: ignore[override]  # it depends on the fields
        """The image, where things that labels may name are drawn anew."""
        return ("image",) if self.region == "objects" or self.mask_values else ()

    @property
    def keeps_size(self) -> bool:
        """True."""
        return True

    def adds(self, features: Features, roles: Roles) -> Features:
        """Nothing; but objects must be known."""
        if not (roles.all("mask") or object_groups(features, roles.columns, roles.binding)):
            raise RoleError(
                "Inpaint: needs objects, none are bound; say what shows them, as in .on(mask=...) or "
                '.on(boxes="objects.bbox", box_format="coco")'
            )
        return super().adds(features, roles)

    def apply_batch(self, rows: Sequence[Row], rngs: Sequence[Stream]) -> Sequence[Row | Reject]:
        """Draw the images of all rows."""
        return self.draw(*ask_each(rows, rngs, self._wanted), height=self.height, width=self.width)

    def _wanted(self, place: int, row: Row, rng: Stream) -> Wanted | Reject:
        objects = object_region(row, row.scenes[0], self.mask_values)
        if not objects.any():
            return Reject("no object")
        near = grown(objects, self.grow_px)
        region = near if self.region == "objects" else ~near
        if not region.any():
            return Reject("nothing to draw anew")
        mask = region.astype(np.uint8)
        strength = rng.child("strength").uniform(*self.strength)
        request = self.request(row, rng, image=as_rgb(row.pixels), mask=mask, strength=strength)
        if request is None:
            return Reject("no prompt")
        return Wanted(place, request, rng.seed(), partial(self._result, row, region))

    def _result(self, row: Row, region: Region, image: GeneratedImage) -> Row:
        source = row.pixels
        return with_drawn(row, feathered(source, drawn_like(image.array, source), region, self.feather_px), exact=True)
