"""Balance: what is missing for a target distribution, and rows to fill it."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

import pyarrow as pa
from datasets import Dataset, concatenate_datasets

from hfaug import provenance
from hfaug.augment import (
    COPY,
    Flagged,
    Numbered,
    Untouched,
    mapped,
    without_rejects,
)
from hfaug.classes import classes_of
from hfaug.errors import ParameterError, RoleError
from hfaug.ids import formatted, holds_copies, with_ids, with_lineage
from hfaug.lineage import unused
from hfaug.op import Op, Reject, RowOp
from hfaug.randomness import Stream, row_key
from hfaug.rows import Row

__all__ = ["Repeat", "Resampling", "balance", "resample"]

Target = Literal["most", "least"] | int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Repeat(RowOp):
    """A copy that changes nothing: what plain oversampling adds."""

    def apply(self, row: Row, rng: Stream) -> Row | Reject:
        """The row as it is."""
        return row


@dataclasses.dataclass(frozen=True)
class Resampling:
    """Which rows make the target.

    Attributes:
        kept: Places of the rows that stay, in order.
        extra: Places of the rows to copy.
        copies: Which copy of its row each of `extra` is, from 0.
    """

    kept: list[int]
    extra: list[int]
    copies: list[int]


def resample(labels: Sequence[Any], ids: Sequence[str], target: Target = "most", *, drop: bool = True) -> Resampling:
    """Work out which rows to keep and to copy, so that every class has as many rows as the target says.

    Which rows of a class are copied first, or stay, is decided by their ids, not by their order. Rows without a class
    stay.

    Args:
        labels: The class of each row; None for no class.
        ids: The id of each row.
        target: Rows of each class: ``most`` (as many as the largest class has), ``least`` (as the smallest), or a
            number.
        drop: Leave rows of larger classes out; False only fills the smaller ones.

    >>> resample(["a", "a", "a", "b"], ["1", "2", "3", "4"])
    Resampling(kept=[0, 1, 2, 3], extra=[3, 3], copies=[0, 1])
    >>> resample(["a", "a", "b"], ["1", "2", "3"], "least").extra
    []
    """
    counts = Counter(label for label in labels if label is not None)
    if not counts:
        return Resampling(list(range(len(labels))), [], [])
    wanted = (
        {"most": max(counts.values()), "least": min(counts.values())}.get(target) if isinstance(target, str) else target
    )
    if wanted is None or wanted < 1:
        raise ParameterError(
            f"balance: target must be 'most', 'least' or a number of rows from 1 up, got {target!r}; correct target"
        )
    order: dict[Any, list[int]] = {}
    for place in sorted(range(len(labels)), key=lambda place: (row_key(ids[place]), ids[place])):
        order.setdefault(labels[place], []).append(place)
    kept: list[int] = list(order.pop(None, []))
    extra: list[int] = []
    copies: list[int] = []
    for label in sorted(order, key=repr):
        places = order[label]
        kept.extend(places[:wanted] if drop else places)
        missing = wanted - len(places)
        extra.extend(places[number % len(places)] for number in range(missing))
        copies.extend(number // len(places) for number in range(missing))
    return Resampling(sorted(kept), extra, copies)


def balance(
    dataset: Dataset,
    column: str,
    *,
    target: Target = "most",
    drop: bool = True,
    op: Op | None = None,
    num_proc: int | None = None,
) -> Dataset:
    """Bring the classes of a column to a target: copies fill small classes, rows of large ones are left out.

    Args:
        dataset: One split.
        column: The class column.
        target: Rows of each class: ``most``, ``least`` or a number.
        drop: Leave rows of larger classes out; False only fills the smaller ones.
        op: What changes each copy; plain repeats without one.
        num_proc: Worker processes.

    Returns:
        The rows that stay, bit-identical and in order, then the copies.

    Raises:
        RoleError: There is no such column.

    >>> from datasets import Dataset
    >>> balance(Dataset.from_dict({"text": ["a", "b", "c"], "label": [0, 0, 1]}), "label")["label"][:]
    [0, 0, 1, 1]
    """
    if column not in dataset.features:
        raise RoleError(f"balance: column must be one of {', '.join(dataset.features)}, got {column!r}; correct column")
    op = Repeat() if op is None else op
    op = unused(op if op.ready else op.fit(dataset), lambda digest: holds_copies(dataset, digest))
    features = Untouched.around(op).features(with_lineage(dataset.features))
    rows = with_ids(dataset.with_format(None), id_column=op.binding.id, num_proc=num_proc)
    plan = resample(
        classes_of(rows[column][:], rows.features[column]),
        [item["id"] for item in rows[provenance.COLUMN]],
        target,
        drop=drop,
    )
    kept = rows.select(plan.kept)
    if features != rows.features:
        kept = mapped(kept, Untouched.around(op), features, num_proc=num_proc, name="hfaug balance")
    if not plan.extra:
        return formatted(kept, dataset)
    chosen = rows.select(plan.extra).flatten_indices()
    numbers = Dataset(pa.table({COPY: pa.array(plan.copies, type=pa.int64())}))
    chosen = concatenate_datasets([chosen, numbers], axis=1)
    made = mapped(chosen, Flagged.around(Numbered.around(op)), features, num_proc=num_proc, name="hfaug balance")
    return formatted(concatenate_datasets([kept, without_rejects(made, op)]), dataset)
