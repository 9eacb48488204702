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

_STROKES = str.maketrans("øØłŁđĐħĦŧŦ", "oOlLdDhHtT")
_SPELT = {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "å": "aa", "Å": "Aa"}
_SCRIPTS = {"latin", "greek", "arabic", "hebrew"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class StripAccents(EditOp):
    """Write letters without their accents, as on a keyboard that lacks them; Arabic and Hebrew without vowel points.

    Args:
        share: Chance of each letter with an accent, 0..1.
        umlauts: ``drop`` writes u for ü, ``spell`` ue, and ss for ß, aa for å.

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
                found.append((at, at + 1, after))
    return [edit for place, edit in enumerate(found) if place + 1 == len(found) or found[place + 1][0] >= edit[1]]


def _with_mark(text: str, letter: int, at: int, spell: bool) -> tuple[int, int, str]:
    """The edit of a mark; an umlaut that is to be spelt takes its letter along."""
    whole = unicodedata.normalize("NFC", text[letter : at + 1])
    return (letter, at + 1, _SPELT[whole]) if spell and whole in _SPELT else (at, at + 1, "")


@functools.lru_cache(maxsize=2048)
def _plain(character: str, spell: bool) -> str:
    """A letter without its accents."""
    if spell and character in _SPELT:
        return _SPELT[character]
    parts = unicodedata.normalize("NFD", character).translate(_STROKES)
    if script_of(parts[0]) not in _SCRIPTS or (len(parts) == 1 and parts == character):
        return character
    return "".join(part for part in parts if unicodedata.category(part) != "Mn")
