"""Runs: what they make, what stages are called, rounds, and mistakes in steps."""

import os
import shutil
import time

import pyarrow as pa
import pytest
from datasets import Features, Value

from hfaug.engine import (
    Concat,
    Deferred,
    Engine,
    Pick,
    Stage,
    UnitResult,
    WholeStep,
    run,
)
from hfaug.errors import LabelError, ParameterError, StageError
from tests.engine import toy
from tests.engine.small import NUMBERS, double, mapped, ranks, source, values
from tests.told import told

# ---- what a stage is called


def folder(stage, root):
    return run(stage, root, progress=False).stages[-1].name


def test_a_stage_is_named_by_its_inputs_its_step_and_its_rule(tmp_path):
    """Anything that may change a byte leads to another folder; a name alone does not change the hash."""
    base = folder(mapped(double), tmp_path)
    assert folder(mapped(double), tmp_path) == base
    others = [
        mapped(double, digest="v2"),
        mapped(double, rows=6),
        mapped(double, source(digest="v2")),
        mapped(double, mapped(double)),
    ]
    assert len({base, *(folder(stage, tmp_path) for stage in others)}) == 5
    assert folder(mapped(double, name="a b/ü"), tmp_path) == f"a-b-{base.removeprefix('step-')}"


def test_what_two_targets_share_is_computed_once(tmp_path):
    """Also when it is declared twice."""
    report = run({"a": mapped(double), "b": mapped(double, mapped(double)), "c": source()}, tmp_path, progress=False)
    assert [stage.name.split("-")[0] for stage in report.stages] == ["numbers", "step", "step"]
    assert values(report["b"]) == [4 * n for n in range(20)]
    assert report.names == ("a", "b", "c")


def test_a_dataset_without_rows_runs_through(tmp_path):
    """No units, but columns."""
    scan = WholeStep("scan", "v1", lambda view: pa.table({"n": pa.array([len(view)], pa.int64())}), lambda _: NUMBERS)
    empty = mapped(double, source(0))
    report = run([empty, Stage(scan, (empty,)), Concat((empty, empty))], tmp_path, progress=False)
    assert [view.num_rows for view in report.views] == [0, 1, 0]
    assert report.views[0].read().schema.names == ["n"]
    assert report.views[0].dataset().features == NUMBERS


def test_a_failure_is_noted_with_its_unit_where_that_says_anything(tmp_path):
    """The rows of a unit help to find one; the only unit of a step that sees all rows has none to tell."""

    def fail(rows):
        raise ValueError("bad")

    scan = Stage(WholeStep("scan", "v1", fail, lambda _: NUMBERS), (source(3),))
    for node, end in ((scan, "unit 0"), (mapped(fail, source(3)), 'unit 0: {"rows": [0, 3]}')):
        with pytest.raises(ValueError, match="bad") as error:
            run(node, tmp_path, progress=False)
        assert told(error.value).splitlines()[-1].endswith(end)


def test_rows_may_become_none_or_many(tmp_path):
    """Counts are summed over the units and are the same for everybody."""

    def odd(table):
        kept = [n for n in table["n"].to_pylist() if n % 2 for _ in range(3)]
        return UnitResult(
            pa.table({"n": pa.array(kept, pa.int64())}), {"rejected:even": table.num_rows - len(kept) // 3}
        )

    report = run(mapped(odd, rows=1), tmp_path, progress=False)
    assert values(report.view) == [n for n in range(1, 20, 2) for _ in range(3)]
    assert report.stages[-1].counts == {"rejected:even": 10}
    assert report.view.counts == {"rejected:even": 10}


def test_columns_come_in_the_order_of_the_features(tmp_path):
    """A step may give them in any order."""
    features = Features({"n": Value("int64"), "m": Value("string")})
    stage = mapped(lambda t: pa.table({"m": ["x"] * t.num_rows, "n": t["n"]}), result=lambda _: features)
    assert run(stage, tmp_path, progress=False).view.read().schema.names == ["n", "m"]


def test_events_are_told_and_never_written_into_units(tmp_path):
    """Two runs with other events give equal bytes."""
    for name, events in (("a", {"out_of_memory": 1}), ("b", {})):
        step = mapped(lambda t, events=events: UnitResult(double(t), events=events))
        report = run(step, tmp_path / name, progress=False)
        assert report.events == {key: 4 * number for key, number in events.items()}
    assert toy.contents(tmp_path / "a") == toy.contents(tmp_path / "b")


# ---- rounds


def test_rounds_go_on_until_there_is_enough(tmp_path):
    """Each round's requests follow from the finished round before; the same number of rounds in every run."""

    def until(node, target):
        def decide(view):
            missing = target - view.num_rows
            if missing <= 0:
                return node
            ask = WholeStep(
                "ask", f"{missing}", lambda view: view.read(0, min(missing, len(view))), lambda features: features
            )
            return until(Concat((node, mapped(double, Stage(ask, (node,)), name="round"))), target)

        return Deferred((node,), decide)

    report = run(until(source(3), 17), tmp_path, progress=False)
    assert values(report.view) == [0, 1, 2, 0, 2, 4, 0, 2, 4, 0, 4, 8, 0, 2, 4, 0, 4]
    again = run(until(source(3), 17), tmp_path, progress=False)
    assert [stage.computed for stage in again.stages] == [()] * len(report.stages)


def test_hundreds_of_rounds_are_no_deeper_than_one(tmp_path):
    """Rounds of one row each; neither the plan nor its rows become a tower of calls."""

    def until(node, target):
        def decide(view):
            step = WholeStep("one", str(len(view)), lambda view: view.read(0, 1), lambda features: features)
            return node if len(view) >= target else until(Concat((node, Stage(step, (node,)))), target)

        return Deferred((node,), decide)

    report = run(until(source(1), 400), tmp_path, progress=False)
    assert values(report.view) == [0] * 400
    assert report.view.take([399, 0])["n"].to_pylist() == [0, 0]


def test_an_engine_goes_step_by_step(tmp_path):
    """Plain code between finished stages, as long as every process runs the same."""
    with Engine(tmp_path, progress=False) as engine:
        (view,) = engine.finish(source(4))
        while view.read(0, 1)["n"][0].as_py() + view.num_rows < 12:
            (view,) = engine.finish(Concat((source(4), mapped(double, source(view.num_rows + 4)))))
    assert view.num_rows == 12


# ---- mistakes in steps


def test_features_of_the_whole_plan_are_asked_for_before_any_work(tmp_path):
    """An error in the last step costs nothing, and says where it is."""

    def refuse(_):
        raise LabelError("Flip: boxes must be bound, they are not; bind them.")

    with pytest.raises(LabelError, match="boxes must be bound") as error:
        run(mapped(double, mapped(double), name="late", result=refuse), tmp_path, progress=False)
    assert "stage late" in told(error.value)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "rows, wrong",
    [
        (pa.table({"n": ["a"]}), "n: string for int64"),
        (pa.table({"n": pa.array([1], pa.int64()), "m": [1]}), "m: int64 for no such column"),
        (pa.table({"m": [1]}), "n: missing for int64"),
    ],
)
def test_rows_that_are_not_what_the_step_promised_are_refused(rows, wrong, tmp_path):
    with pytest.raises(StageError, match=rf"Stage 'step-.*' unit 0: .*{wrong}"):
        run(mapped(lambda _: rows), tmp_path, progress=False)


