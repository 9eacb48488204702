"""Any callable of the user's, as an op in `map`, against the bare loop around it and a `map` that returns images."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from datasets import Dataset
from PIL import Image

import hfaug
from tests.benchmarks.albums import bare_loop, compose
from tests.benchmarks.photos import QUALITY, Pixels, jpegs, psnr, stored, stored_bytes
from tests.benchmarks.report import Line, at_least, at_most
from tests.benchmarks.timing import Case, interleave

ROWS, FEW, ROUNDS = 252, 4, 5
NEAR_LOOP, OVER_NAIVE = at_most(1.05), at_least(12)


def blur(array: Pixels) -> Pixels:
    """A plain function, of middling weight."""
    return cv2.GaussianBlur(array, (5, 5), 1.5)


def invert(array: Pixels) -> Pixels:
    """A plain function that takes next to no time, so that whatever is spent around it shows."""
    return cv2.bitwise_not(array)


def measure() -> list[Line]:
    """Two plain functions, and a `Compose` of albumentations."""
    four = compose()
    return [
        *_lines("four ops of albumentations", lambda array: four(image=array)["image"], hfaug.wrap(compose())),
        *_lines("blur", blur, hfaug.wrap(blur, reads="pixels", draws=False), alike=True),
        *_lines("invert", invert, hfaug.wrap(invert, reads="pixels", draws=False), alike=True, bare=True),
    ]


def _lines(
    name: str, change: Callable[[Pixels], Pixels], op: hfaug.Op, *, alike: bool = False, bare: bool = False
) -> list[Line]:
    """What the op costs against the loop, and how much faster it is than what the docs show.

    Args:
        name: What the function does.
        change: The function.
        op: The same, wrapped.
        alike: Whether it draws nothing, so that outputs can be compared.
        bare: Whether it takes next to no time itself: then no loop without storage can be kept up with.
    """
    images, rows, few = jpegs(ROWS), stored(ROWS), stored(FEW)
    op = op.on(jpeg_quality=QUALITY)
    cases = [
        Case("loop", lambda: bare_loop(images, change), ROWS),
        Case("map", lambda: rows.map(op, batched=True), ROWS),
        Case("naive", lambda: _naive(few, change), FEW),
        Case("pass", lambda: rows.with_format("arrow").map(lambda table: table, batched=True), ROWS),
    ]
    times = interleave(cases, ROUNDS)
    made = stored_bytes(rows.map(op, batched=True))
    by_loop = psnr(bare_loop(images, change), made) if alike else None
    by_naive = psnr(stored_bytes(_naive(few, change)), made[:FEW]) if alike else None
    share = times.ratio("pass", "loop").cpu
    note = (
        f"it takes next to no time itself; `datasets` alone takes {share:.0%} of the loop to pass the rows on"
        if bare
        else ""
    )
    faster = times.ratio("naive", "map")
    return [
        Line(
            "callables",
            f"{name}: map / loop",
            times.ratio("map", "loop"),
            None if bare else NEAR_LOOP,
            "x",
            by_loop,
            note,
        ),
        Line("callables", f"{name}: a map that returns images (PNG) / map", faster, OVER_NAIVE, psnr_db=by_naive),
    ]


def _naive(rows: Dataset, change: Callable[[Pixels], Pixels]) -> Dataset:
    """What the documentation of `datasets` shows: an image in, an image out, one row a call."""
    return rows.map(lambda row: {"image": Image.fromarray(change(np.array(row["image"].convert("RGB"))))})
