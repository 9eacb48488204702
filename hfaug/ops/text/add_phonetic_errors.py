"""Add spelling errors made by ear."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Literal

from hfaug.fields import Share
from hfaug.kinds import EditOp
from hfaug.language.phonetics import misspellings
from hfaug.language.scripts import unknown_script
from hfaug.language.words import cut_words
from hfaug.moves import Edits
from hfaug.randomness import Stream, hits

__all__ = ["AddPhoneticErrors"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class AddPhoneticErrors(EditOp):
    """Misspell words as they sound: their for there, recieve for receive, dass for das.

    Args:
        share: Chance of each word that can be misspelt so, 0..1.
        language: Language of the texts: ``en``, ``de`` or ``fr``.

    Moves: text, spans, answers, words with their tags.
    Rejects: texts without Latin letters.
    Source: folklore; lists of words that are confused, and of letters that stand for one sound.

    >>> import hfaug
    >>> hfaug.ops.text.AddPhoneticErrors(language="fr").language
    'fr'
    """

    may_change: ClassVar[tuple[str, ...]] = ("names and rare words", "words that become others which sound alike")

    expected_draws: ClassVar[int] = 8

    share: Share = 0.1
    language: Literal["en", "de", "fr"] = "en"

    def refuses(self, text: str) -> str | None:
        """Whether it is written in another script."""
        return unknown_script(text, ("latin",))

    def edits(self, text: str, rng: Stream) -> Edits:
        """Draw the words, and how each is misspelt; only the letters that differ are replaced."""
        found = []
        for start, end in cut_words(text):
            wrong = misspellings(text[start:end].lower().replace("’", "'"), self.language)
            if wrong:
                found.append((start, end, wrong))
        items = []
        for number in hits(rng, len(found), self.share):
            start, end, wrong = found[number]
            items.append(_narrowed(text[start:end], _in_case(text[start:end], rng.choice(wrong)), start))
        return Edits(items)


def _in_case(word: str, other: str) -> str:
    if word.isupper() and len(word) > 1:
        return other.upper()
    return other[:1].upper() + other[1:] if word[0].isupper() else other


def _narrowed(before: str, after: str, start: int) -> tuple[int, int, str]:
    """The edit without the letters that stay at both ends; one is left, for what is put in at a border is outside."""
    head = min(_common(before, after), len(before) - 1)
    tail = min(_common(before[head:][::-1], after[head:][::-1]), len(before) - head - 1)
    return start + head, start + len(before) - tail, after[head : len(after) - tail]


def _common(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