def test_inputs_that_do_not_fit_together_are_refused(tmp_path):
    text = mapped(lambda t: t, result=lambda _: Features({"n": Value("string")}))
    with pytest.raises(StageError, match="input 1 differs from input 0 in n"):
        run(Concat((source(), text)), tmp_path, progress=False)
    with pytest.raises(StageError, match="must have a column 'row', it has \\['n'\\]"):
        run(Pick(source(), source()), tmp_path, progress=False)
    with pytest.raises(ParameterError, match="must be a Stage"):
        run(Deferred((), lambda: source().step), tmp_path, progress=False)
    with pytest.raises(ParameterError, match="at least one node"):
        Concat(())


def test_a_digest_that_forgot_a_change_of_features_is_noticed(tmp_path):
    run(mapped(double), tmp_path, progress=False)
    shutil.rmtree(next((tmp_path / "stages").glob("step-*")) / "claims")
    next((tmp_path / "stages").glob("step-*/index.json")).unlink()
    with pytest.raises(StageError, match="a step's digest must change with its features"):
        run(mapped(double, result=lambda _: Features({"m": Value("int64")})), tmp_path, progress=False)


def test_an_error_in_a_step_keeps_its_type_says_where_and_keeps_what_is_done(tmp_path):
    """The next run, with the mistake mended, computes only the rest."""
    broken = [True]

    def fails(table):
        if broken[0] and 12 in table["n"].to_pylist():
            raise ZeroDivisionError("twelve")
        return double(table)

    with pytest.raises(ZeroDivisionError, match="twelve") as error:
        run(mapped(fails), tmp_path, progress=False)
    assert 'unit 2: {"rows": [10, 15]}' in told(error.value)
    assert len(list((tmp_path / "failed").iterdir())) == 1
    broken[0] = False
    report = run(mapped(fails), tmp_path, progress=False)
    assert report.stages[-1].computed == (2, 3)
    assert list((tmp_path / "failed").iterdir()) == []
    assert {record.key: record.attempt for record in report.claims(report.stages[-1].name)}["unit-00002"] == 2


def test_when_one_process_fails_the_others_stop_and_say_why(tmp_path):
    """Rank 1 fails at once; rank 0, which would have work for a minute, stops after the unit it has."""

    def plan(rank):
        def work(table):
            time.sleep(0.2)
            if rank == 1:
                raise ValueError("no memory on this card")
            return double(table)

        return mapped(work, source(300, rows=100), rows=1)

    began = time.monotonic()
    first, second = ranks(2, tmp_path, plan, lease_s=1.5)
    assert time.monotonic() - began < 30
    assert isinstance(second, ValueError)
    assert isinstance(first, StageError)
    assert "rank 1" in str(first)
    assert "ValueError: no memory on this card" in str(first)
    assert len(list((tmp_path / "failed").iterdir())) == 1


def test_units_that_are_not_made_alike_do_not_share_a_stage(tmp_path):
    """What is another is named; who makes them as they were begun goes on, and nobody is told where all is alike."""

    def machine(dtype, most=99):
        left = iter(range(most))

        def work(table):
            next(left)
            return UnitResult(double(table), made_with={"model": {"dtype": dtype, "rows": 64}})

        return mapped(work)

    with pytest.raises(RuntimeError, match="StopIteration"):
        run(machine("bf16", most=2), tmp_path, progress=False)
    with pytest.raises(StageError, match=r"model ran with dtype bf16 before and with dtype fp32 now; go on where"):
        run(machine("fp32"), tmp_path, progress=False)
    found = run(machine("bf16"), tmp_path, progress=False)
    assert (found.stages[-1].found, len(values(found.view))) == (2, 20)
