"""Answers of language models: made clean, and judged."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from hfaug.language.identify import in_other_language, language_of
from hfaug.language.judging import copies, echoes, loops, names_one, refuses, similarity

__all__ = ["Judge", "cleaned"]

_FENCED = re.compile(r"(`{3,})[\w-]*\n(.*?)\n?\1", re.DOTALL)
_QUOTES = {'"': '"', "“": "”", "„": "“", "«": "»", "'": "'"}


def cleaned(answer: str, source: str) -> str:
    r"""An answer without the fence or the quotation marks around all of it, unless the source has them too.

    >>> cleaned('```\n"It was long."\n```', "The film was long.")
    'It was long.'
    """
    text = answer.strip()
    if found := _FENCED.fullmatch(text):
        text = found[2].strip()
    quoted = (
        len(text) > 1 and _QUOTES.get(text[0]) == text[-1] and text[0] not in text[1:-1] and text[-1] not in text[1:-1]
    )
    if quoted and source.strip()[:1] != text[0]:
        text = text[1:-1].strip()
    return text


@dataclasses.dataclass(frozen=True)
class Judge:
    """What a new text must be to be kept; `reason` says why one is not.

    Args:
        similar: Least and greatest similarity to the source, 0..1, by `hfaug.language.judging.similarity`.
        length: Least and greatest length, as a share of the source's.
        language: The language that it must be in, None for any, "" for that of the source.
        forbidden: Words that it must not hold unless the source does.
        wording: What the prompt says by itself.
        examples: What the prompt gave as examples.
        like_example: Greatest similarity to an example, 0..1.
    """

    similar: tuple[float, float] = (0.0, 1.0)
    length: tuple[float, float] = (0.0, float("inf"))
    language: str | None = None
    forbidden: Sequence[str] = ()
    wording: Sequence[str] = ()
    examples: Sequence[str] = ()
    like_example: float = 1.0

    def reason(self, text: str, source: str) -> str | None:
        """Why a text is not kept; None if it is."""
        if not text.strip():
            return "empty"
        if source and copies(text, source):
            return "unchanged"
        found = self._unlike(text, source)
        if found is not None:
            return found
        low, high = self.similar
        if not low <= (alike := similarity(text, source) if (low, high) != (0.0, 1.0) else low) <= high:
            return "too similar" if alike > high else "too different"
        return None

    def _unlike(self, text: str, source: str) -> str | None:
        if refuses(text, source):
            return "refused"
        if any(copies(text, example) or similarity(text, example) > self.like_example for example in self.examples):
            return "copy of an example"
        if echoes(text, self.wording, source):
            return "copy of the prompt"
        if loops(text, source):
            return "looping"
        if names_one(text, self.forbidden, source):
            return "forbidden word"
        share = len(text) / len(source) if source.strip() else 1.0
        if not self.length[0] <= share <= self.length[1]:
            return "too short" if share < self.length[0] else "too long"
        return "wrong language" if self._is_foreign(text, source) else None

    def _is_foreign(self, text: str, source: str) -> bool:
        if self.language is None:
            return False
        if self.language:
            return in_other_language(text, self.language)
        code, probability = language_of(source)
        return probability >= 0.9 and in_other_language(text, code)
