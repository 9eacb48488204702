"""Generate what is missing: rounds of requests, until enough rows of each class have passed the filters.

A round asks for what is missing after the rounds before it, and for more where rows were lost on the way. What it asks
for follows from finished rounds alone, so any number of processes asks alike, and a run that broke off goes on.
"""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
from datasets import Features

from hfaug.balance import rows_wanted, target_of
from hfaug.classes import class_names_of, class_title
from hfaug.engine import (
    Concat,
    Deferred,
    MapStep,
    Node,
    Pick,
    RowsStep,
    Stage,
    Take,
    UnitResult,
    View,
    WholeStep,
    World,
)
from hfaug.errors import RecipeError
from hfaug.filters import DatasetFilter, Filter
from hfaug.recipe.asking import Class, Generate
from hfaug.recipe.joining import JoinColumns
from hfaug.recipe.judging import PLACES, check_filter, compared, extracted, learnt, passing
from hfaug.recipe.requests import check_classes, known_classes, request_rows
from hfaug.recipe.schema import Balance, Synthesise
from hfaug.recipe.sources import digest_of
from hfaug.recipe.steps import check_balance, check_splits, fitted, op_stage, resample_stage

__all__ = ["Generation", "generation_nodes", "joins_of", "missing_in", "next_round", "tell_missing", "wanted_rows"]

logger = logging.getLogger("hfaug")

_MISSING = "missing:"
"""Begins the name of a count of rows that are still missing of a class when the tries are used up."""


def next_round(
    wanted: Mapping[Class, int], made: Mapping[Class, int], asked: Mapping[Class, int], tries: int
) -> dict[Class, range]:
    """The numbers of the requests that come next, by class; empty when all is there or the tries are used up.

    A class of which rows were lost is asked for by as many more as its share of good rows so far lets expect.

    Args:
        wanted: Rows that were missing at first.
        made: Rows that were made and passed.
        asked: Requests so far.
        tries: Requests for each row that was missing, at most.

    >>> next_round({("cat",): 10}, {}, {}, 5)
    {('cat',): range(0, 10)}
    >>> next_round({("cat",): 10}, {("cat",): 4}, {("cat",): 10}, 5)
    {('cat',): range(10, 25)}
    >>> next_round({("cat",): 10}, {("cat",): 4}, {("cat",): 50}, 5)
    {}
    """
    found = {}
    for name, rows in wanted.items():
        missing, so_far = rows - made.get(name, 0), asked.get(name, 0)
        share = made.get(name, 0) / so_far if so_far else 1.0
        more = min(math.ceil(missing / max(share, 1 / tries)), rows * tries - so_far)
        if missing > 0 and more > 0:
            found[name] = range(so_far, so_far + more)
    return found


