"""Any callable of the user's, as an op in `map`, against the bare loop around it and against a `map` that returns images."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import cv2
from datasets import Dataset

import hfaug
from hfaug.randomness import Stream
from tests.benchmarks.albums import bare_loop, compose
from tests.benchmarks.photos import QUALITY, Pixels, jpegs, psnr, stored, stored_bytes
from tests.benchmarks.report import Line, at_least, at_most
from tests.benchmarks.timing import Case, Times, interleave

ROWS, FEW, ROUNDS = 252, 4, 7
NEAR_LOOP, OVER_NAIVE = at_most(1.05), at_least(12)


def blur(array: Pixels) -> Pixels:
    """A plain function, of middling weight."""
    return cv2.GaussianBlur(array, (5, 5), 1.5)


def invert(array: Pixels) -> Pixels:
    """A plain function that takes next to no time, so that whatever is spent around it shows."""
    return cv2.bitwise_not(array)


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Plain(hfaug.PixelOp):
    """A plain function as an op, by its name in this file."""

    function: str

    def pixels(self, array: Pixels, rng: Stream) -> Pixels:
        return globals()[self.function](array)


def _op(change: Any) -> hfaug.Op:
    wrap = getattr(hfaug, "wrap", None)
    return (wrap(change) if wrap else _Plain(function=change.__name__)).on(jpeg_quality=QUALITY)


def measure() -> list[Line]:
    """Two plain functions, and a `Compose` of albumentations."""
    drawing = compose()
    lines = [
        *_lines("blur", blur, _op(blur)),
        *_lines("invert, which costs nothing", invert, _op(invert)),
    ]
    if hasattr(hfaug, "wrap"):
        change = lambda array: drawing(image=array)["image"]  # noqa: E731
        lines += _lines("four ops of albumentations", change, _op(compose()), drawn=True)
    return lines


def _lines(name: str, change: Callable[[Pixels], Pixels], op: hfaug.Op, *, drawn: bool = False) -> list[Line]:
    """What the op costs against the loop, and how much faster it is than what the docs show."""
    images, rows, few = jpegs(ROWS), stored(ROWS), stored(FEW)
    cases = [
        Case("loop", lambda: bare_loop(images, change), ROWS),
        Case("map", lambda: rows.map(op, batched=True), ROWS),
        Case("naive", lambda: _naive(few, change), FEW),
    ]
    times: Times = interleave(cases, ROUNDS)
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
    import numpy as np
    from PIL import Image

    return rows.map(lambda row: {"image": Image.fromarray(change(np.array(row["image"].convert("RGB"))))})
