"""Colours and letters of the picture: Pillow's own font, so that every machine draws the same."""

from __future__ import annotations

import functools
import unicodedata
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import ImageFont

__all__ = ["ADDED", "BOX", "INK", "PAPER", "QUIET", "REMOVED", "drawable", "font", "tint"]

Colour = tuple[int, int, int]

PAPER: Colour = (255, 255, 255)
INK: Colour = (32, 40, 52)
QUIET: Colour = (104, 114, 128)
ADDED: Colour = (198, 240, 206)
REMOVED: Colour = (252, 212, 210)

BOX = "\N{WHITE SQUARE}"
"""Stands for a letter that the font lacks; drawn as the box that fonts have for that."""

_TINTS: tuple[Colour, ...] = (
    (230, 85, 13), (33, 113, 181), (35, 139, 69), (152, 78, 163), (221, 28, 119),
    (140, 86, 75), (0, 150, 150), (176, 137, 0), (99, 99, 220), (90, 90, 90),
)  # fmt: skip
_SPELLED = {
    "→": "->", "←": "<-", "–": "-", "—": "-", "−": "-", "×": "x", "•": "·", "¶": "|", "„": '"', "‚": "'", "ß": "ss",
    "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "€": "EUR", "£": "GBP",
}  # fmt: skip


def tint(name: str | int) -> Colour:
    """The colour of a class, by its number, or by its name so that it is the same in every picture."""
    number = zlib.crc32(name.encode()) if isinstance(name, str) else name
    return _TINTS[number % len(_TINTS)]


@functools.cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """Pillow's font at a size in pixels."""
    from PIL import ImageFont

    found = ImageFont.load_default(size)
    if not isinstance(found, ImageFont.FreeTypeFont):
        from hfaug.errors import CompatibilityError

        raise CompatibilityError(
            "preview: Pillow must be built with FreeType, is not; run: pip install --force-reinstall pillow"
        )
    return found


def drawable(text: str) -> str:
    """A text in letters that the font has: accents fall off, what it has no letter for becomes an empty box.

    The page shows every script; the picture is for a glance.

    >>> drawable("naïve – 7 → 1")
    'naive - 7 -> 1'
    """
    return "".join(map(_drawable, text))


@functools.lru_cache(maxsize=4096)
def _drawable(letter: str) -> str:
    if letter in " \n" or "!" <= letter <= "~":
        return letter
    if letter.isspace():
        return " "
    if unicodedata.category(letter) in ("Cc", "Cf", "Mn", "Cs"):
        return ""
    if letter in _SPELLED:
        return _SPELLED[letter]
    if _has(letter):
        return letter
    base = "".join(part for part in unicodedata.normalize("NFKD", letter) if unicodedata.category(part) != "Mn")
    return base if base and base != letter and all(map(_has, base)) else BOX


def _has(letter: str) -> bool:
    """Whether the font has a glyph of its own for a letter."""
    one = font(16)
    mask, none = one.getmask(letter), one.getmask("\uffff")
    return mask.size != none.size or bytes(mask) != bytes(none)
