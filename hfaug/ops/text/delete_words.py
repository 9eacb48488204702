"""Delete words."""

from __future__ import annotations

import dataclasses
import math
import re
from typing import ClassVar

from hfaug.fields import Share
from hfaug.kinds import EditOp
from hfaug.moves import Edits
from hfaug.randomness import Stream

__all__ = ["DeleteWords"]

_WORDS = re.compile(r"\S+")


@dataclasses.dataclass(frozen=True, kw_only=True)
class DeleteWords(EditOp):
    """Delete each word with some chance, so that a model does not lean on single words. At least one word stays.

    Args:
        share: Chance of each word, 0..1. A word is what stands between white space.

    Moves: text, spans (one that loses all its words goes), answers (never deleted), words with their tags.
    Rejects: nothing.
    Source: J. Wei, K. Zou, EDA: Easy Data Augmentation Techniques, arXiv:1901.11196.

    >>> import hfaug
    >>> hfaug.ops.text.DeleteWords(share=0.2).share
    0.2
    """

    may_change: ClassVar[tuple[str, ...]] = ("negation", "what the text is about")

    share: Share = 0.1

    def edits(self, text: str, rng: Stream) -> Edits:
        """Draw the words that go; each goes with the white space behind it, the last ones with that before them."""
        words = [found.span() for found in _WORDS.finditer(text)]
        gone = self._drawn(len(words), rng)
        if not gone:
            return Edits()
        if len(gone) == len(words):
            gone.remove(rng.integers(0, len(words)))
        tail = len(words)
        while gone and gone[-1] == tail - 1:
            tail = gone.pop()
        items = [(words[number][0], words[number + 1][0], "") for number in gone]
        if tail < len(words):
            items.append((words[tail - 1][1], words[-1][1], ""))
        return Edits(items)

    def _drawn(self, count: int, rng: Stream) -> list[int]:
        """Numbers of the words that go, in order. The gap to the next one is drawn: one draw a hit, not a word."""
        if self.share >= 1:
            return list(range(count))
        if self.share <= 0:
            return []
        scale = 1 / math.log1p(-self.share)
        gone: list[int] = []
        at = -1
        while True:
            gap = math.log(1 - rng.random()) * scale
            if not gap < count - at - 1:  # or not a number, which an infinite scale makes of the smallest draw
                return gone
            at += 1 + int(gap)
            gone.append(at)
