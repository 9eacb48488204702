"""`with_ids`: every row gets an id of its own, by what it holds."""

from __future__ import annotations

import functools
import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from datasets import (
    Audio,
    Dataset,
    DatasetDict,
    Features,
    Image,
    IterableDataset,
    IterableDatasetDict,
    LargeList,
    List,
    Video,
    concatenate_datasets,
)

from hfaug import provenance
from hfaug.arguments import check_dataset, check_num_proc
from hfaug.columns import is_video
from hfaug.errors import RowIdError
from hfaug.plan import has_lineage
from hfaug.randomness import row_key
from hfaug.streaming import map_stream, stream_features

__all__ = ["batch_rows", "formatted", "holds_copies", "with_ids", "with_lineage"]

logger = logging.getLogger("hfaug")
AnyDataset = TypeVar("AnyDataset", Dataset, DatasetDict, IterableDataset, IterableDatasetDict)

_BATCH_BYTES = 32_000_000
_MOST_ROWS = 1000
_MOST_MEDIA = 64
_MOST_VIDEOS = 4


def formatted(done: Dataset, like: Dataset) -> Dataset:
    """A dataset that hands out its rows as another one does."""
    said = like.format
    columns = None if set(said["columns"]) == set(like.column_names) else said["columns"]
    return done.with_format(said["type"], columns, said["output_all_columns"], **said["format_kwargs"])


def with_lineage(features: Features) -> Features:
    """Features with the lineage column."""
    return features if has_lineage(features) else Features({**features, provenance.COLUMN: provenance.feature()})


