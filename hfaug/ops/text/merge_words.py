"""Merge neighbouring words."""

from __future__ import annotations

import dataclasses
import re
from typing import ClassVar

from hfaug.fields import Share
from hfaug.kinds import EditOp
from hfaug.moves import Edits
from hfaug.randomness import Stream, hits

__all__ = ["MergeWords"]

_GAPS = re.compile(r"(?<=\w)[ \u00a0]+(?=\w)")


@dataclasses.dataclass(frozen=True, kw_only=True)
class MergeWords(EditOp):
    """Leave out blanks between words, as fast typing does.

    Args:
        share: Chance of each blank between two words, 0..1.

    Moves: text, spans, answers, words with their tags; words of different tags stay apart.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.text.MergeWords(share=0.2).share
    0.2
    """

    may_change: ClassVar[tuple[str, ...]] = ("names and rare words",)

    expected_draws: ClassVar[int] = 8

    share: Share = 0.1

    def edits(self, text: str, rng: Stream) -> Edits:
        """Draw the blanks that go. One next to a combining mark is no place to merge at."""
        gaps = [gap.span() for gap in _GAPS.finditer(text)]
        return Edits([(*gaps[number], "") for number in hits(rng, len(gaps), self.share)])
