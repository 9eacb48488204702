"""What a run shows while it works."""

import logging
import os
import sys
import threading

from hfaug.engine import (
    UnitResult,
    World,
    run,
)
from tests.engine.small import double, mapped, ranks, source


def test_without_a_terminal_there_are_two_lines_for_a_stage(tmp_path, caplog):
    """How much there is to do, what came out; from the main process alone."""
    with caplog.at_level(logging.INFO, "hfaug"):
        run(source(), tmp_path / "a")
        lines = [record.getMessage() for record in caplog.records]
        assert len(lines) == 2
        assert lines[0].endswith("4 of 4 units to do")
        assert lines[1].endswith("20 rows in 4 units (4 computed by this process)")
        caplog.clear()
        run(source(), tmp_path / "b", World(1, 2, 1, 2))
        run(source(), tmp_path / "c", progress=False)
        assert caplog.records == []


def test_on_a_terminal_there_is_a_bar_with_units_and_rejects(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    run(mapped(lambda t: UnitResult(double(t), {"rejected:x": 2})), tmp_path)
    shown = capsys.readouterr().err
    assert "step-" in shown
    assert "4/4" in shown
    assert "rejected=8" in shown


def test_the_bar_counts_what_others_rejected(tmp_path, monkeypatch, capsys):
    """Half of the units are rank 1's."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    both = threading.Barrier(2, timeout=20)

    def plan(_):
        first = []

        def work(table):
            if not first:
                first.append(both.wait())
            return UnitResult(double(table), {"rejected:x": 2})

        return mapped(work)

    ranks(2, tmp_path, plan, progress=True)
    assert "rejected=8" in capsys.readouterr().err


def test_who_waits_says_for_what(tmp_path, caplog, monkeypatch):
    """The unit, and the process that has it."""
    monkeypatch.setattr(sys.modules["hfaug.engine.run"], "_PATIENCE_S", 0.2)
    has_one, go_on = threading.Event(), threading.Event()
    text = []

    class Listener(logging.Handler):
        def emit(self, record):
            text.append(record.getMessage())
            if "waiting for" in text[-1]:
                go_on.set()

    def plan(rank):
        def work(table):
            if rank == 1:
                has_one.set()
                assert go_on.wait(20)
            else:
                assert has_one.wait(20)
            return double(table)

        return mapped(work)

    listener, log = Listener(), logging.getLogger("hfaug")
    log.addHandler(listener)
    try:
        with caplog.at_level(logging.DEBUG, "hfaug"):
            ranks(2, tmp_path, plan)
    finally:
        log.removeHandler(listener)
    assert "3 of 4 units are there; waiting for unit-0000" in caplog.text
    assert f"(rank 1 (process {os.getpid()}" in caplog.text
