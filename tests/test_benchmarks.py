"""The benchmarks' own arithmetic: what is judged, what the gate lets through, and that cases run by turns."""

import pytest

from tests.benchmarks.report import Line, at_least, at_most, exactly, failing, table
from tests.benchmarks.timing import Case, Ratio, interleave


def line(wall, cpu, target):
    return Line("subject", "work", Ratio(wall, cpu), target)


@pytest.mark.parametrize(
    ("wall", "cpu", "target", "judged", "met"),
    [
        (1.0, 1.2, at_most(1.05), 1.2, False),
        (1.2, 1.0, at_most(1.05), 1.0, True),
        (0.9, 1.0, at_most(1.05), 0.9, True),
        (11, 13, at_least(12), 13, True),
        (2.0, 3.0, exactly(0), 2.0, False),
        (2.0, 3.0, None, 2.0, None),
    ],
)
def test_processor_time_breaks_the_tie(wall, cpu, target, judged, met):
    found = line(wall, cpu, target)
    assert (found.judged, found.holds()) == (judged, met)


def test_the_gate_is_looser_than_the_target_but_not_for_counts():
    kept = [line(1.3, 1.3, at_most(1.05)), line(10, 10, at_least(12)), line(9, 9, None), line(0, 0, exactly(0))]
    late = [line(1.4, 1.4, at_most(1.05)), line(9, 9, at_least(12)), line(1, 1, exactly(0))]
    assert failing([*kept, *late, Line("subject", "cannot run", None, at_most(1))]) == late


def test_the_table_has_every_line_and_each_note_once():
    lines = [Line("a", "one", Ratio(1.04, 1.2), at_most(1.05), note="why"), Line("a", "two", None, note="why")]
    text = table(lines)
    assert text.count("why") == 1
    assert "NO (cpu)" in text
    assert [row.split("|")[1].strip() for row in text.splitlines()[2:4]] == ["a: one [1]", "a: two [1]"]


def test_cases_run_by_turns_and_every_other_round_backwards():
    ran = []
    times = interleave([Case("a", lambda: ran.append("a"), 2), Case("b", lambda: ran.append("b"))], 2)
    assert "".join(ran) == "ab" + "ab" + "ba"
    assert times.ratio("a", "a").cpu == 1
    assert len(times.wall["b"]) == 2
