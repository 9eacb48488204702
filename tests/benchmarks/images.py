"""hfaug's own four ops, fused, against the bare loop with albumentations."""

from __future__ import annotations

import hfaug
from hfaug.provenance import row_ids
from tests.benchmarks.albums import CHAIN, bare_loop, compose, outputs_of_equal_draws
from tests.benchmarks.photos import decode, encode, jpegs, psnr, stored, stored_bytes
from tests.benchmarks.report import Line, at_most
from tests.benchmarks.timing import Case, interleave

ROWS, FEW, ROUNDS, COPIES = 252, 72, 7, 4
FUSED = at_most(0.65)

_FOUR = "flip, rotation, jitter, hole"
_DRAWS = (
    "PSNR for equal draws on both sides. hfaug turns the hue in YIQ, takes contrast about mid-grey and clips once at "
    "the end; albumentations turns it in HSV, takes contrast about the mean and rounds after every step"
)


def measure() -> list[Line]:
    """Flip, rotation, colour jitter and a hole, on 512x512 JPEG."""
    images, rows, few = jpegs(ROWS), stored(ROWS), stored(FEW)
    change = compose()
    cases = [
        Case("loop", lambda: bare_loop(images, lambda array: change(image=array)["image"]), ROWS),
        Case("codec", lambda: [encode(decode(data)) for data in images], ROWS),
        Case("map", lambda: rows.map(CHAIN, batched=True), ROWS),
        Case("copies", lambda: hfaug.augment(few, CHAIN, copies=COPIES, keep=False), FEW * COPIES),
    ]
    times = interleave(cases, ROUNDS)
    whole, moved = (psnr(*pair) for pair in _outputs(images[:FEW], few))
    fused, copied = times.ratio("map", "loop"), times.ratio("copies", "loop")
    return [
        Line("images", f"{_FOUR}: map / albumentations loop", fused, FUSED, psnr_db=whole, note=_DRAWS),
        Line("images", "flip and rotation alone: map / albumentations loop", None, psnr_db=moved, note=_DRAWS),
        Line("images", f"{_FOUR}: augment, {COPIES} copies / {COPIES} loops", copied, FUSED),
        Line("images", f"augment, {COPIES} copies / {COPIES} maps, a copy", times.ratio("copies", "map")),
        Line("images", f"{_FOUR}: map / decode and encode alone", times.ratio("map", "codec")),
    ]


def _outputs(images: tuple[bytes, ...], rows: object) -> list[tuple[list[bytes], list[bytes]]]:
    """What both sides make of the same images with the same draws: all four ops, and the two that move pixels."""
    ids = row_ids(rows.with_format("arrow")[:])
    whole, moved = outputs_of_equal_draws(images, ids)
    both = hfaug.Chain(*CHAIN.ops[:2], binding=CHAIN.binding)
    return [(stored_bytes(rows.map(op, batched=True)), made) for op, made in ((CHAIN, whole), (both, moved))]
