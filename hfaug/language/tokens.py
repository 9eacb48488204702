"""Words with BIO tags out of a text with typed spans."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["tag_names", "tagged_words"]

_TOKENS = re.compile(r"\w+(?:[.,'’·-]\w+)*|[^\w\s]\ufe0f?(?:\u200d[^\w\s]\ufe0f?)*")


def tag_names(kinds: Sequence[str]) -> list[str]:
    """The names of BIO tags for some types.

    >>> tag_names(["person", "city"])
    ['O', 'B-city', 'I-city', 'B-person', 'I-person']
    """
    return ["O", *(f"{mark}-{kind}" for kind in sorted(set(kinds)) for mark in "BI")]


def tagged_words(text: str, spans: Sequence[tuple[int, int, str]]) -> tuple[list[str], list[str]]:
    """The words and punctuation marks of a text, each with its tag. Of nested spans the outermost counts.

    Args:
        text: Any text.
        spans: Start, end and type.

    >>> tagged_words("Off to New York!", [(7, 15, "city")])
    (['Off', 'to', 'New', 'York', '!'], ['O', 'O', 'B-city', 'I-city', 'O'])
    """
    words: list[str] = []
    tags: list[str] = []
    at = 0
    for start, end, kind in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start < at:
            continue  # within the one before
        for part, tag in ((text[at:start], ""), (text[start:end], kind)):
            found = _TOKENS.findall(part)
            words += found
            tags += [f"{'I' if number else 'B'}-{tag}" if tag else "O" for number in range(len(found))]
        at = end
    rest = _TOKENS.findall(text[at:])
    return [*words, *rest], [*tags, *["O"] * len(rest)]
