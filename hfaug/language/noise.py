"""Errors at drawn places of a text, so many a word."""

from __future__ import annotations

from collections.abc import Callable

from hfaug.moves import Edits
from hfaug.randomness import Stream

__all__ = ["Edit", "draw_errors"]

Edit = tuple[int, int, str]

_TRIES = 8
"""Places drawn for one error before it is given up: in prose nearly every second place fits."""


def draw_errors(
    text: str, rng: Stream, *, share: float, most: int, at: Callable[[str, int, Stream], Edit | None], apart: int = 0
) -> Edits:
    """Edits at places drawn evenly over a text; two of them never touch.

    Args:
        text: Any text.
        rng: Where the draws come from.
        share: Errors a word, 0..1; a word is what stands between blanks.
        most: Largest number of errors.
        at: What an error at a place would be, or None where it cannot be one.
        apart: How many more characters than one stand between two errors, at least.
    """
    room = len(text)
    wanted = min(share * (text.count(" ") + 1), most)
    whole = int(wanted)
    found: list[Edit] = []
    draw = rng.random
    for _ in range(whole + (draw() < wanted - whole) if room else 0):
        for _ in range(_TRIES):
            edit = at(text, int(draw() * room), rng)
            if edit is not None:
                if all(edit[1] + apart < start or edit[0] - apart > end for start, end, _ in found):
                    found.append(edit)
                break
    found.sort()
    return Edits(found)
