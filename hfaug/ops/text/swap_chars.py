"""Swap neighbouring characters."""

from __future__ import annotations

import dataclasses
import unicodedata
from typing import Annotated, ClassVar

from hfaug.fields import Limit, Share
from hfaug.kinds import EditOp
from hfaug.moves import Edits
from hfaug.randomness import Stream

__all__ = ["SwapChars"]

_TRIES = 8
"""Places drawn for one swap before it is given up: in prose nearly every second place fits."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class SwapChars(EditOp):
    """Swap neighbouring letters inside words, as fast typing does. First letters stay, and words of one or two.

    Args:
        share: Swaps a word, 0..1: 0.1 swaps in a tenth of the words on average.
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
        """Draw the places of the swaps: a letter between two letters swaps with the one behind it."""
        return Edits([(at, at + 2, text[at + 1] + text[at]) for at in self._drawn(text, rng)])

    def edited(self, text: str, rng: Stream) -> str:
        """The same swaps, made at once."""
        parts: list[str] = []
        start = 0
        for at in self._drawn(text, rng):
            parts += (text[start:at], text[at + 1], text[at])
            start = at + 2
        return "".join((*parts, text[start:])) if parts else text

    def _drawn(self, text: str, rng: Stream) -> list[int]:
        """Places of the swaps, in order."""
        room = len(text) - 2
        if room < 1:
            return []
        wanted = min(self.share * (text.count(" ") + 1), self.most)
        whole = int(wanted)
        draw = rng.random
        places: set[int] = set()
        for _ in range(whole + (draw() < wanted - whole)):
            for _ in range(_TRIES):
                at = 1 + int(draw() * room)
                if text[at - 1 : at + 2].isalpha() and text[at] != text[at + 1] and not _is_marked(text, at + 1):
                    if places.isdisjoint((at - 1, at, at + 1)):
                        places.add(at)
                    break
        return sorted(places)


def _is_marked(text: str, at: int) -> bool:
    """Whether a combining mark (an accent, a vowel sign) stands on a letter, which would go over to another letter."""
    mark = text[at + 1 : at + 2]
    return mark > "\u02ff" and unicodedata.category(mark)[0] == "M"
