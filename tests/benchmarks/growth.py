"""A hundred times the rows: what a row costs, and whether memory stays where it was."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import datasets

from tests.benchmarks.photos import stored
from tests.benchmarks.report import Line, at_most
from tests.benchmarks.sentences import stored_sentences
from tests.benchmarks.timing import Ratio

ROUNDS, TIMES = 3, 100
EVEN, FLAT = at_most(1.05), at_most(1.2)
_POLL_S = 0.02

_MEMORY = "peak of the process's anonymous memory, as the system counts it; mapped input is not in it"


@dataclass(frozen=True)
class _Run:
    """What one child process took: processor seconds a row, and the peak of its memory in bytes."""

    row_s: float
    memory: float | None


def measure() -> list[Line]:
    """Images in a map, sentences through `augment`; each number of rows in a process of its own."""
    return [*_lines("images", "map", stored, 20), *_lines("text", "augment", stored_sentences, 5000)]


def _lines(kind: str, call: str, build: Callable[[int], datasets.Dataset], rows: int) -> list[Line]:
    folders = {count: str(Path(build(count).cache_files[0]["filename"]).parent) for count in (rows, rows * TIMES)}
    rounds = [{count: _child(kind, folder) for count, folder in folders.items()} for _ in range(ROUNDS)]
    few, many = ([found[count] for found in rounds] for count in folders)
    said = f"{kind}, {call}: {rows * TIMES} rows / {rows} rows"
    cost = [b.row_s / a.row_s for a, b in zip(few, many, strict=True)]
    lines = [Line("growth", f"{said}, processor time a row", Ratio(*[statistics.median(cost)] * 2), EVEN)]
    if few[0].memory and many[0].memory:
        grown = statistics.median(b.memory / a.memory for a, b in zip(few, many, strict=True) if a.memory and b.memory)
        note = f"{_MEMORY}; {kind}: {few[-1].memory / 1e6:.0f} MB and {many[-1].memory / 1e6:.0f} MB"
        lines.append(Line("growth", f"{said}, memory", Ratio(grown, grown), FLAT, note=note))
    return lines


def _child(kind: str, folder: str) -> _Run:
    """Run `tests.benchmarks.grown` and watch its memory from outside, which takes none of its time."""
    command = [sys.executable, "-m", "tests.benchmarks.grown", kind, folder]
    peak = 0.0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        while child.poll() is None:
            peak = max(peak, _anonymous(child.pid))
            time.sleep(_POLL_S)
        said = child.stdout.read() if child.stdout else ""
    if child.returncode:
        raise RuntimeError(f"growth: the child process for {kind} must end well, ended with {child.returncode}")
    return _Run(json.loads(said.splitlines()[-1]), peak or None)


def _anonymous(pid: int) -> float:
    """Bytes that the process holds and no file holds; 0 where the system does not say."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0.0
    return next((float(line.split()[1]) * 1024 for line in lines if line.startswith("Anonymous:")), 0.0)
