"""Swap words."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import ClassVar

from hfaug.fields import Natural, Share
from hfaug.kinds import ArrangeOp
from hfaug.language.words import whole_words
from hfaug.randomness import Stream

__all__ = ["SwapWords"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class SwapWords(ArrangeOp):
    """Swap words of a text, so that a model does not lean on their order. Punctuation and blanks keep their places.

    Args:
        share: Swaps a word, 0..1: 0.1 swaps two words for every ten on average.
        reach: How far apart two swapped words may be, in words; 0 for any distance.

    Moves: text, spans, answers, words with their tags; what a label covers moves as one.
    Rejects: nothing.
    Source: J. Wei, K. Zou, EDA: Easy Data Augmentation Techniques, arXiv:1901.11196.

    >>> import hfaug
    >>> hfaug.ops.text.SwapWords(share=0.2, reach=3).reach
    3
    """

    may_change: ClassVar[tuple[str, ...]] = ("who does what", "what is negated")

    expected_draws: ClassVar[int] = 8

    share: Share = 0.1
    reach: Natural = 0

    def parts(self, text: str) -> Sequence[tuple[int, int]]:
        """The words, each with what is written in one with it."""
        return whole_words(text)

    def order(self, count: int, rng: Stream) -> Sequence[int]:
        """Draw pairs of places, and swap what stands there, one pair after the other."""
        order = list(range(count))
        wanted, draw = self.share * count, rng.random
        for _ in range(int(wanted) + (draw() < wanted - int(wanted)) if count > 1 else 0):
            first = int(draw() * count)
            near = self.reach or count
            low, high = max(0, first - near), min(count, first + near + 1)
            second = low + int(draw() * (high - 1 - low))
            second += second >= first
            order[first], order[second] = order[second], order[first]
        return order
