"""Change the case of letters."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Literal

from hfaug.errors import ParameterError
from hfaug.fields import Share
from hfaug.kinds import EditOp
from hfaug.language.words import word_spans
from hfaug.moves import Edits
from hfaug.randomness import Stream, hits

__all__ = ["ChangeCase"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChangeCase(EditOp):
    """Write words in small or capital letters, as people do who shout, are in a hurry, or write a headline.

    Args:
        share: Chance of each word, 0..1; 1 changes the whole text.
        cases: What they become: ``lower``, ``upper`` or ``title``; one is drawn for each text.

    Moves: text, spans, answers, words with their tags.
    Rejects: texts whose letters have no case, such as Chinese and Arabic ones.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.text.ChangeCase(cases=("lower",)).cases
    ('lower',)
    """

    may_change: ClassVar[tuple[str, ...]] = ("names, which capitals mark; abbreviations",)

    expected_draws: ClassVar[int] = 2

    share: Share = 1
    cases: tuple[Literal["lower", "upper", "title"], ...] = ("lower", "upper", "title")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.cases:
            raise ParameterError("ChangeCase: cases must name at least one, got none; name lower, upper or title")

    def refuses(self, text: str) -> str | None:
        """Whether its letters have no case."""
        if text.isascii() or text.lower() != text.upper():
            return None
        return "no letters with a case" if any(map(str.isalpha, text)) else None

    def edits(self, text: str, rng: Stream) -> Edits:
        """Draw the case and the words."""
        case = rng.choice(self.cases)
        spans = word_spans(text)
        items = []
        for number in hits(rng, len(spans), self.share):
            start, end = spans[number]
            before = text[start:end]
            after = before[:1].upper() + before[1:].lower() if case == "title" else getattr(before, case)()
            if after != before:
                items.append((start, end, after))
        return Edits(items)
