"""Numbers in figures and in words, as ICU spells them."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hfaug.errors import MissingExtra
from hfaug.language import dates
from hfaug.language.lists import word_set
from hfaug.language.sentences import openings

__all__ = ["LANGUAGES", "figures", "spelt", "words"]

Edit = tuple[int, int, str]
Span = tuple[int, int]

LANGUAGES = ("de", "en", "es", "fr", "it", "ja", "nl", "sv", "zh")
"""Languages whose counting words do not bend with the noun, for the numbers below; Slavic and Arabic ones do."""

_LETTER = "A-Za-z\u00c0-\u024f"
_GAP = " \u00a0\u2009\u202f"
_FIGURES = re.compile(rf"(?<![{_LETTER}\d.,:/\-–−$€£¥#@+_'’(])\d{{1,6}}(?![{_LETTER}\d:/\-–%‰€$£¥°_'’]|[.,]\d)")
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

_AMBIGUOUS: Mapping[str, frozenset[int]] = {
    "de": frozenset({7, 8, 11}),  # to sieve, care, the team
    "fr": frozenset({9}),  # new
    "it": frozenset({6, 8, 20}),  # you are, a name, winds
    "ja": frozenset({50, 99, 800}),  # in names, greengrocers
    "nl": frozenset({4, 7, 8, 11}),  # to celebrate, to sieve, care, elf
    "sv": frozenset({6}),
}
"""Numbers whose word means something else too. Single Chinese figures are left out for that as well."""

_WORDS = re.compile(r"\w+(?:-\w+)*")
_AND = re.compile(r"(?:and )*(.*?)(?: and)*", re.IGNORECASE)
_MARKS = ".,:;!?()\"'“”‘’«»¿¡"
_BEFORE, _BEHIND = re.compile(rf"(\S+)[{_GAP}]\Z"), re.compile(rf"[{_GAP}](\S+)")
_AROUND = 24
_UNSPACED = ("ja", "zh")

_JOINING: Mapping[str, frozenset[str]] = {
    "de": word_set("komma million millionen milliarde milliarden halb drittel viertel hundert tausend"),
    "en": word_set(
        """a point hundred hundreds thousand thousands million millions billion billions trillion dozen half halves
        third thirds quarter quarters fourths fifth fifths sixths eighths tenth tenths"""
    ),
    "es": word_set("coma mil millón millones medio media cuarto cuartos tercio tercios cientos miles"),
    "fr": word_set("et virgule mille million millions milliard milliards demi demie quart quarts tiers cents"),
    "it": word_set("virgola mila milione milioni miliardo miliardi mezzo mezza quarto quarti terzi"),
    "ja": frozenset("万億兆点分第〇零数何余"),
    "nl": word_set("komma honderd duizend miljoen miljard half halve kwart derde"),
    "sv": word_set("komma hundra tusen miljon miljoner miljard miljarder halv halvt tredjedelar fjärdedelar"),
    "zh": frozenset("万萬亿億兆点點之第零〇两兩几幾数數多余餘来"),
}
"""What makes another number of the one that stands beside it."""

_UNITS = word_set("am cm dm g h kg km l m mg min ml mm ms p pm s x kHz MHz kW GB MB kB Hz")

_OPENERS: Mapping[str, frozenset[str]] = {
    "de": word_set(
        """alle als am an auch auf aus b. bei bis da das dann der den die diese doch ein es etwa für fast genau h. ihre
        in insgesamt knapp maximal meine mit mindestens nach noch nur rund seine seit sie so über um und unsere von vor
        war waren weitere wir zu zwischen"""
    ),
    "en": word_set(
        """about after all almost an and another around at before between but by during every exactly for from her his
        in its just my nearly of on only or other our over roughly some than that the their there these they those to
        under we were when with within you your"""
    ),
    "es": word_set(
        """a al casi con cada de desde durante el en entre eran es esos estas estos hace hasta hay las los mis más o
        otros para pero por quedan sobre solo sus tras unos vi vimos y"""
    ),
    "fr": word_set(
        """après au aux avec ces chaque dans de depuis des dès durant elle en entre environ et il les leurs mais mes
        ou par pendant plus pour presque sans ses seulement sur tous toutes voici voilà vos"""
    ),
    "it": word_set(
        """a ai alle altri anche ci circa con da dai dalle degli dei delle di dopo e entro erano fra gli ha ho i in le
        ma nei nelle o ogni per più quasi questi queste solo sono su tra tutti tutte"""
    ),
    "nl": word_set(
        """al alle bij binnen de deze die door dit elke en er haar het hun in maar met meer mijn na nog om onder
        ongeveer onze ook op over per ruim sinds slechts tot tussen uit van voor we wij zijn"""
    ),
    "sv": word_set(
        """alla av bara bland cirka de den dessa det efter en endast för från han hon hos i inom kring med men mellan
        mer mina nästan och om omkring på samt sina som till under ungefär var varje vi våra vid över"""
    ),
}
"""Words behind which a figure counts, also where they open a sentence; behind others with a capital it is of a name."""

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
        figure = match[0]
        number = int(figure)
        year = len(figure) == 4 and 1000 <= number <= 2999
        if year or (figure[0] == "0" and len(figure) > 1) or (unsure and unsure(number)):
            continue
        if not _is_part(text, *match.span(), language) and not _is_dated(text, *match.span(), language):
            found.append((*match.span(), spelt(number, language)))
    return found


def _is_part(text: str, start: int, end: int, language: str) -> bool:
    """Whether a figure belongs to what stands beside it: to a larger number, a price, a measure or a name."""
    before, behind = _neighbours(text, start, end)
    if _is_figure(before[-1:]) or _is_figure(behind[:1]) or _joins(before, behind, language):
        return True
    unit = behind.rstrip(_MARKS)
    if unit.isupper() or unit in _UNITS:
        return True
    name = before.lstrip(_MARKS)
    counts = not name[:1].isupper() or name.lower() in _OPENERS.get(language, ())
    return not counts and start not in openings(text, language)


def _is_figure(character: str) -> bool:
    """Whether a character is a part of a number or of a price."""
    return character.isnumeric() or (character != "" and character in "$€£¥%‰°")


def _joins(before: str, behind: str, language: str) -> bool:
    """Whether a word beside a number makes another number of it."""
    joining = _JOINING[language]
    return before.lower() in joining or behind.rstrip(_MARKS).lower() in joining


def _neighbours(text: str, start: int, end: int) -> tuple[str, str]:
    """What stands before and behind a place, one blank apart; empty where nothing does."""
    before = _BEFORE.search(text[max(0, start - _AROUND) : start])
    behind = _BEHIND.match(text, end, end + _AROUND)
    return before[1] if before else "", behind[1] if behind else ""


def _is_dated(text: str, start: int, end: int, language: str) -> bool:
    """Whether a figure is part of a date or an ordinal: a month stands beside it, or a dot behind it, as in German."""
    behind = text[end : end + _AROUND]
    if language in _DOTTED and behind[:1] == "." and behind[1:].strip():
        return True
    if language in dates.LANGUAGES and language not in _UNSPACED:
        months = dates.month_names(language)
        around = text[max(0, start - _AROUND) : start].split()[-1:], behind.split()[:2]
        return any(word.strip(".,").lower() in months for words in around for word in words)
    return behind[:1] in {"年", "月", "日", "号", "號"}


def figures(text: str, language: str) -> list[Edit]:
    """Every number of a text in words, from two up, with its figures.

    A run of such words that is no number in whole stays, unless "and" joins small numbers in it. So does one that is a
    part of something larger (two and a half, three million), and one with a capital within a sentence.

    >>> figures("Twenty-one cats and two hundred and five dogs, one of them old.", "en")
    [(0, 10, '21'), (20, 40, '205')]
    """
    found: list[Edit] = []
    for low, high in _runs(text, language):
        if language in _UNSPACED:
            before, behind = text[low - 1 : low], text[high : high + 1]
        else:
            before, behind = _neighbours(text, low, high)
        if not (_is_figure(before[-1:]) or _is_figure(behind[:1]) or _joins(before, behind, language)):
            found += _read(text, low, high, language)
    return found


def _read(text: str, low: int, high: int, language: str) -> list[Edit]:
    """The numbers of a run of words, all of them or none."""
    numbers = _numbers(language)
    bare = _AND.fullmatch(text, low, high) if language == "en" else None
    low, high = bare.span(1) if bare else (low, high)
    if text[low:high].lower() in numbers:
        spans = [(low, high)]
    else:
        spans = [(start, end) for start, end in _between(text, low, high)] if language == "en" else []
        if any(numbers.get(text[start:end].lower(), 100) >= 100 for start, end in spans):
            return []
    if any(text[start].isupper() and start not in openings(text, language) for start, _ in spans):
        return []
    return [(start, end, str(numbers[text[start:end].lower()])) for start, end in spans]


def _between(text: str, low: int, high: int) -> Iterator[Span]:
    """What stands between the words "and" of a run that is no number in whole: "two and three"."""
    at = low
    for joint in re.finditer(" and ", text[low:high], re.IGNORECASE):
        yield at, low + joint.start()
        at = low + joint.end()
    yield at, high
