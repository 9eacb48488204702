"""Filters as stages of the engine: which rows stay, judged a unit at a time where a filter looks at rows one by one."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from datasets import Features, Value

from hfaug import provenance
from hfaug.engine import Deferred, Node, Stage, UnitResult, UnitRule, View, WholeStep
from hfaug.engine.units import plan_ranges
from hfaug.errors import RecipeError, RoleError
from hfaug.filters import BatchFilter, Filter
from hfaug.recipe.model_runs import held_settings, model_events
from hfaug.recipe.sources import digest_of

__all__ = ["PLACES", "check_filter", "learnt", "passing"]

PLACES = Features({"row": Value("int64")})
"""The columns of a node that says which rows of another one stay."""

_STATE = Features({"state": Value("large_binary")})
_BATCHES = 8
"""Batches of a model in a unit: a crash costs one unit."""


def check_filter(who: str, chosen: Filter, features: Features) -> None:
    """Make sure, before any work, that rows with these features can be judged.

    Raises:
        RecipeError: They cannot.
    """
    try:
        chosen.check(features)
    except RoleError as error:
        raise RecipeError(f"{who}: {error}") from error


def learnt(name: str, chosen: Filter, rows: Node) -> Node:
    """What a filter learns from real rows, found out once, by one process; no rows where it is ready."""
    digest = digest_of("learn", chosen.fingerprint, chosen.model_digest())
    return Stage(WholeStep(f"learn-{name}", digest, _Learn(chosen), lambda *_: _STATE), (rows,))


def passing(name: str, chosen: Filter, rows: Node, *, real: Node | None = None, known: Node | None = None) -> Node:
    """Which rows of a node stay, as a node of their places.

    Args:
        name: For people.
        chosen: The filter.
        rows: The rows that are judged.
        real: Rows before them that a filter which compares rows is to see too, and that stay whatever it finds; rows
            that are like one of them fall.
        known: What `learnt` gave, for a filter that is not ready; by default learnt from the rows themselves.
    """
    if chosen.ready:
        return _judged(name, chosen, rows, real)
    known = known or learnt(name, chosen, real or rows)
    return Deferred((known,), lambda state: _judged(name, chosen.knowing(_table(state)), rows, real), PLACES)


def _judged(name: str, chosen: Filter, rows: Node, real: Node | None) -> Stage:
    models = chosen.model_digest()
    parts = [chosen.fingerprint, *([models] if models else [])]
    if isinstance(chosen, BatchFilter):
        return Stage(_Judge(name, digest_of("judge", *parts), chosen), (rows,))
    kind = "filter" if real is None else "filter-made"
    scan = WholeStep(name, digest_of(kind, *parts), _Scan(chosen), lambda *_: PLACES)
    return Stage(scan, (rows,) if real is None else (rows, real))


def _table(state: View) -> pa.Table:
    (packed,) = state.read()["state"].to_pylist()
    return pa.ipc.open_stream(packed).read_all()


@dataclass(frozen=True)
class _Learn:
    """What a filter learns, packed into one row."""

    filter: Filter

    def __call__(self, rows: View) -> pa.Table:
        found = self.filter.learn(rows.dataset())
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, found.schema) as writer:
            writer.write_table(found)
        return pa.table({"state": pa.array([sink.getvalue().to_pybytes()], pa.large_binary())})


@dataclass(frozen=True)
class _Scan:
    """A filter that has to see all rows, as the function of a step."""

    filter: Filter

    def __call__(self, rows: View, real: View | None = None) -> UnitResult:
        before = model_events((self.filter,))
        if real is None:
            return _result(self.filter.reasons(rows.batches()), 0, self.filter, before)
        found = self.filter.reasons(itertools.chain(map(_earlier, real.batches()), rows.batches()))
        return _result(found[real.num_rows :], 0, self.filter, before)


def _earlier(rows: pa.Table) -> pa.Table:
    """Rows that were there before, with ids in front of all others: of two that are alike, these stay.

    Ids are hashes, so a made row can have a smaller one than a made row of a step before it.
    """
    lineage = rows[provenance.COLUMN].combine_chunks()
    fields = [lineage.field(number) for number in range(lineage.type.num_fields)]
    at = lineage.type.get_field_index("id")
    fields[at] = pc.binary_join_element_wise(pa.scalar(" ", fields[at].type), fields[at], "")
    column = pa.StructArray.from_arrays(fields, fields=list(lineage.type))
    return rows.set_column(rows.column_names.index(provenance.COLUMN), provenance.COLUMN, column)


@dataclass(frozen=True, eq=False)
class _Judge:
    """A filter that looks at rows one by one, as a step over units of them."""

    name: str
    digest: str
    filter: BatchFilter

    @property
    def rule(self) -> UnitRule:
        """Size of a unit."""
        return UnitRule(rows=self.filter.batch_rows * _BATCHES) if self.filter.models() else UnitRule()

    def features(self, inputs: Sequence[Features]) -> Features:
        return PLACES

    def units(self, inputs: Sequence[View]) -> list[dict[str, Any]]:
        return [{"rows": [start, stop]} for start, stop in plan_ranges(inputs[0].row_sizes(), self.rule)]

    def run(self, unit: dict[str, Any], inputs: Sequence[View]) -> UnitResult:
        start, stop = unit["rows"]
        before = model_events((self.filter,))
        return _result(self.filter.reasons([inputs[0].read(start, stop)]), start, self.filter, before)


def _result(reasons: Sequence[str | None], start: int, chosen: Filter, before: dict[str, float]) -> UnitResult:
    counts = Counter(f"rejected:{reason}" for reason in reasons if reason is not None)
    places = [start + place for place, reason in enumerate(reasons) if reason is None]
    table = pa.table({"row": pa.array(places, pa.int64())})
    return UnitResult(table, dict(counts), model_events((chosen,), before), held_settings((chosen,)))
