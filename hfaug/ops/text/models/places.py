"""Places in a text for a masked language model to fill, and which of its words will do there."""

from __future__ import annotations

import dataclasses
import re

from hfaug.backends import MaskRequest
from hfaug.language.inflection import CLOSED
from hfaug.language.words import cut_words, is_unspaced
from hfaug.randomness import Stream, hits

__all__ = ["Place", "draw_places", "fits"]

_AROUND = 400
"""Characters on either side that the model sees: some 200 tokens. More cost time and hardly change a word."""

_ENDS = re.compile(r"[.!?。！？\n]\W*$")


@dataclasses.dataclass(frozen=True)
class Place:
    """A place to fill.

    Attributes:
        start: Where it begins in the text.
        word: The word that stands there, empty where one is to be put in.
        opens: Whether it opens a sentence.
        unspaced: Whether the script around it writes no blanks.
        request: What the model is asked.
    """

    start: int
    word: str
    opens: bool
    unspaced: bool
    request: MaskRequest

    def cased(self, word: str) -> str:
        """A word with the capitals of the one that it replaces."""
        if len(self.word) > 1 and self.word.isupper():
            return word.upper()
        return word[0].upper() + word[1:] if self.word[:1].isupper() else word

    def edit(self, word: str) -> tuple[int, int, str]:
        """The edit that brings a word here."""
        gap = "" if self.word or self.unspaced else " "
        return self.start, self.start + len(self.word), word + gap


def draw_places(text: str, rng: Stream, share: float, forbidden: frozenset[str], *, insert: bool) -> list[Place]:
    """Draw places of a text, in order.

    Words to replace are none of those that hold sentences together, no names, no numbers, and not forbidden. Before the
    first word of a sentence nothing is put in: its capital would stand behind.
    """
    spans = cut_words(text)
    loud, first_at = text.isupper(), len(text) - len(text.lstrip())
    opens = [start <= first_at or _ENDS.search(text[max(0, start - 8) : start]) is not None for start, _ in spans]
    fit = [
        (start, end, first)
        for (start, end), first in zip(spans, opens, strict=True)
        if (not first if insert else _replaceable(text[start:end], forbidden, first=first, loud=loud))
    ]
    found = []
    for number in hits(rng, len(fit), share):
        start, end, first = fit[number]
        word = "" if insert else text[start:end]
        found.append(Place(start, word, first, is_unspaced(text[start:end]), _request(text, start, start + len(word))))
    return found


def _request(text: str, start: int, end: int) -> MaskRequest:
    """A place with what stands around it, cut at white space."""
    low, high = max(0, start - _AROUND), min(len(text), end + _AROUND)
    if low and not is_unspaced(text[low:start]):
        low += len(text[low:start]) - len(text[low:start].partition(" ")[2])
    if high < len(text) and not is_unspaced(text[end:high]):
        high = end + len(text[end:high].rpartition(" ")[0])
    return MaskRequest(text[low:high], ((start - low, end - low),))


def _replaceable(word: str, forbidden: frozenset[str], *, first: bool, loud: bool) -> bool:
    if word.casefold() in CLOSED or word.casefold() in forbidden or not word.isalpha():
        return False
    if is_unspaced(word):
        return True
    name = (word.isupper() or (word[0].isupper() and not first)) and not loud
    return len(word) > 2 and not name


def fits(word: str, place: Place) -> bool:
    """Whether a word of the model will do: a whole word, another one, and no name where none was."""
    if not word.isalpha() or word.casefold() == place.word.casefold() or word.casefold() in CLOSED:
        return False
    if is_unspaced(word) != place.unspaced:
        return False
    return place.unspaced or (len(word) > 2 and (word.islower() or (place.opens and word.istitle())))
