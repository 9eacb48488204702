"""Swap words."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import ClassVar

from hfaug.fields import Natural, Share
from hfaug.kinds import ArrangeOp
from hfaug.language.words import whole_pieces, whole_words
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

    expected_draws: ClassVar[int] = 12

    share: Share = 0.1
    reach: Natural = 0

    def parts(self, text: str) -> Sequence[tuple[int, int]]:
        """The words, each with what is written in one with it."""
        return whole_words(text)

    def order(self, count: int, rng: Stream) -> Sequence[int]:
        """Draw pairs of places, and swap what stands there, one pair after the other."""
        order = list(range(count))
        for first, second in self._pairs(count, rng):
            order[first], order[second] = order[second], order[first]
        return order

    def edited(self, text: str, rng: Stream) -> str:
        """The same swaps, made in the text cut into words, where that is quickly done."""
        pieces = whole_pieces(text)
        if pieces is None:
            return super().edited(text, rng)
        for first, second in self._pairs(len(pieces) // 2, rng):
            a, b = 2 * first + 1, 2 * second + 1
            pieces[a], pieces[b] = pieces[b], pieces[a]
        after = "".join(pieces)
        return text if after == text else after

    def _pairs(self, count: int, rng: Stream) -> Iterator[tuple[int, int]]:
        """The places of each swap."""
        if count < 2:
            return
        draw = rng.random
        wanted = self.share * count
        whole = int(wanted)
        near = self.reach or count
        for _ in range(whole + (draw() < wanted - whole)):
            first = int(draw() * count)
            low = first - near if first > near else 0
            high = min(count, first + near + 1)
            second = low + int(draw() * (high - 1 - low))
            yield first, second + (second >= first)
