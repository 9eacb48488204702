"""What a filter is: keep a row, or give the reason why not."""

from __future__ import annotations

import dataclasses
import json
import logging
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc
from datasets import Dataset, Features, Value
from datasets.formatting.formatting import LazyDict, LazyRow
from typing_extensions import Self

from hfaug import provenance
from hfaug.config import Config
from hfaug.errors import ParameterError, RoleError, add_context

__all__ = [
    "RANK",
    "BatchFilter",
    "DatasetFilter",
    "Filter",
    "RowFilter",
    "columns_of",
    "ranks",
    "row_name",
    "with_ranks",
]

logger = logging.getLogger("hfaug")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Filter(Config):
    """Base of all filters. `reasons` gives None for a row that stays, else a short, constant text."""

    batch_rows: ClassVar[int] = 1000
    """Rows that are looked at together, at most: fewer where a row is large once it is decoded."""

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

    def models(self) -> tuple[dict[str, Any], ...]:
        """Its models, as those of an op; none by default."""
        return ()

    def model_digest(self) -> str:
        """What the judgement follows from besides the fingerprint: the revisions of all models, empty without."""
        return json.dumps([[model["id"], model["revision"]] for model in self.models()]) if self.models() else ""

    @abstractmethod
    def reasons(self, tables: Iterable[pa.Table]) -> list[str | None]:
        """One entry a row, in order.

        Args:
            tables: The rows, a slice at a time, all columns; with the lineage column.
        """

    @property
    def ready(self) -> bool:
        """Whether it can judge; False while it has something to learn from real rows."""
        return True

    def learn(self, rows: Dataset) -> pa.Table:
        """What a filter that is not ready has to know of real rows before it judges others."""
        raise NotImplementedError(f"{type(self).__name__} has nothing to learn")

    def knowing(self, learnt: pa.Table) -> Self:
        """The filter with what it learnt."""
        raise NotImplementedError(f"{type(self).__name__} has nothing to learn")

    def fit(self, rows: Dataset) -> Self:
        """The filter, having learnt from real rows what it needs.

        Args:
            rows: Rows of the training split; those that were augmented or made, by their lineage, are left aside.
        """
        return self.knowing(self.learn(rows))

    def _expect(self, method: str, found: int, rows: int) -> None:
        """Make sure that there is something for each row: else rows would fall that nobody judged."""
        if found != rows:
            raise ParameterError(
                f"{type(self).__name__}: {method} must return one entry a row, returned {found} for {rows}; "
                "mend the filter"
            )

    def of(self, dataset: Dataset) -> Dataset:
        """The rows of a dataset that stay; how many fell for which reason is logged.

        Args:
            dataset: Any dataset. A filter that is not ready learns from its rows.
        """
        self.check(dataset.features)
        if not self.ready:
            return self.fit(dataset).of(dataset)
        found = self.reasons(dataset.with_format("arrow").iter(1000))
        counted = Counter(reason for reason in found if reason is not None)
        if counted:
            logger.warning("%s: dropped %d of %d rows: %s", self.op_name(), counted.total(), len(found), dict(counted))
        return dataset.select([place for place, reason in enumerate(found) if reason is None])


