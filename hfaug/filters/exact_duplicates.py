"""Drop rows that equal another row."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import pyarrow as pa

from hfaug import provenance
from hfaug.filters.base import DatasetFilter, columns_of, origin_ranks

__all__ = ["ExactDuplicates"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ExactDuplicates(DatasetFilter):
    """Drop all but one of the rows that hold the same.

    An original stays before a copy, then the smallest id, wherever it stands.

    Args:
        columns: Columns that are compared; all but the lineage when empty.

    Drops: ``exact duplicate``.
    Source: folklore; K. Lee et al., Deduplicating Training Data Makes Language Models Better, arXiv:2107.06499.

    >>> import hfaug
    >>> from datasets import Dataset
    >>> from hfaug.filters import ExactDuplicates
    >>> ExactDuplicates(columns=("text",)).of(Dataset.from_dict({"text": ["a", "b", "a"]}))["text"][:]
    ['a', 'b']
    """

    columns: tuple[str, ...] = ()

    def needs(self) -> tuple[str, ...]:
        """The columns that are compared."""
        return self.columns

    def reasons(self, tables: Iterable[pa.Table]) -> list[str | None]:
        """One entry a row, in order."""
        digests: list[str] = []
        ranks: list[tuple[int, str, int]] = []
        for table in tables:
            digests.extend(provenance.content_ids(columns_of(table, self.columns)))
            ranks.extend(origin_ranks(table, len(ranks)))
        best: dict[str, tuple[int, str, int]] = {}
        for digest, rank in zip(digests, ranks, strict=True):
            if digest not in best or rank < best[digest]:
                best[digest] = rank
        return [
            None if best[digest] == rank else "exact duplicate" for digest, rank in zip(digests, ranks, strict=True)
        ]
