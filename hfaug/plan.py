"""What an op will do to a dataset of given features: found out before any row is touched, followed while rows run."""

from __future__ import annotations

import dataclasses
import functools
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from datasets import Audio, Features

from hfaug import provenance
from hfaug.binding import Binding
from hfaug.errors import CallError, ParameterError
from hfaug.randomness import Streams
from hfaug.roles import Roles
from hfaug.rows import Row, has_labels

if TYPE_CHECKING:
    from hfaug.op import Op

__all__ = ["Leaf", "Plan", "Run", "has_lineage"]


@dataclass(frozen=True)
class Leaf:
    """One op at one place of a composed op: its columns, and which occurrence of equal ops it is."""

    op: Op
    roles: Roles | None
    binding: Binding
    occurrence: int
    adds: tuple[str, ...] = ()

    def streams(self, keys: Sequence[int]) -> Streams:
        """The streams of the op for rows of some keys."""
        return Streams(
            keys,
            digest=self.op.stream_digest,
            occurrence=self.occurrence,
            epoch=self.binding.epoch or 0,
            seed=self.binding.seed or 0,
            expected=self.op.expected_draws,
        )


def has_lineage(features: Features) -> bool:
    """Whether rows bring their lineage.

    Raises:
        CallError: They have a column of that name which is something else.
    """
    if provenance.COLUMN not in features:
        return False
    if not provenance.has_lineage(features.arrow_schema):
        raise CallError(
            f"{provenance.COLUMN}: this column must be the lineage that hfaug writes, is "
            f"{features[provenance.COLUMN]}; rename yours with rename_column, or do without the lineage, which only "
            "ds.map(op.on(provenance=False), batched=True) can"
        )
    return True


_OUTERMOST = ("id", "codec", "provenance")
"""What belongs to the whole row, so that an inner op cannot have its own."""


class Plan:
    """The walk over an op that resolves roles and features; the run walks the same way.

    Attributes:
        features: The features as they stand after the ops seen so far.
    """

    def __init__(self, op: Op, features: Features) -> None:
        self.source = features
        known = provenance.has_lineage(features.arrow_schema)
        self.features = Features({name: f for name, f in features.items() if not (known and name == provenance.COLUMN)})
        self.leaves: list[Leaf] = []
        self.binding = op.binding
        self._seen: Counter[str] = Counter()
        if op.binding.provenance is not False:
            has_lineage(features)
        op.plan(self)
        if op.binding.provenance is not False:
            self.features[provenance.COLUMN] = provenance.feature()

    @functools.cached_property
    def schema(self) -> pa.Schema:
        """The features as Arrow types, which `Features` works out anew each time."""
        return self.features.arrow_schema

    @functools.cached_property
    def editors(self) -> tuple[Leaf, ...]:
        """The ops in order where all they do is to edit the texts of one column, which has no labels; else none."""
        ops = self.leaves[0].op.editors()
        leaves = tuple(leaf for leaf in self.leaves if leaf.roles is not None)
        if not ops or len(ops) != len(leaves) or any(leaf.op is not op for leaf, op in zip(leaves, ops, strict=True)):
            return ()
        columns = {leaf.roles.all("text") for leaf in leaves if leaf.roles is not None and not has_labels(leaf.roles)}
        plain = all(leaf.roles is not None and not has_labels(leaf.roles) and not leaf.adds for leaf in leaves)
        return leaves if plain and len(columns) == 1 else ()

    def add(self, op: Op, roles: Roles | None = None, adds: Features | None = None) -> None:
        """Note an op that draws or works, and the columns it adds."""
        occurrence = self._seen[op.stream_digest]
        self._seen[op.stream_digest] += 1
        new = dict(adds or {})
        taken = [name for name in new if name in self.features and self.features[name] != new[name]]
        if taken:
            raise CallError(
                f"{type(op).__name__}: adds the column {taken[0]!r}, which the dataset has already with another type; "
                "rename it first"
            )
        self.features.update(new)
        self.leaves.append(Leaf(op, roles, self.binding, occurrence, tuple(new)))

    def turn(self, column: str, feature: Any) -> None:
        """Note that an op makes another feature of a column that is there already."""
        self.features[column] = feature

    def either(self, ops: Sequence[Op], *, or_none: bool = False) -> None:
        """Plan ops of which a row meets one alone, or none: sounds that may have several rates then say none."""
        before, ends = dict(self.features), []
        for op in ops:
            self.features.update({name: before[name] for name in before if name in self.features})
            op.plan(self)
            ends.append(dict(self.features))
        for name, feature in before.items():
            found = [end[name] for end in (*ends, *([before] if or_none else [])) if name in end]
            if isinstance(feature, Audio) and any(other != found[0] for other in found):
                self.features[name] = dataclasses.replace(feature, sampling_rate=None)

    @functools.cached_property
    def _recounts(self) -> tuple[tuple[Roles, int | None], ...]:
        """Roles of labels that count the samples of a column whose rate is another one afterwards, and that rate."""
        found = []
        for leaf in self.leaves:
            column = leaf.roles.one("audio") if leaf.roles is not None else None
            if leaf.roles is None or column not in self.source or leaf.roles.binding.time_units != "samples":
                continue
            before, after = (getattr(some.get(column), "sampling_rate", None) for some in (self.source, self.features))
            if leaf.roles.all("segments") and before != after:
                found.append((leaf.roles, after))
        return tuple(found)

    def recount(self, row: Row) -> None:
        """Let labels in samples count those of the result; also in a row that no op touched."""
        for roles, rate in self._recounts:
            row.roles = roles
            if row.sound is not None:
                row.sound.count_labels_at(rate, row)

    @contextmanager
    def bound(self, op: Op) -> Iterator[None]:
        """Ops planned inside see the binding of a composed op."""
        outer = self.binding
        for name in _OUTERMOST:
            said, above = getattr(op.binding, name), getattr(outer, name)
            if said is not None and said != above:
                raise ParameterError(
                    f"{type(op).__name__}: {name} holds for all ops of a composition, got {said!r} inside and "
                    f"{above!r} outside; say .on({name}=...) on the outermost op"
                )
        self.binding = outer.merged(op.binding)
        try:
            yield
        finally:
            self.binding = outer


class Run:
    """One pass of a planned op over some rows.

    Attributes:
        position: The number of the leaf that runs next.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.position = 0

    def leaf(self, op: Op) -> Leaf:
        """The plan's entry for an op that is now run; ops run in the order in which they were planned."""
        found = self.plan.leaves[self.position]
        if found.op is not op:
            raise CallError(
                f"{type(op).__name__}: ops must run in the order in which they were planned; call every inner op once"
            )
        self.position += 1
        return found

    def streams(self, leaf: Leaf, rows: Sequence[Row]) -> Streams:
        """The streams of an op for some rows."""
        return leaf.streams([row.key for row in rows])

    def fill(self, row: Row) -> dict[str, Any]:
        """Values for added columns that no op has set on this row (an original, or a branch not taken)."""
        filled: dict[str, Any] = {}
        for leaf in self.plan.leaves:
            missing = [
                name for name in leaf.adds if not (row.values and name in row.values) and name not in self.plan.source
            ]
            if missing:
                row.roles = leaf.roles
                values = leaf.op.untouched(row)
                filled.update({name: values.get(name) for name in missing})
        return filled
