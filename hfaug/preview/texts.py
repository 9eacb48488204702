"""Texts as they are shown: pieces that know whether they were added or removed, and which labels lie on them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from hfaug.moves import joined

__all__ = ["MOST_CHARS", "Piece", "Span", "TextPanel", "answers_in", "compare", "spans_in", "text_panel", "words_in"]

MOST_CHARS = 1500
"""Characters of a text that are shown."""

_SOLID = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"  # scripts without blanks between words
_TOKENS = re.compile(rf"[{_SOLID}]|[^\W{_SOLID}]+|\s+|[^\w\s]")


@dataclass(frozen=True)
class Span:
    """A named stretch of a text: half-open, in code points."""

    start: int
    end: int
    name: str


@dataclass(frozen=True)
class Piece:
    """A stretch of text that is drawn alike.

    Args:
        text: What stands there.
        edit: ``added``, ``removed`` or nothing.
        labels: Names of the spans it lies in.
        ends: Names of the spans that end with it.
    """

    text: str
    edit: str = ""
    labels: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()


@dataclass(frozen=True)
class TextPanel:
    """A text with its labels and edits.

    Args:
        pieces: The text in order; removed pieces stand where they were.
        more: Characters that are not shown.
    """

    pieces: tuple[Piece, ...]
    more: int = 0


def text_panel(text: str, spans: Sequence[Span] = (), before: str | None = None) -> TextPanel:
    """A text as a panel.

    Args:
        text: The text.
        spans: Labels in it.
        before: What it was before; edits are marked against it.

    >>> [(piece.text, piece.edit) for piece in text_panel("a blue car", before="a red car").pieces]
    [('a ', ''), ('red', 'removed'), ('blue', 'added'), (' car', '')]
    """
    shown = text[:MOST_CHARS]
    marks = [("", 0, len(shown), "")] if before is None else list(compare(before[:MOST_CHARS], shown))
    near = [span for span in spans if span.start < len(shown)]
    pieces: list[Piece] = []
    for edit, start, end, gone in marks:
        if gone:
            pieces.append(Piece(gone, "removed", _over(near, start, strictly=True)))
        pieces.extend(_cut(shown, edit, start, end, near))
    return TextPanel(tuple(pieces), len(text) - len(shown))


def compare(before: str, after: str) -> Iterator[tuple[str, int, int, str]]:
    """What was done to a text, in order: ``(edit, start, end, removed)``, the places being those of the text after.

    Whole words are compared, as a reader does; in scripts without blanks between words, characters.

    >>> list(compare("one two", "one three"))
    [('', 0, 4, ''), ('added', 4, 9, 'two')]
    """
    old, new = _TOKENS.findall(before), _TOKENS.findall(after)
    at = 0
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        end = at + sum(map(len, new[j1:j2]))
        yield ("" if kind == "equal" else "added"), at, end, "" if kind == "equal" else "".join(old[i1:i2])
        at = end


def _cut(text: str, edit: str, start: int, end: int, spans: Sequence[Span]) -> Iterator[Piece]:
    """A stretch of the text, cut where a span begins or ends."""
    places = {start, end} | {at for span in spans for at in (span.start, span.end) if start < at < end}
    cuts = sorted(places)
    for low, high in itertools.pairwise(cuts):
        ends = tuple(span.name for span in spans if span.end == high and span.start < span.end)
        yield Piece(text[low:high], edit, _over(spans, low), ends)


def _over(spans: Sequence[Span], at: int, *, strictly: bool = False) -> tuple[str, ...]:
    return tuple(span.name for span in spans if span.start + strictly <= at < span.end)


def spans_in(value: Any, names: Sequence[str] = ()) -> list[Span]:
    """Spans as they are stored: lists of ``{"start", "end", ...}`` or ``[start, end]``, or a mapping of such lists.

    Args:
        value: What the row holds; None for nothing.
        names: Names of the classes that a field beside start and end may number.

    >>> spans_in([{"start": 0, "end": 3, "label": "PER"}])
    [Span(start=0, end=3, name='PER')]
    """
    if not value:
        return []
    if isinstance(value, Mapping):
        value = [dict(zip(value, items, strict=False)) for items in zip(*value.values(), strict=False)]
    found = []
    for item in value:
        pair = (item["start"], item["end"]) if isinstance(item, Mapping) else (item[0], item[1])
        found.append(Span(int(pair[0]), int(pair[1]), _span_name(item, names)))
    return found


def _span_name(item: Any, names: Sequence[str]) -> str:
    if not isinstance(item, Mapping):
        return "span"
    for key, value in item.items():
        if key in ("start", "end") or value is None:
            continue
        if isinstance(value, int) and 0 <= value < len(names):
            return names[value]
        if isinstance(value, str) and len(value) <= 40 and key != "text":
            return value
    return "span"


def answers_in(value: Any) -> list[Span]:
    """SQuAD's answers as spans."""
    pairs = zip((value or {}).get("text") or [], (value or {}).get("answer_start") or [], strict=False)
    return [Span(start, start + len(text), "answer") for text, start in pairs if start is not None and start >= 0]


def words_in(tokens: Sequence[str], tags: Sequence[Any], names: Sequence[str] = ()) -> tuple[str, list[Span]]:
    """Words with tags as a text with spans; BIO tags of one entity become one span.

    Args:
        tokens: The words.
        tags: A tag a word, by name or number.
        names: Names of numbered tags.

    >>> words_in(["Ada", "Lovelace", "wrote"], [1, 2, 0], ["O", "B-PER", "I-PER"])
    ('Ada Lovelace wrote', [Span(start=0, end=12, name='PER')])
    """
    text, places = joined(list(tokens))
    spans: list[Span] = []
    inside = ""
    for (start, end), tag in zip(places, tags, strict=False):
        name = names[tag] if isinstance(tag, int) and 0 <= tag < len(names) else str(tag)
        bio = name[:2] in ("B-", "I-")
        kind = name[2:] if bio else name
        if name == "O" or tag is None:
            inside = ""
        elif name[:2] == "I-" and kind == inside:
            spans[-1] = Span(spans[-1].start, end, kind)
        else:
            spans.append(Span(start, end, kind))
            inside = kind if bio else ""
    return text, spans
