"""Let a language model rewrite a text."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from hfaug.errors import ParameterError
from hfaug.fields import Limit, ShareRange
from hfaug.language.identify import english_name
from hfaug.op import Reject
from hfaug.ops.text.models.answers import Judge, cleaned
from hfaug.ops.text.models.prompted import PromptedOp
from hfaug.ops.text.models.showing import class_names, row_values
from hfaug.randomness import Stream
from hfaug.rows import Row

__all__ = ["Rewrite"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rewrite(PromptedOp):
    """Let a language model say a text in other words: plainer, more formal, shorter, in another style or language.

    The prompt is a readable template: ``print(Rewrite(task="simplify").wording)``, change it, and give it as
    ``prompt``. It knows ``text``, ``into`` and the columns of the row as ``row.NAME``; what a row holds is data,
    never a template.

    Args:
        task: Which of the prompts that come with hfaug.
        prompt: A prompt of your own instead, in Jinja.
        into: Styles (``restyle``) or languages (``translate``); one is drawn for each text.
        model: A language model: Hub repo id, folder, or the name that an endpoint knows.
        revision: Tag or commit of a Hub model; none for a folder.
        runtime: What runs it: ``transformers``; ``inference`` or ``inference:PROVIDER`` (Hugging Face Inference
            Providers); or the address of an endpoint that speaks as OpenAI's does, ``https://.../v1``.
        temperature: 0 takes the likeliest words; above 0 they are drawn by the row, which gives others each time.
        top_k: Tokens to draw among, 0 for all; of no effect at temperature 0, as the next.
        top_p: Share of the probability to draw from, above 0 to 1.
        max_new_tokens: Longest answer, in tokens.
        similarity: Least and greatest similarity to the source, 0..1 (shared runs of three characters).
        length: Shortest and longest text, as a share of the source's.
        forbid: Words that must not come in, such as names of classes.
        forbid_classes: Forbid the names of all classes of the row's columns.
        check_language: Reject a text in another language than the source, or than ``into`` when translating.

    Moves: nothing; rows with labels in the text are refused.
    Rejects: answers that are cut off, empty, unchanged, too similar, different, short or long, in a wrong language,
        loops, refusals, copies of the prompt, and those with a forbidden word; prompts that are too long or that an
        endpoint filters.
    Source: A. Maini et al., Rephrasing the Web, arXiv:2401.16380.

    >>> import hfaug
    >>> print(hfaug.ops.text.Rewrite(task="restyle", into=("a pirate",)).wording.splitlines()[1])
    You rewrite texts. Say the same as this one would say it: {{ into }}.
    """

    needs: ClassVar[tuple[str, ...]] = ("text",)
    shifts: ClassVar[tuple[str, ...]] = ("text",)
    shows: ClassVar[tuple[str, ...]] = ("text", "into", "source", "row")
    may_change: ClassVar[tuple[str, ...]] = ("shades of meaning", "facts", "style")

    task: Literal["paraphrase", "simplify", "formalise", "relax", "shorten", "correct", "restyle", "translate"] = (
        "paraphrase"
    )
    into: tuple[str, ...] = ()
    similarity: ShareRange = (0, 1)
    length: Annotated[tuple[float, float], Limit(0, ordered=True)] = (0.2, 4)
    forbid: tuple[str, ...] = ()
    forbid_classes: bool = False
    check_language: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.prompt is None and (self.task in {"restyle", "translate"}) != bool(self.into):
            raise ParameterError(
                f"Rewrite: into must say styles for restyle, languages for translate, and nothing else, got "
                f"{self.into!r} for {self.task}; correct into"
            )

    @property
    def shipped_prompt(self) -> str:
        """The prompt that comes with hfaug."""
        return self.task

    def apply_batch(self, rows: Sequence[Row], rngs: Sequence[Stream]) -> Sequence[Row | Reject]:
        """Ask for all rows at once."""
        shown: dict[int, dict[str, Any]] = {}
        columns = sorted(self.template().columns)
        for place, (row, rng) in enumerate(zip(rows, rngs, strict=True)):
            if (row.text or "").strip():
                into = rng.choice(self.into) if self.into else ""
                name = english_name(into) if self.task == "translate" else into
                shown[place] = {"text": row.text, "into": name, "source": "", "row": row_values(row, columns)}
        empty: list[Row | Reject] = [Reject("empty")] * len(rows)
        return self.answered(
            empty, shown, rngs, lambda place, text: self._result(rows[place], text, shown[place]["into"])
        )

    def _result(self, row: Row, answer: str, into: str) -> Row | Reject:
        source = row.text or ""
        text = cleaned(answer, source)
        language = into if self.task == "translate" else ""
        judge = Judge(
            similar=self.similarity,
            length=self.length,
            language=language if self.check_language else None,
            forbidden=(*self.forbid, *(class_names(row) if self.forbid_classes else ())),
            wording=self.template().wording,
        )
        reason = judge.reason(text, source)
        return Reject(reason) if reason else row.with_text(text)
