"""Words of a text with what can be said instead of them, in the same form."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import NamedTuple

from hfaug.language.inflection import CLOSED, Reading, article_for, inflected, reading_in, readings
from hfaug.language.synonyms import open_lexicon
from hfaug.language.words import cut_words, is_unspaced

__all__ = ["Choice", "choices", "with_article"]

Span = tuple[int, int]
Edit = tuple[int, int, str]

_SPOKEN = re.compile(r"(?=.*[aeiouy])(?!(?:twen|thir|for|fif|six|seven|eigh|nine)ty\b)[a-z][a-z -]{2,}")
"""Words as they are spoken: no names, no abbreviations such as "hr", no figures and no numbers."""

_LOOK_BACK = 40
_OPENED = " \"'“‘«("

_ARTICLE = re.compile(r"(?<!\S)(an?)\s+\Z", re.IGNORECASE)
_DIGIT = re.compile(r"\d")
_CAPITAL_BEHIND = re.compile(r" [A-Z]")

_PARTS = ("noun", "verb", "adjective", "adverb")


class Choice(NamedTuple):
    """A word that has synonyms.

    Attributes:
        span: Where it stands.
        synonyms: What can stand there instead: in its form and in its letters' case, the likeliest first.
    """

    span: Span
    synonyms: tuple[str, ...]


def choices(text: str, name: str, senses: int) -> list[Choice]:
    """The words of a text that have synonyms, in order.

    English words keep part of speech and inflection; one whose part of speech is not plain where it stands has none.
    In other languages only words in their basic form have some, if they are one part of speech alone. Names, words of
    few letters and words that hold sentences together have none.

    Args:
        text: Any text.
        name: The wordnet, see `open_lexicon`.
        senses: How many meanings of a word to look at, 0 for all.
    """
    language = open_lexicon(name).language
    spans, loud = cut_words(text), len(text) > 1 and text.isupper()
    found = []
    for number, (start, end) in enumerate(spans):
        word = text[start:end]
        if not _may_change(text, start, word, language, loud=loud):
            continue
        if language == "en":
            if number and _is_within_name(text, spans[number - 1], start, end):
                continue
            around = _joined_word(text, spans, number, -1), _joined_word(text, spans, number, 1)
            options = _known_readings(name, word.lower())
            reading = reading_in(*around, options) if options else None
            some = _english(name, reading, senses) if reading else ()
        else:
            some = _basic(name, word, senses) or _basic(name, word.lower(), senses)
        if some:
            found.append(Choice((start, end), tuple(dict.fromkeys(_in_case(word, other) for other in some))))
    return found


def _joined_word(text: str, spans: Sequence[Span], number: int, step: int) -> str:
    """The word before or behind one, in small letters; empty where other than blanks stands between them."""
    other = number + step
    if not 0 <= other < len(spans):
        return ""
    low, high = sorted((number, other))
    between = text[spans[low][1] : spans[high][0]]
    return text[slice(*spans[other])].lower().replace("’", "'") if between.isspace() else ""


def _may_change(text: str, start: int, word: str, language: str, *, loud: bool) -> bool:
    """Whether a word can be no name, no abbreviation and no word of few letters."""
    if is_unspaced(word):
        return len(word) > 1
    if len(word) < 3 or not word.isalpha() or (word.isupper() and not loud):
        return False
    if language == "en" and word.lower() in CLOSED:
        return False
    if word[0].isupper() and language != "de" and not loud:
        return _opens_sentence(text, start)
    return True


def _opens_sentence(text: str, start: int) -> bool:
    """Whether a capital is due to a sentence that begins there, and not to a name."""
    before = text[max(0, start - _LOOK_BACK) : start].rstrip(_OPENED)
    return not before or before[-1] in ".!?\n"


def _is_within_name(text: str, before: Span, start: int, end: int) -> bool:
    """Whether names stand on both sides of a word, as in "Vincent van Gogh"."""
    if before[1] + 1 != start or text[before[1]] != " " or not text[start].islower():
        return False
    return text[before[0]].isupper() and _CAPITAL_BEHIND.match(text, end) is not None


@functools.lru_cache(maxsize=65_536)
def _known_readings(name: str, word: str) -> tuple[Reading, ...]:
    """What an English form can be by the wordnet too."""
    lexicon = open_lexicon(name)
    found = [reading for reading in readings(word) if lexicon.knows(reading.lemma, reading.part_of_speech)]
    return () if any(reading.lemma in CLOSED for reading in found) else tuple(found)


@functools.lru_cache(maxsize=65_536)
def _english(name: str, reading: Reading, senses: int) -> tuple[str, ...]:
    """Synonyms in the form of an English word."""
    some = open_lexicon(name).synonyms(reading.lemma, reading.part_of_speech, senses)
    forms = (inflected(other, reading.tags) for other in some if _SPOKEN.fullmatch(other))
    return tuple(form for form in forms if form)


@functools.lru_cache(maxsize=65_536)
def _basic(name: str, word: str, senses: int) -> tuple[str, ...]:
    """Synonyms of a word that stands in its basic form and is one part of speech alone."""
    lexicon = open_lexicon(name)
    kinds = [kind for kind in _PARTS if lexicon.knows(word, kind)]
    some = lexicon.synonyms(word, kinds[0], senses) if len(kinds) == 1 else ()
    return tuple(other for other in some if (other.islower() or not word.islower()) and not _DIGIT.search(other))


def _in_case(word: str, other: str) -> str:
    """A word with the capitals of another."""
    if word.isupper() and len(word) > 1:
        return other.upper()
    return other[0].upper() + other[1:] if word[0].isupper() else other


def with_article(text: str, edit: Edit) -> list[Edit]:
    """An edit of a word, and one of the "a" or "an" before it where another is wanted.

    >>> with_article("I have a car.", (9, 12, "automobile"))
    [(7, 8, 'an'), (9, 12, 'automobile')]
    """
    start, _, word = edit
    at = _ARTICLE.search(text[max(0, start - _LOOK_BACK) : start])
    wanted = article_for(word)
    if at is None or at[1].lower() == wanted:
        return [edit]
    low = max(0, start - _LOOK_BACK) + at.start(1)
    before = at[1] if len(at[1]) > 1 else at[1] + "n"
    return [(low, low + len(at[1]), _in_case(before, wanted)), edit]