@dataclasses.dataclass(frozen=True, kw_only=True)
class BatchFilter(Filter):
    """A filter that is better at many rows at once, as models are: ``judge(rows)``; also a function for ``filter``."""

    @abstractmethod
    def judge(self, rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
        """For each row (values as they are stored) None to keep it, else why not."""

    def reasons(self, tables: Iterable[pa.Table]) -> list[str | None]:
        """One entry a row, in order."""
        found: list[str | None] = []
        for part in _slices(tables, self.batch_rows):
            try:
                judged = self.judge(part.to_pylist())
                self._expect("judge", len(judged), len(part))
                found.extend(judged)
            except Exception as error:
                add_context(error, f"in {self.op_name()}, rows {len(found)} to {len(found) + len(part) - 1}")
                raise
        return found

    def __call__(self, batch: Mapping[str, Any], *_ignored: Any) -> list[bool] | bool:
        """Which rows stay; of a row that comes alone, whether it does."""
        if isinstance(batch, LazyDict):  # as `datasets` hands them over: what they hold is decoded when it is looked at
            stay = [reason is None for reason in self.reasons([batch.pa_table])]
            return stay[0] if isinstance(batch, LazyRow) else stay
        columns = list(batch)
        if not all(isinstance(batch[name], (list, tuple)) or hasattr(batch[name], "ndim") for name in columns):
            return self.judge([batch])[0] is None
        rows = zip(*(batch[name] for name in columns), strict=True)
        return [reason is None for reason in self.judge([dict(zip(columns, row, strict=True)) for row in rows])]


@dataclasses.dataclass(frozen=True, kw_only=True)
class RowFilter(BatchFilter):
    """A filter that looks at one row at a time: ``reason(row)``; also a function for ``filter(f, batched=True)``."""

    @abstractmethod
    def reason(self, row: Mapping[str, Any]) -> str | None:
        """None to keep the row (values as they are stored), else why not."""

    def judge(self, rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
        """One entry a row, in order."""
        return [self.reason(row) for row in rows]


@dataclasses.dataclass(frozen=True, kw_only=True)
class DatasetFilter(Filter):
    """A filter that has to see all rows before it can judge one, such as duplicates: ``extract``, then ``compare``.

    What it needs of a row is extracted a few rows at a time, by all processes of a build, and of each row once. Only
    that is then compared, by one process. Let it be small: a digest, a vector.

    >>> class OneOfEachLength(DatasetFilter):
    ...     def extracts(self, features):
    ...         return Features({"length": Value("int64")})
    ...     def extract(self, rows):
    ...         return pa.table({"length": pa.array([len(text) for text in rows["text"].to_pylist()], pa.int64())})
    ...     def compare(self, rows, before=()):
    ...         seen, found = {length for table in before for length in table["length"].to_pylist()}, []
    ...         for length in (length for table in rows for length in table["length"].to_pylist()):
    ...             found.append("same length" if length in seen else None)
    ...             seen.add(length)
    ...         return found
    >>> OneOfEachLength().of(Dataset.from_dict({"text": ["an", "ox", "and", "a"]}))["text"][:]
    ['an', 'and', 'a']
    """

    def extracts(self, features: Features) -> Features:
        """The columns that `extract` gives; those of the rows by default.

        Args:
            features: Those of the rows.
        """
        return features

    def extract(self, rows: pa.Table) -> pa.Table:
        """What has to be known of rows to compare them, a row for each; it must follow from each row alone.

        Args:
            rows: Some rows, all columns, with the lineage column.

        Returns:
            A table with the columns that `extracts` says; the rows as they are by default.
        """
        return rows

    @abstractmethod
    def compare(self, rows: Iterable[pa.Table], before: Iterable[pa.Table] = ()) -> list[str | None]:
        """For each of `rows`, in order, None to keep it, else why not.

        Args:
            rows: What was extracted from the rows that are judged, a slice at a time.
            before: What was extracted from rows that stay in any case: what is like one of them falls.
        """

    def extracted(self, tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
        """What is compared of rows.

        Args:
            tables: The rows, a slice at a time.
        """
        at = 0
        for part in _slices(tables, self.batch_rows):
            try:
                found = self.extract(part)
                self._expect("extract", len(found), len(part))
            except Exception as error:
                add_context(error, f"in {self.op_name()}, rows {at} to {at + len(part) - 1}")
                raise
            yield found
            at += len(part)

    def reasons(self, tables: Iterable[pa.Table]) -> list[str | None]:
        """One entry a row, in order."""
        return self.verdicts(self.extracted(tables))

    def verdicts(self, rows: Iterable[pa.Table], before: Iterable[pa.Table] = ()) -> list[str | None]:
        """What `compare` says, which must be as much as there are rows.

        Args:
            rows: As for `compare`.
            before: As for `compare`.

        Raises:
            ParameterError: It is more or less.
        """
        count = 0

        def counted() -> Iterator[pa.Table]:
            nonlocal count
            for table in rows:
                count += len(table)
                yield table

        tables = counted()
        found = self.compare(tables, before)
        for _ in tables:  # also those that it did not look at
            pass
        self._expect("compare", len(found), count)
        return found


RANK = Features({"origin": Value("int8"), "id": Value("string")})
"""Which of rows that are alike stays: the one with the smallest of these; see `with_ranks`."""


def columns_of(table: pa.Table, columns: Sequence[str]) -> pa.Table:
    """Some columns of a table, or all but the lineage."""
    lineage = provenance.COLUMN if provenance.has_lineage(table) else None
    return table.select(list(columns) or [name for name in table.column_names if name != lineage])


def with_ranks(rows: pa.Table, **columns: pa.Array) -> pa.Table:
    """What is extracted of rows, with the columns of `RANK`: an original stays before a copy, a copy before a made row.

    Of rows of one origin that with the smallest id stays, and without ids the first.

    Args:
        rows: The rows.
        columns: What else is compared, an entry a row.
    """
    if provenance.has_lineage(rows):
        number = {origin: number for number, origin in enumerate(provenance.ORIGINS)}
        names, ids = (pc.struct_field(rows[provenance.COLUMN], name).to_pylist() for name in ("origin", "id"))
        origins = [number.get(name, len(number)) for name in names]
    else:
        origins, ids = [0] * rows.num_rows, [""] * rows.num_rows
    return pa.table({"origin": pa.array(origins, pa.int8()), "id": pa.array(ids, pa.string()), **columns})


def ranks(rows: pa.Table, start: int) -> list[tuple[int, str, int]]:
    """What `with_ranks` wrote, and the place of each row, which decides where the rest is equal.

    Args:
        rows: What was extracted.
        start: How many rows stand before them.
    """
    places = range(start, start + rows.num_rows)
    return list(zip(rows["origin"].to_pylist(), rows["id"].to_pylist(), places, strict=True))


def row_name(row: Mapping[str, Any], column: str, place: int | None = None) -> str:
    """What finds a row again: its id where it has one, its place, the column, and the file.

    Args:
        row: Values by column.
        column: The column that an error is about.
        place: Its place in its batch, from 0, where that is known.

    >>> row_name({"image": {"path": "a.png"}}, "image", 3)
    "row, number 4 of its batch, column 'image', file 'a.png'"
    """
    lineage, value = row.get(provenance.COLUMN), row[column]
    name = f" {lineage['id']!r}" if isinstance(lineage, Mapping) and "id" in lineage else ""
    where = "" if place is None else f", number {place + 1} of its batch"
    path = value.get("path") if isinstance(value, Mapping) else None
    return f"row{name}{where}, column {column!r}" + (f", file {path!r}" if path else "")


def _slices(tables: Iterable[pa.Table], rows: int) -> Iterator[pa.Table]:
    """The rows of tables, so many together at most."""
    return (table.slice(at, rows) for table in tables for at in range(0, len(table), rows))
