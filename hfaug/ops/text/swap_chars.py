"""Swap neighbouring characters."""

from __future__ import annotations

import dataclasses
import re
from typing import Annotated, ClassVar

from hfaug.fields import Limit, Share
from hfaug.kinds import EditOp
from hfaug.moves import Edits
from hfaug.randomness import Stream

__all__ = ["SwapChars"]

_PAIRS = re.compile(r"(?<=[^\W\d_])[^\W\d_](?=[^\W\d_])")
"""A letter between two letters: it swaps with the one behind it, so words keep their first letter."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class SwapChars(EditOp):
    """Swap neighbouring letters inside words, as fast typing does. First letters stay, and text of one or two letters a word.

    Args:
        share: Share of the words that get a swap, 0..1; a word is drawn at most once a swap.
        most: Largest number of swaps in a text, from 1 up.

    Moves: text, spans, answers, words with their tags.
    Rejects: nothing.
    Source: Y. Belinkov, Y. Bisk, Synthetic and Natural Noise Both Break Neural Machine Translation, arXiv:1711.02173.

    >>> import hfaug
    >>> hfaug.ops.text.SwapChars(share=0.2).share
    0.2
    """

    may_change: ClassVar[tuple[str, ...]] = ("names and rare words",)

    share: Share = 0.1
    most: Annotated[int, Limit(1)] = 20

    def edits(self, text: str, rng: Stream) -> Edits:
        """Draw the places of the swaps."""
        places = [found.start() for found in _PAIRS.finditer(text)]
        if not places:
            return Edits()
        wanted = self.share * (text.count(" ") + 1)
        count = min(self.most, len(places), int(wanted) + (rng.random() < wanted % 1))
        items: list[tuple[int, int, str]] = []
        last = -1
        for number in sorted(rng.sample(len(places), count)):
            at = places[number]
            if at > last and text[at] != text[at + 1]:
                items.append((at, at + 2, text[at + 1] + text[at]))
                last = at + 1
        return Edits(items)