def batch_rows(split: Dataset, copies: int = 1) -> int:
    """Rows of a batch: by bytes, so that few media and many numbers are held at a time.

    Args:
        split: The rows; media that are only named by a path are taken for large.
        copies: How many rows are made of one.
    """
    nbytes = max(1, split.data.nbytes / max(1, split.data.num_rows))
    most = _MOST_MEDIA if any(map(_holds_media, split.features.values())) else _MOST_ROWS
    most = _MOST_VIDEOS if any(map(is_video, split.features.values())) else most
    return int(max(1, min(most // copies, _BATCH_BYTES // (nbytes * copies), len(split))))


def _holds_media(feature: Any) -> bool:
    if isinstance(feature, (List, LargeList)):
        return _holds_media(feature.feature)
    if isinstance(feature, Mapping):
        return any(map(_holds_media, feature.values()))
    return isinstance(feature, (Image, Audio, Video))


def with_ids(dataset: AnyDataset, *, id_column: str | None = None, num_proc: int | None = None) -> AnyDataset:
    """Give every row an id of its own in the lineage column, by what the row holds and not by where it stands.

    Args:
        dataset: A dataset, a dictionary of splits, or a stream of either; one that has the lineage column already keeps
            its ids, as far as they differ.
        id_column: A column of unique names; by default the content is hashed. Equal rows are numbered: ``id``,
            ``id~1``, ``id~2``. Those of a stream cannot be, and get equal ids.
        num_proc: Worker processes.

    Raises:
        RowIdError: Two rows share a name of `id_column`.
        CallError: The dataset has a column of the lineage's name that is something else, or it is a stream of unknown
            columns.

    >>> from datasets import Dataset
    >>> ds = with_ids(Dataset.from_dict({"x": [1, 1]}))
    >>> first, second = (row["id"] for row in ds["provenance"])
    >>> second == first + "~1"
    True
    """
    check_dataset(dataset, "with_ids")
    check_num_proc(num_proc, "with_ids")
    if isinstance(dataset, (DatasetDict, IterableDatasetDict)):
        found = {name: with_ids(part, id_column=id_column, num_proc=num_proc) for name, part in dataset.items()}
        return type(dataset)(found)
    if isinstance(dataset, IterableDataset):
        return _stream_with_ids(dataset, id_column)
    if has_lineage(dataset.features):
        return dataset if id_column is not None or _differ(dataset) else _renumbered(dataset)
    return _with_new_ids(dataset, id_column, num_proc)


def _stream_with_ids(stream: IterableDataset, id_column: str | None) -> IterableDataset:
    before = stream_features(stream, "with_ids")
    if has_lineage(before):
        return stream
    logger.info("hfaug.with_ids: equal rows of a stream cannot be numbered; they get equal ids")
    return map_stream(stream, functools.partial(_beside_lineage, id_column=id_column), with_lineage(before))


def _beside_lineage(table: pa.Table, id_column: str | None) -> pa.Table:
    lineage = provenance.source_lineage(provenance.row_ids(table, id_column))
    return table.append_column(provenance.COLUMN, lineage)


def _with_new_ids(dataset: Dataset, id_column: str | None, num_proc: int | None) -> Dataset:
    features = Features({provenance.COLUMN: provenance.feature()})
    rows = _flat(dataset)
    if not len(rows):
        empty = Features({**rows.features, **features}).arrow_schema.empty_table()
        return formatted(Dataset(empty, split=dataset.split), dataset)
    ids = rows.with_format("arrow").map(
        functools.partial(_lineage_of, id_column=id_column),
        batched=True,
        batch_size=batch_rows(rows),
        num_proc=None if num_proc is None else min(num_proc, len(rows)),
        remove_columns=rows.column_names,
        features=features,
        desc="hfaug ids",
    )
    return formatted(concatenate_datasets([rows, _numbered(ids.with_format(None), id_column)], axis=1), dataset)


def _flat(dataset: Dataset) -> Dataset:
    """Rows in the order in which they are stored, so that columns can be put beside them."""
    plain = dataset.with_format(None)
    return plain if plain._indices is None else plain.flatten_indices()  # noqa: SLF001  # datasets offers no question


def _id_tables(dataset: Dataset) -> Iterator[pa.Table]:
    tables: Iterator[pa.Table] = dataset.select_columns([provenance.COLUMN]).with_format("arrow").iter(_MOST_ROWS)
    return tables


def _differ(dataset: Dataset) -> bool:
    """Whether all ids of the lineage differ; a resampled row brings its id along. Holds 8 bytes an id, not the ids."""
    names = (name for table in _id_tables(dataset) for name in provenance.row_ids(table))
    keys = np.fromiter(map(row_key, names), np.uint64, len(dataset))
    keys.sort()
    return not (keys[1:] == keys[:-1]).any()


def holds_copies(dataset: Dataset, digest: str) -> bool:
    """Whether some row is a copy that an op made, or was made of one.

    Args:
        dataset: Rows with or without the lineage column.
        digest: What the ids of the op's copies hold, see `hfaug.lineage.id_digest`.
    """
    if not has_lineage(dataset.features):
        return False
    ids = (pc.struct_field(table[provenance.COLUMN], "id") for table in _id_tables(dataset))
    return any(pc.any(pc.match_substring(some, f"/{digest}.")).as_py() for some in ids)


def _renumbered(dataset: Dataset) -> Dataset:
    """The dataset with equal ids of its lineage told apart."""
    rows = _flat(dataset)
    numbered = _numbered(rows.select_columns([provenance.COLUMN]), None)
    return formatted(concatenate_datasets([rows.remove_columns(provenance.COLUMN), numbered], axis=1), dataset)


def _lineage_of(table: pa.Table, id_column: str | None) -> pa.Table:
    ids = provenance.row_ids(table, id_column)
    return pa.table({provenance.COLUMN: provenance.source_lineage(ids)})


def _numbered(ids: Dataset, id_column: str | None) -> Dataset:
    """The lineage with equal ids told apart."""
    if _differ(ids):
        return ids
    values = ids.data.column(provenance.COLUMN).combine_chunks()
    if isinstance(values, pa.ChunkedArray):
        values = pa.concat_arrays(values.chunks)
    found = values.field("id").to_pylist()
    repeated = [value for value, count in Counter(found).items() if count > 1]
    if not repeated:  # two names shared a key
        return ids
    if id_column is not None:
        raise RowIdError(
            f"with_ids: the ids in {id_column!r} must be unique, {repeated[0]!r} stands in "
            f"{found.count(repeated[0])} rows; leave id_column out to use the content, or correct the rows"
        )
    unique = pa.array(provenance.number_repeats(found, {}), pa.string())
    fields = [unique if field.name == "id" else values.field(field.name) for field in values.type]
    table = pa.table({provenance.COLUMN: pa.StructArray.from_arrays(fields, fields=list(values.type))})
    name = f"{ids._fingerprint[:32]}numbered"  # noqa: SLF001  # what follows from it may be cached under a name of its own
    return Dataset(table.cast(ids.features.arrow_schema), fingerprint=name)
