"""Filters as stages of the engine: which rows stay, judged a unit at a time where a filter looks at rows one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from datasets import Features, Value

from hfaug.engine import Deferred, MapStep, Node, Stage, UnitResult, UnitRule, View, WholeStep
from hfaug.engine.units import plan_ranges
from hfaug.errors import ParameterError, RecipeError, RoleError
from hfaug.filters import DatasetFilter, Filter
from hfaug.recipe.model_runs import held_settings, model_events
from hfaug.recipe.sources import digest_of

__all__ = ["PLACES", "check_filter", "compared", "extracted", "learnt", "passing"]

PLACES = Features({"row": Value("int64")})
"""The columns of a node that says which rows of another one stay."""

_STATE = Features({"state": Value("large_binary")})
_BATCHES = 8
"""Batches of a model in a unit."""


def check_filter(who: str, chosen: Filter, features: Features) -> None:
    """Make sure, before any work, that rows with these features can be judged.

    Raises:
        RecipeError: They cannot.
    """
    try:
        chosen.check(features)
    except (ParameterError, RoleError) as error:
        raise RecipeError(f"{who}: {error}") from error


def learnt(name: str, chosen: Filter, rows: Node) -> Node:
    """What a filter learns from real rows, found out once, by one process; no rows where it is ready."""
    digest = digest_of("learn", chosen.fingerprint, chosen.model_digest())
    return Stage(WholeStep(f"learn-{name}", digest, _Learn(chosen), lambda *_: _STATE), (rows,))


def passing(name: str, chosen: Filter, rows: Node, *, known: Node | None = None) -> Node:
    """Which rows of a node stay, as a node of their places.

    Args:
        name: For people.
        chosen: The filter.
        rows: The rows that are judged.
        known: What `learnt` gave, for a filter that is not ready; by default learnt from the rows themselves.
    """
    if not chosen.ready and known is None:
        known = learnt(name, chosen, rows)
    if isinstance(chosen, DatasetFilter):
        return compared(name, chosen, extracted(name, chosen, rows, known=known), known=known)

    def build(ready: Any) -> Node:
        return Stage(_Judge(name, _digest("judge", ready), ready), (rows,))

    return _with_known(chosen, known, build, PLACES)


def extracted(name: str, chosen: DatasetFilter, rows: Node, *, known: Node | None = None) -> Node:
    """What a filter that compares rows has to see of each; all processes share the work, and it is done once.

    Args:
        name: For people.
        chosen: The filter.
        rows: The rows.
        known: As for `passing`.
    """

    def build(ready: Any) -> Node:
        digest = _digest("extract", ready)
        return Stage(MapStep(f"extract-{name}", digest, _Extract(ready), ready.extracts, _rule(ready)), (rows,))

    return _with_known(chosen, known, build)


def compared(
    name: str, chosen: DatasetFilter, rows: Node, *, before: Node | None = None, known: Node | None = None
) -> Node:
    """Which rows stay, as a node of their places, by a filter that compares them.

    Args:
        name: For people.
        chosen: The filter.
        rows: What `extracted` gave of the rows that are judged.
        before: What it gave of rows that stay whatever the filter finds; those that are like one of them fall.
        known: As for `passing`.
    """

    def build(ready: Any) -> Node:
        step = WholeStep(name, _digest("compare", ready), _Compare(ready), lambda *_: PLACES)
        return Stage(step, (rows,) if before is None else (rows, before))

    return _with_known(chosen, known, build, PLACES)


def _with_known(
    chosen: Filter, known: Node | None, build: Callable[[Any], Node], columns: Features | None = None
) -> Node:
    """What is built with a filter, once it knows what it has to."""
    if chosen.ready or known is None:
        return build(chosen)
    return Deferred((known,), lambda state: build(chosen.knowing(_table(state))), columns)


def _digest(kind: str, chosen: Filter) -> str:
    models = chosen.model_digest()
    return digest_of(kind, chosen.fingerprint, *([models] if models else []))


def _rule(chosen: Filter) -> UnitRule:
    """Size of a unit: a crash costs one, so it is small where a model runs."""
    return UnitRule(rows=chosen.batch_rows * _BATCHES) if chosen.models() else UnitRule()


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
class _Extract:
    """What a filter has to see of rows, as the function of a step."""

    filter: DatasetFilter

    def __call__(self, rows: pa.Table) -> UnitResult:
        before = model_events((self.filter,))
        found = pa.concat_tables(self.filter.extracted([rows]))
        return UnitResult(found, {}, model_events((self.filter,), before), held_settings((self.filter,)))


@dataclass(frozen=True)
class _Compare:
    """A filter that compares rows, as the function of a step."""

    filter: DatasetFilter

    def __call__(self, rows: View, before: View | None = None) -> UnitResult:
        reasons = self.filter.verdicts(rows.batches(), () if before is None else before.batches())
        return UnitResult(*_places(reasons, 0))


@dataclass(frozen=True, eq=False)
class _Judge:
    """A filter that looks at rows one by one, as a step over units of them."""

    name: str
    digest: str
    filter: Filter

    @property
    def rule(self) -> UnitRule:
        """Size of a unit."""
        return _rule(self.filter)

    def features(self, inputs: Sequence[Features]) -> Features:
        return PLACES

    def units(self, inputs: Sequence[View]) -> list[dict[str, Any]]:
        return [{"rows": [start, stop]} for start, stop in plan_ranges(inputs[0].row_sizes(), self.rule)]

    def run(self, unit: dict[str, Any], inputs: Sequence[View]) -> UnitResult:
        start, stop = unit["rows"]
        before = model_events((self.filter,))
        found = _places(self.filter.reasons([inputs[0].read(start, stop)]), start)
        return UnitResult(*found, model_events((self.filter,), before), held_settings((self.filter,)))


def _places(reasons: Sequence[str | None], start: int) -> tuple[pa.Table, dict[str, int]]:
    """The places of the rows that stay, and how many fell for which reason."""
    counts = Counter(f"rejected:{reason}" for reason in reasons if reason is not None)
    places = [start + place for place, reason in enumerate(reasons) if reason is None]
    return pa.table({"row": pa.array(places, pa.int64())}), dict(counts)
