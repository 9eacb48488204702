"""The work of `growth`, and one process of it: ``python -m tests.benchmarks.grown text FOLDER``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

import datasets

import hfaug
from hfaug.ops.text import DeleteWords, SwapChars
from tests.benchmarks import environment
from tests.benchmarks.albums import CHAIN

__all__ = ["WORK"]

WORK: Mapping[str, Callable[[datasets.Dataset], object]] = {
    "images": lambda rows: rows.map(CHAIN, batched=True, batch_size=10),
    "text": lambda rows: hfaug.augment(rows, hfaug.Chain(SwapChars(), DeleteWords())),
}
"""What is done to the rows. A batch is no larger than the smaller dataset, so both hold as much at a time."""


if __name__ == "__main__":
    environment.settle()
    WORK[sys.argv[1]](datasets.load_from_disk(sys.argv[2]))
