"""What a filter is: keep a row, or give the reason why not."""

from __future__ import annotations

import dataclasses
import logging
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
from datasets import Dataset, Features
from datasets.formatting.formatting import LazyDict

from hfaug import provenance
from hfaug.config import Config
from hfaug.errors import RoleError

__all__ = ["DatasetFilter", "Filter", "RowFilter"]

logger = logging.getLogger("hfaug")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Filter(Config):
    """Base of all filters. `reasons` gives None for a row that stays, else a short, constant text."""

    def needs(self) -> Sequence[str]:
        """Columns that must be there; a filter that reads columns by name says them here."""
        return ()

    def check(self, features: Features) -> None:
        """Make sure, before any work, that rows with these features can be judged.

        Args:
            features: The features of the rows.

        Raises:
            RoleError: A column is missing.
        """
        missing = [name for name in self.needs() if name not in features]
        if missing:
            raise RoleError(
                f"{type(self).__name__}: columns must be among {', '.join(features)}, got {', '.join(missing)}; "
                "correct columns"
            )

    @abstractmethod
    def reasons(self, tables: Iterable[pa.Table]) -> list[str | None]:
        """One entry a row, in order.

        Args:
            tables: The rows, a slice at a time, all columns; with the lineage column.
        """

    def of(self, dataset: Dataset) -> Dataset:
        """The rows of a dataset that stay; how many fell for which reason is logged.

        Args:
            dataset: Any dataset.
        """
        self.check(dataset.features)
        found = self.reasons(dataset.with_format("arrow").iter(1000))
        counted = Counter(reason for reason in found if reason is not None)
        if counted:
            logger.warning("%s: dropped %d of %d rows: %s", self.op_name(), counted.total(), len(found), dict(counted))
        return dataset.select([place for place, reason in enumerate(found) if reason is None])


@dataclasses.dataclass(frozen=True, kw_only=True)
class RowFilter(Filter):
    """A filter that looks at one row at a time: ``reason(row)``; also a function for ``filter(f, batched=True)``."""

    @abstractmethod
    def reason(self, row: Mapping[str, Any]) -> str | None:
        """None to keep the row (values as they are stored), else why not."""

    def reasons(self, tables: Iterable[pa.Table]) -> list[str | None]:
        """One entry a row, in order."""
        return [self.reason(row) for table in tables for row in table.to_pylist()]

    def __call__(self, batch: Mapping[str, Sequence[Any]], *_ignored: Any) -> list[bool]:
        """Which rows stay."""
        if isinstance(batch, LazyDict):  # as `datasets` hands them over: what they hold is decoded when it is looked at
            return [self.reason(row) is None for row in batch.pa_table.to_pylist()]
        columns = list(batch)
        rows = zip(*(batch[name] for name in columns), strict=True)
        return [self.reason(dict(zip(columns, row, strict=True))) is None for row in rows]


@dataclasses.dataclass(frozen=True, kw_only=True)
class DatasetFilter(Filter):
    """A filter that has to see all rows before it can judge one: duplicates, outliers."""


def columns_of(table: pa.Table, columns: Sequence[str]) -> pa.Table:
    """Some columns of a table, or all but the lineage."""
    lineage = provenance.COLUMN if provenance.has_lineage(table) else None
    return table.select(list(columns) or [name for name in table.column_names if name != lineage])
