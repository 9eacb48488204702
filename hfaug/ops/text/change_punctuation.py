"""Change punctuation marks."""

from __future__ import annotations

import dataclasses
import re
from typing import ClassVar

from hfaug.fields import Share
from hfaug.kinds import EditOp
from hfaug.moves import Edits
from hfaug.randomness import Stream, hits

__all__ = ["ChangePunctuation"]

_MARKS = re.compile(
    r"(?<![\s.!?…。！？،؛؟:;/@])[.!?,;:](?=\s|$|[\"'”’»)\]])|(?<=[^\s.!?…:;] )[.!?,;:](?=\s|$)|[。！？，；：、،؛؟۔।]"
)
"""A mark behind a word, or by itself as in lists of words; those in numbers, addresses, faces and rows of dots stay."""

_OTHERS = (
    (".", "!?,"), ("!", ".?"), ("?", ".!"), (",", ";."), (";", ",."), (":", ";,"),
    ("。", "！？，"), ("！", "。？"), ("？", "。！"), ("，", "；、"), ("；", "，。"), ("：", "，；"), ("、", "，"),
    ("،", "؛."), ("؛", "،."), ("؟", ".!"), ("۔", "؟!"), ("।", "!?"),
)  # fmt: skip
_SWAPS = dict(_OTHERS)
_REPEATED = frozenset("!?.！？。؟")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChangePunctuation(EditOp):
    """Leave punctuation marks out, repeat them or take others, as in quick messages. Abbreviations lose their dots too.

    Args:
        share: Chance of each mark, 0..1. Marks within numbers and addresses stay.

    Moves: text, spans, answers, words with their tags.
    Rejects: nothing.
    Source: A. Karimi et al., AEDA: An Easier Data Augmentation Technique for Text Classification, arXiv:2108.13230,
        puts marks in; here those that stand there change.

    >>> import hfaug
    >>> hfaug.ops.text.ChangePunctuation(share=0.5).share
    0.5
    """

    may_change: ClassVar[tuple[str, ...]] = ("whether a sentence asks, tells or shouts", "where sentences end")

    expected_draws: ClassVar[int] = 8

    share: Share = 0.3

    def edits(self, text: str, rng: Stream) -> Edits:
        """Draw the marks, and what each becomes: nothing, two or three of it, another one."""
        places = [mark.start() for mark in _MARKS.finditer(text)]
        items = []
        for number in hits(rng, len(places), self.share):
            at = places[number]
            mark, kind, pick = text[at], int(rng.random() * 3), rng.random()
            if kind == 0:
                items.append((at - (text[at - 1 : at] == " "), at + 1, ""))
            elif kind == 1 and mark in _REPEATED:
                items.append((at + 1, at + 1, mark * (2 if mark in ".。" else 1 + int(pick * 2))))
            else:
                others = _SWAPS[mark]
                items.append((at, at + 1, others[int(pick * len(others))]))
        return Edits(items)
