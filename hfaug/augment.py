"""`augment`, `online` and `with_ids`: ops on whole datasets, stored once or drawn fresh each epoch."""

from __future__ import annotations

import dataclasses
import functools
import json
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar

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
from hfaug.binding import Binding
from hfaug.errors import CallError, ParameterError, RowIdError
from hfaug.fields import canonical
from hfaug.lineage import REJECTED
from hfaug.op import Op
from hfaug.plan import Plan, Run, has_lineage
from hfaug.randomness import row_key
from hfaug.rows import KEPT, Row

__all__ = ["augment", "batch_rows", "with_ids"]

logger = logging.getLogger("hfaug")
AnyDataset = TypeVar("AnyDataset", Dataset, DatasetDict, IterableDataset, IterableDatasetDict)

_BATCH_BYTES = 32_000_000
_MOST_ROWS = 1000
_MOST_MEDIA = 64


def augment(
    dataset: AnyDataset,
    op: Op,
    *,
    copies: int = 1,
    keep: bool = True,
    splits: Sequence[str] | None = None,
    seed: int | None = None,
    provenance: bool = True,
    num_proc: int | None = None,
) -> AnyDataset:
    """Add augmented copies to a dataset. The same row gives the same copies, whatever the order, batches and processes.

    Args:
        dataset: A dataset, a dictionary of splits, or a stream of either.
        op: What makes the copies.
        copies: Copies of each row, from 1 up.
        keep: Keep the rows themselves, bit-identical: before all copies in a dataset, each before its own in a stream.
        splits: Splits of a dictionary that are augmented; by default ``train`` alone. The others get the same columns.
        seed: Another seed gives other draws.
        provenance: False leaves the lineage column out of the result.
        num_proc: Worker processes; the result does not depend on it.

    Returns:
        The same kind as `dataset`, with the features of ``op.features(dataset.features)``.

    Raises:
        RoleError: A column is missing or in doubt; raised before any work.
        LabelError: A label would not move; raised before any work.
        RowIdError: Two rows share an id.

    >>> import hfaug
    >>> from datasets import Dataset
    >>> ds = Dataset.from_dict({"text": ["a red car", "a blue car"]})
    >>> hfaug.augment(ds, hfaug.ops.text.SwapChars(), copies=2).num_rows
    6
    """
    canonical(copies, int, "augment", "copies")
    if copies < 1:
        raise ParameterError(f"augment: copies must be from 1 up, got {copies}")
    provenance = provenance and op.binding.provenance is not False
    binding = op.binding.merged(Binding(seed=seed))
    op = dataclasses.replace(op, binding=dataclasses.replace(binding, provenance=None))
    job = _Job(op, copies, keep, provenance, num_proc)
    if isinstance(dataset, (DatasetDict, IterableDatasetDict)):
        chosen = _chosen_splits(dataset, splits)
        return type(dataset)(
            {name: job.run(split) if name in chosen else job.pass_on(split) for name, split in dataset.items()}
        )
    if splits is not None:
        raise ParameterError(
            "augment: splits must be given for a dictionary of splits only, got one dataset; leave it out"
        )
    return job.run(dataset)


def _chosen_splits(dataset: Any, splits: Sequence[str] | None) -> set[str]:
    if splits is None:
        if "train" in dataset:
            return {"train"}
        if len(dataset) == 1:
            return set(dataset)
        raise ParameterError(
            f"augment: splits must be named where there is no train split, got {list(dataset)}; say splits=[...]"
        )
    names = [splits] if isinstance(splits, str) else list(splits)
    unknown = sorted(set(names) - set(dataset))
    if unknown:
        raise ParameterError(f"augment: splits must be among {list(dataset)}, got {unknown}; correct splits")
    return set(names)


@dataclasses.dataclass(frozen=True)
class _Job:
    """One call of `augment`."""

    op: Op
    copies: int
    keep: bool
    provenance: bool
    num_proc: int | None

    def run(self, split: Any) -> Any:
        """Augment a split."""
        if isinstance(split, IterableDataset):
            return self._stream(split)
        op = self.op if self.op.ready else self.op.fit(split)
        features = op.features(with_lineage(split.features))
        rows = with_ids(split, id_column=op.binding.id, num_proc=self.num_proc)
        made = self._map(Flagged.around(op.times(self.copies)), rows, features)
        made = without_rejects(made, op)
        if self.keep:
            made = concatenate_datasets([self._map(Untouched.around(op), rows, features), made])
        return self._finished(made, split)

    def pass_on(self, split: Any) -> Any:
        """Give a split that is not augmented the same columns."""
        if isinstance(split, IterableDataset):
            features = self.op.features(with_lineage(_stream_features(split)))
            done = _map_stream(split, Untouched.around(self.op), features)
        else:
            rows = with_ids(split, id_column=self.op.binding.id, num_proc=self.num_proc)
            done = self._map(Untouched.around(self.op), rows, self.op.features(rows.features))
        return self._finished(done, split)

    def _finished(self, done: Any, split: Any) -> Any:
        done = done if self.provenance else done.remove_columns(provenance.COLUMN)
        return done if isinstance(split, IterableDataset) else formatted(done, split)

    def _map(self, function: Any, split: Dataset, features: Features) -> Dataset:
        if isinstance(function, Untouched) and features == split.features:
            return split
        if not len(split):
            return Dataset(features.arrow_schema.empty_table(), split=split.split)
        rows = batch_rows(split, self.copies)
        return split.with_format(None).map(
            function,
            batched=True,
            batch_size=rows,
            writer_batch_size=rows * self.copies,
            num_proc=None if self.num_proc is None else min(self.num_proc, len(split)),
            features=features,
            desc=f"hfaug {type(self.op).__name__}",
        )

    def _stream(self, split: IterableDataset) -> IterableDataset:
        features = self.op.features(with_lineage(_stream_features(split)))
        logger.info("hfaug.augment: equal rows of a stream cannot be numbered; they get equal copies")
        done = _map_stream(split, self.op.times(self.copies, keep=self.keep), features)
        return self._finished(done, split)


