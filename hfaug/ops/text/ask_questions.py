"""Let a language model ask questions that a text answers."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import Annotated, ClassVar

from datasets import Features, List, Value

from hfaug.fields import Limit
from hfaug.language.judging import names_one
from hfaug.language.schemas import InvalidAnswerError, json_schema, stored_values
from hfaug.language.words import is_unspaced
from hfaug.op import Reject
from hfaug.ops.text.models.answers import Judge
from hfaug.ops.text.models.prompted import PromptedOp
from hfaug.ops.text.models.showing import row_values
from hfaug.randomness import Stream
from hfaug.roles import Roles
from hfaug.rows import Row

__all__ = ["AskQuestions"]

_ANSWER = Features({"question": Value("string"), "answer": Value("string"), "quote": Value("string")})


@dataclasses.dataclass(frozen=True, kw_only=True)
class AskQuestions(PromptedOp):
    """Let a language model ask a question that a text answers, and find the answer in the text.

    Adds ``question`` and ``answers`` as SQuAD has them. The model copies the answer and the sentence it stands in;
    the place is looked up: an answer that is not there letter by letter, or at one place alone, is rejected.

    Args:
        prompt: A prompt of your own, in Jinja, instead of the one that ``print(AskQuestions().wording)`` shows.
        longest: Most characters of an answer; a question and a quote may have three times as many.
        model: A language model: Hub repo id, folder, or the name that an endpoint knows.
        revision: Tag or commit of a Hub model; none for a folder.
        runtime: What runs it, as in `Rewrite`.
        temperature: 0 takes the likeliest words; above 0 they are drawn by the row, which gives others each time.
        top_k: Tokens to draw among, 0 for all; of no effect at temperature 0, as the next.
        top_p: Share of the probability to draw from, above 0 to 1.
        max_new_tokens: Longest answer, in tokens.

    Moves: nothing.
    Rejects: answers that are cut off, no JSON of these fields, refusals or copies of the prompt; questions that are
        empty or hold their answer; answers that are not in the text or could be at several places.
    Source: C. Alberti et al., Synthetic QA Corpora Generation with Roundtrip Consistency, arXiv:1906.05416.

    >>> import hfaug
    >>> "quote" in hfaug.ops.text.AskQuestions().wording
    True
    """

    needs: ClassVar[tuple[str, ...]] = ("text",)
    shows: ClassVar[tuple[str, ...]] = ("text", "row")
    may_change: ClassVar[tuple[str, ...]] = ("whether the answer is right",)

    longest: Annotated[int, Limit(1)] = 200

    @property
    def shipped_prompt(self) -> str:
        """The prompt that comes with hfaug."""
        return "ask_questions"

    def adds(self, features: Features, roles: Roles) -> Features:
        """The question, and its answer with its place in code points."""
        answers = {"text": List(Value("string")), "answer_start": List(Value("int32"))}
        return Features({"question": Value("string"), "answers": answers})

    def apply_batch(self, rows: Sequence[Row], rngs: Sequence[Stream]) -> Sequence[Row | Reject]:
        """Ask for all rows at once."""
        columns = sorted(self.template().columns)
        shown = {
            place: {"text": row.text, "row": row_values(row, columns)}
            for place, row in enumerate(rows)
            if (row.text or "").strip()
        }
        schema = json_schema(_ANSWER, 3 * self.longest, "AskQuestions")
        schema["properties"]["answer"]["maxLength"] = self.longest
        empty: list[Row | Reject] = [Reject("empty")] * len(rows)
        return self.answered(empty, shown, rngs, lambda place, text: self._result(rows[place], text), schema)

    def _result(self, row: Row, answer: str) -> Row | Reject:
        text = row.text or ""
        try:
            found = stored_values(answer, _ANSWER)
        except InvalidAnswerError:
            return Reject("invalid")
        reason = Judge(wording=self.template().wording).reason(found["question"], text)
        if reason or not found["answer"]:
            return Reject(reason or "empty")
        if names_one(found["question"], [found["answer"]]):
            return Reject("question holds its answer")
        start = _place(text, found["answer"], found["quote"])
        if start is None:
            return Reject("answer not found")
        return row.replace(question=found["question"], answers={"text": [found["answer"]], "answer_start": [start]})


def _place(text: str, answer: str, quote: str) -> int | None:
    """Where an answer stands: the only place, or the only one within the only place of the quote; None if in doubt."""
    found = _places(answer, text)
    if len(found) == 1:
        return found[0]
    if quote and text.count(quote) == 1:
        start = text.index(quote)
        inside = [place for place in found if start <= place <= start + len(quote) - len(answer)]
        return inside[0] if len(inside) == 1 else None
    return None


def _places(answer: str, text: str) -> list[int]:
    """Where an answer stands in a text, not inside of words unless the script writes no blanks."""
    pattern = re.escape(answer)
    if not is_unspaced(answer):
        pattern = rf"(?<!\w){pattern}(?!\w)"
    return [match.start() for match in re.finditer(pattern, text)]
