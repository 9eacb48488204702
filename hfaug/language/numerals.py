"""Numbers in figures and in words, as ICU spells them."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hfaug.errors import MissingExtra
from hfaug.language import dates

__all__ = ["LANGUAGES", "figures", "spelt", "words"]

Edit = tuple[int, int, str]
Span = tuple[int, int]

LANGUAGES = ("de", "en", "es", "fr", "it", "ja", "nl", "sv", "zh")
"""Languages whose counting words do not bend with the noun, for the numbers below; Slavic and Arabic ones do."""

_LETTER = "A-Za-z\u00c0-\u024f"
_FIGURES = re.compile(rf"(?<![{_LETTER}\d.,:/\-–−$€£¥#@+_'’(])\d{{1,6}}(?![{_LETTER}\d:/\-–%€$£°_'’]|[.,]\d| ?[%€°])")
"""Whole numbers that stand alone: no prices, times, dates, parts of names or of larger numbers."""

_UNSURE: Mapping[str, Callable[[int], bool]] = {
    "de": lambda n: n == 1,
    "es": lambda n: n % 10 == 1 or n >= 200,
    "fr": lambda n: n % 10 == 1,
    "it": lambda n: n % 10 == 1,
    "nl": lambda n: n == 1,
    "sv": lambda n: n % 10 == 1,
    "zh": lambda n: "2" in str(n),  # two words for two
}
"""Numbers whose words bend with gender or with what is counted."""

_AMBIGUOUS: Mapping[str, frozenset[int]] = {"fr": frozenset({9})}
"""Numbers whose word means something else too: neuf is new. Single Chinese figures are left out for that as well."""

_WORDS = re.compile(r"\w+(?:-\w+)*")
_AND = re.compile(r"(?:and )*(.*?)(?: and)*", re.IGNORECASE)
_UNSPACED = ("ja", "zh")

_DOTTED = ("de",)
"""Where a dot behind a figure makes an ordinal of it."""

_MOST = 9999
"""The largest number that is looked for in words."""


@functools.cache
def _format(language: str, rules: str = "") -> Any:
    try:
        from icu4py.messageformat import MessageFormat
    except ImportError as error:
        raise MissingExtra.for_extra("text", "icu4py") from error
    return MessageFormat(f"{{n,spellout{rules}}}", language)


@functools.lru_cache(maxsize=4096)
def spelt(number: int, language: str) -> str:
    """A whole number in words.

    Raises:
        MissingExtra: ICU is not installed.

    >>> spelt(42, "en"), spelt(21, "de"), spelt(342, "en"), spelt(25, "ja")
    ('forty-two', 'einundzwanzig', 'three hundred and forty-two', '二十五')
    """
    rules = ",%spellout-cardinal-verbose" if language == "en" else ""
    return str(_format(language, rules).format({"n": number})).replace("\u00ad", "")


@functools.cache
def _numbers(language: str) -> Mapping[str, int]:
    """Words for numbers, with what they stand for; English with and without "and"."""
    found: dict[str, int] = {}
    for number in range(2, _MOST + 1):
        text = spelt(number, language)
        if len(text) > 1 and number not in _AMBIGUOUS.get(language, ()):
            found[text] = number
            if language == "en":
                found[text.replace(" and ", " ")] = number
    return found


@functools.cache
def _parts(language: str) -> frozenset[str]:
    """Every word that occurs in a number."""
    return frozenset(part for text in [*_numbers(language), spelt(1, language)] for part in text.split())


def _runs(text: str, language: str) -> Iterator[Span]:
    """Stretches of words that occur in numbers, with nothing but single blanks between them."""
    if language in _UNSPACED:
        characters = frozenset("".join(_parts(language)))
        yield from (run.span() for run in re.finditer(f"[{''.join(sorted(characters))}]+", text))
        return
    parts = _parts(language)
    run: Span | None = None
    for word in _WORDS.finditer(text):
        low, high = word.span()
        fits = word[0].lower() in parts
        if run is not None and (not fits or text[run[1] : low] != " "):
            yield run
            run = None
        if fits:
            run = (run[0] if run else low, high)
    if run is not None:
        yield run


def words(text: str, language: str) -> list[Edit]:
    """Every whole number of a text in figures that can be said in words, with those words.

    >>> words("We saw 3 cats at 9:30, paid $5 and 12,000 more, in 2024.", "en")
    [(7, 8, 'three')]
    """
    found, unsure = [], _UNSURE.get(language)
    for match in _FIGURES.finditer(text):
        if _is_dated(text, *match.span(), language):
            continue
        figure = match[0]
        number = int(figure)
        year = len(figure) == 4 and 1000 <= number <= 2999
        if not (year or (figure[0] == "0" and len(figure) > 1) or (unsure and unsure(number))):
            found.append((*match.span(), spelt(number, language)))
    return found


def _is_dated(text: str, start: int, end: int, language: str) -> bool:
    """Whether a figure is part of a date or an ordinal: a month stands beside it, or a dot behind it, as in German."""
    behind = text[end : end + 2]
    if language in _DOTTED and behind[:1] == "." and text[end + 1 :].strip():
        return True
    if language in dates.LANGUAGES and language not in _UNSPACED:
        months = dates.month_names(language)
        around = text[:start].split()[-1:], text[end:].split()[:2]
        return any(word.strip(".,").lower() in months for words in around for word in words)
    return behind[:1] in {"年", "月", "日", "号", "號"}


def figures(text: str, language: str) -> list[Edit]:
    """Every number of a text in words, from two up, with its figures.

    >>> figures("Twenty-one cats and two hundred and five dogs, one of them old.", "en")
    [(0, 10, '21'), (20, 40, '205')]
    """
    numbers = _numbers(language)
    found = []
    for low, high in _runs(text, language):
        bare = _AND.fullmatch(text, low, high) if language == "en" else None
        low, high = bare.span(1) if bare else (low, high)  # noqa: PLW2901 - less an "and" that joins other things
        whole = text[low:high].lower() in numbers
        for start, end in _between(text, low, high) if language == "en" and not whole else [(low, high)]:
            phrase = text[start:end].lower()
            if phrase in numbers:
                found.append((start, end, str(numbers[phrase])))
    return found


def _between(text: str, low: int, high: int) -> Iterator[Span]:
    """What stands between the words "and" of a run that is no number in whole: "two and three"."""
    at = low
    for joint in re.finditer(" and ", text[low:high], re.IGNORECASE):
        yield at, low + joint.start()
        at = low + joint.end()
    yield at, high
