"""A hundred times the rows: what a row costs, and whether memory stays where it was."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import datasets

from tests.benchmarks.grown import WORK
from tests.benchmarks.photos import stored
from tests.benchmarks.report import Line, at_most
from tests.benchmarks.sentences import stored_sentences
from tests.benchmarks.timing import Case, Ratio, Times, interleave

ROUNDS, TIMES, AGAIN = 3, 100, 25
EVEN, FLAT = at_most(1.05), at_most(1.2)
_POLL_S = 0.02

_COST = "less what a call takes for one row, so that the rows alone are compared; by processor time"
_MEMORY = "peak of the anonymous memory of a process of its own, which mapped input does not count in"


def measure() -> list[Line]:
    """Images in a map, sentences through `augment`."""
    return [*_lines("images", "map", stored, 10), *_lines("text", "augment", stored_sentences, 2000)]


def _lines(kind: str, call: str, build: Callable[[int], datasets.Dataset], rows: int) -> list[Line]:
    few, many = build(rows), build(rows * TIMES)
    said = f"{kind}, {call}: {rows * TIMES} rows / {rows} rows"
    lines = [Line("growth", f"{said}, cost of a row", _growth(kind, few, many), EVEN, note=_COST)]
    held = [_peak(kind, part) for part in (few, many)]
    if all(held):
        note = f"{_MEMORY}; {kind}: {held[0] / 1e6:.0f} MB and {held[1] / 1e6:.0f} MB"
        lines.append(Line("growth", f"{said}, memory", Ratio(*[held[1] / held[0]] * 2), FLAT, note=note))
    return lines


def _growth(kind: str, few: datasets.Dataset, many: datasets.Dataset) -> Ratio:
    """The cost of one of many rows over that of one of a few; the few are gone through often, to be measurable."""
    work, one = WORK[kind], few.select(range(1))
    times = interleave(
        [
            Case("one", lambda: [work(one) for _ in range(AGAIN)], AGAIN),
            Case("few", lambda: [work(few) for _ in range(AGAIN)], len(few) * AGAIN),
            Case("many", lambda: work(many), len(many)),
        ],
        ROUNDS,
        warm=False,
    )
    ratios = [b / a for a, b in zip(_rest(times, "few", len(few)), _rest(times, "many", len(many)), strict=True)]
    return Ratio(*[statistics.median(ratios)] * 2)


def _rest(times: Times, case: str, rows: int) -> list[float]:
    """Seconds of each row but the first, in each round."""
    return [(row * rows - one) / (rows - 1) for row, one in zip(times.cpu[case], times.cpu["one"], strict=True)]


def _peak(kind: str, rows: datasets.Dataset) -> float:
    """The most memory that a process holds while it works through the rows, in bytes; 0 where nobody can tell."""
    folder = str(Path(rows.cache_files[0]["filename"]).parent)
    peak = 0.0
    with subprocess.Popen([sys.executable, "-m", "tests.benchmarks.grown", kind, folder]) as child:
        while child.poll() is None:
            peak = max(peak, _anonymous(child.pid))
            time.sleep(_POLL_S)
    if child.returncode:
        raise RuntimeError(
            f"growth: the process that works through {kind} must end well, ended with {child.returncode}"
        )
    return peak


def _anonymous(process: int) -> float:
    """Bytes that a process holds and no file holds."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:  # another system, or the process has just ended
        return 0.0
    return next((float(line.split()[1]) * 1024 for line in lines if line.startswith("Anonymous:")), 0.0)
