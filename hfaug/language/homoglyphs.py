"""Letters of other scripts that look like a letter, from the tables of Unicode."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from hfaug.errors import MissingExtra
from hfaug.language.scripts import script_of

__all__ = ["lookalikes"]

_UNLIKE = frozenset("σҽӏꙇɩιυͺϒᴦϱγѵγΥ")
"""Letters that Unicode calls confusable, and a reader does not confuse at second sight."""


_SCRIPTS = ("latin", "cyrillic", "greek")


@functools.cache
def lookalikes(scripts: tuple[str, ...]) -> Mapping[str, str]:
    """For each letter the letters of the given scripts, other than its own, that look like it, in the same case.

    Args:
        scripts: As `hfaug.language.scripts.script_of` names them.

    Raises:
        MissingExtra: The tables are not installed.

    >>> lookalikes(("cyrillic",))["a"] == "\u0430", "b" in lookalikes(("cyrillic",))
    (True, False)
    """
    try:
        from confusable_homoglyphs.confusables import confusables_data
    except ImportError as error:
        raise MissingExtra.for_extra("text", "confusable_homoglyphs") from error
    found: dict[str, str] = {}
    for letter, entries in confusables_data.items():
        if len(letter) != 1 or script_of(letter) not in _SCRIPTS or letter in _UNLIKE:
            continue
        own, case = script_of(letter), (letter.isupper(), letter.islower())
        others = [str(entry["c"]) for entry in entries]
        like = [
            other
            for other in others
            if len(other) == 1 and other not in _UNLIKE and script_of(other) in scripts and script_of(other) != own
            if script_of(other) != "latin" or other.isascii()
            if (other.isupper(), other.islower()) == case
        ]
        if like:
            found[letter] = "".join(sorted(like))
    return found
