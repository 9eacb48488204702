"""Ops that are made of other ops by a few numbers."""

from __future__ import annotations

import dataclasses
import functools
from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from hfaug.compose import ComposedOp
from hfaug.fields import Rgb
from hfaug.op import Op
from hfaug.plan import Run
from hfaug.rows import Row

__all__ = ["Policy"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Policy(ComposedOp):
    """A composition that follows from its fields: `made_of` says of which ops, and these run as in any composition.

    Args:
        fill: RGB value outside of a moved image, 0..255.
    """

    may_change: ClassVar[tuple[str, ...]] = ("colour", "6 and 9", "arrows", "text")

    fill: Rgb = (128, 128, 128)

    @abstractmethod
    def made_of(self) -> Op:
        """The composition."""

    @functools.cached_property
    def _made(self) -> Op:
        """The composition, one object: a run must meet the very ops that were planned."""
        return self.made_of()

    def children(self) -> tuple[Op, ...]:
        """The composition."""
        return (self._made,)

    def run(self, rows: Sequence[Row], run: Run) -> list[Row]:
        """Run what it is made of."""
        run.leaf(self)
        return self._made.run(rows, run)
