"""How far what was heard is from what was said: error rates over texts that are written alike first."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Hashable, Mapping, Sequence

from hfaug.language import numerals

__all__ = ["distance", "error_rate", "plain_words"]

_INSIDE = re.compile(r"(?<=\w)['’ʼ](?=\w)")
_JOINTS = re.compile(r"[-‐‑–—_/]")


def plain_words(text: str, language: str | None = None) -> list[str]:
    """The words of a text as they are spoken: no case, no punctuation, one form for equal letters.

    Args:
        text: Any text.
        language: One of `hfaug.language.numerals.LANGUAGES`; numbers in words then become figures, 21 as twenty-one.

    Raises:
        MissingExtra: ICU, which knows the words for numbers, is not installed.

    >>> plain_words("“It’s 9 o'clock”, said ZOË—twenty-one!"), plain_words("Twenty-one cats, one dog", "en")
    (["it's", '9', "o'clock", 'said', 'zoë', 'twenty', 'one'], ['21', 'cats', '1', 'dog'])
    """
    text = unicodedata.normalize("NFKC", text)
    if language in numerals.LANGUAGES and language is not None:
        for start, end, figure in reversed(numerals.figures(text, language)):
            text = f"{text[:start]}{figure}{text[end:]}"
    text = _JOINTS.sub(" ", _INSIDE.sub("\0", text.casefold()))
    kept = "".join(letter if letter == "\0" or unicodedata.category(letter)[0] in "LMN" else " " for letter in text)
    words = kept.replace("\0", "'").split()
    return _counted(words, language) if language in numerals.LANGUAGES and language is not None else words


def _counted(words: Sequence[str], language: str) -> list[str]:
    """Words with single numbers in figures; tens and ones that stand side by side are one number."""
    known, found, before = _small_numbers(language), list[str](), 0
    for word in words:
        number = known.get(word, 0)
        if before % 10 == 0 and before >= 20 and 0 < number < 10:
            found[-1] = str(before + number)
            number = 0
        else:
            found.append(str(number) if number else word)
        before = number
    return found


@functools.cache
def _small_numbers(language: str) -> Mapping[str, int]:
    """The numbers up to 99 that are one word."""
    return {numerals.spelt(number, language): number for number in range(1, 100)}


def error_rate(said: str, heard: str, *, unit: str = "word", language: str | None = None) -> float:
    """Word or character error rate: edits that turn what was said into what was heard, as a share of what was said.

    Args:
        said: The reference.
        heard: The transcript.
        unit: ``word``, or ``character`` for scripts without spaces; blanks do not count as characters.
        language: As for `plain_words`.

    Returns:
        0 for equal texts; above 1 where much more was heard than said. Where nothing was said: 0 if nothing was heard,
        else infinity.

    >>> error_rate("The cat sat down.", "the cat, sad down"), error_rate("cat", "cut", unit="character")
    (0.25, 0.3333333333333333)
    """
    wanted: Sequence[str] = plain_words(said, language)
    found: Sequence[str] = plain_words(heard, language)
    if unit == "character":
        wanted, found = "".join(wanted), "".join(found)
    if not wanted:
        return 0.0 if not found else float("inf")
    return distance(wanted, found) / len(wanted)


def distance(one: Sequence[Hashable], other: Sequence[Hashable]) -> int:
    """Levenshtein distance: the fewest insertions, deletions and replacements.

    Source: H. Hyyrö, A Bit-Vector Algorithm for Computing Levenshtein and Damerau Edit Distances, 2003, after G. Myers.

    >>> distance("kitten", "sitting"), distance(["a", "b"], [])
    (3, 2)
    """
    if not one or not other:
        return len(one) + len(other)
    places: dict[Hashable, int] = {}
    for place, item in enumerate(one):
        places[item] = places.get(item, 0) | 1 << place
    every, last = (1 << len(one)) - 1, 1 << (len(one) - 1)
    up, down, found = every, 0, len(one)
    for item in other:
        match = places.get(item, 0)
        same = (((match & up) + up) ^ up) | match | down
        right, left = down | (~(same | up) & every), up & same
        found += bool(right & last) - bool(left & last)
        right = (right << 1 | 1) & every
        left = left << 1 & every
        up, down = left | (~(same | right) & every), right & same
    return found
