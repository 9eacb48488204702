"""Positions in a text counted in bytes or UTF-16 units, as other tools write them, to and from code points."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from hfaug.errors import ParameterError, RowError

__all__ = ["UNITS", "from_code_points", "to_code_points"]

UNITS: dict[str, tuple[str, int]] = {"byte": ("utf-8", 1), "utf16": ("utf-16-le", 2)}
"""Units other than ``code_point``: the encoding that counts them, and the bytes of one unit."""

Spans = Sequence[tuple[int, int]]


def _is_plain(text: str, unit: str) -> bool:
    """Whether the unit counts this text as code points do."""
    if unit not in ("code_point", *UNITS):
        raise ParameterError(f"offsets: the unit must be code_point, byte or utf16, is {unit!r}; give one of them.")
    return unit == "code_point" or text.isascii() or (unit == "utf16" and max(text) <= "\uffff")


def _places(spans: Spans, length: int, unit: str) -> list[int]:
    places = sorted({0, *(place for span in spans for place in span)})
    if places[0] < 0 or places[-1] > length:
        wrong = places[0] if places[0] < 0 else places[-1]
        raise RowError(
            f"offsets: a position must lie within the {length} {unit}s of its text, is {wrong}; correct the row."
        )
    return places


def _sums(places: Iterable[int], steps: Iterable[int]) -> dict[int, int]:
    table, total = {0: 0}, 0
    for place, step in zip(places, steps, strict=True):
        total += step
        table[place] = total
    return table


def to_code_points(text: str, spans: Spans, unit: str = "code_point") -> list[tuple[int, int]]:
    """Spans counted in code points.

    Args:
        text: The text they lie in.
        spans: Half-open ``(start, end)`` in ``unit``.
        unit: ``code_point``, ``byte`` (of UTF-8) or ``utf16`` (as JavaScript, Java and Windows count).

    Raises:
        RowError: A position lies beyond the text or within a character.

    >>> to_code_points("\u00e9a", [(2, 3)], "byte")
    [(1, 2)]
    """
    if _is_plain(text, unit):
        _places(spans, len(text), unit)
        return [(start, end) for start, end in spans]
    encoding, width = UNITS[unit]
    try:
        data = text.encode(encoding)
        places = _places(spans, len(data) // width, unit)
        steps = [len(data[a * width : b * width].decode(encoding)) for a, b in pairwise(places)]
        table = _sums(places[1:], steps)
        data[places[-1] * width :].decode(encoding)
    except UnicodeError as error:
        raise RowError(
            f"offsets: a position must lie between two characters, one of {list(spans)[:5]} lies within one; "
            f"check that they are counted in {unit}s."
        ) from error
    return [(table[start], table[end]) for start, end in spans]


def from_code_points(text: str, spans: Spans, unit: str = "code_point") -> list[tuple[int, int]]:
    """Spans counted in another unit; the inverse of `to_code_points`.

    Args:
        text: The text they lie in.
        spans: Half-open ``(start, end)`` in code points.
        unit: ``code_point``, ``byte`` or ``utf16``.

    Raises:
        RowError: A position lies beyond the text.

    >>> from_code_points("\u00e9a", [(1, 2)], "byte")
    [(2, 3)]
    """
    places = _places(spans, len(text), "code_point")
    if _is_plain(text, unit):
        return [(start, end) for start, end in spans]
    encoding, width = UNITS[unit]
    steps = [len(text[a:b].encode(encoding)) // width for a, b in pairwise(places)]
    table = _sums(places[1:], steps)
    return [(table[start], table[end]) for start, end in spans]
