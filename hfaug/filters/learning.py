"""Filters that learn from real rows before they judge made ones."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import pyarrow as pa
from datasets import Dataset
from typing_extensions import Self

from hfaug import provenance
from hfaug.assets import Asset
from hfaug.errors import CallError
from hfaug.filters.base import BatchFilter

__all__ = ["LearningFilter"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class LearningFilter(BatchFilter):
    """A filter that learns from the real rows of a dataset, then judges the others: ``learn``, ``judge_made``.

    Real are the rows that their lineage calls a source, and those without a lineage.

    Args:
        learnt: What it learnt; recipes and ``of`` see to that, else ``filter.fit(train_split)`` does.
    """

    batch_rows: ClassVar[int] = 256
    judges: ClassVar[tuple[str, ...]] = ("augmented", "synthetic")
    """The origins of rows that are judged, besides those whose origin nobody says; the rest stays."""

    learnt: Asset | None = None

    @property
    def ready(self) -> bool:
        """Whether it has learnt."""
        return self.learnt is not None

    @abstractmethod
    def learn(self, rows: Dataset) -> pa.Table:
        """What it has to know, from the real ones of some rows; see `real_rows`."""

    @abstractmethod
    def judge_made(self, rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
        """For each row None to keep it, else why not."""

    def of(self, dataset: Dataset) -> Dataset:
        """The rows of a dataset that stay; how many fell for which reason is logged.

        Args:
            dataset: Any dataset; where the filter has not learnt, one whose lineage tells real rows from others.

        Raises:
            CallError: It has not learnt, and nobody says which rows are real.
        """
        if not self.ready and not provenance.has_lineage(dataset.features.arrow_schema):
            raise CallError(
                f"{type(self).__name__}: must be told which rows are real, these have no lineage that says so; "
                "say .fit(train_split).of(made_rows)"
            )
        return super().of(dataset)

    def knowing(self, learnt: pa.Table) -> Self:
        """The filter with what it learnt."""
        return dataclasses.replace(self, learnt=Asset.save(learnt))

    def judge(self, rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
        """One entry a row, in order."""
        if self.learnt is None:
            raise CallError(f"{type(self).__name__}: must have learnt from real rows, has not; say .fit(train_split)")
        judged = {place: row for place, row in enumerate(rows) if _origin(row) in {None, *self.judges}}
        found: list[str | None] = [None] * len(rows)
        for place, reason in zip(judged, self.judge_made(list(judged.values())), strict=True):
            found[place] = reason
        return found

    def known(self) -> pa.Table:
        """What it learnt."""
        assert self.learnt is not None  # noqa: S101 - `judge` has seen to that
        return self.learnt.table()


def real_rows(rows: Dataset, columns: Sequence[str], size: int = 64) -> Iterator[list[dict[str, Any]]]:
    """The real ones of some rows, a few at a time, as they are stored.

    Args:
        rows: Any dataset.
        columns: What is read of each row.
        size: Rows at a time, at most.
    """
    lineage = [provenance.COLUMN] if provenance.has_lineage(rows.features.arrow_schema) else []
    stored = rows.with_format("arrow").select_columns([*columns, *lineage])
    for table in stored.iter(size):
        yield [row for row in table.to_pylist() if _origin(row) in {None, "source"}]


def _origin(row: Mapping[str, Any]) -> str | None:
    lineage = row.get(provenance.COLUMN)
    return lineage["origin"] if isinstance(lineage, Mapping) else None
