"""Any callable of the user's, as an op in `map`, against the bare loop around it and against a `map` that returns images."""

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

ROWS, FEW, ROUNDS = 252, 4, 7
NEAR_LOOP, OVER_NAIVE = at_most(1.05), at_least(12)


def blur(array: Pixels) -> Pixels:
    """A plain function, of middling weight."""
    return cv2.GaussianBlur(array, (5, 5), 1.5)


def invert(array: Pixels) -> Pixels:
    """A plain function that takes next to no time, so that whatever is spent around it shows."""
    return cv2.bitwise_not(array)


def measure() -> list[Line]:
    """Two plain functions, and a `Compose` of albumentations."""
    change = compose()
    return [
        *_lines("blur", blur, hfaug.wrap(blur, reads="pixels")),
        *_lines("invert, which costs next to nothing", invert, hfaug.wrap(invert, reads="pixels")),
        *_lines(
            "four ops of albumentations", lambda array: change(image=array)["image"], hfaug.wrap(compose()), drawn=True
        ),
    ]


def _lines(name: str, change: Callable[[Pixels], Pixels], op: hfaug.Op, *, drawn: bool = False) -> list[Line]:
    """What the op costs against the loop, and how much faster it is than what the docs show."""
    images, rows, few = jpegs(ROWS), stored(ROWS), stored(FEW)
    op = op.on(jpeg_quality=QUALITY)
    cases = [
        Case("loop", lambda: bare_loop(images, change), ROWS),
        Case("map", lambda: rows.map(op, batched=True), ROWS),
        Case("naive", lambda: _naive(few, change), FEW),
    ]
    times = interleave(cases, ROUNDS)
    made = stored_bytes(rows.map(op, batched=True))
    by_loop = None if drawn else psnr(bare_loop(images, change), made)
    by_naive = None if drawn else psnr(stored_bytes(_naive(few, change)), made[:FEW])
    faster = times.ratio("naive", "map")
    return [
        Line("callables", f"{name}: map / loop", times.ratio("map", "loop"), NEAR_LOOP, psnr_db=by_loop),
        Line("callables", f"{name}: a map that returns images (PNG) / map", faster, OVER_NAIVE, psnr_db=by_naive),
    ]


def _naive(rows: Dataset, change: Callable[[Pixels], Pixels]) -> Dataset:
    """What the documentation of `datasets` shows: an image in, an image out, one row a call."""
    return rows.map(lambda row: {"image": Image.fromarray(change(np.array(row["image"].convert("RGB"))))})
