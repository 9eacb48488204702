"""What hfaug takes before it does anything: its import, and the fingerprint that `map` takes of an op."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import pyarrow as pa
from datasets.fingerprint import Hasher

import hfaug
from hfaug.assets import Asset
from hfaug.catalog import all_classes
from hfaug.ops.text import SwapEntities
from tests.benchmarks.albums import CHAIN
from tests.benchmarks.photos import stored
from tests.benchmarks.report import Line, at_most, exactly
from tests.benchmarks.timing import Ratio

ROUNDS, TIMES, HEAVY_BYTES = 7, 200, 100_000_000

_IMPORT = """
import time, datasets
wall, cpu = time.perf_counter(), time.process_time()
{}
print(time.perf_counter() - wall, time.process_time() - cpu)
"""
_USE = "import hfaug; hfaug.augment, hfaug.Chain(hfaug.ops.image.Rotate(), hfaug.ops.image.Flip())"


def measure() -> list[Line]:
    """Milliseconds, since nothing else does this work."""
    slowest, name = max((_hashing(op), name) for name, op in _ops().items())
    heavy = _heavy()
    before = Hasher.hash(CHAIN)
    stored(2).map(CHAIN, batched=True)
    equal = float(Hasher.hash(CHAIN) == before)
    return [
        Line("startup", "import hfaug after import datasets", _importing("import hfaug"), at_most(50), " ms"),
        Line("startup", "the same, and the first image ops in hand", _importing(_USE), None, " ms"),
        Line("startup", f"fingerprint, the slowest of all ops ({name})", _ms(slowest), at_most(2), " ms"),
        Line("startup", "fingerprint of an op with an asset of 100 MB", _ms(_hashing(heavy)), at_most(2), " ms"),
        Line("startup", "fingerprint of a function that holds 100 MB", _ms(_hashing(_holding(), 3)), None, " ms"),
        Line(
            "startup", "share of fingerprints that are equal before and after use", Ratio(equal, equal), exactly(1), ""
        ),
    ]


def _importing(statement: str) -> Ratio:
    """Milliseconds of an import in fresh interpreters that have `datasets` already."""
    code = _IMPORT.format(statement)
    done = [
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True) for _ in range(ROUNDS)
    ]
    walls, cpus = zip(*(map(float, run.stdout.split()) for run in done), strict=True)
    return Ratio(statistics.median(walls) * 1e3, statistics.median(cpus) * 1e3)


def _ops() -> dict[str, hfaug.Op]:
    """Every op that needs no arguments, and a deep composition."""
    found: dict[str, hfaug.Op] = {"a chain of four, sometimes, three times": CHAIN.sometimes(0.5).times(3)}
    for name, cls in all_classes().items():
        try:
            found[name] = cls()
        except (TypeError, ValueError):
            continue
    return found


def _heavy() -> hfaug.Op:
    words = pa.array(np.random.default_rng(0).bytes(HEAVY_BYTES // 1000).hex() for _ in range(500))
    return SwapEntities(names=Asset.save(pa.table({"type": ["place"] * 500, "name": words})))


def _holding() -> Callable[[object], object]:
    words = np.random.default_rng(0).integers(0, 255, HEAVY_BYTES, dtype=np.uint8)
    return lambda batch: (batch, words)


def _hashing(op: object, times: int = TIMES) -> float:
    """Seconds to hash, the median of many."""
    taken = []
    for _ in range(times):
        start = time.process_time()
        Hasher.hash(op)
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def _ms(seconds: float) -> Ratio:
    return Ratio(seconds * 1e3, seconds * 1e3)
