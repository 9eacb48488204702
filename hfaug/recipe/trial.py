"""A few of the rows that a step asks a generator for, to look at before all are made, and what its filters say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from datasets import Dataset, Features

from hfaug import provenance
from hfaug.classes import class_names_of
from hfaug.errors import HfaugError
from hfaug.filters import DatasetFilter, Filter
from hfaug.recipe.asking import Class
from hfaug.recipe.joining import JoinColumns
from hfaug.recipe.missing import joins_of, next_round, wanted_rows
from hfaug.recipe.requests import known_classes, occurrence, request_rows
from hfaug.recipe.schema import Balance, Synthesise, asking_of

__all__ = ["Trial", "trial_of"]

_MOST = 5000
"""Real rows that filters see: a look should not take as long as a build."""


@dataclass(frozen=True)
class Trial:
    """Requests, and a judge of what a generator makes of some of them.

    Args:
        asked: The first requests of a step.
        joins: How made rows come into the columns of the split.
        filters: What made rows must pass.
        real: The rows of the split, with which made ones are compared.
        taught: The rows that filters learn from.
        seen: What is said of these rows, where they were needed.
        remarks: What else is to be said.
    """

    asked: Dataset
    joins: JoinColumns
    filters: tuple[Filter, ...]
    real: Dataset
    taught: Dataset
    seen: str
    remarks: tuple[str, ...] = ()

    def __call__(self, made: pa.Table) -> tuple[dict[str, str], tuple[str, ...]]:
        """Why some of the made rows would fall, by their ids, and what is to be said of all.

        Filters that cannot learn from the rows at hand are named, not applied.

        Args:
            made: Made rows, as the generator gives them.
        """
        rows = self.joins(made).table
        fallen: dict[str, str] = {}
        told: list[str] = []
        for chosen in sorted(self.filters, key=lambda one: isinstance(one, DatasetFilter)):  # as in a build
            name = chosen.op_name()
            left = rows.filter(pa.array([row_id not in fallen for row_id in _ids(rows)], pa.bool_()))
            if not left.num_rows:
                continue
            try:
                reasons = self._reasons(chosen, left)
            except HfaugError as error:
                told.append(f"{name} could not be applied: {error}")
                continue
            fallen.update(
                {row_id: f"{name}: {why}" for row_id, why in zip(_ids(left), reasons, strict=True) if why is not None}
            )
            counted = Counter(why for why in reasons if why is not None)
            told.append(f"{name}: {counted.total()} of {left.num_rows} made rows would fall" + _listed(counted))
        if any(isinstance(one, DatasetFilter) or not one.ready for one in self.filters):
            told.append(self.seen)
        return fallen, (*self.remarks, *told)

    def _reasons(self, chosen: Filter, rows: pa.Table) -> list[str | None]:
        ready = chosen if chosen.ready else chosen.fit(self.taught)
        if isinstance(ready, DatasetFilter):
            real = self.real.with_format("arrow").iter(ready.batch_rows)
            return ready.verdicts(ready.extracted([rows]), ready.extracted(real))
        return ready.reasons([rows])


def trial_of(steps: Sequence[Any], number: int, real: Dataset, train: Dataset | None = None) -> Trial:
    """The first requests of a step that asks a generator, with what judges what is made of them.

    Args:
        steps: The steps of a recipe.
        number: Place of the step among them.
        real: The rows that made ones join, or rows like them.
        train: The rows that filters learn from; `real` when left out.

    Raises:
        RecipeError: What is made does not fit the columns, or cannot be judged.
    """
    step, asking = steps[number], asking_of(steps[number])
    assert asking is not None  # noqa: S101 - callers have seen to that
    columns = Features({**real.features, provenance.COLUMN: provenance.feature()})
    kind = "balance.generate" if isinstance(step, Balance) else "synthesise"
    joins = joins_of(f"recipe, steps[{number}].{kind}", asking, columns)
    remarks: tuple[str, ...] = ()
    if isinstance(step, Synthesise):
        wanted = dict.fromkeys(known_classes(asking.prompts, asking.classes, columns), range(step.count))
    else:
        wanted = _first_round(step, real)
        if not any(wanted.values()):
            remarks = ("The source lacks no rows for this target; one request of each class is shown.",)
            wanted = dict.fromkeys(wanted, range(1))
    asked = request_rows(asking.op.fingerprint, asking.prompts, wanted, columns, occurrence(steps, number))
    some = _some(real, asking.prompts.columns)
    taught = some if train is None or train is real else _some(train, asking.prompts.columns)
    seen = "Filters that need real rows took those of the source, before any step."
    if len(some) < len(real) or (train is not None and len(taught) < len(train)):
        seen = f"Filters that need real rows took {_MOST:,} of those of the source, before any step."
    return Trial(asked, joins, asking.filters, some, taught, seen, remarks)


def _some(rows: Dataset, columns: Sequence[str]) -> Dataset:
    """Not too many of some rows: one of each class, then a second of each, and so on."""
    if len(rows) <= _MOST:
        return rows
    turns, taken = [], Counter[Class | None]()
    for place, name in enumerate(_classes(rows, columns)):
        turns.append((taken[name], place))
        taken[name] += 1
    return rows.select(sorted(place for _, place in sorted(turns)[:_MOST]))


def _classes(rows: Dataset, columns: Sequence[str]) -> list[Class | None]:
    stored = {name: rows.with_format(None)[name][:] for name in columns}
    return class_names_of(stored, rows.features, columns)


def _first_round(step: Balance, real: Dataset) -> dict[Class, range]:
    """The requests that come first; none of classes of which there are enough."""
    assert step.generate is not None  # noqa: S101 - for the type checker
    have = Counter(name for name in _classes(real, step.columns) if name is not None)
    wanted = wanted_rows(step, step.generate.classes, have, real.features)
    missing = {name: rows - have[name] for name, rows in wanted.items()}
    return {name: range(0) for name in wanted} | next_round(missing, {}, {}, step.generate.tries)


def _ids(rows: pa.Table) -> list[str]:
    found: list[str] = pc.struct_field(rows[provenance.COLUMN], "id").to_pylist()
    return found


def _listed(counted: Counter[str]) -> str:
    if len(counted) < 2:
        return "".join(f": {why}" for why in counted)
    return ": " + ", ".join(f"{count} {why}" for why, count in counted.most_common())
