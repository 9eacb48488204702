"""`augment`: ops on whole datasets and streams, their copies stored once."""

from __future__ import annotations

import dataclasses
import json
import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar

import pyarrow.compute as pc
from datasets import (
    Dataset,
    DatasetDict,
    Features,
    IterableDataset,
    IterableDatasetDict,
    concatenate_datasets,
)

from hfaug import provenance
from hfaug.arguments import check_dataset, check_num_proc, check_op
from hfaug.binding import Binding
from hfaug.errors import CallError, ParameterError
from hfaug.fields import canonical
from hfaug.ids import batch_rows, formatted, holds_copies, with_ids, with_lineage
from hfaug.lineage import REJECTED, id_digest, unused
from hfaug.op import Op
from hfaug.plan import Plan, Run
from hfaug.rows import KEPT, Row
from hfaug.streaming import map_stream, ops_of, stream_features

__all__ = ["augment", "batch_rows", "with_ids"]

logger = logging.getLogger("hfaug")
AnyDataset = TypeVar("AnyDataset", Dataset, DatasetDict, IterableDataset, IterableDatasetDict)


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
        The same kind as `dataset`, with the features of ``op.features(dataset.features)``. An `Audio` column that would
        say a new sampling rate says none where rows stay that the op did not meet.

    An op that made copies in the dataset before draws anew: the same call again gives other copies, under other ids. A
    stream that is read from a file does not tell in time what made its rows, so only the calls on the stream count. For
    a filter or map before this one `datasets` decodes the media of a stream and encodes them anew, which makes them
    other rows; ``stream.decode(False)`` before it keeps them as they are.

    Raises:
        ParameterError: An argument is not what it should be.
        RoleError: A column is missing or in doubt; raised before any work.
        LabelError: A label would not move; raised before any work.
        RowIdError: Two rows share an id.
        CallError: An op that learns first is given a stream, or the features of a stream are unknown.

    >>> import hfaug
    >>> from datasets import Dataset
    >>> ds = Dataset.from_dict({"text": ["a red car", "a blue car"]})
    >>> hfaug.augment(ds, hfaug.ops.text.SwapChars(), copies=2).num_rows
    6
    """
    check_dataset(dataset, "augment")
    check_op(op, "augment")
    check_num_proc(num_proc, "augment")
    canonical(copies, int, "augment", "copies")
    if copies < 1:
        raise ParameterError(f"augment: copies must be from 1 up, got {copies}")
    provenance = provenance and op.binding.provenance is not False
    binding = op.binding.merged(Binding(seed=seed))
    op = dataclasses.replace(op, binding=dataclasses.replace(binding, provenance=None))
    is_dictionary = isinstance(dataset, (DatasetDict, IterableDatasetDict))
    chosen = _chosen_splits(dataset, splits) if is_dictionary else set()
    job = _Job(op, copies, keep, provenance, num_proc, mixes=keep or (is_dictionary and chosen != set(dataset)))
    if isinstance(dataset, (DatasetDict, IterableDatasetDict)):
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


def mapped(
    rows: Dataset, function: Op, features: Features, *, copies: int = 1, num_proc: int | None = None, name: str
) -> Dataset:
    """Rows after an op over their storage, in batches by their bytes; of no rows the features alone.

    Args:
        rows: One split, with ids.
        function: The op.
        features: What it makes.
        copies: How many rows it makes of one.
        num_proc: Worker processes.
        name: What a progress bar says.
    """
    if not len(rows):
        return Dataset(features.arrow_schema.empty_table(), split=rows.split)
    size = batch_rows(rows, copies)
    return rows.with_format(None).map(
        function,
        batched=True,
        batch_size=size,
        writer_batch_size=size * copies,
        num_proc=None if num_proc is None else min(num_proc, len(rows)),
        features=features,
        desc=name,
    )


@dataclasses.dataclass(frozen=True)
class _Job:
    """One call of `augment`."""

    op: Op
    copies: int
    keep: bool
    provenance: bool
    num_proc: int | None
    mixes: bool

    def run(self, split: Any) -> Any:
        """Augment a split."""
        if isinstance(split, IterableDataset):
            return self._stream(split)
        op = self.op if self.op.ready else self.op.fit(split)
        op = unused(op, lambda digest: holds_copies(split, digest))
        features = self._features(op, split.features)
        rows = with_ids(split, id_column=op.binding.id, num_proc=self.num_proc)
        made = self._map(Flagged.around(op.times(self.copies)), rows, features)
        made = without_rejects(made, op)
        if self.keep:
            made = concatenate_datasets([self._map(Untouched.around(op), rows, features), made])
        return self._finished(made, split)

    def pass_on(self, split: Any) -> Any:
        """Give a split that is not augmented the same columns."""
        if isinstance(split, IterableDataset):
            features = self._features(self.op, stream_features(split, "augment"))
            done = map_stream(split, Untouched.around(self.op), features)
        else:
            rows = with_ids(split, id_column=self.op.binding.id, num_proc=self.num_proc)
            done = self._map(Untouched.around(self.op), rows, self._features(self.op, rows.features))
        return self._finished(done, split)

    def _features(self, op: Op, features: Features) -> Features:
        """What the rows are in the end: of copies alone what the op makes, else what holds for untouched rows, too."""
        return (Untouched.around(op) if self.mixes else op).features(with_lineage(features))

    def _finished(self, done: Any, split: Any) -> Any:
        done = done if self.provenance else done.remove_columns(provenance.COLUMN)
        return done if isinstance(split, IterableDataset) else formatted(done, split)

    def _map(self, function: Any, split: Dataset, features: Features) -> Dataset:
        if isinstance(function, Untouched) and features == split.features:
            return split
        name = f"hfaug {type(self.op).__name__}"
        return mapped(split, function, features, copies=self.copies, num_proc=self.num_proc, name=name)

    def _stream(self, split: IterableDataset) -> IterableDataset:
        if not self.op.ready:
            names = ", ".join(type(op).__name__ for op in self.op.walk() if not op.children() and not op.ready)
            raise CallError(
                f"augment: an op on a stream must know what it needs beforehand, {names} first learns from all rows; "
                "say op.fit(train) with a dataset of training rows, and augment with what it returns"
            )
        features = self._features(self.op, stream_features(split, "augment"))
        logger.info("hfaug.augment: equal rows of a stream cannot be numbered; they get equal copies")
        earlier = {id_digest(op) for op in ops_of(split) if not isinstance(op, Untouched)}
        op = unused(self.op, earlier.__contains__)
        return self._finished(map_stream(split, op.times(self.copies, keep=self.keep), features), split)


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
    """Every row as it is, with the columns that the op adds; its features hold for such rows beside copies."""

    def plan(self, plan: Plan) -> None:
        with plan.bound(self):
            plan.add(self)
            plan.either([self.op], or_none=True)

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
