"""Draw images anew on the outlines of what they show."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from datasets import Features

from hfaug.backends import GeneratedImage, Part
from hfaug.columns import is_image
from hfaug.errors import LabelError, ParameterError, RoleError
from hfaug.fields import Limit, ModelName, Rgb
from hfaug.op import Reject
from hfaug.ops.image.diffusion.drawing import Wanted
from hfaug.ops.image.diffusion.pipeline_op import PipelineOp
from hfaug.ops.image.diffusion.pixels import as_rgb, drawn_like, with_drawn
from hfaug.ops.image.diffusion.regions import colored, edges_of, mask_of
from hfaug.randomness import Stream
from hfaug.roles import Roles
from hfaug.rows import Row

__all__ = ["ControlToImage"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ControlToImage(PipelineOp):
    """Draw an image anew from a prompt, with everything held in its place by a ControlNet, so that labels stay right.

    Args:
        control: What holds things in place: the ``edges`` of the image, its ``mask``, each value in a colour, or
            another image of the row, such as depths (``column``).
        column: The image column for ``control="column"``: of the image's size.
        palette: The RGB colour of each value of the mask, 0..255, as the ControlNet was taught; when left out the
            mask's own, else that of Pascal VOC.
        thresholds: Weak and strong gradient of edges, 0..255, for Canny's method, at the size that is drawn at.
        controlnet: The ControlNet, made for such controls and for the family of the model: Hub repo id or folder.
        conditioning_scale: How closely the image follows the control, from 0 up.
        model: A diffusers pipeline: Hub repo id or folder.
        revision: Tag or commit of a Hub model; none for a folder.
        prompt: As in `TextToImage`; the column that plays the role ``prompt`` when left out.
        negative_prompt: What no image must show; a template too.
        attributes: Words to draw for slots of the prompt, as in `TextToImage`.
        steps: Denoising steps, from 1 up; the family's own number when left out, as below.
        guidance: How closely the image follows its prompt, from 0 up.
        height: Height to draw at, in pixels; with the width. The model's own area in the image's aspect when left out.
        width: Width to draw at, in pixels.
        lora: LoRA weights with the strength of each, as in `TextToImage`.
        textual_inversion: Learnt words, as in `TextToImage`.

    Moves: nothing; masks, boxes and keypoints stay, as what they name stays where it is.
    Rejects: rows without an image, control or prompt, images that the model's own safety checker objects to.
    Source: L. Zhang et al., Adding Conditional Control to Text-to-Image Diffusion Models, arXiv:2302.05543.

    >>> import hfaug
    >>> hfaug.ops.image.ControlToImage(prompt="a {{ label }} at night").control
    'edges'
    """

    version: ClassVar[int] = 2
    takes: ClassVar[tuple[str, ...]] = ("image",)
    may_change: ClassVar[tuple[str, ...]] = ("what things are", "colours", "how exactly things stay in their places")

    control: Literal["edges", "mask", "column"] = "edges"
    column: str | None = None
    palette: tuple[Rgb, ...] = ()
    thresholds: Annotated[tuple[float, float], Limit(0, 255, ordered=True)] = (100, 200)
    controlnet: ModelName = "lllyasviel/control_v11p_sd15_canny"
    conditioning_scale: Annotated[float, Limit(0)] = 1.0
    height: Annotated[int | None, Limit(1)] = None
    width: Annotated[int | None, Limit(1)] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.control == "column") != (self.column is not None):
            raise ParameterError(
                f"ControlToImage: column must be given for control='column' and for nothing else, got {self.column!r} "
                f"for {self.control!r}; correct either"
            )

    @property
    def parts(self) -> tuple[Part, ...]:
        """What is laid over the pipeline, the ControlNet among it."""
        return (Part("controlnet", self.controlnet), *super().parts)

    @property
    def keeps_size(self) -> bool:
        """True."""
        return True

    def adds(self, features: Features, roles: Roles) -> Features:
        """Nothing; but the control must be there."""
        if self.control == "mask" and not roles.all("mask"):
            raise RoleError("ControlToImage: needs a mask, none is bound; say which column it is by .on(mask=...)")
        if self.column is not None and not is_image(features.get(self.column)):
            raise RoleError(f"ControlToImage: column must be an image, {self.column!r} is none; correct it")
        return super().adds(features, roles)

    def apply_batch(self, rows: Sequence[Row], rngs: Sequence[Stream]) -> Sequence[Row | Reject]:
        """Draw the images of all rows."""
        results: list[Row | Reject] = [Reject("no image")] * len(rows)
        trace = partial(edges_of, thresholds=self.thresholds) if self.control == "edges" else None
        kind: dict[str, Any] = {"trace": trace, "label_map": self.control == "mask"}
        wanted = []
        for place, (row, rng) in enumerate(zip(rows, rngs, strict=True)):
            control = self._control(row) if row.scenes else None
            request = None if control is None else self.request(row, rng, control=control, **kind)
            if request is not None:
                wanted.append(Wanted(place, request, rng.seed(), partial(_result, row)))
            elif row.scenes:
                results[place] = Reject("no control" if control is None else "no prompt")
        how = {"height": self.height, "width": self.width, "control_scale": self.conditioning_scale}
        return self.draw(results, wanted, **how)

    def _control(self, row: Row) -> npt.NDArray[np.uint8] | None:
        """What holds things in place, as an RGB image; for edges the image itself."""
        if self.control == "edges":
            return as_rgb(row.pixels)
        if self.control == "mask":
            mask = mask_of(row, row.scenes[0])
            return None if mask is None else colored(mask, self.palette)
        value: Any = row[str(self.column)]
        if value is None:
            return None
        found = as_rgb(row.batch.open_image(value).array)
        if found.shape[:2] != row.scenes[0].size:
            raise LabelError(
                f"ControlToImage: {self.column!r} must be of the image's size {row.scenes[0].size} (height, width), is "
                f"of {found.shape[:2]}; correct the row"
            )
        return found


def _result(row: Row, image: GeneratedImage) -> Row:
    return with_drawn(row, drawn_like(image.array, row.pixels))
