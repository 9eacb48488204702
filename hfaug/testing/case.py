"""An op with rows to try it on, and what its results boil down to."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from datasets import Dataset

from hfaug import provenance
from hfaug.compose import Times
from hfaug.errors import CallError, ContractError
from hfaug.op import Op
from hfaug.testing.samples import SAMPLES, Sample, sample

__all__ = ["Case", "cases", "content", "digest", "must", "results", "storage"]


class BrokenPromiseError(Exception):
    """What a check found."""


def must(holds: object, detail: str) -> None:
    """Report a broken promise of an op."""
    if not holds:
        raise BrokenPromiseError(detail)


@dataclasses.dataclass(frozen=True)
class Case:
    """An op, bound and ready, with rows.

    Attributes:
        op: The op; its results carry their lineage.
        rows: Rows that it takes.
        odd: Rows at the edge of what is allowed.
        sample: What the rows are called.
    """

    op: Op
    rows: Dataset
    odd: Dataset
    sample: str = "rows"

    @property
    def name(self) -> str:
        """For messages and test names."""
        return f"{self.op.op_name()}-{self.sample}"

    @functools.cached_property
    def table(self) -> pa.Table:
        """The rows as stored, in one chunk."""
        return storage(self.rows)

    @functools.cached_property
    def result(self) -> dict[str, str]:
        """What the op makes of the rows: a digest of each result by its id."""
        return results(self.op(self.table))


def storage(dataset: Dataset) -> pa.Table:
    """The rows of a dataset as they are stored."""
    table: pa.Table = dataset.with_format("arrow")[:]
    return table.combine_chunks()


def cases(op: Op, rows: Dataset | None = None) -> list[Case]:
    """An op with given rows, or with each of the built-in samples that it takes.

    Raises:
        ContractError: No sample fits; say which rows the op is for.
    """
    op = dataclasses.replace(op, binding=dataclasses.replace(op.binding, provenance=None))
    if rows is not None:
        return [Case(_fitted(op, rows), rows, rows.select(range(min(1, len(rows)))))]
    found = [case for name in SAMPLES if (case := _case(op, sample(name))) is not None]
    if not found:
        raise ContractError(f"{op.op_name()}: needs rows to be tried on, no built-in sample fits; give check_op rows")
    return found


def _case(op: Op, tried: Sample) -> Case | None:
    bound = op.on(**{name: value for name, value in tried.said.items() if not getattr(op.binding, name)})
    try:
        bound.features(tried.rows.features)
        return Case(_fitted(bound, tried.rows), tried.rows, tried.odd, tried.name)
    except ValueError:
        return None


def _fitted(op: Op, rows: Dataset) -> Op:
    return op if op.ready else op.fit(rows)


# ---- results


def results(table: pa.Table) -> dict[str, str]:
    """A digest of each row by its id; the digest covers every value and the lineage."""
    lineage = table[provenance.COLUMN].to_pylist() if provenance.COLUMN in table.column_names else None
    if lineage is None:
        raise CallError("results: the rows must carry their lineage, do not; leave provenance on")
    found: dict[str, str] = {}
    for place, (row, value) in enumerate(zip(table.to_pylist(), lineage, strict=True)):
        must(value["id"] not in found, f"two results have the id {value['id']!r}, the second in row {place}")
        found[value["id"]] = content(row)
    return found


def digest(found: Mapping[str, str]) -> str:
    """One digest over results, whatever their order."""
    return hashlib.sha256("\n".join(f"{name} {found[name]}" for name in sorted(found)).encode()).hexdigest()


def content(value: Any) -> str:
    """A digest of any stored or decoded value, that tells apart what Arrow tells apart."""
    return hashlib.sha256(_text(value).encode("utf-8", "surrogatepass")).hexdigest()


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{{','.join(f'{name!r}:{_text(value[name])}' for name in sorted(value))}}}"
    if isinstance(value, np.ndarray):
        return f"array{value.shape}{value.dtype}{hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()}"
    if isinstance(value, (list, tuple)):
        return f"[{','.join(map(_text, value))}]"
    if isinstance(value, bytes):
        return f"bytes {hashlib.sha256(value).hexdigest()}"
    if isinstance(value, float) and math.isnan(value):
        return "nan"
    if hasattr(value, "tobytes") and hasattr(value, "mode"):
        return f"image {value.mode}{value.size}{hashlib.sha256(value.tobytes()).hexdigest()}"
    return f"{type(value).__name__} {value!r}"


def copies_of(op: Op, copies: int, *, keep: bool = False) -> Times:
    """The op with several copies of each row."""
    return Times(op=op, copies=copies, keep=keep, binding=op.binding)
