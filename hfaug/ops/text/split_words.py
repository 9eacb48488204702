"""Split words in two."""

from __future__ import annotations

import dataclasses
from typing import Annotated, ClassVar

from hfaug.fields import Limit, Share
from hfaug.kinds import EditOp
from hfaug.language.noise import Edit, draw_errors
from hfaug.language.words import address_spans, bears_mark, covers, is_mostly_unspaced, is_unspaced
from hfaug.moves import Edits
from hfaug.randomness import Stream

__all__ = ["SplitWords"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class SplitWords(EditOp):
    """Put a blank into words, as a slip of the thumb does and as lines broken without a hyphen look.

    Args:
        share: Blanks put in a word, 0..1: 0.1 splits every tenth word on average; those of less than four letters stay.
        most: Largest number of splits in a text, from 1 up.

    Moves: text, spans, answers, words with their tags: both parts get the tag of the word.
    Rejects: texts mostly in scripts that write no blanks between words, such as Chinese and Thai; such words stay.
    Source: nlpaug's split augmenter; folklore.

    >>> import hfaug
    >>> hfaug.ops.text.SplitWords(share=0.2).share
    0.2
    """

    may_change: ClassVar[tuple[str, ...]] = ("words that fall into other words",)

    expected_draws: ClassVar[int] = 8

    share: Share = 0.1
    most: Annotated[int, Limit(1)] = 20

    def refuses(self, text: str) -> str | None:
        """Whether no blanks stand between its words."""
        return "no blanks between words" if is_mostly_unspaced(text) else None

    def edits(self, text: str, rng: Stream) -> Edits:
        """Draw the places: two letters of the word stand before each, and two behind it."""
        addresses = address_spans(text)

        def split(text: str, at: int, _rng: Stream) -> Edit | None:
            return (at, at, " ") if _fits(text, at) and not covers(addresses, at) else None

        return draw_errors(text, rng, share=self.share, most=self.most, at=split, apart=1)


def _fits(text: str, at: int) -> bool:
    """Whether a blank can stand before a letter, with two letters of the word on each side."""
    around = text[at - 2 : at + 2] if at > 1 else ""
    return len(around) == 4 and around.isalpha() and not bears_mark(text, at + 1) and not is_unspaced(around)
