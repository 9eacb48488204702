"""Checks that results have the promised columns, and that nothing is too little to work on."""

from __future__ import annotations

import pyarrow as pa
from datasets import Dataset, Features

from hfaug.augment import augment
from hfaug.testing.case import Case, must
from hfaug.testing.runs import mapped, quiet

__all__ = ["check_empty", "check_features", "check_odd_rows", "check_one_row"]


def check_features(case: Case) -> None:
    """What `features` promises is what a call gives, from tables and through `map`, streamed too."""
    promised = case.op.features(case.rows.features)
    must(case.op.features(case.rows.features) == promised, "asked twice, features gives two answers")
    _fits(case.op(case.table), promised, "a call")
    with quiet():
        _fits(mapped(case, case.rows), promised, "map")
        done = case.rows.map(case.op, batched=True, load_from_cache_file=False)
        must(done.features == promised, f"map without features= gives {done.features}, promised were {promised}")
        streamed = case.rows.to_iterable_dataset().with_format("arrow").map(case.op, batched=True, features=promised)
        must(streamed.features == promised, "a stream has other features")
        _fits(pa.concat_tables(list(streamed.iter(batch_size=3))), promised, "a stream")


def _fits(table: pa.Table, promised: Features, who: str) -> None:
    wanted = promised.arrow_schema
    must(table.column_names == wanted.names, f"{who} gives the columns {table.column_names}, promised {wanted.names}")
    for field in wanted:
        got = table.schema.field(field.name).type
        must(got == field.type, f"{who} gives {field.name!r} as {got}, promised as {field.type}")


def check_empty(case: Case) -> None:
    """An empty batch gives an empty batch, an empty split an empty split, of the promised columns."""
    promised = case.op.features(case.rows.features)
    done = case.op(case.table.slice(0, 0))
    must(done.num_rows == 0, f"{done.num_rows} rows come of none")
    _fits(done, promised, "an empty batch")
    with quiet():
        empty = augment(case.rows.select([]), case.op)
    must(len(empty) == 0 and empty.features == promised, f"an empty split becomes {empty}")


def check_one_row(case: Case) -> None:
    """A single row gives what it gives among others, through `augment` too."""
    with quiet():
        done = augment(case.rows.select([0]), case.op, copies=2)
    must(isinstance(done, Dataset) and done.features == case.op.features(case.rows.features), "the columns differ")
    must(len(done) >= 1, "the row itself is lost")


def check_odd_rows(case: Case) -> None:
    """Rows with nothing, next to nothing and nulls in them pass, and nothing is made of a null."""
    for start in range(len(case.odd)):
        some = case.odd.select([start])
        table = case.op(some.with_format("arrow")[:])
        _fits(table, case.op.features(case.odd.features), f"row {start} of the odd rows")
    table = case.odd.with_format("arrow")[:]
    done = case.op(table)
    if done.num_rows != table.num_rows:
        return
    for name in table.column_names:
        for before, after in zip(table[name].to_pylist(), done[name].to_pylist(), strict=True):
            must(before is not None or after is None, f"a null of {name!r} became {after!r}")
