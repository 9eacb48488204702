"""Texts cut into sentences, for models that work on one at a time, and put together again."""

from __future__ import annotations

import dataclasses
import re

from hfaug.randomness import Stream

__all__ = ["Sentence", "cut_sentences"]

_GAPS = re.compile(r"(?<=[.!?])\s+|\s*\n\s*|\A\s+|\s+\Z")
"""Where a text is cut: behind the end of a sentence and at line breaks. What stands there is put back as it was."""


@dataclasses.dataclass
class Sentence:
    """A sentence under way.

    Attributes:
        row: Which row it belongs to.
        place: Its number in the row's text.
        text: What it says now.
        pivot: The language it goes through.
        rng: Its own stream.
        flags: What is wrong with it.
    """

    row: int
    place: int
    text: str
    pivot: str
    rng: Stream
    flags: tuple[str, ...] = ()

    def seed(self, back: bool) -> int:
        """One seed for each way."""
        return self.rng.child("back" if back else "there").seed()


def cut_sentences(text: str) -> tuple[list[str], list[str]]:
    r"""The sentences of a text, and what stands behind each of them; joined in turn they are the text.

    >>> cut_sentences("One. Two!\n\nThree")
    (['One.', 'Two!', 'Three'], [' ', '\n\n', ''])
    """
    texts, gaps, at = [], [], 0
    for gap in _GAPS.finditer(text):
        texts.append(text[at : gap.start()])
        gaps.append(gap.group())
        at = gap.end()
    return [*texts, text[at:]], [*gaps, ""]
