"""Dates in a text, and the ways to write them in a language, as Unicode's CLDR has them."""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from hfaug.errors import MissingExtra

__all__ = ["LANGUAGES", "Date", "dates", "month_names", "styles", "written"]

_STYLES: Mapping[str, tuple[str, ...]] = {
    "en": ("MMMM d, y", "d MMMM y", "MMM d, y", "d MMM y"),
    "de": ("d. MMMM y", "dd.MM.y", "d.M.y"),
    "es": ("d 'de' MMMM 'de' y", "d/M/y", "dd/MM/y"),
    "fr": ("d MMMM y", "dd/MM/y", "d MMM y"),
    "it": ("d MMMM y", "dd/MM/y", "d MMM y"),
    "ja": ("y年M月d日", "y/M/d", "y/MM/dd"),
    "nl": ("d MMMM y", "dd-MM-y", "d MMM y"),
    "pt": ("d 'de' MMMM 'de' y", "dd/MM/y"),
    "zh": ("y年M月d日", "y/M/d", "y.M.d"),
}
"""How dates are written. English figures alone are missing: 3/5 is another day in London than in New York."""

LANGUAGES = tuple(_STYLES)

_ORDINALS = {"en": "(?:st|nd|rd|th)?", "fr": "(?:er)?", "it": "[º°]?", "pt": "[º°]?"}
"""What may stand behind the day where the month is a name."""

_FIRST = {"fr": "1er", "it": "1º"}
"""How the first of a month is written."""

_SHORT = {"en": {"sept": 9}}
"""Other names of months."""

_VERSION = re.compile(r"(?:version|release|ver\.|v\.?|build|update|kapitel|abschnitt|§)\s*\Z", re.IGNORECASE)
"""Behind these figures with dots are no date."""

_ISO = "y-MM-dd"
_FIELDS = re.compile(r"'([^']*)'|(MMMM|MMM|MM|M|dd|d|y)")
_GROUPS = {
    "y": r"(?P<y>[12]\d{3})",
    "MM": r"(?P<m>\d\d)",
    "M": r"(?P<m>\d{1,2})",
    "dd": r"(?P<d>\d\d)",
    "d": r"(?P<d>\d{1,2})",
}


class Date(NamedTuple):
    """A date that stands in a text.

    Attributes:
        start: Where it begins.
        end: Where it ends.
        day: Which day it is.
        style: How it is written.
    """

    start: int
    end: int
    day: dt.date
    style: str


@functools.cache
def _format(language: str, pattern: str) -> Any:
    try:
        from icu4py.messageformat import MessageFormat
    except ImportError as error:
        raise MissingExtra.for_extra("text", "icu4py") from error
    return MessageFormat(f"{{day,date,{pattern}}}", language)


@functools.cache
def _months(language: str, style: str) -> Mapping[str, int]:
    """The names of the months as they stand in a date, in small letters."""
    names = {_name(language, style, month).lower(): month for month in range(1, 13)}
    return {**names, **_SHORT.get(language, {})} if style == "MMM" else names


def _name(language: str, style: str, month: int) -> str:
    # With the day before it, a name is in the form that it has in dates.
    text = _format(language, f"d {style}").format({"day": dt.datetime(2024, month, 5, 12)})  # noqa: DTZ001
    return str(text).partition(" ")[2]


def written(day: dt.date, language: str, style: str) -> str:
    """A day as it is written in a language.

    Args:
        day: The day.
        language: One of `LANGUAGES`.
        style: Letters as in CLDR: ``y``, ``MM``, ``MMMM``, ``d``.

    Raises:
        MissingExtra: ICU is not installed.

    >>> written(dt.date(2024, 3, 5), "de", "d. MMMM y"), written(dt.date(2024, 3, 5), "en", "y-MM-dd")
    ('5. März 2024', '2024-03-05')
    """

    def field(found: re.Match[str]) -> str:
        quoted, letters = found.groups()
        if quoted is not None:
            return str(quoted)
        if letters.startswith("MMM"):
            return _name(language, letters, day.month)
        if letters == "d" and day.day == 1 and "MMM" in style and language in _FIRST:
            return _FIRST[language]
        number = {"y": day.year, "M": day.month, "d": day.day}[letters[0]]
        return f"{number:02d}" if len(letters) == 2 else str(number)

    return _FIELDS.sub(field, style)


@functools.cache
def _patterns(language: str) -> list[tuple[str, re.Pattern[str]]]:
    found = []
    for style in (_ISO, *_STYLES[language]):

        def field(part: re.Match[str]) -> str:
            quoted, letters = part.groups()
            if quoted is not None:
                return str(quoted)
            if letters.startswith("MMM"):
                names = sorted(_months(language, letters), key=len, reverse=True)
                return f"(?P<n>{'|'.join(map(re.escape, names))})"
            behind = _ORDINALS.get(language, "") if letters == "d" and "MMM" in style else ""  # noqa: B023
            return _GROUPS[letters] + behind

        bare = style.replace(".", r"\.").replace(",", " ?,")
        pattern = rf"(?<![\w./-]){_FIELDS.sub(field, bare)}(?![\w/-]|\.\d)"
        if language in ("ja", "zh"):
            pattern = pattern.replace(r"(?<![\w./-])", r"(?<![\d./-])").replace(r"(?![\w/-]|\.\d)", r"(?![\d/-]|\.\d)")
        found.append((style, re.compile(pattern, re.IGNORECASE)))
    return found


def dates(text: str, language: str) -> list[Date]:
    """The whole dates (day, month and year) of a text, in order.

    >>> [(found.style, found.day.isoformat()) for found in dates("On March 5, 2024 and 2024-03-06.", "en")]
    [('MMMM d, y', '2024-03-05'), ('y-MM-dd', '2024-03-06')]
    """
    some = [
        Date(*match.span(), day, style)
        for style, pattern in _patterns(language)
        for match in pattern.finditer(text)
        if (day := _day(match, language, style)) is not None
    ]
    found: list[Date] = []
    for date in sorted(some, key=_start):  # of those that begin at one place the first style counts
        if not found or date.start >= found[-1].end:
            found.append(date)
    return found


def _start(date: Date) -> int:
    return date.start


def _day(match: re.Match[str], language: str, style: str) -> dt.date | None:
    """The day that a match names; None where there is none such, or where it numbers a version."""
    parts = match.groupdict()
    if "." in style and _VERSION.search(match.string[max(0, match.start() - 12) : match.start()]):
        return None
    try:
        return dt.date(int(parts["y"]), int(parts.get("m") or _month(parts["n"], language, style)), int(parts["d"]))
    except ValueError:
        return None


def _month(name: str, language: str, style: str) -> int:
    return _months(language, "MMMM" if "MMMM" in style else "MMM")[name.lower()]


@functools.cache
def month_names(language: str) -> frozenset[str]:
    """The names of the months in a language, long and short, in small letters, without a dot."""
    return frozenset(name.strip(".") for style in ("MMMM", "MMM") for name in _months(language, style))


def styles(language: str) -> tuple[str, ...]:
    """How dates can be written in a language, the international form with figures among them."""
    return (*_STYLES[language], _ISO)
