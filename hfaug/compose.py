"""Ops made of ops. Each is an op itself: it can be mapped, bound, composed again and named in a recipe."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, TypeVar

from datasets import Dataset
from typing_extensions import Self

from hfaug.binding import Binding
from hfaug.errors import ParameterError
from hfaug.fields import Limit, Share
from hfaug.op import Op
from hfaug.plan import Plan, Run
from hfaug.rows import KEPT, Row

__all__ = ["Chain", "OneOf", "Sometimes", "Times"]

_Copies = Annotated[int, Limit(1)]
ComposedT = TypeVar("ComposedT", bound="ComposedOp")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ComposedOp(Op):
    """What composed ops share: they plan their parts under their binding, and fit those that are not ready."""

    def plan_parts(self, plan: Plan) -> None:
        """Plan the parts, by default as they follow each other."""
        for child in self.children():
            child.plan(plan)

    def fit(self, dataset: Dataset) -> Self:
        """The op with parts that are ready."""
        fitted: dict[str, Any] = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Op):
                fitted[field.name] = _fitted(value, self.binding, dataset)
            elif isinstance(value, tuple) and any(isinstance(item, Op) for item in value):
                fitted[field.name] = tuple(_fitted(item, self.binding, dataset) for item in value)
        return dataclasses.replace(self, **fitted)

    def plan(self, plan: Plan) -> None:
        """Resolve roles and features for the parts, in order."""
        with plan.bound(self):
            plan.add(self)
            self.plan_parts(plan)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Chain(ComposedOp):
    """Ops one after another. Neighbouring warps and colours become one; the row is decoded and encoded once.

    Args:
        ops: The ops in order, at least one.

    >>> from hfaug.ops.image import Flip, Rotate
    >>> [type(op).__name__ for op in Chain(Flip(), Rotate()).ops]
    ['Flip', 'Rotate']
    """

    ops: tuple[Op, ...] = ()

    def __init__(self, *positional: Op, ops: Sequence[Op] = (), **more: Any) -> None:
        _init_parts(self, positional, ops, more)

    def children(self) -> tuple[Op, ...]:
        """The ops in order."""
        return self.ops

    @property
    def defers(self) -> bool:
        """Not where copies are made of rows that are changed already: what they share is worked out before."""
        copying = (part for op in self.ops[1:] for part in op.walk() if isinstance(part, Times))
        return super().defers and next(copying, None) is None

    def editors(self) -> tuple[Op, ...]:
        """Those of its parts, if all of them edit texts."""
        found = [op.editors() for op in self.ops]
        return tuple(op for ops in found for op in ops) if all(found) and type(self).run is Chain.run else ()

    def run(self, rows: Sequence[Row], run: Run) -> list[Row]:
        """Each op in turn."""
        run.leaf(self)
        done = list(rows)
        for op in self.ops:
            done = op.run(done, run)
        return done


@dataclasses.dataclass(frozen=True, kw_only=True)
class OneOf(ComposedOp):
    """One of several ops for each row, drawn by the row.

    Args:
        ops: The ops to choose from, at least one.
        weights: How likely each is, one number an op; equal by default.

    >>> from hfaug.ops.image import Flip, Rotate
    >>> OneOf(Flip(), Rotate(), weights=(3, 1)).weights
    (3.0, 1.0)
    """

    expected_draws: ClassVar[int] = 2

    ops: tuple[Op, ...] = ()
    weights: Annotated[tuple[float, ...], Limit(0)] = ()

    def __init__(self, *positional: Op, ops: Sequence[Op] = (), **more: Any) -> None:
        _init_parts(self, positional, ops, more)
        if self.weights and (len(self.weights) != len(self.ops) or sum(self.weights) <= 0):
            raise ParameterError(
                f"OneOf: weights must be one number an op, not all zero, got {self.weights} for {len(self.ops)} ops; "
                "correct weights"
            )

    def children(self) -> tuple[Op, ...]:
        """The ops to choose from."""
        return self.ops

    def plan_parts(self, plan: Plan) -> None:
        """Plan the ops, of which a row meets one."""
        plan.either(self.ops)

    def run(self, rows: Sequence[Row], run: Run) -> list[Row]:
        """Each row through the op it drew."""
        streams = run.streams(run.leaf(self), rows)
        numbers = range(len(self.ops))
        total = sum(self.weights)
        chances = [weight / total for weight in self.weights] or None
        drawn = [rng.choice(numbers, p=chances) for rng in streams]
        results: list[list[Row]] = [[] for _ in rows]
        for number, op in enumerate(self.ops):
            places = [place for place, choice in enumerate(drawn) if choice == number]
            _run_some(op, rows, places, run, results)
        return [row for group in results for row in group]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sometimes(ComposedOp):
    """An op for a share of the rows.

    Args:
        op: The op.
        chance: Share of the rows that it is applied to, 0..1.

    >>> from hfaug.ops.image import Flip
    >>> Flip().sometimes(0.5).chance
    0.5
    """

    expected_draws: ClassVar[int] = 2

    op: Op
    chance: Share = 0.5

    def children(self) -> tuple[Op, ...]:
        """The op."""
        return (self.op,)

    def plan_parts(self, plan: Plan) -> None:
        """Plan the op, which a row may not meet."""
        plan.either([self.op], or_none=True)

    def run(self, rows: Sequence[Row], run: Run) -> list[Row]:
        """The rows that drew it through the op, the others as they are."""
        streams = run.streams(run.leaf(self), rows)
        places = [place for place, rng in enumerate(streams) if rng.random() < self.chance]
        results = [[row] for row in rows]
        _run_some(self.op, rows, places, run, results)
        return [row for group in results for row in group]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Times(ComposedOp):
    """Several copies of each row, each with draws of its own; the source is decoded once for all of them.

    Args:
        op: What changes each copy.
        copies: How many copies, from 1 up.
        keep: Put the row itself, bit-identical, before its copies.

    >>> from hfaug.ops.image import Rotate
    >>> Rotate().times(3, keep=True).copies
    3
    """

    op: Op
    copies: _Copies = 2
    keep: bool = False

    @property
    def lineage_op(self) -> Op:
        """The op inside: a copy's number says the rest, so more copies later leave the earlier ones and ids alone."""
        inner = self.op.lineage_op
        return dataclasses.replace(inner, binding=self.binding.merged(inner.binding))

    @property
    def lineage_depth(self) -> int:
        """One more than that of the op inside."""
        return 1 + self.op.lineage_depth

    def children(self) -> tuple[Op, ...]:
        """The op."""
        return (self.op,)

    def plan_parts(self, plan: Plan) -> None:
        """Plan the op, which the row itself does not meet."""
        plan.either([self.op], or_none=self.keep)

    def run(self, rows: Sequence[Row], run: Run) -> list[Row]:
        """All copies of all rows through the op at once, put back in order."""
        run.leaf(self)
        forks = [row.fork(copy) for row in rows if row.rejected is None for copy in range(self.copies)]
        places = [place for place, row in enumerate(rows) if row.rejected is None for _ in range(self.copies)]
        results: list[list[Row]] = [[] for _ in rows]
        for place, row in enumerate(rows):
            if row.rejected is not None:
                results[place].append(row)
            elif self.keep:
                results[place].append(_kept(row))
        grouped: list[list[Row]] = [[] for _ in forks]
        _run_some(self.op, forks, list(range(len(forks))), run, grouped)
        for place, group in zip(places, grouped, strict=True):
            results[place].extend(group)
        return [row for group in results for row in group]


