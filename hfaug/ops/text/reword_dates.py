"""Reword dates."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Literal

from hfaug.fields import Share
from hfaug.kinds import EditOp
from hfaug.language.dates import dates, styles, written
from hfaug.moves import Edits
from hfaug.randomness import Stream, hits

__all__ = ["RewordDates"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class RewordDates(EditOp):
    """Write dates another way: March 5, 2024 as 5 March 2024 or 2024-03-05. Only whole dates, and only plain ones.

    Args:
        share: Chance of each date, 0..1.
        language: Language of the texts; it decides what dates look like.

    Moves: text, spans, answers, words with their tags.
    Rejects: nothing; a text without dates stays as it is.
    Source: folklore; the forms are those of Unicode CLDR.

    >>> import hfaug
    >>> hfaug.ops.text.RewordDates(language="de").language
    'de'
    """

    may_change: ClassVar[tuple[str, ...]] = ("style",)

    expected_draws: ClassVar[int] = 4

    share: Share = 1
    language: Literal["de", "en", "es", "fr", "it", "ja", "nl", "pt", "zh"] = "en"

    def edits(self, text: str, rng: Stream) -> Edits:
        """Draw the dates, and how each is written."""
        found = dates(text, self.language)
        items = []
        for number in hits(rng, len(found), self.share):
            date = found[number]
            style = rng.choice([style for style in styles(self.language) if style != date.style])
            after = written(date.day, self.language, style)
            if " ," in text[date.start : date.end]:
                after = after.replace(",", " ,")  # as in lists of words
            if after != text[date.start : date.end]:
                items.append((date.start, date.end, after))
        return Edits(items)
