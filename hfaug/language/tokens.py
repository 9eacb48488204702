"""Words with BIO tags out of a text with typed spans."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hfaug.language.words import word_spans

__all__ = ["tag_names", "tagged_words"]

_MARKS = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}|\\S[\u0300-\u036f\ufe00-\ufe0f\u20e3\U0001f3fb-\U0001f3ff]*"
    "(?:\u200d\\S[\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]*)*"
)
"""What stands between words: a punctuation mark, or an emoji with all that belongs to it."""

_HYPHENS = ("-", "\u2010", "\u2011")


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
            found = _tokens(part)
            words += found
            tags += [f"{'I' if number else 'B'}-{tag}" if tag else "O" for number in range(len(found))]
        at = end
    rest = _tokens(text[at:])
    return [*words, *rest], [*tags, *["O"] * len(rest)]


def _tokens(text: str) -> list[str]:
    """Words by Unicode's rules, those with hyphens as one, and single marks."""
    found: list[str] = []
    at = 0
    for start, end in word_spans(text):
        if at and text[at:start] in _HYPHENS:
            found[-1] += text[at:end]
        else:
            found += [*_MARKS.findall(text[at:start]), text[start:end]]
        at = end
    return found + _MARKS.findall(text[at:])
