"""Finished rows: read them by range or by index, whatever files they lie in, with little of them in memory."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hfaug.engine.claims import drop_claims
from hfaug.engine.store import Store
from hfaug.engine.units import DamagedUnitError, Sizes, UnitInfo, UnitRule, check_body, plan_ranges, unit_name

if TYPE_CHECKING:
    import datasets

__all__ = ["StageView", "View"]

Indices = Sequence[int] | npt.NDArray[np.int64]

_log = logging.getLogger("hfaug")


class View(ABC):
    """Rows that are there for good. Reading the same range twice gives the same rows, in every process.

    Attributes:
        key: Digest of everything the rows follow from.
        features: Their columns.
    """

    key: str
    features: datasets.Features

    def __len__(self) -> int:
        return self.num_rows

    @property
    @abstractmethod
    def num_rows(self) -> int:
        """How many rows there are."""

    @property
    @abstractmethod
    def counts(self) -> dict[str, int]:
        """What the steps counted while they made the rows, summed."""

    @abstractmethod
    def take(self, indices: Indices, columns: Sequence[str] | None = None) -> pa.Table:
        """Rows by index.

        Args:
            indices: 0 <= index < num_rows, in any order, with repeats if wanted.
            columns: Only these; None for all.
        """

    @abstractmethod
    def read(self, start: int = 0, stop: int | None = None, columns: Sequence[str] | None = None) -> pa.Table:
        """Rows by range.

        Args:
            start: First row.
            stop: Row after the last; None for the end.
            columns: Only these; None for all.
        """

    @abstractmethod
    def row_sizes(self) -> Iterator[Sizes]:
        """Approximate bytes of each row, in pieces, without reading the rows."""

    @abstractmethod
    def dataset(self) -> datasets.Dataset:
        """The rows as a dataset, mapped from the stage's files where they lie on this machine."""

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema of the rows."""
        return self.features.arrow_schema

    def batches(
        self, rows: int = 1000, *, max_bytes: int = 64 << 20, columns: Sequence[str] | None = None
    ) -> Iterator[pa.Table]:
        """All rows in order, some at a time.

        Args:
            rows: At most so many at a time.
            max_bytes: And at most about so many bytes, though at least one row.
            columns: Only these; None for all.
        """
        for start, stop in plan_ranges(self.row_sizes(), UnitRule(rows, max_bytes)):
            yield self.read(start, stop, columns)

    def _range(self, start: int, stop: int | None) -> tuple[int, int]:
        stop = self.num_rows if stop is None else stop
        if not 0 <= start <= stop <= self.num_rows:
            raise IndexError(
                f"{type(self).__name__}: rows must lie within 0..{self.num_rows}, got {start}..{stop}; ask for fewer."
            )
        return start, stop

    def _empty(self, columns: Sequence[str] | None) -> pa.Table:
        table = self.schema.empty_table()
        return table if columns is None else table.select(list(columns))


class StageView(View):
    """The rows of a finished stage.

    A unit's digest is checked when it is first read with all its columns; its length always. A damaged unit is removed
    and ``DamagedUnitError`` raised: a run computes it again.

    Args:
        store: Where the stage lives.
        folder: Its folder.
        key: Its hash.
        features: Its columns.
        units: What its index says about each unit.
    """

    def __init__(
        self, store: Store, folder: str, key: str, features: datasets.Features, units: Sequence[UnitInfo]
    ) -> None:
        self.key, self.features, self.folder, self.units = key, features, folder, units
        self._store = store
        self._starts = np.concatenate([[0], np.cumsum([unit.rows for unit in units], dtype=np.int64)])
        self._open: OrderedDict[int, pa.Table] = OrderedDict()
        self._checked: set[int] = set()
        self._lock = threading.Lock()

    @property
    def num_rows(self) -> int:
        return int(self._starts[-1])

    @property
    def counts(self) -> dict[str, int]:
        return sum_counts(unit.counts for unit in self.units)

    def read(self, start: int = 0, stop: int | None = None, columns: Sequence[str] | None = None) -> pa.Table:
        start, stop = self._range(start, stop)
        pieces = []
        while start < stop:
            unit = self._unit_of(start)
            end = min(stop, int(self._starts[unit + 1]))
            offset = start - int(self._starts[unit])
            pieces.append(self._table(unit, columns).slice(offset, end - start))
            start = end
        return pa.concat_tables(pieces) if pieces else self._empty(columns)

    def take(self, indices: Indices, columns: Sequence[str] | None = None) -> pa.Table:
        wanted = as_indices(indices, self.num_rows)
        if not len(wanted):
            return self._empty(columns)
        order = np.argsort(wanted, kind="stable")
        ordered = wanted[order]
        units = np.searchsorted(self._starts, ordered, side="right") - 1
        pieces = []
        for group in np.split(ordered, np.flatnonzero(np.diff(units)) + 1):
            unit = self._unit_of(int(group[0]))
            pieces.extend(_take(self._table(unit, columns), group - self._starts[unit]))
        found = pa.concat_tables(pieces)
        return found if np.array_equal(ordered, wanted) else found.take(pa.array(np.argsort(order, kind="stable")))

    def row_sizes(self) -> Iterator[Sizes]:
        for unit in self.units:
            for rows, size in unit.blocks:
                yield np.full(rows, -(-size // max(1, rows)), dtype=np.int64)

    def dataset(self) -> datasets.Dataset:
        from datasets.table import InMemoryTable, MemoryMappedTable

        tables = []
        for number in (n for n, unit in enumerate(self.units) if unit.rows):
            path = self._store.local_path(self._path(number))
            table = self._table(number, None)
            tables.append(InMemoryTable(table) if path is None else MemoryMappedTable.from_file(path))
        return mapped(tables, self)

    def _unit_of(self, row: int) -> int:
        """The unit that holds a row; units without rows hold none."""
        return int(np.searchsorted(self._starts, row, side="right")) - 1

    def _path(self, number: int) -> str:
        return f"{self.folder}/{unit_name(number)}.arrow"

    def _table(self, number: int, columns: Sequence[str] | None) -> pa.Table:
        whole = columns is None
        with self._lock:
            if number not in self._open or (whole and number not in self._checked):
                self._open[number] = self._load(number, whole=whole)
                if whole:
                    self._checked.add(number)
            self._open.move_to_end(number)
            while len(self._open) > (64 if self._store.lanes == 1 else 4):
                self._open.popitem(last=False)
            table = self._open[number]
        return table if columns is None else table.select(list(columns))

    def _load(self, number: int, *, whole: bool) -> pa.Table:
        try:
            data = self._checked_file(number, whole=whole)
        except (ValueError, FileNotFoundError):
            try:  # another process may just have mended it
                data = self._checked_file(number, whole=whole)
            except (ValueError, FileNotFoundError) as error:
                raise discard(self._store, self.folder, number, str(error)) from error
        return pa.ipc.open_stream(data.slice(0, self.units[number].body)).read_all()

    def _checked_file(self, number: int, *, whole: bool) -> pa.Buffer:
        path = self._store.local_path(self._path(number))
        if path is None:
            data = pa.py_buffer(self._store.read(self._path(number)))
        else:
            with pa.memory_map(path) as file:
                data = file.read_buffer(file.size())
        check_body(data, self.units[number], whole=whole or path is None)
        return data


def discard(store: Store, folder: str, number: int, reason: str) -> DamagedUnitError:
    """Remove a damaged unit with the claims on it, and return the error that says so."""
    path = f"{folder}/{unit_name(number)}.arrow"
    name = folder.rpartition("/")[2]
    text = f"Stage {name!r} unit {number}: {store.where(path)} must be as it was written, but {reason}"
    try:
        store.remove(path)
        drop_claims(store, folder, unit_name(number))
    except OSError as error:
        message = f"{text}; it could not be removed ({error}): remove it and run again."
        return DamagedUnitError(message, folder, number, removed=False)
    _log.warning("hfaug: %s; it is removed and computed again", text)
    return DamagedUnitError(f"{text}; it is removed: run again to compute it anew.", folder, number)


def _take(table: pa.Table, local: npt.NDArray[np.int64]) -> list[pa.Table]:
    """Rows by ascending index, record batch by record batch: Arrow would join all batches before it takes from them."""
    if local[-1] - local[0] == len(local) - 1 and np.all(np.diff(local) == 1):
        return [table.slice(int(local[0]), len(local))]
    pieces, first = [], 0
    for batch in table.to_batches():
        inside = local[(local >= first) & (local < first + batch.num_rows)]
        if len(inside):
            pieces.append(pa.Table.from_batches([batch]).take(pa.array(inside - first)))
        first += batch.num_rows
    return pieces


def as_indices(indices: Indices, rows: int) -> npt.NDArray[np.int64]:
    wanted = np.asarray(indices, dtype=np.int64)
    if len(wanted) and not (wanted.min() >= 0 and wanted.max() < rows):
        raise IndexError(
            f"View: indices must lie within 0..{rows - 1}, got {wanted.min()}..{wanted.max()}; take rows that exist."
        )
    return wanted


def sum_counts(counts: Iterator[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return dict(sorted(total.items()))


def mapped(tables: Sequence[Any], view: View) -> datasets.Dataset:
    """A dataset over tables of `datasets`, none for a view without rows, known by the view's key."""
    from datasets import Dataset, DatasetInfo
    from datasets.table import InMemoryTable, concat_tables

    table = concat_tables(list(tables)) if tables else InMemoryTable(view.schema.empty_table())
    return Dataset(table, info=DatasetInfo(features=view.features), fingerprint=view.key)
