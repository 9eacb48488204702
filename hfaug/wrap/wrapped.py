"""What the ops share that stand for pipelines of other libraries."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from hfaug.op import Op
from hfaug.wrap.known import Known

__all__ = ["Wrapped"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wrapped(Op):
    """An op that is a pipeline of others. What other ops say of their class, it knows of itself only.

    Args:
        pipeline: Its configuration, canonical JSON.
    """

    may_change: ClassVar[tuple[str, ...]] = ("whatever the wrapped pipeline changes",)

    pipeline: str

    def __post_init__(self) -> None:
        super().__post_init__()
        shifts, moves = self._reach()
        object.__setattr__(self, "shifts", shifts)
        object.__setattr__(self, "moves", moves)

    def _reach(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The contents whose places it changes, and the labels that it moves along."""
        known = Known.of(self.pipeline, type(self).__name__)
        return known.shifts, known.moves

    @classmethod
    def op_name(cls) -> str:
        """``hfaug.wrap:Kornia``, wherever the class stands."""
        return f"hfaug.wrap:{cls.__name__}"
