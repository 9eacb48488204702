"""Words of a text by Unicode's rules (UAX 29), with dictionaries for scripts that write no blanks between words.

ICU finds them: in 20 µs for a paragraph of 743 characters, where `regex` with its Unicode word boundaries takes 86 µs
and knows no dictionary, so that it cuts Chinese and Japanese into single characters.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hfaug.errors import MissingExtra
from hfaug.language.scripts import well_formed

__all__ = [
    "address_spans", "bears_mark", "covers", "cut_words", "is_mostly_unspaced", "is_unspaced", "whole_pieces",
    "whole_words", "word_spans",
]  # fmt: skip

Span = tuple[int, int]

_ADDRESS_MARKS = re.compile(r"://|@|www\.", re.IGNORECASE)
_BLANK = re.compile(r"\s")

_ASCII_WORDS = re.compile(r"\w+(?:['.:,;](?:(?<=[A-Za-z]['.:])(?=[A-Za-z])|(?<=[0-9]['.,;])(?=[0-9]))\w+)*", re.ASCII)
"""What Unicode's rules come to where all is ASCII, at half the time; a test holds it against ICU."""

_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Thai, Lao, Burmese, Khmer, Han, Hiragana and Katakana."""

_SIGNS = re.compile(r"[-\u2010-\u2013'’:/.,&+*=~$€£¥#−%‰°]+")
_BEFORE, _BEHIND = "$€£¥#+-−", "%‰€$£¥°"
"""What ties words and figures into one, between, before and behind them: quatre-vingt-dix, 9:30, $5, 20%."""

_ASCII_WHOLE = re.compile(r"([$#+-]*[A-Za-z0-9]+(?:(?:[-':/.,&+*=~$#%]+|(?<=[0-9]);(?=[0-9]))[A-Za-z0-9]+)*[%$]*)")
"""What both come to where all is ASCII and holds no address and no underscore; a test holds it against them."""


@functools.cache
def _breaker() -> tuple[Callable[[str, Any], Any], Any]:
    try:
        from icu4py.breakers import WordBreaker
        from icu4py.locale import Locale
    except ImportError as error:
        raise MissingExtra.for_extra("text", "icu4py") from error
    return WordBreaker, Locale("en")  # which language hardly matters: dictionaries go by script


def word_spans(text: str) -> list[Span]:
    """Where the words of a text lie, those within addresses too; half-open, in code points.

    Raises:
        MissingExtra: ICU is not installed, and the text is not plain ASCII.

    >>> [text[a:b] for text in ["Don't, 3.50 €!", "我喜欢中国菜。"] for a, b in word_spans(text)]
    ["Don't", '3.50', '我', '喜欢', '中国', '菜']
    """
    if text.isascii():
        found = [word.span() for word in _ASCII_WORDS.finditer(text)]
        return found if "_" not in text else [span for span in found if text[slice(*span)].strip("_")]
    try:
        return _broken(text)
    except UnicodeEncodeError:
        return _broken(well_formed(text))


def _broken(text: str) -> list[Span]:
    """The words as ICU finds them."""
    breaker, locale = _breaker()
    if max(text) <= "\uffff":
        return [
            (start, end)
            for start, end in breaker(text, locale).segments()
            if text[start].isalnum() or (end - start > 1 and any(map(str.isalnum, text[start:end])))
        ]
    found, at = [], 0
    for piece in breaker(text, locale):  # offsets would count UTF-16 units
        end = at + len(piece)
        if any(map(str.isalnum, piece)):
            found.append((at, end))
        at = end
    return found


def address_spans(text: str) -> list[Span]:
    """Where web and mail addresses and mentions lie: what stands in them are no words that could be exchanged.

    >>> text = "see example.org/a@b or (www.example.org"
    >>> [text[a:b] for a, b in address_spans(text)]
    ['example.org/a@b', 'www.example.org']
    """
    found: list[Span] = []
    done = 0
    for mark in _ADDRESS_MARKS.finditer(text) if "@" in text or "://" in text or "www." in text else ():
        low = mark.start()
        if low < done:
            continue
        while mark[0][-1] != "." and low > done and not text[low - 1].isspace():
            low -= 1
        blank = _BLANK.search(text, mark.end())
        done = blank.start() if blank else len(text)
        found.append((low, done))
    return found


def covers(areas: Sequence[Span], at: int) -> bool:
    """Whether one of some areas, in order and apart, holds a place.

    >>> covers([(2, 4), (6, 9)], 3), covers([(2, 4), (6, 9)], 4)
    (True, False)
    """
    number = bisect_right(areas, at, key=_first) - 1
    return number >= 0 and at < areas[number][1]


def _first(span: Span) -> int:
    return span[0]


def cut_words(text: str) -> list[Span]:
    """Where the words of a text lie; what stands within web and mail addresses and mentions is no word.

    Raises:
        MissingExtra: ICU is not installed.

    >>> text = "Ask @ada or see https://example.org/page now"
    >>> [text[a:b] for a, b in cut_words(text)]
    ['Ask', 'or', 'see', 'now']
    """
    areas = address_spans(text)
    found = word_spans(text)
    return [(start, end) for start, end in found if not _meets(areas, start, end)] if areas else found


def _meets(areas: Sequence[Span], start: int, end: int) -> bool:
    """Whether one of some areas, in order and apart, shares a character with a span."""
    number = bisect_right(areas, end - 1, key=_first) - 1
    return number >= 0 and start < areas[number][1]


def whole_words(text: str) -> list[Span]:
    """Where the words of a text lie, each with what is written in one with it: hyphens, colons, signs of money.

    Raises:
        MissingExtra: ICU is not installed.

    >>> text = "Pay $3.50 at 9:30 for quatre-vingt-dix (or not)."
    >>> [text[a:b] for a, b in whole_words(text)]
    ['Pay', '$3.50', 'at', '9:30', 'for', 'quatre-vingt-dix', 'or', 'not']
    """
    return [word.span() for word in _ASCII_WHOLE.finditer(text)] if _is_plain(text) else _tied(text)


def whole_pieces(text: str) -> list[str] | None:
    """A text cut into what is around and within its `whole_words`, by turns; None where that takes more than one look.

    >>> whole_pieces("Pay $3.50, (or not)."), whole_pieces("Größe")
    (['', 'Pay', ' ', '$3.50', ', (', 'or', ' ', 'not', ').'], None)
    """
    return _ASCII_WHOLE.split(text) if _is_plain(text) else None


def _is_plain(text: str) -> bool:
    return text.isascii() and not ("_" in text or "@" in text or "://" in text or "www." in text)


def _tied(text: str) -> list[Span]:
    """The words of any text, with what ties them."""
    words = cut_words(text)
    ties = list(_ties(text))
    if not ties:
        return words
    found: list[tuple[int, int, bool]] = []
    tied = False
    for low, high, is_word in sorted([*((*word, True) for word in words), *((*tie, False) for tie in ties)]):
        if found and low <= found[-1][1] and (tied or not is_word):
            start, end, has_word = found.pop()
            found.append((start, max(end, high), has_word or is_word))
        else:
            found.append((low, high, is_word))
        tied = not is_word
    return [(low, high) for low, high, has_word in found if has_word]


def _ties(text: str) -> Iterator[Span]:
    """Where signs lie that tie words and figures into one."""
    for run in _SIGNS.finditer(text):
        low, high = run.span()
        before, behind = text[low - 1 : low].isalnum(), text[high : high + 1].isalnum()
        if before and behind:
            yield low, high
        elif behind and text[high - 1] in _BEFORE:
            yield low + len(run[0].rstrip(_BEFORE)), high
        elif before and text[low] in _BEHIND:
            yield low, high - len(run[0].lstrip(_BEHIND))


def is_unspaced(text: str) -> bool:
    """Whether a text holds a script that writes no blanks between words.

    >>> is_unspaced("東京 is Tokyo"), is_unspaced("Köln")
    (True, False)
    """
    return not text.isascii() and _UNSPACED.search(text) is not None


def is_mostly_unspaced(text: str) -> bool:
    """Whether most letters of a text are of scripts that write no blanks between words.

    >>> is_mostly_unspaced("東京 is Tokyo"), is_mostly_unspaced("我喜欢北京 OK")
    (False, True)
    """
    unspaced = 0 if text.isascii() else len(_UNSPACED.findall(text))
    return unspaced > 0 and 2 * unspaced > sum(map(str.isalpha, text))


def bears_mark(text: str, at: int) -> bool:
    """Whether a combining mark or a joiner follows the character at a place, so that the two are one to a reader.

    >>> bears_mark("e\u0301", 0), bears_mark("é", 0)
    (True, False)
    """
    mark = text[at + 1 : at + 2]
    return mark > "\u02ff" and (unicodedata.category(mark)[0] == "M" or mark == "\u200d")
