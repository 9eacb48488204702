"""Assets: data that an op needs and that is too large for a field (a fitted table, a pool of partners).

An asset is an Arrow table in a file of its own, named by its content digest. An op holds the digest; each process maps
the file into memory when it first needs it, so a pickled op stays a few hundred bytes however large its asset is.
"""

from __future__ import annotations

import functools
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import xxhash

from hfaug.errors import FingerprintError, HfaugError

__all__ = ["Asset", "assets_folder"]


def assets_folder() -> Path:
    """Where assets lie: ``$HFAUG_HOME/assets``, else ``hfaug/assets`` in the Hugging Face cache."""
    home = os.environ.get("HFAUG_HOME")
    if home:
        return Path(home) / "assets"
    hub = os.environ.get("HF_HOME") or os.path.join(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "huggingface")
    return Path(hub).expanduser() / "hfaug" / "assets"


@dataclass(frozen=True)
class Asset:
    """A table that is known by its content digest.

    Args:
        digest: 32 hex digits over the content.

    >>> asset = Asset.save(pa.table({"word": ["Paris", "Rome"]}))
    >>> asset.table()["word"].to_pylist(), asset == Asset.save(pa.table({"word": ["Paris", "Rome"]}))
    (['Paris', 'Rome'], True)
    """

    digest: str

    @classmethod
    def save(cls, table: pa.Table, digest: str | None = None) -> Asset:
        """Store `table` under its digest; nothing is written when it is there already.

        Args:
            table: The content.
            digest: A digest that stands for the content; by default over the table's IPC bytes.
        """
        batches = table.combine_chunks().to_batches()
        return cls.write(table.schema, batches, digest or _content_digest(table))

    @classmethod
    def write(cls, schema: pa.Schema, batches: Iterable[pa.RecordBatch], digest: str) -> Asset:
        """Store a stream of record batches under a digest that the caller vouches for."""
        asset = cls(digest)
        if asset.path.exists():
            return asset
        asset.path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=asset.path.parent, prefix=f".{digest}-")
        os.close(handle)
        try:
            with pa.OSFile(temporary, "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
                for batch in batches:
                    writer.write_batch(batch)
            os.replace(temporary, asset.path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        return asset

    @property
    def path(self) -> Path:
        """The file on this machine."""
        return assets_folder() / f"{self.digest}.arrow"

    def table(self) -> pa.Table:
        """The content, mapped into memory; opened once a process.

        Raises:
            HfaugError: The file is not on this machine.
        """
        return _open(str(self.path))

    def __post_init__(self) -> None:
        if len(self.digest) != 32 or not set(self.digest) <= set("0123456789abcdef"):
            raise FingerprintError(f"Asset: the digest must be 32 hex digits, got {self.digest!r}")


@functools.lru_cache(maxsize=16)
def _open(path: str) -> pa.Table:
    if not os.path.exists(path):
        raise HfaugError(
            f"Asset: {os.path.basename(path)} must lie in {os.path.dirname(path)}, and does not; fit the op again, "
            "or copy the file from the release that the op came with (folder .hfaug/assets)"
        )
    return pa.ipc.open_file(pa.memory_map(path)).read_all()


def _content_digest(table: pa.Table) -> str:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    return xxhash.xxh3_128_hexdigest(sink.getvalue())