@dataclass(frozen=True, eq=False)
class Generation:
    """Rows that a generator makes for one split, as nodes of the engine.

    Args:
        name: Of the stages, for people.
        who: Who speaks in errors.
        asking: What is asked, and what made rows must pass.
        real: The rows of the split before.
        columns: The columns of the split.
        again: How many steps before ask for the same.
        taught: The rows that filters learn from; `real` when left out.

    Raises:
        RecipeError: What is made does not fit what is there, or a class or column is unknown.
    """

    name: str
    who: str
    asking: Synthesise | Generate
    real: Node
    columns: Features
    again: int = 0
    taught: Node | None = None

    def __post_init__(self) -> None:
        _ = self._joins

    def fixed(self, count: int) -> Node:
        """The rows made from so many requests of each class, less those that were lost, which it counts.

        Args:
            count: Requests of each class.
        """
        classes = known_classes(self.asking.prompts, self.asking.classes, self.columns)
        states = self._states()
        wanted = dict.fromkeys(classes, range(count))
        return self._taught_first(states, lambda: self._ended([self._round("", wanted, states)], states, {}))

    def until(self, step: Balance, tries: int) -> Node:
        """The rows made in rounds until the target of a step is met; it counts what was lost, and what is missing yet.

        Args:
            step: The step that balances.
            tries: Requests for each row that was missing, at most.

        Raises:
            RecipeError: A class is unknown, or named twice.
        """
        check_classes(self.who, self.asking.prompts, self.asking.classes, self.columns)
        if isinstance(step.target, Mapping) and self.asking.classes:
            raise RecipeError(
                f"{self.who}: classes must be left out where the target names some, got both; keep the target alone"
            )
        states = self._states()

        def begin(real: View) -> Node:
            have = _counted(real, step.columns)
            wanted = wanted_rows(step, self.asking.classes, have, real.features)
            missing = {name: rows - have[name] for name, rows in wanted.items() if rows > have[name]}
            if not missing:
                return Take(self.real, 0)
            return self._taught_first(states, lambda: going_on(missing, {}, {}, []))

        def going_on(
            wanted: Mapping[Class, int], made: Mapping[Class, int], asked: Mapping[Class, int], rounds: list[_Round]
        ) -> Node:
            more = next_round(wanted, made, asked, tries)
            if not more:
                return self._ended(rounds, states, wanted)
            rounds = [*rounds, self._round(f"-{len(rounds) + 1}", more, states)]
            asked = {**asked, **{name: numbers.stop for name, numbers in more.items()}}
            rows, _ = self._compared(rounds, states)
            return Deferred((rows,), lambda view: going_on(wanted, _counted(view, step.columns), asked, rounds))

        return Deferred((self.real,), begin, self.columns)

    def _taught_first(self, states: Mapping[Filter, Node], build: Callable[[], Node]) -> Node:
        """What is built once the filters have learnt: one that cannot costs no made row."""
        return Deferred(tuple(states.values()), lambda *_: build(), self.columns) if states else build()

    def _states(self) -> dict[Filter, Node]:
        """What the filters learn from the rows that are there, before any is made."""
        filters = [chosen for chosen in self.asking.filters if not chosen.ready]
        rows = self.taught or self.real
        return {chosen: learnt(f"{self.name}-{number}", chosen, rows) for number, chosen in enumerate(filters)}

    @cached_property
    def _joins(self) -> JoinColumns:
        return joins_of(self.who, self.asking, self.columns)

    def _round(self, number: str, wanted: Mapping[Class, range], states: Mapping[Filter, Node]) -> _Round:
        """The rows of one round that pass the filters which look at rows one by one."""
        drawn = self._drawn(number, wanted)
        joins = self._joins
        fits = MapStep(
            f"fit-{self.name}{number}",
            digest_of("fit-columns", str(joins.made), str(joins.target)),
            joins,
            lambda _: self.columns,
        )
        rows: Node = Stage(fits, (drawn,))
        counting = [drawn]
        for place, chosen in self._filters(compare=False):
            counting.append(passing(f"pass-{self.name}{number}-{place}", chosen, rows, known=states.get(chosen)))
            rows = Pick(rows, counting[-1])
        seen = {
            place: extracted(f"{self.name}{number}-{place}", chosen, rows, known=states.get(chosen))
            for place, chosen in self._filters(compare=True)
        }
        return _Round(rows, tuple(counting), seen)

    def _filters(self, *, compare: bool) -> list[tuple[int, Any]]:
        """The filters that compare rows, or those that do not, each with its place among all."""
        every = enumerate(self.asking.filters)
        return [(place, chosen) for place, chosen in every if isinstance(chosen, DatasetFilter) == compare]

    def _drawn(self, number: str, wanted: Mapping[Class, range]) -> Node:
        requests = request_rows(self.asking.op.fingerprint, self.asking.prompts, wanted, self.columns, self.again)
        asked = Stage(RowsStep(f"requests-{self.name}{number}", digest_of("requests", requests[:]), lambda: requests))
        return fitted(
            self.asking.op,
            self.real,
            # A request that is rejected must not stay behind as a row, hence a copy of each.
            lambda op: op_stage(f"{self.name}{number}", op.times(1), asked, requests.features),
        )

    def _compared(self, rounds: Sequence[_Round], states: Mapping[Filter, Node]) -> tuple[Node, list[Node]]:
        """The rows of all rounds that pass the filters which compare rows, too; and the nodes that count what fell."""
        rows: Node = Concat(tuple(one.rows for one in rounds))
        counting = [node for one in rounds for node in one.counting]
        stay: list[Node] = []
        for place, chosen in self._filters(compare=True):
            known = states.get(chosen)
            seen: Node = Concat(tuple(one.seen[place] for one in rounds))
            for places in stay:
                seen = Pick(seen, places)
            before = extracted(f"{self.name}-{place}", chosen, self.real, known=known)
            stay.append(compared(f"pass-{self.name}-{len(rounds)}-{place}", chosen, seen, before=before, known=known))
            rows = Pick(rows, stay[-1])
        return rows, [*counting, *stay]

    def _ended(self, rounds: Sequence[_Round], states: Mapping[Filter, Node], wanted: Mapping[Class, int]) -> Node:
        """The rows that stay in the end."""
        rows, counting = self._compared(rounds, states)
        columns = self.asking.prompts.columns
        digest = digest_of("enough-2", columns, sorted(wanted.items()))
        enough = WholeStep(f"enough-{self.name}", digest, _Enough(columns, wanted), lambda *_: PLACES)
        return Pick(rows, Stage(enough, (rows, *counting)))


@dataclass(frozen=True)
class _Round:
    """What one round made.

    Args:
        rows: The rows that passed so far.
        counting: The nodes that count those that did not.
        seen: What each filter that compares rows has to see of them, by its place among the filters.
    """

    rows: Node
    counting: tuple[Node, ...]
    seen: Mapping[int, Node]


