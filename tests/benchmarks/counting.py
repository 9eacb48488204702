"""How often each image is decoded, resampled, coloured and encoded: exact, whatever the machine is busy with."""

from __future__ import annotations

import hfaug
from hfaug import media, moves
from hfaug.ops.image import Erase, Flip, JitterColor, Rotate
from tests.benchmarks.photos import stored
from tests.benchmarks.report import Line, exactly
from tests.benchmarks.timing import Ratio

ROWS = 4

_STEPS = ("decodes", "resamplings", "slices", "colour passes", "encodes")

FOUR = hfaug.Chain(Flip(), Rotate(), JitterColor(), Erase())

PIPELINES: tuple[tuple[str, hfaug.Op, int, tuple[float, ...]], ...] = (
    ("flip, rotate, jitter, erase", FOUR, 1, (1, 1, 0, 1, 1)),
    ("the same, 4 copies", FOUR, 4, (1, 4, 0, 4, 4)),
    ("the same, drawn by no row", FOUR.sometimes(0), 1, (0, 0, 0, 0, 0)),
    ("rotate, rotate", hfaug.Chain(Rotate(), Rotate()), 1, (1, 1, 0, 0, 1)),
    ("flip", Flip(), 1, (1, 0, 1, 0, 1)),
    ("flip, flip back", hfaug.Chain(Flip(), Flip()), 1, (0, 0, 0, 0, 0)),
    ("jitter, jitter", hfaug.Chain(JitterColor(), JitterColor()), 1, (1, 0, 0, 1, 1)),
)
"""Name, op, copies, and what one row should take of each step."""


def measure() -> list[Line]:
    """Each pipeline through `map` or `augment`: what one source row takes, and how far that is from what it should."""
    rows = stored(ROWS)
    lines = []
    for name, op, copies, expected in PIPELINES:
        found = _counted(rows, op, copies)
        off = sum(abs(number - wanted) for number, wanted in zip(found, expected, strict=True))
        said = ", ".join(f"{number:g} {step}" for number, step in zip(found, _STEPS, strict=True))
        lines.append(Line("counting", f"{name}: {said}", Ratio(off, off), exactly(0), unit=" off"))
    return lines


def _counted(rows: object, op: hfaug.Op, copies: int) -> list[float]:
    """Work of each kind that one source row takes."""
    media.counts.reset()
    moves.counts.clear()
    if copies > 1:
        hfaug.augment(rows, op, copies=copies)
    else:
        rows.map(op, batched=True)
    tally = {**media.counts.snapshot(), **moves.counts}
    return [tally.get(name, 0) / ROWS for name in ("image.decode", "warp", "slice", "image.color", "image.encode")]
