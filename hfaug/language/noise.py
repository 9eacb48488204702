"""Errors at drawn places of a text, so many a word."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from hfaug.moves import Edits
from hfaug.randomness import Stream

__all__ = ["Draw", "Edit", "draw_errors", "make_errors"]

Edit = tuple[int, int, str]
Draw: TypeAlias = Callable[[], float]
"""A stream's ``random``: what is drawn for every error is drawn without a call more than needed."""
ErrorAt: TypeAlias = Callable[[str, int, Draw], Edit | None]

_TRIES = 8
"""Places drawn for one error before it is given up: in prose nearly every second place fits."""


def draw_errors(text: str, rng: Stream, at: ErrorAt, *, share: float, most: int, apart: int = 0) -> Edits:
    """Edits at places drawn evenly over a text; two of them never touch.

    Args:
        text: Any text.
        rng: Where the draws come from.
        at: What an error at a place would be, or None where it cannot be one.
        share: Errors a word, 0..1; a word is what stands between blanks.
        most: Largest number of errors.
        apart: How many more characters than one stand between two errors, at least.
    """
    return Edits(_drawn(text, rng, at, share, most, apart))


def make_errors(text: str, rng: Stream, at: ErrorAt, *, share: float, most: int, apart: int = 0) -> str:
    """The text with the same errors in it, made at once: `draw_errors` for a text without labels."""
    parts: list[str] = []
    done = 0
    for start, end, error in _drawn(text, rng, at, share, most, apart):
        parts += (text[done:start], error)
        done = end
    return "".join((*parts, text[done:])) if parts else text


def _drawn(text: str, rng: Stream, at: ErrorAt, share: float, most: int, apart: int) -> list[Edit]:
    room = len(text)
    if not room:
        return []
    wanted = share * (text.count(" ") + 1)
    wanted = min(wanted, most)
    whole = int(wanted)
    draw = rng.random
    found: list[Edit] = []
    for _ in range(whole + (draw() < wanted - whole)):
        for _ in range(_TRIES):
            edit = at(text, int(draw() * room), draw)
            if edit is not None:
                low, high = edit[0] - apart, edit[1] + apart
                for start, end, _error in found:
                    if low <= end and high >= start:
                        break
                else:
                    found.append(edit)
                break
    found.sort()
    return found
