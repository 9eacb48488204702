"""Opposites by a wordnet: words that fit in one place and say the contrary."""

from __future__ import annotations

import functools

from hfaug.language.inflection import readings
from hfaug.language.synonyms import open_lexicon

__all__ = ["is_opposite"]


def is_opposite(name: str, word: str, other: str) -> bool:
    """Whether two words, in whatever form, are opposites by a wordnet.

    Args:
        name: The wordnet, see `hfaug.language.synonyms.open_lexicon`.
        word: Any word.
        other: Another one.
    """
    return bool(_opposites(name, word.casefold()) & _basic_forms(name, other.casefold()))


@functools.lru_cache(maxsize=65_536)
def _opposites(name: str, word: str) -> frozenset[str]:
    lexicon = open_lexicon(name)
    return frozenset(other for form in _basic_forms(name, word) for other in lexicon.antonyms(form))


@functools.lru_cache(maxsize=65_536)
def _basic_forms(name: str, word: str) -> frozenset[str]:
    english = open_lexicon(name).language == "en"
    return frozenset({word, *((reading.lemma for reading in readings(word)) if english else ())})
