"""Run the benchmarks: ``python -m tests.benchmarks [--only images text] [--json FILE] [--gate]``."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
import traceback

from tests.benchmarks import environment, report

SUBJECTS = (
    "startup",
    "counting",
    "callables",
    "images",
    "single",
    "pipelines",
    "untouched",
    "text",
    "audio",
    "video",
    "growth",
    "scaling",
    "models",
    "language",
    "speech",
)


def main() -> int:
    """Measure, print the table, and say by the exit code what ``--gate`` asks for."""
    parser = argparse.ArgumentParser(prog="tests.benchmarks", description=__doc__)
    parser.add_argument(
        "--only", nargs="+", choices=SUBJECTS, default=SUBJECTS, metavar="SUBJECT", help=", ".join(SUBJECTS)
    )
    parser.add_argument("--json", metavar="FILE", help="write every number there, too")
    parser.add_argument(
        "--gate", action="store_true", help=f"exit with 1 if a ratio is over {report.GATE}x off its target"
    )
    asked = parser.parse_args()
    with environment.prepared(), environment.one_core() as core:
        _say(f"held to core {core}" if core is not None else "this system cannot hold a process to one core")
        found = {subject: _measure(subject) for subject in asked.only}
    lines = [line for some in found.values() for line in some or ()]
    print(report.table(lines))
    if asked.json:
        report.write_json(lines, asked.json)
    broken = [subject for subject, some in found.items() if some is None]
    late = report.failing(lines) if asked.gate else []
    for line in late:
        _say(f"gate: {line.subject}: {line.work} is off its target by more than {report.GATE}x")
    return 1 if broken or late else 0


def _measure(subject: str) -> list[report.Line] | None:
    """The lines of a subject; None where it broke, so that the others are still measured."""
    environment.settle()
    start = time.perf_counter()
    try:
        lines: list[report.Line] = importlib.import_module(f"tests.benchmarks.{subject}").measure()
    except Exception:  # noqa: BLE001  # whatever it is, it is printed, and the exit code tells
        traceback.print_exc()
        return None
    _say(f"{subject}: {time.perf_counter() - start:.0f} s")
    return lines


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
