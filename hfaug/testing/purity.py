"""Checks that an op changes what it should, and nothing else."""

from __future__ import annotations

import random
import sys
from typing import Any

import numpy as np
import pyarrow as pa
from datasets import Features

from hfaug import provenance
from hfaug.columns import split_path
from hfaug.measures import MEASURES
from hfaug.op import Op
from hfaug.plan import Plan
from hfaug.testing.case import Case, content, copies_of, digest, must, results

__all__ = ["check_global_state", "check_input", "check_originals", "check_unchanged", "check_untouched"]


def check_global_state(case: Case) -> None:
    """The global generators of `random`, NumPy and torch are neither moved nor used."""
    for seed in (1, 2):
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002 - the global generator is what is watched
        torch = sys.modules.get("torch")
        if torch is not None:
            torch.manual_seed(seed)
        before = _states()
        found = results(case.op(case.table))
        must(_states() == before, "a global generator was moved")
        must(digest(found) == digest(case.result), "rows depend on a global generator")


def _states() -> str:
    torch = sys.modules.get("torch")
    states: list[Any] = [random.getstate(), list(np.random.get_state())]  # noqa: NPY002 - as above
    if torch is not None:
        states.append(torch.get_rng_state().numpy())
    return content(states)


def check_input(case: Case) -> None:
    """The table that came in is the same afterwards, and the op is the same however often it is used."""
    before = content(case.table.to_pylist())
    first, second = case.op(case.table), case.op(case.table)
    must(content(case.table.to_pylist()) == before, "the table that came in was changed")
    must(digest(results(first)) == digest(results(second)), "a second call gives other rows")


def check_untouched(case: Case) -> None:
    """Columns that the op has nothing to do with are passed on as they are: values, types and order."""
    result = case.op(case.table)
    if result.num_rows != case.table.num_rows:
        return
    mine = touched(case)
    for name in case.table.column_names:
        if name in mine:
            continue
        must(name in result.column_names, f"the column {name!r} is lost")
        before, after = case.table[name], result[name]
        must(after.type == before.type, f"the column {name!r} became {after.type}, was {before.type}")
        must(_same_values(before, after), f"the column {name!r} was changed")
    kept = [name for name in result.column_names if name in case.table.column_names]
    must(kept == [n for n in case.table.column_names if n in kept], "the order of the columns was changed")


def _measuring(op: Op) -> tuple[str, ...]:
    """The roles of what measures a sound, where the op may change that."""
    return tuple(role for content in ("audio", "rate") if content in op.shifts for role in MEASURES[content])


def touched(case: Case) -> set[str]:
    """The columns that an op reads as its content, moves, or adds."""
    found = {provenance.COLUMN}
    for leaf in Plan(case.op, Features(case.rows.features)).leaves:
        found.update(leaf.adds)
        if leaf.roles is not None:
            paths = [
                path
                for role in (*leaf.op.needs, *leaf.op.also, *leaf.op.moves, *_measuring(leaf.op), "tokens")
                for path in leaf.roles.all(role)
            ]
            found.update(split_path(case.rows.features, path)[0] for path in (*paths, *leaf.roles.binding.box_labels))
    return found


def _same_values(before: pa.ChunkedArray, after: pa.ChunkedArray) -> bool:
    return content(before.to_pylist()) == content(after.to_pylist())


def check_unchanged(case: Case) -> None:
    """Where nothing is changed, everything stays bit-identical, media above all."""
    result = case.op.sometimes(0)(case.table)
    must(result.num_rows == case.table.num_rows, f"{result.num_rows} rows come of {case.table.num_rows}")
    for name in case.table.column_names:
        must(_same_values(case.table[name], result[name]), f"the column {name!r} was changed by an op that did nothing")


def check_originals(case: Case) -> None:
    """A row that is kept beside its copies is bit-identical, and keeps its id."""
    table = copies_of(case.op, 2, keep=True)(case.table)
    found = {row[provenance.COLUMN]["id"]: row for row in table.to_pylist()}
    for row_id, row in zip(provenance.row_ids(case.table), case.table.to_pylist(), strict=True):
        must(row_id in found, f"row {row_id} is not kept")
        kept = {name: found[row_id][name] for name in case.table.column_names}
        must(content(kept) == content(row), f"row {row_id} was changed, although it is kept")
        must(found[row_id][provenance.COLUMN]["origin"] == "source", f"row {row_id} is no longer told to be a source")
