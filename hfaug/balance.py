"""Balance: what is missing for a target distribution, and rows to fill it."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pyarrow as pa
from datasets import ClassLabel, Dataset, Features, concatenate_datasets

from hfaug import provenance
from hfaug.augment import (
    COPY,
    Flagged,
    Numbered,
    Untouched,
    mapped,
    without_rejects,
)
from hfaug.classes import combined_classes
from hfaug.errors import ParameterError, RoleError
from hfaug.ids import formatted, holds_copies, with_ids, with_lineage
from hfaug.lineage import unused
from hfaug.op import Op, Reject, RowOp
from hfaug.randomness import Stream, row_key
from hfaug.rows import Row

__all__ = ["Repeat", "Resampling", "Target", "balance", "class_columns", "resample", "rows_wanted", "target_of"]

Target = Literal["most", "least"] | int | Mapping[Any, int]
"""Rows of each class: as many as the largest or smallest has, a number, or a number for some of the classes."""


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
        target: Rows of each class: ``most`` (as many as the largest class has), ``least`` (as the smallest), a number,
            or numbers by class; classes that it does not name stay as they are.
        drop: Leave rows of larger classes out; False only fills the smaller ones.

    >>> resample(["a", "a", "a", "b"], ["1", "2", "3", "4"])
    Resampling(kept=[0, 1, 2, 3], extra=[3, 3], copies=[0, 1])
    >>> resample(["a", "a", "b"], ["1", "2", "3"], "least").extra
    []
    """
    counts = Counter(label for label in labels if label is not None)
    if not counts:
        return Resampling(list(range(len(labels))), [], [])
    wanted = rows_wanted(counts, target)
    order: dict[Any, list[int]] = {}
    for place in sorted(range(len(labels)), key=lambda place: (row_key(ids[place]), ids[place])):
        order.setdefault(labels[place], []).append(place)
    kept: list[int] = list(order.pop(None, []))
    extra: list[int] = []
    copies: list[int] = []
    for label in sorted(order, key=repr):
        places = order[label]
        kept.extend(places[: wanted[label]] if drop else places)
        missing = wanted[label] - len(places)
        extra.extend(places[number % len(places)] for number in range(missing))
        copies.extend(number // len(places) for number in range(missing))
    return Resampling(sorted(kept), extra, copies)


def rows_wanted(counts: Mapping[Any, int], target: Target) -> dict[Any, int]:
    """How many rows each class is to have.

    Args:
        counts: Rows that each class has, at least one class.
        target: See `resample`.

    Raises:
        ParameterError: The target is none.

    >>> rows_wanted({"cat": 3, "dog": 5}, "most"), rows_wanted({"cat": 3, "dog": 5}, {"cat": 4})
    ({'cat': 5, 'dog': 5}, {'cat': 4, 'dog': 5})
    """
    if isinstance(target, Mapping):
        numbers = {**counts, **target}
    else:
        known: dict[Any, Any] = {"most": max(counts.values()), "least": min(counts.values())}
        numbers = dict.fromkeys(counts, known.get(target, target))
    wrong = [rows for rows in numbers.values() if not isinstance(rows, int) or isinstance(rows, bool) or rows < 0]
    if wrong or (not isinstance(target, Mapping) and not any(numbers.values())):
        raise ParameterError(
            f"balance: target must be 'most', 'least', a number of rows from 1 up, or such numbers by class, "
            f"got {target!r}; correct target"
        )
    return numbers


def class_columns(who: str, column: str | Sequence[str], features: Features) -> tuple[str, ...]:
    """One or several columns of a dataset, as a tuple.

    Raises:
        RoleError: There is no such column.
    """
    columns = (column,) if isinstance(column, str) else tuple(column)
    missing = [name for name in columns if name not in features]
    if missing or not columns:
        raise RoleError(
            f"{who}: column must be one of {', '.join(features)}, got {', '.join(map(repr, missing)) or 'none'}; "
            "correct column"
        )
    return columns


def target_of(who: str, target: Target, columns: Sequence[str], features: Features) -> Target:
    """A target that names classes by their names, with the numbers that the dataset has for them.

    Raises:
        ParameterError: There is no such class, or the target is none.
    """
    rows_wanted({None: 1}, target)
    if not isinstance(target, Mapping):
        return target
    found = {}
    for key, rows in target.items():
        names = (key,) if len(columns) == 1 else key
        if not isinstance(names, tuple) or len(names) != len(columns):
            raise ParameterError(
                f"{who}: target must name a class of each of {', '.join(columns)}, got {key!r}; give a tuple of them"
            )
        numbers = tuple(_number(who, name, c, features) for name, c in zip(names, columns, strict=True))
        found[numbers if len(columns) > 1 else numbers[0]] = rows
    return found


def _number(who: str, name: Any, column: str, features: Features) -> Any:
    feature = features[column]
    if not isinstance(feature, ClassLabel):
        return name
    if name not in (range(len(feature.names)) if isinstance(name, int) else feature.names):
        raise ParameterError(
            f"{who}: target must name classes of {column!r} ({', '.join(feature.names)}), {name!r} is none; correct it"
        )
    return name if isinstance(name, int) else feature.str2int(name)


def balance(
    dataset: Dataset,
    column: str | Sequence[str],
    *,
    target: Target = "most",
    drop: bool = True,
    op: Op | None = None,
    num_proc: int | None = None,
) -> Dataset:
    """Bring the classes of a column to a target: copies fill small classes, rows of large ones are left out.

    Args:
        dataset: One split.
        column: The class column, or several: then each combination of their classes that there is counts as a class.
        target: Rows of each class: ``most``, ``least``, a number, or numbers by the name of the class.
        drop: Leave rows of larger classes out; False only fills the smaller ones.
        op: What changes each copy; plain repeats without one.
        num_proc: Worker processes.

    Returns:
        The rows that stay, bit-identical and in order, then the copies.

    Raises:
        RoleError: There is no such column.
        ParameterError: The target is none.

    A generator fills what is missing by `hfaug.generate_missing`.

    >>> from datasets import Dataset
    >>> balance(Dataset.from_dict({"text": ["a", "b", "c"], "label": [0, 0, 1]}), "label")["label"][:]
    [0, 0, 1, 1]
    """
    columns = class_columns("balance", column, dataset.features)
    target = target_of("balance", target, columns, dataset.features)
    op = Repeat() if op is None else op
    op = unused(op if op.ready else op.fit(dataset), lambda digest: holds_copies(dataset, digest))
    features = Untouched.around(op).features(with_lineage(dataset.features))
    rows = with_ids(dataset.with_format(None), id_column=op.binding.id, num_proc=num_proc)
    plan = resample(
        combined_classes({name: rows[name][:] for name in columns}, rows.features, columns),
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
