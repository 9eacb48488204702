"""Each image op alone on decoded 512x512 pixels, against the like of albumentations."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from datasets import Features, Image

from hfaug.binding import Binding
from hfaug.media import Picture
from hfaug.randomness import Stream, Streams, row_key
from hfaug.roles import Roles
from hfaug.rows.row import Row
from hfaug.rows.scene import ImageSource, Scene
from tests.benchmarks.pairs import PAIRS, Pair
from tests.benchmarks.photos import Pixels, decode, jpegs
from tests.benchmarks.report import Line, at_most
from tests.benchmarks.timing import Ratio

PHOTOS, ROUNDS, ENOUGH_S = 6, 30, 1.0
NEAR_PEER = at_most(1.1)

_ROLES = Roles({"image": ("image",)}, Binding())


def measure() -> list[Line]:
    """The ratio of medians, both sides by turns on the same photographs."""
    photos = [Picture(decode(data)) for data in jpegs(PHOTOS)]
    return [_line(pair, photos) for pair in PAIRS]


class _Decoded:
    """A batch whose images are decoded already."""

    features = Features({"image": Image()})

    def __init__(self) -> None:
        self.sources: dict[tuple[str, int], Any] = {}

    def open_image(self, value: Picture) -> Picture:
        return value

    def open_reduced(self, value: Picture, factor: int) -> None:
        """Pixels cannot be decoded at a share of their size."""

    def measure_image(self, value: Picture) -> tuple[int, int]:
        return value.size


_BATCH = _Decoded()


def _changed(op: Any, photo: Picture, rng: Stream) -> Pixels:
    """What an op makes of pixels, through all that it does in a row but the codec."""
    batch: Any = _BATCH
    row = Row(batch, 0, 0)
    row.roles = _ROLES
    scene = Scene(row, ImageSource(batch, "image", photo))
    op.change(scene, rng)
    return scene.array


def _line(pair: Pair, photos: list[Picture]) -> Line:
    times: dict[str, list[float]] = {"ours": [], "ours cpu": [], "theirs": [], "theirs cpu": []}
    for number, rng in enumerate(_streams()):
        photo = photos[number % PHOTOS]
        calls: dict[str, Callable[[], object]] = {
            "ours": partial(_changed, pair.op, photo, rng),
            "theirs": partial(pair.other, image=photo.array),
        }
        for side, call in calls.items():
            wall, cpu = _measured(call)
            if number >= PHOTOS:  # the first round fills tables and caches of both
                times[side].append(wall)
                times[f"{side} cpu"].append(cpu)
        if number >= 2 * PHOTOS and sum(map(sum, times.values())) > ENOUGH_S:
            break
    ours, ours_cpu, theirs, theirs_cpu = map(statistics.median, times.values())
    likeness = _psnr(pair, photos) if pair.alike else None
    work = f"{pair.op.op_name()} / {type(pair.other).__name__}"
    return Line("single", work, Ratio(ours / theirs, ours_cpu / theirs_cpu), NEAR_PEER, psnr_db=likeness)


def _measured(call: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock and of the processor."""
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall, time.process_time() - cpu


def _streams() -> Iterator[Stream]:
    return iter(Streams([row_key(f"row {number}") for number in range(PHOTOS + ROUNDS)], digest="single"))


def _psnr(pair: Pair, photos: list[Picture]) -> float:
    """Between the outputs of both, in dB over all pixels."""
    errors = []
    for photo, rng in zip(photos, _streams(), strict=False):
        ours, theirs = _changed(pair.op, photo, rng), np.asarray(pair.other(image=photo.array)["image"])
        errors.append(float(np.square(ours.astype(np.float64) - theirs.reshape(ours.shape)).mean()))
    mean = statistics.mean(errors)
    return 10 * float(np.log10(255**2 / mean)) if mean else float("inf")
