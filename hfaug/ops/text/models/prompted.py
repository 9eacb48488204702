"""What ops share that ask a language model by prompt: its fields, the call, and the values that prompts show."""

from __future__ import annotations

import dataclasses
import functools
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, ClassVar

from hfaug.backends import Sampling, check_runtime, facts, language_model
from hfaug.errors import ParameterError
from hfaug.fields import Limit, ModelName
from hfaug.language.prompting import PromptTemplate, shipped
from hfaug.op import BatchOp, Reject
from hfaug.ops.text.models.showing import as_prompt
from hfaug.plan import Plan
from hfaug.randomness import Stream
from hfaug.rows import Row

__all__ = ["PromptedOp"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class PromptedOp(BatchOp):
    """Base of ops that ask a language model: one prompt a row, all prompts of a unit in one call.

    Args:
        model: A language model: Hub repo id, folder, or the name that an endpoint knows.
        revision: Tag or commit of a Hub model; none for a folder.
        runtime: What runs it: ``transformers``, ``inference``, ``inference:PROVIDER``, or an endpoint's address.
        temperature: 0 takes the likeliest words; above 0 they are drawn by the row, which gives others each time.
        top_k: Tokens to draw among, 0 for all; of no effect at temperature 0, as the next.
        top_p: Share of the probability to draw from, above 0 to 1.
        max_new_tokens: Longest answer, in tokens.
        prompt: A template to take instead of the one that comes with hfaug.
    """

    shows: ClassVar[tuple[str, ...]]  # what the template may name
    unit_rows: ClassVar[int] = 200  # so many give batches of prompts of like length, and keep an endpoint busy

    model: ModelName = "Qwen/Qwen2.5-1.5B-Instruct"
    revision: str | None = None
    runtime: str = "transformers"
    temperature: Annotated[float, Limit(0)] = 0.8
    top_k: Annotated[int, Limit(0)] = 0
    top_p: Annotated[float, Limit(0, 1, above=True)] = 0.95
    max_new_tokens: Annotated[int, Limit(1)] = 512
    prompt: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_runtime(self.runtime, type(self).__name__)
        self.template()

    @property
    @abstractmethod
    def shipped_prompt(self) -> str:
        """The name of the template that comes with hfaug."""

    @property
    def wording(self) -> str:
        """The prompt's template, as text."""
        return shipped(self.shipped_prompt) if self.prompt is None else self.prompt

    def template(self) -> PromptTemplate:
        """The prompt's template, compiled."""
        return _compiled(self.wording, self.shows, type(self).__name__)

    def models(self) -> tuple[dict[str, str | None], ...]:
        """The language model."""
        return (facts("language_model", self.model, self.revision, runtime=self.runtime),)

    def plan(self, plan: Plan) -> None:
        """Make sure that every column is there that the prompt names, before any work."""
        unknown = sorted(self.template().columns - set(plan.features))
        if unknown:
            raise ParameterError(
                f"{type(self).__name__}: the prompt must name columns among {', '.join(plan.features)}, names "
                f"{', '.join(unknown)}; correct the prompt"
            )
        super().plan(plan)

    def answered(
        self,
        results: list[Row | Reject],
        shown: Mapping[int, Mapping[str, Any]],
        rngs: Sequence[Stream],
        finish: Callable[[int, str], Row | Reject],
        schema: Mapping[str, Any] | None = None,
    ) -> list[Row | Reject]:
        """Ask for some rows in one call, and put what becomes of them in their places.

        Args:
            results: What becomes of rows that are not asked for.
            shown: What the prompt shows, by the place of the row.
            rngs: The stream of each row.
            finish: From the place of a row and the answer to what becomes of it.
            schema: What the answer is held to.
        """
        if not shown:
            return results
        template = self.template()
        top_k, top_p = (self.top_k, self.top_p) if self.temperature else (0, 1.0)
        sampling = Sampling(temperature=self.temperature, top_k=top_k, top_p=top_p)
        answers = language_model(self.model, revision=self.revision, runtime=self.runtime).generate(
            [as_prompt(template.messages(values)) for values in shown.values()],
            seeds=[rngs[place].child("answer").seed() for place in shown],
            sampling=sampling,
            max_new_tokens=self.max_new_tokens,
            schema=schema,
        )
        for place, answer in zip(shown, answers, strict=True):
            results[place] = Reject(answer.flag) if answer.flag else finish(place, answer.text)
        return results


@functools.lru_cache(maxsize=64)
def _compiled(wording: str, names: tuple[str, ...], who: str) -> PromptTemplate:
    return PromptTemplate(wording, names, who)
