"""Rows of finished stages seen in another way, none of them copied: joined, cut, picked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hfaug.engine.units import Sizes
from hfaug.engine.views import Indices, View, as_indices, mapped, sum_counts

if TYPE_CHECKING:
    import datasets

__all__ = ["ConcatView", "PickView", "TakeView"]

_PICKS = 1 << 16


class ConcatView(View):
    """Several views, one after the other, without copying.

    Args:
        key: Digest of what the rows follow from.
        parts: The views; all with the same features.
    """

    def __init__(self, key: str, parts: Sequence[View]) -> None:
        self.key, self.features = key, parts[0].features
        # Rounds are joined to rounds before them, hundreds of times: one level of views stays one level.
        self.parts: list[View] = [
            each for part in parts for each in (part.parts if isinstance(part, ConcatView) else (part,))
        ]
        self._starts = np.concatenate([[0], np.cumsum([part.num_rows for part in self.parts], dtype=np.int64)])

    @property
    def num_rows(self) -> int:
        return int(self._starts[-1])

    @property
    def counts(self) -> dict[str, int]:
        return sum_counts(part.counts for part in self.parts)

    def read(self, start: int = 0, stop: int | None = None, columns: Sequence[str] | None = None) -> pa.Table:
        start, stop = self._range(start, stop)
        pieces = []
        for part, first, end in zip(self.parts, self._starts[:-1], self._starts[1:], strict=True):
            if max(start, first) < min(stop, end):
                pieces.append(part.read(int(max(start, first) - first), int(min(stop, end) - first), columns))
        return pa.concat_tables(pieces) if pieces else self._empty(columns)

    def take(self, indices: Indices, columns: Sequence[str] | None = None) -> pa.Table:
        wanted = as_indices(indices, self.num_rows)
        owners = np.searchsorted(self._starts, wanted, side="right") - 1
        order = np.argsort(owners, kind="stable")
        pieces = [self.parts[o].take(wanted[owners == o] - self._starts[o], columns) for o in np.unique(owners)]
        if not pieces:
            return self._empty(columns)
        found = pa.concat_tables(pieces)
        in_order = np.array_equal(order, np.arange(len(order)))
        return found if in_order else found.take(pa.array(np.argsort(order, kind="stable")))

    def row_sizes(self) -> Iterator[Sizes]:
        for part in self.parts:
            yield from part.row_sizes()

    def dataset(self) -> datasets.Dataset:
        from datasets import concatenate_datasets

        return _named(concatenate_datasets([part.dataset() for part in self.parts]), self.key)


class TakeView(View):
    """A range of another view's rows, without copying.

    Args:
        key: Digest of what the rows follow from.
        source: The other view.
        start: First row.
        stop: Row after the last.
    """

    def __init__(self, key: str, source: View, start: int, stop: int) -> None:
        self.key, self.source, self.features = key, source, source.features
        self._start, self._stop = source._range(min(start, source.num_rows), min(stop, source.num_rows))  # noqa: SLF001

    @property
    def num_rows(self) -> int:
        return self._stop - self._start

    @property
    def counts(self) -> dict[str, int]:
        return {}

    def read(self, start: int = 0, stop: int | None = None, columns: Sequence[str] | None = None) -> pa.Table:
        start, stop = self._range(start, stop)
        return self.source.read(self._start + start, self._start + stop, columns)

    def take(self, indices: Indices, columns: Sequence[str] | None = None) -> pa.Table:
        return self.source.take(as_indices(indices, self.num_rows) + self._start, columns)

    def row_sizes(self) -> Iterator[Sizes]:
        at = 0
        for sizes in self.source.row_sizes():
            piece = sizes[max(0, self._start - at) : max(0, self._stop - at)]
            at += len(sizes)
            if len(piece):
                yield piece

    def dataset(self) -> datasets.Dataset:
        return _selected(self, self.source, range(self._start, self._stop))


class PickView(View):
    """Rows of another view in the order an index column says, without copying: a filter or a resampling.

    Args:
        key: Digest of what the rows follow from.
        source: The other view.
        picks: A view with the index of each row.
        column: The column of ``picks`` that holds it.
    """

    def __init__(self, key: str, source: View, picks: View, column: str) -> None:
        self.key, self.source, self.picks, self.column = key, source, picks, column
        self.features = source.features

    @property
    def num_rows(self) -> int:
        return self.picks.num_rows

    @property
    def counts(self) -> dict[str, int]:
        return self.picks.counts

    def read(self, start: int = 0, stop: int | None = None, columns: Sequence[str] | None = None) -> pa.Table:
        start, stop = self._range(start, stop)
        return self.source.take(self._picked(self.picks.read(start, stop, [self.column])), columns)

    def take(self, indices: Indices, columns: Sequence[str] | None = None) -> pa.Table:
        return self.source.take(self._picked(self.picks.take(indices, [self.column])), columns)

    def row_sizes(self) -> Iterator[Sizes]:
        known = list(self.source.row_sizes())
        starts = np.cumsum([0, *map(len, known)], dtype=np.int64)
        means = np.array([int(piece.mean()) if len(piece) else 0 for piece in known], dtype=np.int64)
        for start in range(0, self.num_rows, _PICKS):
            table = self.picks.read(start, min(start + _PICKS, self.num_rows), [self.column])
            yield means[np.searchsorted(starts, self._picked(table), side="right") - 1]

    def dataset(self) -> datasets.Dataset:
        return _selected(self, self.source, self._picked(self.picks.read(columns=[self.column])))

    def _picked(self, table: pa.Table) -> npt.NDArray[np.int64]:
        return np.asarray(table[self.column].to_numpy(), dtype=np.int64)


def _selected(view: View, source: View, indices: Indices) -> datasets.Dataset:
    """Some rows of another view's dataset; `datasets` cannot pickle a selection of none."""
    return _named(source.dataset().select(indices), view.key) if view.num_rows else mapped((), view)


def _named(dataset: datasets.Dataset, key: str) -> datasets.Dataset:
    """Give equal rows equal fingerprints, so that what ``map`` cached for them is found again."""
    dataset._fingerprint = key  # noqa: SLF001
    return dataset
