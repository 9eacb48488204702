"""Reword numbers."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Literal

from hfaug.fields import Share
from hfaug.kinds import EditOp
from hfaug.language import numerals
from hfaug.language.scripts import unknown_script
from hfaug.language.sentences import openings
from hfaug.moves import Edits
from hfaug.randomness import Stream, hits

__all__ = ["RewordNumbers"]

_SCRIPTS = {"ja": ("cjk", "hiragana", "katakana"), "zh": ("cjk",)}


@dataclasses.dataclass(frozen=True, kw_only=True)
class RewordNumbers(EditOp):
    """Write whole numbers in words, and number words in figures: 3 as three, twenty-one as 21.

    Years, times, prices, measures and parts of larger numbers stay, and so do numbers whose words would bend with what
    is counted, and figures behind a word with a capital, as in Windows 7, unless it is one such as The.

    Args:
        share: Chance of each number, 0..1.
        to: ``words``, ``figures`` or ``both``.
        language: Language of the texts. In those that are missing, number words bend with the noun.

    Moves: text, spans, answers, words with their tags.
    Rejects: texts in another script than the language's.
    Source: folklore; numbers are spelt by the rules of Unicode CLDR.

    >>> import hfaug
    >>> hfaug.ops.text.RewordNumbers(to="words", language="de").to
    'words'
    """

    may_change: ClassVar[tuple[str, ...]] = ("names with number words in small letters",)

    expected_draws: ClassVar[int] = 4

    share: Share = 1
    to: Literal["words", "figures", "both"] = "both"
    language: Literal["de", "en", "es", "fr", "it", "ja", "nl", "sv", "zh"] = "en"

    def refuses(self, text: str) -> str | None:
        """Whether it is written in another script."""
        return unknown_script(text, _SCRIPTS.get(self.language, ("latin",)))

    def edits(self, text: str, rng: Stream) -> Edits:
        """Draw the numbers."""
        found = numerals.words(text, self.language) if self.to != "figures" else []
        if self.to != "words":
            found = sorted([*found, *numerals.figures(text, self.language)])
        items = []
        for number in hits(rng, len(found), self.share):
            start, end, after = found[number]
            opens = after[0].isalpha() and start in openings(text, self.language)
            items.append((start, end, after[0].upper() + after[1:] if opens else after))
        return Edits(items)
