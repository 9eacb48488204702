"""Add errors of optical character recognition."""

from __future__ import annotations

import dataclasses
from typing import Annotated, ClassVar

from hfaug.fields import Limit, Share
from hfaug.kinds import EditOp
from hfaug.language.noise import Draw, Edit, draw_errors, make_errors
from hfaug.language.ocr import MISREAD
from hfaug.language.scripts import unknown_script
from hfaug.language.words import bears_mark
from hfaug.moves import Edits
from hfaug.randomness import Stream

__all__ = ["AddOcrErrors"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class AddOcrErrors(EditOp):
    """Misread characters as optical character recognition does: l as 1, rn as m, ü as u.

    Args:
        share: Errors a word, 0..1: 0.1 is an error in every tenth word on average.
        most: Largest number of errors in a text, from 1 up.

    Moves: text, spans, answers, words with their tags.
    Rejects: texts without Latin or Cyrillic letters.
    Source: folklore; the pairs are those that printed Latin and Cyrillic letters are known to be taken for.

    >>> import hfaug
    >>> hfaug.ops.text.AddOcrErrors(share=0.2).share
    0.2
    """

    may_change: ClassVar[tuple[str, ...]] = ("numbers", "names and rare words")

    share: Share = 0.1
    most: Annotated[int, Limit(1)] = 20

    def refuses(self, text: str) -> str | None:
        """Whether it is written in another script."""
        return unknown_script(text, ("latin", "cyrillic"))

    def edits(self, text: str, rng: Stream) -> Edits:
        """Draw the places of the errors, and what is read there."""
        return draw_errors(text, rng, _error, share=self.share, most=self.most)

    def edited(self, text: str, rng: Stream) -> str:
        """The same errors, made at once."""
        return make_errors(text, rng, _error, share=self.share, most=self.most)


def _error(text: str, at: int, draw: Draw) -> Edit | None:
    """A misread pair of characters where one stands, else a misread character."""
    for end in (at + 2, at + 1):
        read = MISREAD.get(text[at:end])
        if read and (text.isascii() or not bears_mark(text, end - 1)):
            return at, min(end, len(text)), read[int(draw() * len(read))]
    return None
