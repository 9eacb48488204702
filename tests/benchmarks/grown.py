"""One process of `growth`: works through a stored dataset and prints the processor seconds that a row takes."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable

import datasets

import hfaug
from hfaug.ops.text import DeleteWords, SwapChars
from tests.benchmarks import environment
from tests.benchmarks.albums import CHAIN

LEAST_S = 1.0
"""Few rows are worked through again and again for at least this long, since one pass would be all noise."""


def main(kind: str, folder: str) -> None:
    """Measure the rows less what a call takes for one row: so what is left is the rows'."""
    environment.settle()
    rows = datasets.load_from_disk(folder)
    work: Callable[[datasets.Dataset], object] = {
        "images": lambda part: part.map(CHAIN, batched=True, batch_size=100),
        "text": lambda part: hfaug.augment(part, hfaug.Chain(SwapChars(), DeleteWords())),
    }[kind]
    one = rows.select(range(1))
    work(one)
    fixed = statistics.median(_seconds(work, one) for _ in range(9))
    taken = [_seconds(work, rows)]
    while sum(taken) < LEAST_S:
        taken.append(_seconds(work, rows))
    print(json.dumps((statistics.median(taken) - fixed) / (len(rows) - 1)))


def _seconds(work: Callable[[datasets.Dataset], object], rows: datasets.Dataset) -> float:
    start = time.process_time()
    work(rows)
    return time.process_time() - start


if __name__ == "__main__":
    main(*sys.argv[1:])
