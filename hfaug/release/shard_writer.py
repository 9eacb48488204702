"""Cuts a stream of tables into Parquet files: where a row group or a file ends follows from the rows alone."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Features, config

from hfaug.errors import CompatibilityError
from hfaug.release.sink import HashingFile
from hfaug.release.sizes import row_bytes

__all__ = ["Limits", "ShardWriter", "Written"]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Where a row group and a shard end.

    Args:
        shard_bytes: A shard ends with the row that reaches this many bytes (before compression).
        group_bytes: A row group does with this many; reading one row means reading its group.
        group_rows: ... or with this many rows.
    """

    shard_bytes: int = 500 << 20
    group_bytes: int = 100 << 20
    group_rows: int = 1_000_000


@dataclass(frozen=True)
class Written:
    """One file: where it lies, its rows, SHA-256, bytes on disk and bytes before compression."""

    path: Path
    rows: int
    sha256: str
    size: int
    nbytes: int


class ShardWriter:
    """Cuts a stream of tables into row groups and shards by the bytes of their rows."""

    def __init__(self, target: Path, split: str, features: Features, limits: Limits) -> None:
        self._target, self._split, self._limits = target, split, limits
        self._schema = features.arrow_schema
        self._options = _parquet_options(features)
        self._written: list[Written] = []
        self._current: tuple[HashingFile, pq.ParquetWriter] | None = None
        self._group: list[pa.Table] = []
        self._group_rows = self._group_bytes = self._shard_rows = self._shard_bytes = 0

    def add(self, table: pa.Table) -> None:
        """Take the next rows, in any number."""
        table = _embed(table, self._schema)
        ends = np.cumsum(row_bytes(table))
        start = 0
        while start < len(table):
            done = int(ends[start - 1]) if start else 0
            room = min(
                self._limits.group_bytes - self._group_bytes,
                self._limits.shard_bytes - self._shard_bytes - self._group_bytes,
            )
            stop = int(np.searchsorted(ends, done + room)) + 1  # the row that reaches the limit is the last one in
            stop = min(stop, start + self._limits.group_rows - self._group_rows, len(table))
            self._take(table.slice(start, stop - start), int(ends[stop - 1]) - done)
            start = stop

    def _take(self, rows: pa.Table, nbytes: int) -> None:
        self._group.append(rows)
        self._group_rows += len(rows)
        self._group_bytes += nbytes
        if self._shard_bytes + self._group_bytes >= self._limits.shard_bytes:
            self.end_shard()
        elif self._group_bytes >= self._limits.group_bytes or self._group_rows >= self._limits.group_rows:
            self._end_group()

    def _end_group(self) -> None:
        if not self._group:
            return
        # One chunk a column: pages of a chunked column would end where its chunks do.
        table = pa.concat_tables(self._group).combine_chunks()
        sink, file = self._open()
        file.write_table(table, row_group_size=len(table))
        sink.check()
        self._shard_rows += self._group_rows
        self._shard_bytes += self._group_bytes
        self._group, self._group_rows, self._group_bytes = [], 0, 0

    def end_shard(self) -> None:
        """Finish the shard, if one was begun."""
        self._end_group()
        if self._current is None:
            return
        sink, file = self._current
        file.add_key_value_metadata({"content_defined_chunking": json.dumps(config.DEFAULT_CDC_OPTIONS)})
        file.close()
        sink.finish()
        self._written.append(Written(sink.path, self._shard_rows, sink.sha256, sink.size, self._shard_bytes))
        self._current, self._shard_rows, self._shard_bytes = None, 0, 0

    def close(self) -> list[Written]:
        """Finish; an empty split still gets one shard, which carries its columns."""
        if not self._written and not self._group:
            self._open()
        self.end_shard()
        return self._written

    def abandon(self) -> None:
        """Let go of the open file; whoever owns the folder removes it."""
        if self._current is not None:
            sink, file = self._current
            with contextlib.suppress(OSError, pa.ArrowException):
                file.close()
            sink.abandon()

    def _open(self) -> tuple[HashingFile, pq.ParquetWriter]:
        if self._current is None:
            sink = HashingFile(self._target / f".{self._split}-{len(self._written):05d}.parquet")
            file = pq.ParquetWriter(
                sink,
                schema=self._schema,
                use_content_defined_chunking=config.DEFAULT_CDC_OPTIONS,
                write_page_index=True,
                **self._options,
            )
            self._current = (sink, file)
        return self._current


def _parquet_options(features: Features) -> dict[str, Any]:
    try:
        from datasets.arrow_writer import get_parquet_column_options
    except ImportError as error:
        raise CompatibilityError(
            f"release: datasets must have get_parquet_column_options, has not ({error}); install a version hfaug names"
        ) from error
    options: dict[str, Any] = get_parquet_column_options(features, features.arrow_schema)
    return options


def _embed(table: pa.Table, schema: pa.Schema) -> pa.Table:
    from datasets.table import embed_table_storage, table_cast

    table = table_cast(table.select(schema.names), schema)
    return embed_table_storage(table)
