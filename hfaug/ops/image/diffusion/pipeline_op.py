"""What ops share that a diffusion pipeline draws for: its fields, the prompts, one call for all rows of a unit."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from hfaug.backends import ImageRequest, Part, facts, image_pipeline, part_facts
from hfaug.columns import is_list
from hfaug.errors import ParameterError, RoleError
from hfaug.fields import Limit, ModelName
from hfaug.op import BatchOp, Reject
from hfaug.ops.image.diffusion.drawing import Wanted, draw_all
from hfaug.ops.image.diffusion.prompts import Attributes, Prompt, Prompts
from hfaug.plan import Plan
from hfaug.randomness import Stream
from hfaug.rows import Row

__all__ = ["PipelineOp"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class PipelineOp(BatchOp):
    """Base of ops that a diffusion pipeline draws for.

    Args:
        model: A diffusers pipeline: Hub repo id or folder.
        revision: Tag or commit of a Hub model; none for a folder.
        prompt: The prompt's template, several to draw from, or those of each class.
        negative_prompt: What no image must show; a template too.
        attributes: Words to draw for slots of the prompt.
        steps: Denoising steps.
        guidance: How closely an image follows its prompt.
        lora: LoRA weights with the strength of each.
        textual_inversion: Learnt words.
    """

    origin: ClassVar[str] = "synthetic"
    unit_rows: ClassVar[int] = 32
    """What a GPU draws at once, at most."""
    takes: ClassVar[tuple[str, ...]] = ()
    """The roles that it cannot do without, the prompt's aside."""
    gives: ClassVar[tuple[str, ...]] = ()
    """What the op itself puts into prompts."""

    model: ModelName = "stable-diffusion-v1-5/stable-diffusion-v1-5"
    revision: str | None = None
    prompt: Prompt | None = None
    negative_prompt: str | None = None
    attributes: Attributes = ()
    steps: Annotated[int | None, Limit(1)] = None
    guidance: Annotated[float | None, Limit(0)] = None
    lora: tuple[tuple[ModelName, float], ...] = ()
    textual_inversion: tuple[ModelName, ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.lora, str):
            object.__setattr__(self, "lora", ((self.lora, 1.0),))
        if isinstance(self.textual_inversion, str):
            object.__setattr__(self, "textual_inversion", (self.textual_inversion,))
        super().__post_init__()
        self.prompts  # noqa: B018 - templates are read when the op is made, so that errors come early
        least = getattr(self, "strength", (1.0,))[0]
        if self.steps is not None and round(self.steps * least) < 1:
            said = f"steps times strength must be 1 or more, {self.steps} times {least:g} is not"
            raise ParameterError(f"{type(self).__name__}: {said}; raise either")

    @property
    def needs(self) -> tuple[str, ...]:  # type: ignore[override]  # it depends on the fields
        """What it draws from, and the prompt's column where no template is given."""
        return (*self.takes, *(("prompt",) if self.prompt is None else ()))

    @functools.cached_property
    def prompts(self) -> Prompts:
        """The prompts, read."""
        return Prompts(self.prompt, self.attributes, self.negative_prompt, self.gives, type(self).__name__)

    @property
    def parts(self) -> tuple[Part, ...]:
        """What is laid over the pipeline."""
        return (
            *(Part("textual_inversion", name) for name in self.textual_inversion),
            *(Part("lora", name, scale) for name, scale in self.lora),
        )

    def models(self) -> tuple[dict[str, Any], ...]:
        """The pipeline, and what is laid over it."""
        pipeline = facts("image_pipeline", self.model, self.revision, parts=self.parts)
        return (pipeline, *(part_facts(part, pipeline["determinism"]) for part in self.parts))

    def plan(self, plan: Plan) -> None:
        """Make sure that every column is there that the prompt names, before any work."""
        before = plan.features.copy()
        super().plan(plan)
        roles = plan.leaves[-1].roles
        self.prompts.check(before, None if roles is None else roles.one("label"))
        for column in () if roles is None else roles.all("image"):
            if is_list(before[column]):
                raise RoleError(
                    f"{type(self).__name__}: needs one image a row, {column!r} holds lists; make a row of each image"
                )

    def draw(self, results: list[Row | Reject], wanted: Sequence[Wanted], **how: Any) -> list[Row | Reject]:
        """Draw what is wanted in one call, with more settings; the other results stay."""
        if wanted:
            backend = image_pipeline(self.model, revision=self.revision, parts=self.parts)
            draw_all(backend, results, wanted, steps=self.steps, guidance=self.guidance, **how)
        return results

    def request(
        self, row: Row, rng: Stream, given: Mapping[str, str] | None = None, **drawn_from: Any
    ) -> ImageRequest | None:
        """What to draw for a row; None where it has no prompt."""
        text = self.prompts.of(row, rng.child("prompt"), given)
        if text is None:
            return None
        negative = self.prompts.negative(row, rng.child("negative prompt"), given)
        return ImageRequest(text, negative, **drawn_from)
