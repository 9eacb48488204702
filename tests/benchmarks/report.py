"""Rows of the result, the targets they are held against, the table, and the file for machines."""

from __future__ import annotations

import json
import math
import platform
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.benchmarks.timing import Ratio

__all__ = ["Line", "Target", "at_least", "at_most", "exactly", "failing", "table", "write_json"]

GATE = 1.3
"""How many times a ratio may be off its target before ``--gate`` fails."""

_HEADS = ("work", "ratio", "cpu", "spread", "target", "met", "PSNR")


@dataclass(frozen=True)
class Target:
    """What a number should be: ``sense`` is ``<=``, ``>=`` or ``=``."""

    sense: str
    limit: float

    def met(self, value: float, slack: float = 1.0) -> bool:
        """Whether a number is on the right side, or less than `slack` times off it."""
        if self.sense == "<=":
            return value <= self.limit * slack
        if self.sense == ">=":
            return value >= self.limit / slack
        return value == self.limit


def at_most(limit: float) -> Target:
    """Not more than this."""
    return Target("<=", limit)


def at_least(limit: float) -> Target:
    """Not less than this."""
    return Target(">=", limit)


def exactly(limit: float) -> Target:
    """This number; for counts, which no load on the machine disturbs."""
    return Target("=", limit)


@dataclass(frozen=True)
class Line:
    """One line of the table.

    Args:
        subject: The benchmark it belongs to.
        work: What was compared with what.
        ratio: The numbers; None where a case could not run.
        target: What they should be; None for what is only good to know.
        unit: Behind the number: ``x`` for a ratio.
        psnr_db: Between the outputs of the two cases; infinite for equal bytes.
        note: What must be known to read it.
    """

    subject: str
    work: str
    ratio: Ratio | None
    target: Target | None = None
    unit: str = "x"
    psnr_db: float | None = None
    note: str = ""

    @property
    def judged(self) -> float | None:
        """The number by the clock; by processor time where the two stand on different sides of the target.

        Processor time does not count the turns of other programs, so it breaks the tie.
        """
        if self.ratio is None:
            return None
        if self.target is not None and self.target.met(self.ratio.wall) != self.target.met(self.ratio.cpu):
            return self.ratio.cpu
        return self.ratio.wall

    def holds(self, slack: float = 1.0) -> bool | None:
        """Whether the target is met; None where there is none, or no number."""
        return None if self.target is None or self.judged is None else self.target.met(self.judged, slack)


def failing(lines: list[Line]) -> list[Line]:
    """The lines that are off their target by more than the gate allows."""
    return [line for line in lines if line.holds(GATE) is False]


def table(lines: list[Line]) -> str:
    """The lines as a Markdown table, notes below."""
    notes = [line.note for line in lines if line.note]
    numbered = {note: number for number, note in enumerate(dict.fromkeys(notes), 1)}
    rows = [_HEADS, *(_cells(line, numbered) for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    text = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    text.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join([*text, "", *(f"[{number}] {note}" for note, number in numbered.items())]).rstrip()


def _cells(line: Line, numbered: dict[str, int]) -> tuple[str, ...]:
    ratio, target, held = line.ratio, line.target, line.holds()
    mark = f" [{numbered[line.note]}]" if line.note else ""
    met = "–" if held is None else ("yes" if held else "NO")
    if ratio is not None and held is not None and line.judged != ratio.wall:
        met += " (cpu)"
    return (
        f"{line.subject}: {line.work}{mark}",
        "–" if ratio is None else _number(ratio.wall) + line.unit,
        "–" if ratio is None or ratio.cpu == ratio.wall else _number(ratio.cpu) + line.unit,
        "–" if ratio is None or not ratio.spread else f"±{ratio.spread:.0%}",
        "–" if target is None else f"{target.sense} {_number(target.limit, exact=True)}{line.unit}",
        met,
        "" if line.psnr_db is None else ("equal bytes" if math.isinf(line.psnr_db) else f"{line.psnr_db:.1f} dB"),
    )


def _number(value: float, *, exact: bool = False) -> str:
    if exact or value == int(value):
        return f"{value:g}"
    return f"{value:.3g}" if value >= 10 else f"{value:.2f}"


def write_json(lines: list[Line], path: str) -> None:
    """Every number, for a machine to compare with the next run's."""
    rows = [{**asdict(line), "judged": line.judged, "met": line.holds()} for line in lines]
    for row in rows:
        if row["psnr_db"] is not None and math.isinf(row["psnr_db"]):
            row["psnr_db"] = "equal"
    machine = {"machine": platform.machine(), "python": platform.python_version(), "system": platform.system()}
    Path(path).write_text(json.dumps({**machine, "lines": rows}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
