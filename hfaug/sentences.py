"""Texts cut into sentences, for models that work on one at a time, and put together again."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hfaug.language.sentences import sentence_spans

__all__ = ["cut_lines", "cut_sentences"]

Span = tuple[int, int]

_LINE = re.compile(r"[ \t]*[^\s][^\n\r]*")


def cut_sentences(text: str, language: str = "en") -> tuple[list[str], list[str]]:
    r"""The sentences of a text, and what stands behind each of them; joined in turn they are the text.

    Args:
        text: Any text.
        language: ISO 639-1 code; see `hfaug.language.sentences`.

    >>> cut_sentences("I met Dr. Low. Twice!\n\nThree")
    (['I met Dr. Low.', 'Twice!', 'Three'], [' ', '\n\n', ''])
    """
    return _cut(text, sentence_spans(text, language))


def cut_lines(text: str) -> tuple[list[str], list[str]]:
    r"""The lines of a text without the white space around them, and what stands behind each; joined in turn, the text.

    >>> cut_lines(" One.\n\n  Two, three \n")
    (['', 'One.', 'Two, three'], [' ', '\n\n  ', ' \n'])
    """
    spans = []
    for found in _LINE.finditer(text):
        bare = found[0].strip()
        start = found.start() + found[0].index(bare)
        spans.append((start, start + len(bare)))
    return _cut(text, spans)


def _cut(text: str, spans: Sequence[Span]) -> tuple[list[str], list[str]]:
    """Parts of a text, and what stands behind each; white space before the first follows an empty one."""
    if not spans or spans[0][0] > 0:
        spans = [(0, 0), *spans]
    ends = [start for start, _ in spans[1:]] + [len(text)]
    gaps = [text[end:following] for (_, end), following in zip(spans, ends, strict=True)]
    return [text[start:end] for start, end in spans], gaps
