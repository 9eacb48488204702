"""Drop rows that equal another row."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import pyarrow as pa
from datasets import Features, Value

from hfaug import provenance
from hfaug.filters.base import RANK, DatasetFilter, columns_of, ranks, with_ranks

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

    def extracts(self, features: Features) -> Features:
        """A digest of what each row holds."""
        return Features({**RANK, "digest": Value("string")})

    def extract(self, rows: pa.Table) -> pa.Table:
        """A digest of what each row holds."""
        return with_ranks(rows, digest=pa.array(provenance.content_ids(columns_of(rows, self.columns)), pa.string()))

    def compare(self, rows: Iterable[pa.Table], before: Iterable[pa.Table] = ()) -> list[str | None]:
        """One entry a row, in order."""
        known = {digest for table in before for digest in table["digest"].to_pylist()}
        digests: list[str] = []
        order: list[tuple[int, str, int]] = []
        for table in rows:
            digests.extend(table["digest"].to_pylist())
            order.extend(ranks(table, len(order)))
        best: dict[str, tuple[int, str, int]] = {}
        for digest, rank in zip(digests, order, strict=True):
            best[digest] = min(best.get(digest, rank), rank)
        return [
            None if digest not in known and best[digest] == rank else "exact duplicate"
            for digest, rank in zip(digests, order, strict=True)
        ]