@dataclass(frozen=True)
class _Enough:
    """As many rows of each class as are wanted, the first that were asked for; all where nobody said how many."""

    columns: tuple[str, ...]
    wanted: Mapping[Class, int]

    def __call__(self, rows: View, *counting: View) -> UnitResult:
        left = Counter[Class | None](self.wanted)
        places: list[int] = []
        for place, name in enumerate(_classes(rows, self.columns)):
            if not self.wanted or left[name] > 0:
                places.append(place)
                left[name] -= 1
        counts = Counter[str]()
        for view in counting:
            counts.update({name: count for name, count in view.counts.items() if name.startswith("rejected:")})
        if len(places) < rows.num_rows:
            counts["rejected:more than were missing"] = rows.num_rows - len(places)
        counts.update(
            {_MISSING + class_title(name): rows for name, rows in left.items() if name is not None and rows > 0}
        )
        return UnitResult(pa.table({"row": pa.array(places, pa.int64())}), dict(counts))


def missing_in(counts: Mapping[str, int]) -> dict[str, int]:
    """The rows of each class that are still missing, where the tries were used up.

    Args:
        counts: Those of the rows that `Generation.until` made.
    """
    return {name.removeprefix(_MISSING): rows for name, rows in counts.items() if name.startswith(_MISSING)}


def tell_missing(who: str, missing: Mapping[str, int], world: World) -> None:
    """Say in the log what is still missing, once for all processes, also where it was found out in a run before.

    Args:
        who: Who speaks.
        missing: Rows by class; nothing is said of none.
        world: Which process this is.
    """
    if missing and world.is_main:
        told = ", ".join(f"{rows} of {name}" for name, rows in sorted(missing.items()))
        logger.warning(
            "hfaug: %s: the tries are used up, still missing: %s; raise tries or ease the filters", who, told
        )


def generation_nodes(
    number: int,
    step: Synthesise | Balance,
    nodes: dict[str, Node],
    features: Mapping[str, Features],
    again: int,
) -> dict[str, Node]:
    """The rows that a generator makes; `nodes` is brought up to date.

    Filters that learn do so from the rows of the train split, whichever the made ones join, where there is one.

    Args:
        number: Of the step.
        step: One that synthesises, or one that balances by made rows.
        nodes: The rows of each split.
        features: Their columns.
        again: How many steps before ask for the same.
    """
    place = f"recipe, steps[{number}]"
    check_splits(number, (step.split,), nodes)
    real, columns, taught = nodes[step.split], features[step.split], nodes.get("train")
    if isinstance(step, Synthesise):
        name = f"synthesise-{number}-{step.split}"
        made = Generation(name, f"{place}.synthesise", step, real, columns, again, taught).fixed(step.count)
        nodes[step.split] = Concat((real, made))
        return {step.split: made}
    check_balance(number, step, features)
    assert step.generate is not None  # noqa: S101 - for the type checker
    asking = Generation(
        f"balance-{number}-{step.split}", f"{place}.balance.generate", step.generate, real, columns, again, taught
    )
    made = asking.until(step, step.generate.tries)
    kept = resample_stage(f"keep-{number}-{step.split}", step, real, extra=False)
    nodes[step.split] = Concat((Pick(real, kept), made))
    return {step.split: made}


def wanted_rows(
    step: Balance, classes: Sequence[Class], have: Mapping[Class, int], columns: Features
) -> dict[Class, int]:
    """How many rows each class that a step may fill is to have in the end.

    Args:
        step: The step that balances.
        classes: The classes to fill; all that are known when empty: those of the one ClassLabel, else those that some
            row has.
        have: The rows that each class has.
        columns: The columns of the rows.
    """
    target = target_of("balance", step.target, step.columns, columns)
    if isinstance(target, Mapping):
        keys = [key if len(step.columns) > 1 else (key,) for key in target]
        asked = {column: [key[at] for key in keys] for at, column in enumerate(step.columns)}
        names = class_names_of(asked, columns, step.columns)
        return {name: rows for name, rows in zip(names, target.values(), strict=True) if name is not None}
    labels = getattr(columns[step.columns[0]], "names", None) if len(step.columns) == 1 else None
    known: Sequence[Class] = classes or ([(name,) for name in labels] if labels else sorted(have))
    number = max(rows_wanted(have, target).values()) if have else target
    return {name: number if isinstance(number, int) else 0 for name in known}


def joins_of(who: str, asking: Synthesise | Generate, columns: Features) -> JoinColumns:
    """How what is made comes into the columns of a split; what does not fit is refused before any work.

    Args:
        who: Who speaks in errors.
        asking: What is asked, and what made rows must pass.
        columns: The columns of the split.

    Raises:
        RecipeError: What is made does not fit what is there, or a column is unknown.
    """
    requested = request_rows("", asking.prompts, {}, columns).features
    joins = JoinColumns(who, asking.op.features(requested), requested, columns)
    for chosen in asking.filters:
        check_filter(f"{who}.filters", chosen, columns)
    return joins


def _classes(view: View, columns: Sequence[str]) -> list[Class | None]:
    return class_names_of(view.read(columns=list(columns)).to_pydict(), view.features, columns)


def _counted(view: View, columns: Sequence[str]) -> Counter[Class]:
    return Counter(name for name in _classes(view, columns) if name is not None)
