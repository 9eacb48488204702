"""What is to be computed: steps, stages and the ways their rows are combined. Nothing here runs anything.

A stage is a step over inputs. Inputs are other stages, or ``Concat``, ``Take`` and ``Pick`` of them, which copy no row.
``Deferred`` stands for what can only be said when earlier rows are there, such as the next round of a generation that
goes on until a target is met.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import xxhash

from hfaug.engine.combined import ConcatView, PickView, TakeView
from hfaug.engine.units import FORMAT, UnitResult, UnitRule
from hfaug.engine.views import View
from hfaug.errors import ParameterError, StageError

if TYPE_CHECKING:
    import datasets

__all__ = ["Concat", "Deferred", "Node", "Pick", "Stage", "Step", "Take"]


@runtime_checkable
class Step(Protocol):
    """One kind of work on units of rows. All of it must follow from ``digest``, the inputs and the unit.

    Attributes:
        name: For people; part of the folder's name.
        digest: Everything that changes a byte of the result: code version, parameters, assets, models.
        rule: How large a unit is.
    """

    @property
    def name(self) -> str: ...

    @property
    def digest(self) -> str: ...

    @property
    def rule(self) -> UnitRule: ...

    def features(self, inputs: Sequence[datasets.Features]) -> datasets.Features:
        """The columns of the result. Called for the whole plan before any work, so errors in it cost nothing."""
        ...

    def units(self, inputs: Sequence[View]) -> list[dict[str, Any]]:
        """The units, each as JSON values that ``run`` understands. Independent of process, machine and time."""
        ...

    def run(self, unit: dict[str, Any], inputs: Sequence[View]) -> UnitResult:
        """Compute one unit. May be called in any order, in any process, and again after a crash."""
        ...


class Node(ABC):
    """Something that has rows once the run has come that far."""

    inputs: tuple[Node, ...]

    @abstractmethod
    def features(self, inputs: Sequence[datasets.Features]) -> datasets.Features | None:
        """The columns, from those of the inputs; None while they cannot be known."""


class Combination(Node):
    """A node whose rows are those of its inputs, seen in another way."""

    @abstractmethod
    def view(self, inputs: Sequence[View]) -> View:
        """The rows."""


@dataclass(frozen=True, eq=False)
class Stage(Node):
    """A step over inputs, kept in a folder named after both.

    Args:
        step: What to do.
        inputs: On what; none for a source.
    """

    step: Step
    inputs: tuple[Node, ...] = ()

    def features(self, inputs: Sequence[datasets.Features]) -> datasets.Features:
        return self.step.features(inputs)

    def key(self, inputs: Sequence[View]) -> str:
        """Hash of the inputs, the step and the unit rule, as 16 hex digits."""
        rule = [self.step.rule.rows, self.step.rule.bytes]
        return digest_of(["stage", FORMAT, self.step.digest, rule, [view.key for view in inputs]])

    def folder(self, inputs: Sequence[View]) -> str:
        """Name of the stage's folder below ``stages/``."""
        name = re.sub(r"[^A-Za-z0-9_.-]+", "-", self.step.name).strip("-.")[:60] or "stage"
        return f"{name}-{self.key(inputs)}"


@dataclass(frozen=True, eq=False)
class Concat(Combination):
    """The rows of several nodes, one after the other.

    Args:
        inputs: At least one, all with the same features.
    """

    inputs: tuple[Node, ...]

    def __post_init__(self) -> None:
        if not self.inputs:
            raise ParameterError("Concat: inputs must hold at least one node, got none; leave Concat out.")

    def features(self, inputs: Sequence[datasets.Features]) -> datasets.Features:
        for number, other in enumerate(inputs[1:], 1):
            if other != inputs[0]:
                names = sorted(name for name in {*inputs[0], *other} if inputs[0].get(name) != other.get(name)) or [
                    "the order of the columns"
                ]
                raise StageError(
                    f"Concat: all inputs must have the same features, input {number} differs from input 0 in "
                    f"{', '.join(names)}; cast or rename before."
                )
        return inputs[0]

    def view(self, inputs: Sequence[View]) -> View:
        self.features([view.features for view in inputs])
        return ConcatView(digest_of(["concat", *(view.key for view in inputs)]), inputs)


@dataclass(frozen=True, eq=False)
class Take(Combination):
    """A range of the rows of a node, as far as there are so many.

    Args:
        source: The node.
        stop: Row after the last.
        start: First row.
    """

    source: Node
    stop: int
    start: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.stop:
            raise ParameterError(
                f"Take: rows must be 0 <= start <= stop, got start={self.start}, stop={self.stop}; swap or raise them."
            )
        object.__setattr__(self, "inputs", (self.source,))

    def features(self, inputs: Sequence[datasets.Features]) -> datasets.Features:
        return inputs[0]

    def view(self, inputs: Sequence[View]) -> View:
        return TakeView(digest_of(["take", self.start, self.stop, inputs[0].key]), inputs[0], self.start, self.stop)


@dataclass(frozen=True, eq=False)
class Pick(Combination):
    """Rows of a node by index, as a filter keeps them or a resampling repeats them.

    Args:
        source: The node.
        by: A node with one row per result row.
        column: Its column with the index into ``source``.
    """

    source: Node
    by: Node
    column: str = "row"

    def __post_init__(self) -> None:
        object.__setattr__(self, "inputs", (self.source, self.by))

    def features(self, inputs: Sequence[datasets.Features]) -> datasets.Features:
        if self.column not in inputs[1]:
            raise StageError(
                f"Pick: the node with the indices must have a column {self.column!r}, it has {list(inputs[1])}; "
                "name another."
            )
        return inputs[0]

    def view(self, inputs: Sequence[View]) -> View:
        self.features([view.features for view in inputs])
        source, picks = inputs
        return PickView(digest_of(["pick", self.column, source.key, picks.key]), source, picks, self.column)


@dataclass(frozen=True, eq=False)
class Deferred(Node):
    """What comes next, decided by rows that must be there first.

    Every process decides for itself, so the decision must follow from the rows alone. It may be another ``Deferred``:
    that is how numbered rounds are written.

    Args:
        inputs: What must be there.
        decide: From the rows of the inputs to the node that takes this one's place.
        columns: The columns of that node, where they are known beforehand.
    """

    inputs: tuple[Node, ...]
    decide: Callable[..., Node]
    columns: datasets.Features | None = None

    def features(self, inputs: Sequence[datasets.Features]) -> datasets.Features | None:
        return self.columns


def digest_of(parts: Sequence[Any]) -> str:
    """16 hex digits of JSON values.

    >>> len(digest_of(["stage", 1]))
    16
    """
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return xxhash.xxh3_128_hexdigest(text.encode())[:16]
