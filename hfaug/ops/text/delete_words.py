"""Delete words."""

from __future__ import annotations

import dataclasses
import re
from typing import ClassVar

from hfaug.fields import Share
from hfaug.kinds import EditOp
from hfaug.language.words import is_unspaced, word_spans
from hfaug.moves import Edits
from hfaug.randomness import Stream, hits

__all__ = ["DeleteWords"]

_WORDS = re.compile(r"\S+")


@dataclasses.dataclass(frozen=True, kw_only=True)
class DeleteWords(EditOp):
    """Delete each word with some chance, so that a model does not lean on single words. At least one word stays.

    Args:
        share: Chance of each word, 0..1. A word is what stands between white space; in scripts that write none, such as
            Chinese and Thai, what a dictionary knows.

    Moves: text, spans (one that loses all its words goes), answers (never deleted), words with their tags.
    Rejects: nothing.
    Source: J. Wei, K. Zou, EDA: Easy Data Augmentation Techniques, arXiv:1901.11196.

    >>> import hfaug
    >>> hfaug.ops.text.DeleteWords(share=0.2).share
    0.2
    """

    may_change: ClassVar[tuple[str, ...]] = ("negation", "what the text is about")

    expected_draws: ClassVar[int] = 8

    share: Share = 0.1

    def edits(self, text: str, rng: Stream) -> Edits:
        """Draw the words that go; each goes with the white space behind it, the last ones with that before them."""
        if is_unspaced(text):
            words = word_spans(text)
            return Edits([(*words[number], "") for number in self._drawn(len(words), rng)])
        return _without(text, self._drawn(len(text.split()), rng))

    def edited(self, text: str, rng: Stream) -> str:
        """The same words taken out at once, where single blanks stand between them."""
        if is_unspaced(text):
            return self.edits(text, rng).apply(text)
        words = text.split()
        gone = self._drawn(len(words), rng)
        if not gone:
            return text
        if " ".join(words) != text:
            return _without(text, gone).apply(text)
        for number in reversed(gone):
            del words[number]
        return " ".join(words)

    def _drawn(self, count: int, rng: Stream) -> list[int]:
        """Numbers of the words that go, in order."""
        gone = hits(rng, count, self.share)
        if gone and len(gone) == count:
            gone.remove(rng.integers(0, count))
        return gone


def _without(text: str, gone: list[int]) -> Edits:
    """The edits that take some words out, not all of them."""
    if not gone:
        return Edits()
    words = [found.span() for found in _WORDS.finditer(text)]
    tail = len(words)
    while gone and gone[-1] == tail - 1:
        tail = gone.pop()
    items = [(words[number][0], words[number + 1][0], "") for number in gone]
    if tail < len(words):
        items.append((words[tail - 1][1], words[-1][1], ""))
    return Edits(items)
