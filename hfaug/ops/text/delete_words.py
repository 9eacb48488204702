"""Delete words."""

from __future__ import annotations

import dataclasses
import re
from typing import ClassVar

from hfaug.fields import Share
from hfaug.kinds import EditOp
from hfaug.language.words import covers, is_unspaced, word_spans
from hfaug.moves import Edits
from hfaug.randomness import Stream, hits

__all__ = ["DeleteWords"]

Span = tuple[int, int]

_RUNS, _BLANKS = re.compile(r"\S+"), re.compile(r"\s+")


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
        words = _words(text)
        return _without(text, words, self._drawn(len(words), rng))

    def edited(self, text: str, rng: Stream) -> str:
        """The same words taken out at once, where single blanks stand between them."""
        if is_unspaced(text):
            return self.edits(text, rng).apply(text)
        words = text.split()
        gone = self._drawn(len(words), rng)
        if not gone:
            return text
        if " ".join(words) != text:
            return _without(text, _words(text), gone).apply(text)
        for number in reversed(gone):
            del words[number]
        return " ".join(words)

    def _drawn(self, count: int, rng: Stream) -> list[int]:
        """Numbers of the words that go, in order."""
        gone = hits(rng, count, self.share)
        if gone and len(gone) == count:
            gone.remove(rng.integers(0, count))
        return gone


def _words(text: str) -> list[Span]:
    """What stands between white space; of what is written in a script without blanks, the words in it."""
    found = [run.span() for run in _RUNS.finditer(text)]
    if not is_unspaced(text):
        return found
    plain: list[Span] = []
    dense: list[Span] = []
    for span in found:
        (dense if is_unspaced(text[slice(*span)]) else plain).append(span)
    return sorted([*plain, *(span for span in word_spans(text) if covers(dense, span[0]))])


def _without(text: str, words: list[Span], gone: list[int]) -> Edits:
    """The edits that take some words out, not all of them."""
    end, tail = len(text.rstrip()), len(words)
    while gone and gone[-1] == tail - 1 and words[tail - 1][1] == end:
        tail = gone.pop()
        end = words[tail][0]
        while end and text[end - 1].isspace():
            end -= 1
    items = []
    apart, last = False, -1
    for number in gone:
        low, high = words[number]
        apart = low == 0 or text[low - 1].isspace() or (apart and last == low)
        blank = _BLANKS.match(text, high) if apart else None
        items.append((low, blank.end() if blank else high, ""))
        last = high
    if tail < len(words):
        items.append((end, words[-1][1], ""))
    return Edits(items)
