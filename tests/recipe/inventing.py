"""A generator and filters for recipes of tests: quick, and wrong as often as they are told to be."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pyarrow as pa
from datasets import Dataset, Features, Value

from hfaug.filters import DatasetFilter, LearningFilter, RowFilter
from hfaug.filters.learning import real_rows
from hfaug.op import BatchOp, Reject
from hfaug.randomness import Stream
from hfaug.roles import Roles
from hfaug.rows import Row


@dataclasses.dataclass(frozen=True, kw_only=True)
class Invent(BatchOp):
    """Write a number after the prompt; reject some.

    Args:
        refused: Share of the requests that are rejected.
        numbers: How many different numbers there are.
    """

    needs: ClassVar[tuple[str, ...]] = ("prompt",)
    origin: ClassVar[str] = "synthetic"
    unit_rows: ClassVar[int] = 7

    refused: float = 0.0
    numbers: int = 1_000_000

    def adds(self, features: Features, roles: Roles) -> Features:
        """A text."""
        return Features({"text": Value("string")})

    def apply_batch(self, rows: Sequence[Row], rngs: Sequence[Stream]) -> Sequence[Row | Reject]:
        """Write all of them."""
        return [
            Reject("no idea")
            if rng.random() < self.refused
            else row.replace({"text": f"{row['prompt']} {rng.integers(0, self.numbers)}"})
            for row, rng in zip(rows, rngs, strict=True)
        ]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Even(RowFilter):
    """Keep texts that end in an even digit."""

    def reason(self, row: Mapping[str, Any]) -> str | None:
        """Why not."""
        return None if int(row["text"][-1]) % 2 == 0 else "odd"


@dataclasses.dataclass(frozen=True, kw_only=True)
class NewEndings(LearningFilter):
    """Keep texts whose last digit no real row has; learnt from these."""

    judges: ClassVar[tuple[str, ...]] = ("synthetic",)

    def learn(self, rows: Dataset) -> pa.Table:
        """The endings."""
        return pa.table({"end": sorted({row["text"][-1] for some in real_rows(rows, ["text"]) for row in some})})

    def judge_made(self, rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
        """Why not."""
        known = set(self.known()["end"].to_pylist())
        return ["known ending" if row["text"][-1] in known else None for row in rows]


@dataclasses.dataclass(frozen=True, kw_only=True)
class FirstOfEach(DatasetFilter):
    """Keep one row of each text: the one with the smallest id."""

    def reasons(self, tables: Any) -> list[str | None]:
        """One entry a row."""
        rows = [row for table in tables for row in table.to_pylist()]
        best: dict[str, str] = {}
        for row in rows:
            best[row["text"]] = min(best.get(row["text"], "~"), row["provenance"]["id"])
        return [None if best[row["text"]] == row["provenance"]["id"] else "again" for row in rows]
