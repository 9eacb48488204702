"""A small plan with every kind of stage, and processes that work on it."""

import json
import multiprocessing
import os
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from datasets import Dataset, Features, Value

from hfaug.engine import (
    Concat,
    Deferred,
    MapStep,
    Pick,
    RowsStep,
    Stage,
    Take,
    UnitResult,
    UnitRule,
    WholeStep,
    World,
    run,
)
from hfaug.engine.failpoints import VARIABLE

ROWS = 60
INDEX = Features({"row": Value("int64")})
ROW = Features({"id": Value("string"), "value": Value("int64")})


def load():
    return Dataset.from_dict({"id": [f"r{n}" for n in range(ROWS)], "value": list(range(ROWS))})


def grow(table):
    """Two rows for each, but none for those divisible by seven."""
    time.sleep(float(os.environ.get("TOY_SLEEP", "0")))
    ids, values = table["id"].to_pylist(), table["value"].to_pylist()
    rows = [(f"{i}/{copy}", v * 10 + copy) for i, v in zip(ids, values, strict=True) if v % 7 for copy in range(2)]
    made = pa.table({"id": [i for i, _ in rows], "value": pa.array([v for _, v in rows], pa.int64())})
    return UnitResult(made, {"rejected:seven": sum(v % 7 == 0 for v in values)})


def keep(view):
    """Indices of the rows whose value is no multiple of three, last first."""
    values = np.concatenate([batch["value"].to_numpy() for batch in view.batches(11, columns=["value"])])
    return pa.table({"row": np.flatnonzero(values % 3)[::-1].astype(np.int64)})


def shift(table):
    time.sleep(float(os.environ.get("TOY_SLEEP", "0")))
    return table.set_column(1, "value", pa.array(table["value"].to_numpy() + 1))


def plan():
    source = Stage(RowsStep("source", "v1", load, UnitRule(rows=7)))
    grown = Stage(MapStep("grow", "v1", grow, lambda features: features, UnitRule(rows=5)), (source,))
    kept = Stage(WholeStep("keep", "v1", keep, lambda features: INDEX), (grown,))
    last = Stage(MapStep("last", "v1", shift, rule=UnitRule(rows=9)), (Pick(grown, kept),))
    return {"result": Concat((source, last)), "rounds": rounds(Take(source, 10), 40)}


def rounds(first, target):
    """Add to what is there, round by round, until there are enough rows."""

    def decide(view):
        if view.num_rows >= target:
            return state
        following = Stage(MapStep("round", "v1", shift, rule=UnitRule(rows=6)), (state,))
        return rounds(Concat((state, following)), target)

    state = first
    return Deferred((first,), decide)


def work(root, rank, size, failpoint="", sleep=0.0, lease_s=60.0, target="result"):
    """One process of a run; ends with code 1 when the run fails."""
    os.environ["TOY_SLEEP"] = str(sleep)
    if failpoint:
        os.environ[VARIABLE] = failpoint
    targets = plan() if target == "all" else {target: plan()[target]}
    report = run(targets, root, World(rank, size, rank, size), progress=False, lease_s=lease_s)
    computed = {stage.name: list(stage.computed) for stage in report.stages}
    path = Path(root) / "reports"
    path.mkdir(exist_ok=True)
    (path / f"{rank}-{os.getpid()}.json").write_text(json.dumps(computed))


def processes():
    """Where processes come from: forked from one that has the imports done, and has no threads."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.engine.toy"])
    return context


def start(root, size, **options):
    """Start `size` processes; an option may be a list with one value for each of them."""
    context = processes()
    started = []
    for rank in range(size):
        own = {name: value[rank] if isinstance(value, list) else value for name, value in options.items()}
        process = context.Process(target=work, args=(str(root), rank, size), kwargs=own)
        process.start()
        started.append(process)
    return started


def finish(started, timeout_s=60):
    """Exit codes, negative for signals."""
    for process in started:
        process.join(timeout_s)
    stuck = [process for process in started if process.is_alive()]
    for process in stuck:
        process.kill()
    assert not stuck, "a process hangs"
    return [process.exitcode for process in started]


def contents(root):
    """Every published file of every stage, without the claims: what must be equal whatever happened."""
    stages = Path(root) / "stages"
    return {
        str(path.relative_to(stages)): path.read_bytes()
        for path in sorted(stages.rglob("*"))
        if path.is_file() and path.parent.name != "claims"
    }


def attempts(root):
    """For each thing claimed, how often."""
    found = {}
    for path in (Path(root) / "stages").glob("*/claims/*"):
        key, _, number = path.name.rpartition(".")
        if number.isdigit():
            at = f"{path.parent.parent.name}/{key}"
            found[at] = max(found.get(at, 0), int(number))
    return found


if __name__ == "__main__":
    from hfaug.engine import world

    here = world(int(os.environ["TOY_EXPECTED"]) if "TOY_EXPECTED" in os.environ else None)
    work(sys.argv[1], here.rank, here.size, sleep=float(os.environ.get("TOY_SLEEP", "0")))
