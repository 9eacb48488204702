"""Stages over a column of numbers, runs in threads, and other shorthands of these tests."""

import threading

import pyarrow as pa
from datasets import Dataset, Features, Value

from hfaug.engine import MapStep, RowsStep, Stage, UnitRule, World, run

NUMBERS = Features({"n": Value("int64")})


def source(count=20, rows=5, digest="v1"):
    load = lambda: Dataset.from_dict({"n": list(range(count))}, features=NUMBERS)  # noqa: E731
    return Stage(RowsStep("numbers", f"{digest} {count}", load, UnitRule(rows=rows)))


def mapped(function, *inputs, name="step", digest="v1", rows=5, result=None):
    return Stage(MapStep(name, digest, function, result, UnitRule(rows=rows)), inputs or (source(),))


def double(table):
    return pa.table({"n": pa.array([2 * n for n in table["n"].to_pylist()], pa.int64())})


def values(view):
    return view.read()["n"].to_pylist()


def ranks(size, root, plan, *, progress=False, **options):
    """Run a plan in threads that believe to be processes; what each returned or raised."""
    results = [None] * size

    def one(rank):
        try:
            results[rank] = run(plan(rank), root, World(rank, size, rank, size), progress=progress, **options)
        except Exception as error:  # noqa: BLE001
            results[rank] = error

    threads = [threading.Thread(target=one, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    return results
