"""Cases that are run by turns in one process, so that what disturbs one disturbs all; only ratios mean anything."""

from __future__ import annotations

import gc
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Case", "Ratio", "Times", "interleave"]


@dataclass(frozen=True)
class Case:
    """Work whose cost is compared.

    Args:
        name: What it is, for `Times.ratio`.
        work: One call of it.
        rows: Rows that a call gets through; costs are compared a row.
    """

    name: str
    work: Callable[[], object]
    rows: int = 1


@dataclass(frozen=True)
class Ratio:
    """How many times the cost of one case is that of another.

    Args:
        wall: Median over the rounds, by the clock.
        cpu: Least processor time of one over that of the other, which other programs disturb least.
        spread: Half the range between the quartiles of the rounds, as a share of the median, by the clock.
    """

    wall: float
    cpu: float
    spread: float = 0.0

    def inverse(self) -> Ratio:
        """The ratio the other way round: how many times faster."""
        return Ratio(1 / self.wall, 1 / self.cpu, self.spread)


@dataclass
class Times:
    """Seconds a row of each case in each round, by the clock and of processors."""

    wall: dict[str, list[float]] = field(default_factory=dict)
    cpu: dict[str, list[float]] = field(default_factory=dict)

    def ratio(self, case: str, base: str) -> Ratio:
        """The cost of a case in those of another; by the clock, each round is compared within itself."""
        walls = [a / b for a, b in zip(self.wall[case], self.wall[base], strict=True)]
        return Ratio(statistics.median(walls), min(self.cpu[case]) / min(self.cpu[base]), _spread(walls))


def interleave(cases: Sequence[Case], rounds: int, *, warm: bool = True) -> Times:
    """Run all cases by turns, every other round backwards.

    Args:
        cases: What is compared.
        rounds: How many times each is measured.
        warm: Run every case once unmeasured first; needless where one takes seconds.
    """
    for case in cases if warm else ():
        measured(case.work)
    times = Times({case.name: [] for case in cases}, {case.name: [] for case in cases})
    for number in range(rounds):
        gc.collect()
        for case in cases if number % 2 == 0 else reversed(cases):
            wall, cpu = measured(case.work)
            times.wall[case.name].append(wall / case.rows)
            times.cpu[case.name].append(cpu / case.rows)
    return times


def measured(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock and of processors, those of finished children too; what was written is removed."""
    from datasets.fingerprint import get_temporary_cache_files_directory

    cpu, wall = _cpu(), time.perf_counter()
    work()
    taken = time.perf_counter() - wall, _cpu() - cpu
    for path in Path(get_temporary_cache_files_directory()).glob("*.arrow"):
        path.unlink()  # else the disk has more and more to do behind the cases that follow
    return taken


def _cpu() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _spread(values: Sequence[float]) -> float:
    if len(values) < 3:
        return (max(values) - min(values)) / 2 / statistics.median(values)
    low, middle, high = statistics.quantiles(values, n=4)
    return (high - low) / 2 / middle
