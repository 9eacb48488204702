"""Draw a new object into an image."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from functools import partial
from typing import Annotated, ClassVar

import numpy as np
from datasets import Features

from hfaug.backends import GeneratedImage
from hfaug.errors import ParameterError
from hfaug.fields import Limit
from hfaug.op import Reject
from hfaug.ops.image.diffusion.drawing import Wanted, ask_each
from hfaug.ops.image.diffusion.pipeline_op import PipelineOp
from hfaug.ops.image.diffusion.pixels import as_rgb, drawn_like, feathered, with_drawn
from hfaug.ops.image.diffusion.prompts import Prompt
from hfaug.ops.image.diffusion.regions import Region, object_region
from hfaug.randomness import Stream
from hfaug.roles import Roles
from hfaug.rows import Row
from hfaug.rows.adding import classes_of, with_object

__all__ = ["AddObject"]

_TRIES = 20
"""How often a free place is looked for."""
Box = tuple[int, int, int, int]


@dataclasses.dataclass(frozen=True, kw_only=True)
class AddObject(PipelineOp):
    """Draw a new object of a drawn class into a free place of an image, with its box and class; all else stays.

    The box is the place that was filled, of which the object may take less. Where an image was stored with loss it
    becomes a PNG, so that pixels that are kept are those that were there.

    Args:
        classes: Classes to draw from, by name; all that the column knows when left out.
        area: Range of the area of the box, as a share of the image, 0..1.
        aspect: Range of width over height, above 0; drawn on a log scale.
        context: Surroundings that the model sees on each side of the box, as a share of its side, from 0 up. They are
            drawn with the box at the model's own size, so that small objects come out whole.
        feather_px: Pixels over which what was drawn fades into what is kept, inside the box, from 0 up.
        model: A diffusers pipeline, one for inpainting among them: Hub repo id or folder.
        revision: Tag or commit of a Hub model; none for a folder.
        prompt: As in `TextToImage`; ``{{ object }}`` is the class that was drawn.
        negative_prompt: What no image must show; a template too.
        attributes: Words to draw for slots of the prompt, as in `TextToImage`.
        steps: Denoising steps, from 1 up; the family's own number when left out, as below.
        guidance: How closely the object follows its prompt, from 0 up.
        height: Height to draw at, in pixels; with the width. The model's own area in the image's aspect when left out.
        width: Width to draw at, in pixels.
        lora: LoRA weights with the strength of each, as in `TextToImage`.
        textual_inversion: Learnt words, as in `TextToImage`.

    Moves: boxes and areas of objects get one more, and their classes with them; masks and keypoints are refused.
    Rejects: rows without an image or a list of objects, without a free place, and flagged images.
    Source: S. Ge et al., DALL-E for Detection, arXiv:2206.09592; R. Rombach et al., arXiv:2112.10752.

    >>> import hfaug
    >>> hfaug.ops.image.AddObject(classes=("cat",), area=(0.1, 0.2)).prompt
    'a photo of a {{ object }}'
    """

    takes: ClassVar[tuple[str, ...]] = ("image", "boxes")
    shifts: ClassVar[tuple[str, ...]] = ("image",)
    moves: ClassVar[tuple[str, ...]] = ("boxes", "areas")
    gives: ClassVar[tuple[str, ...]] = ("object",)
    may_change: ClassVar[tuple[str, ...]] = ("whether the object that was drawn is what its class says",)

    prompt: Prompt | None = "a photo of a {{ object }}"
    classes: tuple[str, ...] = ()
    area: Annotated[tuple[float, float], Limit(0, 1, ordered=True, above=True)] = (0.05, 0.2)
    aspect: Annotated[tuple[float, float], Limit(0, ordered=True, above=True)] = (0.7, 1.4)
    context: Annotated[float, Limit(0)] = 0.5
    feather_px: Annotated[float, Limit(0)] = 0.0
    height: Annotated[int | None, Limit(1)] = None
    width: Annotated[int | None, Limit(1)] = None

    @property
    def keeps_size(self) -> bool:
        """True."""
        return True

    def adds(self, features: Features, roles: Roles) -> Features:
        """Nothing; but the classes of objects must be known."""
        known = classes_of(features, roles, "AddObject")[1]
        if strange := sorted(set(self.classes) - set(known)):
            raise ParameterError(f"AddObject: classes must be among {', '.join(known)}, got {', '.join(strange)}")
        return super().adds(features, roles)

    def apply_batch(self, rows: Sequence[Row], rngs: Sequence[Stream]) -> Sequence[Row | Reject]:
        """Draw into the images of all rows."""
        return self.draw(*ask_each(rows, rngs, self._wanted), height=self.height, width=self.width)

    def _wanted(self, place: int, row: Row, rng: Stream) -> Wanted | Reject:
        assert row.roles is not None  # noqa: S101 - ops only run after their roles were resolved
        scene = row.scenes[0]
        if not scene.open_labels():
            return Reject("no list of objects")
        box = self._free_box(object_region(row, scene), rng.child("place"))
        if box is None:
            return Reject("no free place")
        name = rng.child("class").choice(self.classes or classes_of(row.batch.features, row.roles, "AddObject")[1])
        seen, region = self._seen(box, scene.size)
        mask = region[seen].astype(np.uint8)
        request = self.request(row, rng, {"object": name}, image=as_rgb(row.pixels[seen]), mask=mask, strength=1.0)
        if request is None:
            return Reject("no prompt")
        return Wanted(place, request, rng.seed(), partial(self._result, row, seen, region, box, name))

    def _seen(self, box: Box, size: tuple[int, int]) -> tuple[tuple[slice, slice], Region]:
        """What the model sees of an image, and the pixels of it that it draws."""
        region = np.zeros(size, dtype=bool)
        region[box[1] : box[3], box[0] : box[2]] = True
        wide, tall = (round(self.context * (box[place + 2] - box[place])) for place in (0, 1))
        rows = slice(max(0, box[1] - tall), min(size[0], box[3] + tall))
        return (rows, slice(max(0, box[0] - wide), min(size[1], box[2] + wide))), region

    def _free_box(self, taken: Region, rng: Stream) -> Box | None:
        """A box that no object lies in, not even in part."""
        height, width = taken.shape
        for _ in range(_TRIES):
            pixels = rng.uniform(*self.area) * height * width
            aspect = math.exp(rng.uniform(math.log(self.aspect[0]), math.log(self.aspect[1])))
            wide = max(1, min(width, round(math.sqrt(pixels * aspect))))
            tall = max(1, min(height, round(pixels / wide)))
            left, top = rng.integers(0, width - wide + 1), rng.integers(0, height - tall + 1)
            if not taken[top : top + tall, left : left + wide].any():
                return left, top, left + wide, top + tall
        return None

    def _result(
        self, row: Row, seen: tuple[slice, slice], region: Region, box: Box, name: str, image: GeneratedImage
    ) -> Row:
        drawn = row.pixels.copy()
        drawn[seen] = drawn_like(image.array, drawn[seen])
        return with_object(
            with_drawn(row, feathered(row.pixels, drawn, region, self.feather_px), exact=True), box, name
        )
