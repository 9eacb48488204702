"""What a caller may hand to ``release``, brought into one form or refused before any work."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from datasets import Dataset, DatasetDict, IterableDataset, IterableDatasetDict

from hfaug import provenance
from hfaug.errors import CallError, ParameterError, ReleaseError, RowIdError
from hfaug.randomness import row_key
from hfaug.release.marker import CARD, MARKER, RECIPE, RECORD

__all__ = ["Data", "as_configs", "check_extra_files", "check_splits"]

Data: TypeAlias = "Dataset | DatasetDict | Mapping[str, Dataset | DatasetDict]"

_CONFIG = re.compile(r"(?!data$)[A-Za-z0-9][\w.-]*")
_SPLIT = re.compile(r"\w+(\.\w+)*")
_OWN = (CARD, MARKER, RECIPE, RECORD)
_BATCH = 10_000


def as_configs(data: Any) -> dict[str, DatasetDict]:
    """Configs with their splits: one dataset is split ``train`` of the default config.

    Raises:
        CallError: It is streamed, or no dataset at all.
        ParameterError: A config or split has a name that files or `datasets` cannot bear, or nothing is in it.
        ReleaseError: Splits of one config have different columns.
    """
    configs = {"default": data} if isinstance(data, (Dataset, DatasetDict)) else data
    if not isinstance(configs, Mapping) or isinstance(configs, IterableDatasetDict):
        raise CallError(
            f"release: data must be a Dataset, a DatasetDict or a mapping of configs to them, was {_kind(data)}; "
            "write streamed data to disk first, as `hfaug build` does"
        )
    result = {}
    for name, splits in configs.items():
        if name != "default" and not _CONFIG.fullmatch(name):
            raise ParameterError(
                f"release: a config must be named with letters, digits, _, . and -, not 'data', was {name!r}; rename it"
            )
        if isinstance(splits, Dataset):
            splits = DatasetDict({str(splits.split or "train"): splits})  # noqa: PLW2901  one form from here on
        if not isinstance(splits, DatasetDict):
            raise CallError(
                f"release: config {name!r} must be a Dataset or a DatasetDict, was {_kind(splits)}; map it first"
            )
        _check_config(str(name), splits)
        order = list(splits[next(iter(splits))].features)
        result[str(name)] = DatasetDict({str(split): _ordered(rows, order) for split, rows in splits.items()})
    if not result:
        raise ParameterError("release: data must hold at least one config, holds none; pass a Dataset or DatasetDict")
    return result


def _ordered(rows: Dataset, columns: list[str]) -> Dataset:
    return rows if rows.column_names == columns else rows.select_columns(columns)


def _kind(value: Any) -> str:
    streamed = isinstance(value, (IterableDataset, IterableDatasetDict))
    return f"{'a streamed ' if streamed else ''}{type(value).__name__}"


def _check_config(name: str, splits: DatasetDict) -> None:
    if not splits:
        raise ParameterError(f"release: config {name!r} must hold at least one split, holds none; leave it out")
    first = next(iter(splits))
    for split, rows in splits.items():
        if not _SPLIT.fullmatch(split):
            raise ParameterError(
                f"release: a split must be named with letters, digits, _ and ., was {split!r}; rename it"
            )
        if rows.features != splits[first].features:
            names = sorted(
                column
                for column in {*rows.features, *splits[first].features}
                if rows.features.get(column) != splits[first].features.get(column)
            )
            raise ReleaseError(
                f"release: splits of config {name!r} must have the same columns, {split!r} and {first!r} differ in "
                f"{', '.join(names)}; cast one of them, or release two configs"
            )


def check_splits(data: Mapping[str, DatasetDict]) -> None:
    """Make sure that every row has an id of its own, and stands in one split with what was made from it.

    Splits without lineage were never augmented; rows they share are the affair of their source.

    Raises:
        RowIdError: Rows of a split share an id.
        LeakError: A row and what was made from it stand in two splits.
    """
    for splits in data.values():
        columns = splits[next(iter(splits))].features.arrow_schema
        if not provenance.has_lineage(columns):
            continue
        for split, rows in splits.items():
            _check_ids(split, rows)
        if len(splits) > 1:
            provenance.check_leaks({split: _lineage(rows) for split, rows in splits.items()})


def _check_ids(split: str, rows: Dataset) -> None:
    """See that no id stands twice. Holds 8 bytes an id; names are read again where two of those are equal."""
    names = (name for table in _lineage(rows) for name in provenance.row_ids(table))
    keys, counts = np.unique(np.fromiter(map(row_key, names), np.uint64, len(rows)), return_counts=True)
    shared = set(keys[counts > 1].tolist())
    if not shared:
        return
    again = (name for table in _lineage(rows) for name in provenance.row_ids(table))
    found = Counter(name for name in again if row_key(name) in shared)
    repeated = {name: count for name, count in found.items() if count > 1}
    if repeated:
        name, count = next(iter(repeated.items()))
        more = f", and {len(repeated) - 1:,} more ids stand in several rows" if len(repeated) > 1 else ""
        raise RowIdError(
            f"release: every row of a split must have an id of its own, {name!r} stands in {count:,} rows of "
            f"{split!r}{more}; leave the repeated rows out with filter.exact_duplicates, or number them with "
            "hfaug.with_ids"
        )


def _lineage(rows: Dataset) -> Iterator[pa.Table]:
    yield from rows.select_columns([provenance.COLUMN]).with_format("arrow").iter(_BATCH)


def check_extra_files(files: Mapping[str, bytes], data: Mapping[str, DatasetDict]) -> None:
    """Extra files have places of their own in the release.

    Raises:
        ParameterError: A path is absolute, climbs, or is taken by hfaug or a config.
    """
    folders = {"data" if name == "default" else name for name in data}
    for path in files:
        parts = path.split("/")
        taken = path in _OWN or parts[0] in {*folders, ".hfaug", ".git", ".cache"}
        if taken or "\\" in path or any(part in {"", ".", ".."} for part in parts):
            raise ParameterError(
                f"release: an extra file must have a path of its own, such as 'assets/sheet.png', was {path!r}; move it"
            )
