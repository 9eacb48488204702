"""What an op is tried on: rows with labels and all, beside columns that no op knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pyarrow as pa
from datasets import Dataset, Features, LargeList, List, Value

__all__ = ["Columns", "Sample", "with_strange"]

Columns: TypeAlias = dict[str, list[Any]]


@dataclass(frozen=True)
class Sample:
    """Rows to try an op on.

    Args:
        name: What they are, for messages.
        rows: The rows; no two are equal.
        odd: Rows at the edge of what is allowed: nothing, next to nothing, null.
        said: What `op.on` must be told about them.
    """

    name: str
    rows: Dataset
    odd: Dataset
    said: Mapping[str, Any] = field(default_factory=dict)


def _strange(count: int) -> dict[str, list[Any]]:
    """Columns that no op has to do with, of types that are easily lost on the way."""
    return {
        "aside": [f"b{i % 3}" for i in range(count)],
        "amounts": [[0.5, float("nan"), None][: i % 4] or None for i in range(count)],
        "facts": [None if i % 5 == 4 else {"flag": i % 2 == 0, "many": [{"deep": i}] * (i % 3)} for i in range(count)],
        "nothing": [None] * count,
        "raw": [b"" if i % 3 else bytes([i, 0, 255]) for i in range(count)],
        "remark": ["" if i % 4 == 1 else None if i % 4 == 2 else f"é{i}\u0301🙂" for i in range(count)],
        "when": [None if i % 6 == 5 else i * 1_000_003 for i in range(count)],
    }


_STRANGE = {
    "aside": Value("string"),
    "amounts": LargeList(Value("float32")),
    "facts": {"flag": Value("bool"), "many": List({"deep": Value("int16")})},
    "nothing": Value("null"),
    "raw": Value("large_binary"),
    "remark": Value("large_string"),
    "when": Value("timestamp[us, tz=UTC]"),
}


def with_strange(features: Mapping[str, Any], columns: Columns) -> Dataset:
    """A dataset of some columns and the strange ones."""
    count = len(next(iter(columns.values())))
    schema = Features({**features, **_STRANGE}).arrow_schema
    return Dataset(pa.Table.from_pydict({**columns, **_strange(count)}, schema=schema))
