"""Bytes of every row, from the values alone: where a table was cut into chunks must not move the borders of a shard."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["row_bytes"]

Sizes = npt.NDArray[np.int64]
_UNKNOWN = 16  # bytes taken for one value of a type that has no rule


def row_bytes(table: pa.Table) -> Sizes:
    """Bytes of each row's values, without offsets and null maps.

    >>> row_bytes(pa.table({"n": pa.array([1, 2], pa.int32()), "text": ["ab", None]})).tolist()
    [6, 4]
    """
    sizes = np.zeros(len(table), np.int64)
    for column in table.columns:
        parts = [_sizes(chunk) for chunk in column.chunks]
        if parts:
            sizes += np.concatenate(parts)
    return sizes


def _sizes(array: pa.Array) -> Sizes:
    kind = array.type
    if isinstance(array, pa.ExtensionArray):
        return _sizes(array.storage)
    if pa.types.is_dictionary(kind):
        return _sizes(array.dictionary_decode())
    if pa.types.is_null(kind):
        return np.zeros(len(array), np.int64)
    if pa.types.is_struct(kind):
        return sum((_sizes(child) for child in array.flatten()), start=np.zeros(len(array), np.int64))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return _list_sizes(array)
    if (
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
    ):
        return _integers(pc.binary_length(array))
    try:
        return np.full(len(array), max(1, kind.bit_width // 8), np.int64)
    except ValueError:
        return np.full(len(array), _UNKNOWN, np.int64)


def _list_sizes(array: pa.Array) -> Sizes:
    lengths = _integers(pc.list_value_length(array))
    # flatten() honours slices and leaves out what stands under null lists, so lengths and values agree.
    ends = np.concatenate([[0], np.cumsum(_sizes(array.flatten()))])
    stops = np.cumsum(lengths)
    sizes: Sizes = ends[stops] - ends[stops - lengths]
    return sizes


def _integers(array: pa.Array) -> Sizes:
    values: Sizes = pc.fill_null(array, 0).to_numpy(zero_copy_only=False).astype(np.int64)
    return values
