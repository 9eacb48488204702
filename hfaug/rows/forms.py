"""The forms in which `datasets` hands rows to a function, and what each of them gets back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from datasets import Audio, Features, Image, Value, Video
from datasets.formatting.formatting import LazyDict, LazyRow

from hfaug import provenance
from hfaug.errors import CallError

__all__ = ["Form", "read_form"]


class Form:
    """What came in: a table with features, or decoded columns; and whether it was one row.

    Attributes:
        table: Storage, or None for decoded objects.
        columns: Decoded objects by column, or None for storage.
        features: What the columns are.
        single: The function was called for one row.
    """

    __slots__ = ("columns", "features", "single", "table")

    def __init__(
        self, *, table: pa.Table | None, columns: dict[str, Sequence[Any]] | None, features: Features, single: bool
    ) -> None:
        self.table = table
        self.columns = columns
        self.features = features
        self.single = single


def read_form(batch: Any, who: str, id_column: str | None) -> Form:
    """Recognise what `map`, `with_transform` or a user handed over.

    Raises:
        CallError: It is no batch and no row, as with ``input_columns``.
    """
    if isinstance(batch, LazyDict):
        features = batch.formatter.features or Features.from_arrow_schema(batch.pa_table.schema)
        table = batch.pa_table
        if batch.keys_to_format != set(table.column_names):
            raise CallError(
                f"{who}: rows must come as they are stored, and {sorted(set(batch.data) - batch.keys_to_format)} were "
                "read or changed before; map the op in a call of its own, or put both into hfaug.Chain"
            )
        return Form(table=table, columns=None, features=_of(features, table), single=isinstance(batch, LazyRow))
    if isinstance(batch, pa.Table):
        return Form(table=batch, columns=None, features=Features.from_arrow_schema(batch.schema), single=False)
    if isinstance(batch, pa.RecordBatch):
        return read_form(pa.Table.from_batches([batch]), who, id_column)
    if isinstance(batch, Mapping):
        return _objects(dict(batch), who, id_column)
    raise _no_rows(batch, who)


def _no_rows(batch: Any, who: str) -> CallError:
    """What to say of something that is no batch: why it came depends on what it is."""
    library = type(batch).__module__.partition(".")[0]
    if library in ("pandas", "polars"):
        way_out = f"the format of the dataset is {library}: map ds.with_format(None), and set the format of the result"
    else:
        way_out = "leave input_columns out and bind columns with .on(...) instead"
    got = f"{library} {type(batch).__name__}" if library in ("pandas", "polars") else type(batch).__name__
    return CallError(f"{who}: must be called with whole rows (a mapping or an Arrow table), got {got}; {way_out}")


def _of(features: Features, table: pa.Table) -> Features:
    return Features({name: features[name] for name in table.column_names})


def _objects(columns: dict[str, Any], who: str, id_column: str | None) -> Form:
    single = _is_single(columns, id_column)
    columns = {name: [value] if single else _values(value) for name, value in columns.items()}
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise CallError(f"{who}: the columns of a batch must be of one length, got {lengths}; map with batched=True")
    return Form(table=None, columns=columns, features=infer_features(columns), single=single)


def _is_single(columns: Mapping[str, Any], id_column: str | None) -> bool:
    """An id tells a row from a batch; without one there will be a clear error later."""
    if id_column is not None and id_column in columns:
        return np.ndim(columns[id_column]) == 0
    lineage = columns.get(provenance.COLUMN)
    if isinstance(lineage, Mapping):
        return True
    if isinstance(lineage, (list, tuple)) and any(isinstance(value, Mapping) for value in lineage):
        return False
    return not all(isinstance(values, (list, tuple)) or hasattr(values, "ndim") for values in columns.values())


def _values(column: Any) -> Any:
    """The values of a column that a format put into one array: plain texts and numbers, or an array a row."""
    if isinstance(column, np.ndarray):
        return column.tolist() if column.ndim == 1 else list(column)
    return column


def infer_features(columns: Mapping[str, Sequence[Any]]) -> Features:
    """What decoded objects are: images, sounds, and what Arrow makes of the rest."""
    return Features({name: _infer(values) for name, values in columns.items()})


def _infer(values: Sequence[Any]) -> Any:
    first = next((value for value in values if value is not None), None)
    kind = type(first)
    if any(base.__module__.startswith("PIL.") for base in kind.__mro__):
        return Image()
    if hasattr(first, "get_all_samples") or (isinstance(first, Mapping) and {"array", "sampling_rate"} <= set(first)):
        return Audio()
    if hasattr(first, "get_frames_in_range"):  # what `datasets` decodes videos to
        return Video()
    try:
        found = pa.array(list(values))
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return Value("null")
    return Features.from_arrow_schema(pa.schema([("x", found.type)]))["x"]
