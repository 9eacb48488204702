"""A split as Parquet shards: the same bytes for the same rows, however the table was cut.

They are written with the settings of ``datasets`` (content-defined chunks, page index, media uncompressed), so that
an upload of a grown dataset sends only what is new. Borders of row groups and shards follow from the rows alone,
counted from the first one: rows that are appended change the last shard and add new ones. Originals come before
generated rows and never share a shard with them.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from datasets import Audio, Dataset, Features, Image, Video

from hfaug import provenance
from hfaug.release.shard_writer import Limits, ShardWriter

__all__ = ["Shard", "data_folder", "file_digest", "published_features", "write_split"]

_READ_BYTES = 16 << 20  # aim for one batch of reading
_READ_ROWS = 1000


@dataclass(frozen=True)
class Shard:
    """One written shard: its path in the repo and on disk, rows, SHA-256, bytes on disk and before compression."""

    path_in_repo: str
    local: Path
    rows: int
    sha256: str
    size: int
    nbytes: int


def data_folder(config_name: str) -> str:
    """Folder of a config's shards: ``data`` for the default config, else its name."""
    return "data" if config_name == "default" else config_name


def published_features(features: Features) -> Features:
    """The features as a user of the release wants them: media columns decode.

    >>> published_features(Features({"photo": Image(decode=False)}))
    {'photo': Image(mode=None, decode=True)}
    """
    return Features({name: _decoding(feature) for name, feature in features.items()})


def _decoding(feature: Any) -> Any:
    if isinstance(feature, dict):
        return {name: _decoding(inner) for name, inner in feature.items()}
    feature = copy.copy(feature)
    if isinstance(feature, (Image, Audio, Video)):
        feature.decode = True
    elif hasattr(feature, "feature"):
        feature.feature = _decoding(feature.feature)
    return feature


def write_split(
    dataset: Dataset, folder: Path, *, config_name: str = "default", split: str = "train", limits: Limits | None = None
) -> list[Shard]:
    """Write one split; memory stays near the size of one row group.

    Args:
        dataset: The rows; files that media columns name are read and embedded, so no path of a machine leaves it.
        folder: Root of the release on disk; shards go to ``folder/data`` or ``folder/<config>``.
        config_name: Config the split belongs to.
        split: Name of the split.
        limits: Where row groups and shards end.

    Returns:
        The shards in order; one without rows when the split has none.
    """
    target = folder / data_folder(config_name)
    target.mkdir(parents=True, exist_ok=True)
    writer = ShardWriter(target, split, published_features(dataset.features), limits or Limits())
    try:
        for table, border in _tables(dataset):
            if border:
                writer.end_shard()
            writer.add(table)
        written = writer.close()
    except BaseException:
        writer.abandon()
        raise
    shards = []
    for number, part in enumerate(written):
        name = f"{split}-{number:05d}-of-{len(written):05d}.parquet"
        final = part.path.rename(target / name)
        path = f"{data_folder(config_name)}/{name}"
        shards.append(Shard(path, final, part.rows, part.sha256, part.size, part.nbytes))
    return shards


def file_digest(path: Path) -> tuple[str, int]:
    """SHA-256 and size of a file, read in pieces."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
            size += len(piece)
    return digest.hexdigest(), size


def _tables(dataset: Dataset) -> Iterator[tuple[pa.Table, bool]]:
    """Batches in release order, and whether a new group of shards starts with them."""
    if not len(dataset):
        return
    started = False
    for part in _by_origin(dataset):
        border = started
        for batch in part.with_format("arrow").iter(_batch_rows(dataset)):
            yield batch, border
            border, started = False, True


def _by_origin(dataset: Dataset) -> list[Dataset]:
    origins = _origins(dataset)
    if origins is None:
        return [dataset]
    source = pc.fill_null(pc.equal(origins, "source"), False).to_numpy(zero_copy_only=False)
    parts = (np.flatnonzero(source), np.flatnonzero(~source))
    return [dataset.select(_compact(rows)) for rows in parts if len(rows)]


def _compact(rows: np.ndarray[Any, Any]) -> Any:
    # A range keeps the rows where they are; a list of indices reads them one by one.
    first, last = int(rows[0]), int(rows[-1])
    return range(first, last + 1) if last - first + 1 == len(rows) else rows


def _origins(dataset: Dataset) -> pa.Array | None:
    if not provenance.has_lineage(dataset.features.arrow_schema):
        return None
    column = dataset.select_columns([provenance.COLUMN]).with_format("arrow")
    parts = [pc.struct_field(batch[provenance.COLUMN], "origin").combine_chunks() for batch in column.iter(10_000)]
    return pa.concat_arrays([part.cast(pa.string()) for part in parts])


def _batch_rows(dataset: Dataset) -> int:
    from datasets.arrow_writer import get_arrow_writer_batch_size_from_features

    per_row = max(1, dataset.data.nbytes // max(1, len(dataset.data)))
    by_media = get_arrow_writer_batch_size_from_features(dataset.features) or _READ_ROWS
    return int(max(1, min(_READ_ROWS, by_media, _READ_BYTES // per_row)))
