"""Split words in two."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Annotated, ClassVar

from hfaug.fields import Limit, Share
from hfaug.kinds import EditOp
from hfaug.language.noise import Draw, Edit, draw_errors, make_errors
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

    share: Share = 0.1
    most: Annotated[int, Limit(1)] = 20

    def refuses(self, text: str) -> str | None:
        """Whether no blanks stand between its words."""
        return "no blanks between words" if is_mostly_unspaced(text) else None

    def edits(self, text: str, rng: Stream) -> Edits:
        """Draw the places: two letters of the word stand before each, and two behind it."""
        return draw_errors(text, rng, _place(text), share=self.share, most=self.most, apart=1)

    def edited(self, text: str, rng: Stream) -> str:
        """The same blanks, put in at once."""
        return make_errors(text, rng, _place(text), share=self.share, most=self.most, apart=1)


def _place(text: str) -> Callable[[str, int, Draw], Edit | None]:
    """What splits a text at a place, outside of addresses."""
    addresses = address_spans(text)
    if not addresses:
        return _split
    return lambda text, at, draw: None if covers(addresses, at) else _split(text, at, draw)


def _split(text: str, at: int, _draw: Draw) -> Edit | None:
    """A blank before a letter, where it has two letters of the word on each side."""
    around = text[at - 2 : at + 2]
    if len(around) < 4 or not around.isalpha():
        return None
    if not text.isascii() and (bears_mark(text, at + 1) or is_unspaced(around)):
        return None
    return at, at, " "
