"""Two processes against one: how much of the second one is left."""

from __future__ import annotations

import statistics

import hfaug
from tests.benchmarks import environment
from tests.benchmarks.albums import CHAIN
from tests.benchmarks.photos import stored
from tests.benchmarks.report import Line, at_least
from tests.benchmarks.timing import Case, Ratio, Times, interleave

ROWS, FEW, COPIES, ROUNDS = 800, 8, 4, 3
EFFICIENT = at_least(0.85)

_CPU = "by processor time: what one process takes over what two take together, as where nothing else runs"


def measure() -> list[Line]:
    """Images through `map`, and through `augment` with copies; what starting the processes takes is told apart."""
    with environment.all_cores() as cores:
        if cores < 2:
            return [Line("scaling", "efficiency of 2 processes", None, EFFICIENT, note="this machine has one core")]
        rows, few = stored(ROWS), stored(FEW)
        fewer = rows.select(range(ROWS // COPIES))
        cases = [
            Case("map 1", lambda: rows.map(CHAIN, batched=True, batch_size=50)),
            Case("map 2", lambda: rows.map(CHAIN, batched=True, batch_size=50, num_proc=2)),
            Case("map 1 start", lambda: few.map(CHAIN, batched=True)),
            Case("map 2 start", lambda: few.map(CHAIN, batched=True, num_proc=2)),
            Case("augment 1", lambda: hfaug.augment(fewer, CHAIN, copies=COPIES)),
            Case("augment 2", lambda: hfaug.augment(fewer, CHAIN, copies=COPIES, num_proc=2)),
            Case("augment 1 start", lambda: hfaug.augment(few, CHAIN, copies=COPIES)),
            Case("augment 2 start", lambda: hfaug.augment(few, CHAIN, copies=COPIES, num_proc=2)),
        ]
        times = interleave(cases, ROUNDS, warm=False)
    return [
        _line(times, "map", f"{ROWS} images"),
        _line(times, "augment", f"{ROWS // COPIES} images, {COPIES} copies"),
    ]


def _line(times: Times, call: str, said: str) -> Line:
    walls, cpus = ([_rows(found, call, processes) for processes in (1, 2)] for found in (times.wall, times.cpu))
    wall = [one / two / 2 for one, two in zip(*walls, strict=True)]
    cpu = [one / two for one, two in zip(*cpus, strict=True)]
    start = statistics.median(times.wall[f"{call} 2 start"]) - statistics.median(times.wall[f"{call} 1 start"])
    work = f"{call}, {said}: efficiency of 2 processes, less their start of {start:.1f} s"
    return Line("scaling", work, Ratio(statistics.median(wall), statistics.median(cpu)), EFFICIENT, "", note=_CPU)


def _rows(found: dict[str, list[float]], call: str, processes: int) -> list[float]:
    """Seconds for the rows alone, in each round."""
    whole, start = found[f"{call} {processes}"], statistics.median(found[f"{call} {processes} start"])
    return [seconds - start for seconds in whole]