def _fitted(op: Op, outer: Binding, dataset: Dataset) -> Op:
    """A part that is ready, learnt under the binding that it will run under."""
    if op.ready:
        return op
    fitted = dataclasses.replace(op, binding=outer.merged(op.binding)).fit(dataset)
    return dataclasses.replace(fitted, binding=op.binding)


def _kept(row: Row) -> Row:
    """The row itself among its copies; its path tells it from them, its key stays."""
    kept = row.fork()
    kept.copy = (*row.copy, KEPT)
    return kept


def _run_some(op: Op, rows: Sequence[Row], places: Sequence[int], run: Run, results: list[list[Row]]) -> None:
    """Run the rows at some places; an op that makes several rows of one gets each of its groups at the right place.

    The op runs even when no row is there for it: the walk over the plan must meet every op once.
    """
    some = [rows[place] for place in places]
    done = op.run(some, run)
    for place in places:
        results[place] = []
    owner = {id(row): place for row, place in zip(some, places, strict=True)}
    origins = _owners(some, done, owner)
    for row, place in zip(done, origins, strict=True):
        results[place].append(row)


def _owners(before: Sequence[Row], after: Sequence[Row], owner: dict[int, int]) -> list[int]:
    """Which row each result came from: a copy's path begins with that of its row, and no two rows share a path."""
    if len(before) == len(after):
        return [owner[id(row)] for row in before]
    known = {(row.index, row.copy): owner[id(row)] for row in before}
    return [_ancestor(row, known) for row in after]


def _ancestor(row: Row, known: dict[tuple[int, tuple[int, ...]], int]) -> int:
    for length in range(len(row.copy), -1, -1):
        if (row.index, row.copy[:length]) in known:
            return known[row.index, row.copy[:length]]
    raise LookupError(f"no row of the batch is the source of row {row.id!r}, copy {row.copy}")


def _init_parts(composed: Any, positional: Sequence[Op], ops: Sequence[Op], more: dict[str, Any]) -> None:
    """The constructor of ops that take their parts by position: ``Chain(a, b)`` and ``Chain(ops=(a, b))`` are one."""
    if isinstance(ops, Op) or not isinstance(ops, Sequence):
        raise ParameterError(f"{type(composed).__name__}: ops must be a list of ops, got {ops!r}; write ops=[...]")
    parts = (*positional, *ops)
    if not parts:
        raise ParameterError(f"{type(composed).__name__}: must hold at least one op, got none; name the ops")
    known = {field.name: field for field in dataclasses.fields(composed)}
    object.__setattr__(composed, "ops", parts)
    for name, field in known.items():
        if name != "ops":
            object.__setattr__(composed, name, more.get(name, field.default))
    composed.__post_init__()