def _stream_features(split: IterableDataset) -> Features:
    features = split.features
    if features is None:
        raise CallError(
            "augment: the features of a stream must be known, these are not; say stream.cast(features) "
            "or load it with features=..."
        )
    return features


def _map_stream(split: IterableDataset, function: Any, features: Features) -> IterableDataset:
    return split.with_format("arrow").map(function, batched=True, batch_size=32, features=features).with_format(None)


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
    return int(max(1, min(most // copies, _BATCH_BYTES // (nbytes * copies), len(split))))


def _holds_media(feature: Any) -> bool:
    if isinstance(feature, (List, LargeList)):
        return _holds_media(feature.feature)
    if isinstance(feature, Mapping):
        return any(map(_holds_media, feature.values()))
    return isinstance(feature, (Image, Audio, Video))


def with_ids(dataset: Dataset, *, id_column: str | None = None, num_proc: int | None = None) -> Dataset:
    """Give every row an id of its own in the lineage column, by what the row holds and not by where it stands.

    Args:
        dataset: Any dataset; one that has the lineage column already keeps its ids, as far as they differ.
        id_column: A column of unique names; by default the content is hashed. Equal rows are numbered: ``id``,
            ``id~1``, ``id~2``.
        num_proc: Worker processes.

    Raises:
        RowIdError: Two rows share a name of `id_column`.
        CallError: The dataset has a column of the lineage's name that is something else.

    >>> from datasets import Dataset
    >>> ds = with_ids(Dataset.from_dict({"x": [1, 1]}))
    >>> first, second = (row["id"] for row in ds["provenance"])
    >>> second == first + "~1"
    True
    """
    if has_lineage(dataset.features):
        return dataset if id_column is not None or _differ(dataset) else _renumbered(dataset)
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


def _differ(dataset: Dataset) -> bool:
    """Whether all ids of the lineage differ; a resampled row brings its id along. Holds 8 bytes an id, not the ids."""
    tables = dataset.select_columns([provenance.COLUMN]).with_format("arrow").iter(_MOST_ROWS)
    names = (name for table in tables for name in provenance.row_ids(table))
    keys = np.fromiter(map(row_key, names), np.uint64, len(dataset))
    keys.sort()
    return not (keys[1:] == keys[:-1]).any()


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


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Wrapper(Op):
    """An op around an op, for `augment` alone; its lineage is that of the op inside."""

    op: Op

    @classmethod
    def around(cls, op: Op) -> Op:
        """The wrapper with the binding of the op."""
        return cls(op=op, binding=op.binding)

    def plan(self, plan: Plan) -> None:
        with plan.bound(self):
            plan.add(self)
            self.op.plan(plan)

    def children(self) -> tuple[Op, ...]:
        return (self.op,)

    @property
    def lineage_op(self) -> Op:
        return self.op.lineage_op

    @property
    def lineage_depth(self) -> int:
        return self.op.lineage_depth


@dataclasses.dataclass(frozen=True, kw_only=True)
class Untouched(_Wrapper):
    """Every row as it is, with the columns that the op adds."""

    def run(self, rows: Sequence[Row], run: Run) -> list[Row]:
        for row in rows:
            row.copy = (KEPT,)
        return list(rows)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Flagged(_Wrapper):
    """The op, with its rejected copies handed on and flagged: workers cannot count together, rows are counted later."""

    flags_rejects: ClassVar[bool] = True

    def run(self, rows: Sequence[Row], run: Run) -> list[Row]:
        run.leaf(self)
        return self.op.run(rows, run)


COPY = "_hfaug_copy"
"""The column that tells `Numbered` which copy of its source a row is to be; it does not come out."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Numbered(_Wrapper):
    """The op, on rows that already say which copy of their source they are, as a resampling does."""

    @property
    def lineage_depth(self) -> int:
        return 1 + self.op.lineage_depth

    def plan(self, plan: Plan) -> None:
        plan.features.pop(COPY)
        super().plan(plan)

    def run(self, rows: Sequence[Row], run: Run) -> list[Row]:
        run.leaf(self)
        return self.op.run([row.fork(row.batch.value(COPY, row.index)) for row in rows], run)


def without_rejects(made: Dataset, op: Op) -> Dataset:
    """Drop flagged copies, and say how many fell for which reason."""
    if not len(made):
        return made
    lineage = made.data.column(provenance.COLUMN)
    origins = pc.struct_field(lineage, "origin")
    kept = pc.not_equal(origins, REJECTED)
    if pc.all(kept).as_py():
        return made
    steps = pc.filter(pc.struct_field(lineage, "steps"), pc.invert(kept)).to_pylist()
    reasons = Counter(json.loads(text)[-1]["rejected"]["reason"] for text in steps)
    logger.warning(
        "hfaug.augment: %s rejected %d of %d copies: %s", type(op).__name__, len(steps), len(made), dict(reasons)
    )
    return made.select(pc.indices_nonzero(kept).to_pylist())
