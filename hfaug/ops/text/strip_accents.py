"""Strip accents."""

from __future__ import annotations

import dataclasses
import functools
import unicodedata
from typing import ClassVar, Literal

from hfaug.fields import Share
from hfaug.kinds import EditOp
from hfaug.language.scripts import script_of
from hfaug.moves import Edits
from hfaug.randomness import Stream, hits

__all__ = ["StripAccents"]


def _both_cases(table: dict[str, str]) -> dict[str, str]:
    """With capitals, of which those that become two letters keep the first one large; not those of plain letters."""
    capitals = {small.upper(): other.capitalize() for small, other in table.items()}
    return {**{large: other for large, other in capitals.items() if not large.isascii()}, **table}


_WHOLE = _both_cases(
    {"æ": "ae", "œ": "oe", "ĳ": "ij", "þ": "th", "ı": "i", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t"}
) | {"ß": "ss", "ẞ": "Ss"}
"""Letters without a plain one in them, as they are written where they lack."""

_SPELT = _both_cases({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa"})
_SCRIPTS = {"latin", "greek", "arabic", "hebrew"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class StripAccents(EditOp):
    """Write letters without their accents, as on a keyboard that lacks them; Arabic and Hebrew without vowel points.

    Args:
        share: Chance of each letter with an accent, 0..1.
        umlauts: ``drop`` writes u for ü, ``spell`` ue, and aa for å, as German and Nordic languages do. ``spell`` takes
            the dots of other languages for umlauts too (coöperatie, pingüino).

    Moves: text, spans, answers, words with their tags.
    Rejects: nothing; letters of other scripts, whose marks are no accents, stay.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.text.StripAccents(umlauts="spell").umlauts
    'spell'
    """

    may_change: ClassVar[tuple[str, ...]] = ("words that differ by an accent alone",)

    expected_draws: ClassVar[int] = 8

    share: Share = 1
    umlauts: Literal["drop", "spell"] = "drop"

    def edits(self, text: str, rng: Stream) -> Edits:
        """Draw the letters that lose their accents."""
        if text.isascii():
            return Edits()
        found = _accents(text, self.umlauts == "spell")
        return Edits([found[number] for number in hits(rng, len(found), self.share)])


def _accents(text: str, spell: bool) -> list[tuple[int, int, str]]:
    """What can be stripped: letters with an accent, and marks that stand behind their letter."""
    found: list[tuple[int, int, str]] = []
    letter = -1
    for at, character in enumerate(text):
        if character < "\u00a0":
            letter = at
        elif unicodedata.category(character) == "Mn":
            if letter >= 0 and (script_of(text[letter]) in _SCRIPTS):
                found.append(_with_mark(text, letter, at, spell))
        else:
            letter = at
            after = _plain(character, spell)
            if after != character:
                found.append((at, at + 1, _in_case(text, at, at + 1, after)))
    return [edit for place, edit in enumerate(found) if place + 1 == len(found) or found[place + 1][0] >= edit[1]]


def _with_mark(text: str, letter: int, at: int, spell: bool) -> tuple[int, int, str]:
    """The edit of a mark; an umlaut that is to be spelt takes its letter along."""
    whole = unicodedata.normalize("NFC", text[letter : at + 1])
    if not spell or whole not in _SPELT:
        return at, at + 1, ""
    return letter, at + 1, _in_case(text, letter, at + 1, _SPELT[whole])


def _in_case(text: str, start: int, end: int, after: str) -> str:
    """What stands for a letter, all large where its neighbours are: AERGER and Aerger."""
    near = text[end : end + 1] if text[end : end + 1].isalpha() else text[max(0, start - 1) : start]
    return after.upper() if after[:1].isupper() and near.isupper() else after


@functools.lru_cache(maxsize=2048)
def _plain(character: str, spell: bool) -> str:
    """A letter without its accents."""
    if spell and character in _SPELT:
        return _SPELT[character]
    parts = [_WHOLE.get(part, part) for part in unicodedata.normalize("NFD", character)]
    if script_of(parts[0][0]) not in _SCRIPTS or parts == [character]:
        return character
    return "".join(part for part in parts if unicodedata.category(part[0]) != "Mn")
