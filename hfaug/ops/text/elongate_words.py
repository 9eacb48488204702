"""Elongate words."""

from __future__ import annotations

import dataclasses
import re
from typing import Annotated, ClassVar

from hfaug.fields import Limit, Share
from hfaug.kinds import EditOp
from hfaug.language.scripts import unknown_script
from hfaug.language.words import bears_mark, cut_words
from hfaug.moves import Edits
from hfaug.randomness import Stream, hits

__all__ = ["ElongateWords"]

_VOWELS = re.compile(r"[aeiouyäöüàáâãåæèéêëìíîïòóôõøùúûýœ]|[аеёиоуыэюяіїє]|[αεηιουωάέήίόύώ]|[اوي]", re.IGNORECASE)
_SILENT = re.compile(r"(?<=[^\W\d_aeiou])es?\Z", re.IGNORECASE)
"""An ending that is mute in English and French; where it is not, an earlier vowel does as well."""

_ARTICLE = re.compile("[وفبك]?ال(?=..)|لل(?=..)")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ElongateWords(EditOp):
    """Draw out a vowel of a word, as in sooo good: how people write what they would say slowly or loudly.

    Args:
        share: Chance of each word, 0..1; one without a vowel stays.
        extra: How many times more the vowel is written, at least and at most.

    Moves: text, spans, answers, words with their tags.
    Rejects: texts without Latin, Cyrillic, Greek or Arabic letters.
    Source: S. Brody, N. Diakopoulos, Cooooooooooooooollllllllllllll!!!!!!!!!!!!!! Using Word Lengthening to Detect
        Sentiment in Microblogs, EMNLP 2011.

    >>> import hfaug
    >>> hfaug.ops.text.ElongateWords(extra=(1, 2)).extra
    (1, 2)
    """

    may_change: ClassVar[tuple[str, ...]] = ("how strong a feeling is",)

    expected_draws: ClassVar[int] = 8

    share: Share = 0.1
    extra: Annotated[tuple[int, int], Limit(1, 20, ordered=True)] = (2, 4)

    def refuses(self, text: str) -> str | None:
        """Whether it is written in another script."""
        return unknown_script(text, ("latin", "cyrillic", "greek", "arabic"))

    def edits(self, text: str, rng: Stream) -> Edits:
        """Draw the words, and how far each is drawn out: by its last vowel that is spoken."""
        words = cut_words(text)
        items = []
        for number in hits(rng, len(words), self.share):
            at = _vowel(text, *words[number])
            if at is not None:
                more = rng.integers(self.extra[0], self.extra[1] + 1)
                items.append((at, at + 1, text[at] * (1 + more)))  # with the letter: put in at a border it is outside
        return Edits(items)


def _vowel(text: str, start: int, end: int) -> int | None:
    """The place of the vowel that is drawn out; None where a word has none, is a single letter or an abbreviation."""
    word = text[start:end]
    if len(word) < 2 or not word.isalpha() or (word.isupper() and len(word) < 4):
        return None
    article = _ARTICLE.match(word)
    found = [vowel.start() for vowel in _VOWELS.finditer(word, article.end() if article else 0)]
    if len(found) > 1 and _SILENT.search(word):
        found.pop()
    at = start + found[-1] if found else -1
    return None if at < 0 or bears_mark(text, at) else at
