"""Values as bytes: one encoding for each logical value, whatever Arrow type holds it.

Version 1. A value is a head of 9 bytes (a tag, then a little-endian 64-bit number: the value itself, a length or a
count) and a tail. Null is tag 0 and number 0 without a tail, of whatever type. A row is the digest of its sorted names,
the heads of its values in that order, then their tails; a struct is the same behind a head of its own; a list is the
heads of its items, then their tails. Every head tells how its tail is read, so no two rows read alike.

Everything is done a column at a time. The code asks Arrow for values (`cast`, `flatten`, `list_value_length`) and never
reads its buffers, where offsets, slices and what stands under a null would have to be minded.
"""

from __future__ import annotations

import decimal
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import fsspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from hfaug.errors import RowIdError

__all__ = ["Encoded", "encode", "is_media", "is_text", "join", "names_digest"]

_VERSION = b"hfaug row 1"
_HEAD = np.dtype([("tag", "u1"), ("number", "<i8")])
_NULL, _BOOL, _INT, _BIG_INT, _FLOAT, _TEXT, _BYTES, _DECIMAL, _INSTANT, _CLOCK = range(10)
_DATE, _TIME, _DURATION, _INTERVAL, _LIST, _STRUCT, _MAP, _MEDIA = range(10, 18)

_READ_BYTES = 1 << 20
_TICKS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_BILLION = 10**9
_DAY_MS = 86_400_000

Predicate: TypeAlias = Callable[[pa.DataType], bool]


class Encoded(NamedTuple):
    """The values of an array: a head each, and a tail each unless none has one."""

    heads: npt.NDArray[Any]
    tails: list[bytes] | None


def encode(array: pa.Array, column: str) -> Encoded:
    """Encode the values of an array.

    Args:
        array: Any Arrow type but unions.
        column: Its name, for errors.

    Raises:
        RowIdError: The type has no plain value, or a media file cannot be read.

    >>> encode(pa.array([7]), "x").heads.tolist()
    [(2, 7)]
    """
    kind = array.type
    for fits, leaf in _LEAVES:
        if fits(kind):
            return leaf(array)
    for fits, nested in _NESTED:
        if fits(kind):
            return nested(array, column)
    raise RowIdError(
        f"content_ids: column {column!r} must hold values that have one plain form, was {kind}; "
        "bind an id column or leave this one out"
    )


def names_digest(names: Sequence[str]) -> bytes:
    """Digest the names of columns or struct fields, in their sorted order.

    >>> len(names_digest(["label", "text"]))
    16
    """
    hasher = xxhash.xxh3_128(_VERSION)
    for name in names:
        data = name.encode()
        hasher.update(struct.pack("<q", len(data)) + data)
    return hasher.digest()


def join(prefix: bytes, fields: Sequence[Encoded]) -> Iterator[bytes]:
    """Put the prefix, heads and tails of each row side by side.

    >>> [len(row) for row in join(b"prefix", [encode(pa.array(["a", "bc"]), "x")])]
    [16, 17]
    """
    count, width = len(fields[0].heads), _HEAD.itemsize
    block = np.empty((count, len(prefix) + width * len(fields)), np.uint8)
    block[:, : len(prefix)] = np.frombuffer(prefix, np.uint8)
    for number, field in enumerate(fields):
        at = len(prefix) + width * number
        block[:, at : at + width] = field.heads.view(np.uint8).reshape(count, width)
    return map(b"".join, zip(_cut(block), *(field.tails for field in fields if field.tails is not None), strict=True))


def is_text(kind: pa.DataType) -> bool:
    """Tell whether a type is a string, of any layout.

    >>> is_text(pa.large_string())
    True
    """
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def is_media(kind: pa.DataType) -> bool:
    """Tell whether a type is that of media as `datasets` stores it: exactly ``bytes: binary`` and ``path: string``.

    >>> is_media(pa.struct({"bytes": pa.binary(), "path": pa.string()}))
    True
    """
    if not pa.types.is_struct(kind) or sorted(field.name for field in kind) != ["bytes", "path"]:
        return False
    return _is_binary(kind.field("bytes").type) and is_text(kind.field("path").type)


def _cut(block: npt.NDArray[Any]) -> list[bytes]:
    """The bytes of each row of a two-dimensional array."""
    cut: list[bytes] = np.ascontiguousarray(block).view(f"V{block.shape[1] * block.itemsize}").ravel().tolist()
    return cut


def _heads(array: pa.Array, tag: int, numbers: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """Heads with one tag and these numbers, null where the array is null."""
    heads = np.empty(len(array), _HEAD)
    heads["tag"] = tag
    heads["number"] = numbers
    if array.null_count:
        heads[array.is_null().to_numpy(zero_copy_only=False)] = (_NULL, 0)
    return heads


def _with_tails(array: pa.Array, heads: npt.NDArray[Any], tails: list[bytes]) -> Encoded:
    """Pair heads and tails; what is null has no tail."""
    if array.null_count:
        tails = [tail if head else b"" for tail, head in zip(tails, heads["tag"].tolist(), strict=True)]
    return Encoded(heads, tails)


def _integers(array: pa.Array) -> npt.NDArray[np.int64]:
    """The values as int64, 0 where null."""
    values: npt.NDArray[np.int64] = array.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    return values


def _encode_null(array: pa.Array) -> Encoded:
    return Encoded(np.zeros(len(array), _HEAD), None)


def _encode_bool(array: pa.Array) -> Encoded:
    return Encoded(_heads(array, _BOOL, _integers(array)), None)


def _encode_int(array: pa.Array) -> Encoded:
    return Encoded(_heads(array, _INT, _integers(array)), None)


def _encode_unsigned(array: pa.Array) -> Encoded:
    values = array.fill_null(0).to_numpy(zero_copy_only=False)
    heads = _heads(array, _INT, values.view(np.int64))
    heads["tag"][values > np.iinfo(np.int64).max] = _BIG_INT
    return Encoded(heads, None)


def _encode_float(array: pa.Array) -> Encoded:
    values = array.cast(pa.float64()).fill_null(0.0).to_numpy(zero_copy_only=False) + 0.0  # the sum makes -0.0 0.0
    values[np.isnan(values)] = np.nan
    return Encoded(_heads(array, _FLOAT, values.view(np.int64)), None)


def _encode_text(array: pa.Array) -> Encoded:
    return _encode_raw(array.cast(pa.large_string()).cast(pa.large_binary()), _TEXT)


def _encode_binary(array: pa.Array) -> Encoded:
    return _encode_raw(array.cast(pa.large_binary()), _BYTES)


def _encode_raw(array: pa.Array, tag: int) -> Encoded:
    heads = _heads(array, tag, _integers(pc.binary_length(array)))
    return _with_tails(array, heads, array.to_numpy(zero_copy_only=False).tolist())


def _encode_decimal(array: pa.Array) -> Encoded:
    tails = [b"" if value is None else _plain_decimal(value) for value in array.to_pylist()]
    return Encoded(_heads(array, _DECIMAL, np.array([len(tail) for tail in tails], np.int64)), tails)


def _plain_decimal(value: decimal.Decimal) -> bytes:
    """Digits without an exponent and without zeros at the end of the fraction."""
    text = format(value, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text).encode()


def _encode_timestamp(array: pa.Array) -> Encoded:
    return _encode_ticks(array, _CLOCK if array.type.tz is None else _INSTANT)


def _encode_duration(array: pa.Array) -> Encoded:
    return _encode_ticks(array, _DURATION)


def _encode_ticks(array: pa.Array, tag: int) -> Encoded:
    """Whole seconds in the head, nanoseconds in the tail: no unit overflows."""
    ticks = _TICKS[array.type.unit]
    seconds, rest = np.divmod(_integers(array), ticks)
    nanoseconds = (rest * (_BILLION // ticks)).astype("<u4")
    return _with_tails(array, _heads(array, tag, seconds), _cut(nanoseconds[:, None]))


def _encode_date(array: pa.Array) -> Encoded:
    if pa.types.is_date64(array.type):
        return Encoded(_heads(array, _DATE, _integers(array) // _DAY_MS), None)
    return Encoded(_heads(array, _DATE, _integers(array.cast(pa.int32()))), None)


def _encode_time(array: pa.Array) -> Encoded:
    ticks = array.cast(pa.int32() if pa.types.is_time32(array.type) else pa.int64())
    return Encoded(_heads(array, _TIME, _integers(ticks) * (_BILLION // _TICKS[array.type.unit])), None)


def _encode_interval(array: pa.Array) -> Encoded:
    tails = [b"" if value is None else struct.pack("<qqq", *value) for value in array.to_pylist()]
    return Encoded(_heads(array, _INTERVAL, np.zeros(len(array), np.int64)), tails)


def _encode_storage(array: pa.Array, column: str) -> Encoded:
    return encode(array.storage, column)


def _encode_dictionary(array: pa.Array, column: str) -> Encoded:
    return encode(array.dictionary_decode(), column)


def _encode_runs(array: pa.Array, column: str) -> Encoded:
    return encode(pc.run_end_decode(array), column)


def _spans(counts: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """Where the items of each list start and end among the items of all."""
    ends = np.cumsum(counts)
    return list(zip((ends - counts).tolist(), ends.tolist(), strict=True))


def _encode_list(array: pa.Array, column: str) -> Encoded:
    counts = _integers(pc.list_value_length(array))
    items, spans = encode(array.flatten(), column), _spans(counts)
    data, width = items.heads.tobytes(), _HEAD.itemsize
    tails = [data[start * width : end * width] for start, end in spans]
    if (ends := items.tails) is not None:
        tails = [tail + b"".join(ends[start:end]) for tail, (start, end) in zip(tails, spans, strict=True)]
    return Encoded(_heads(array, _LIST, counts), tails)


def _encode_struct(array: pa.Array, column: str) -> Encoded:
    heads = _heads(array, _STRUCT, np.full(len(array), array.type.num_fields))
    if not array.type.num_fields:
        return Encoded(heads, None)
    fields = sorted(zip([field.name for field in array.type], array.flatten(), strict=True), key=lambda pair: pair[0])
    values = [encode(field, f"{column}.{name}") for name, field in fields]
    return _with_tails(array, heads, list(join(names_digest([name for name, _ in fields]), values)))


def _encode_map(array: pa.Array, column: str) -> Encoded:
    """Entries sorted by their encoding: a map has no order."""
    pair = pa.struct([pa.field("key", array.type.key_type), pa.field("value", array.type.item_type)])
    entries = array.cast(pa.list_(pair))
    counts = _integers(pc.list_value_length(entries))
    keys, values = (join(b"", [encode(half, column)]) for half in entries.flatten().flatten())
    pairs = [key + value for key, value in zip(keys, values, strict=True)]
    tails = [b"".join(sorted(pairs[start:end])) for start, end in _spans(counts)]
    return Encoded(_heads(array, _MAP, counts), tails)


def _encode_media(array: pa.Array, column: str) -> Encoded:
    """Length in the head, digest of the bytes in the tail: large values are hashed where they lie, not copied."""
    fields = dict(zip([field.name for field in array.type], array.flatten(), strict=True))
    heads, tails = np.zeros(len(array), _HEAD), [b""] * len(array)
    for row, value in enumerate(fields["bytes"].cast(pa.large_binary())):
        data = value.as_buffer()
        if data is not None:
            heads[row], tails[row] = (_MEDIA, data.size), xxhash.xxh3_128_digest(data)
        elif path := fields["path"][row].as_py():
            size, tails[row] = _file_digest(path, column)
            heads[row] = (_MEDIA, size)
    return Encoded(heads, tails)


def _file_digest(path: str, column: str) -> tuple[int, bytes]:
    """Size and digest of a file, local or behind any URL that fsspec knows."""
    hasher, size = xxhash.xxh3_128(), 0
    try:
        with fsspec.open(path, "rb") as file:
            while block := file.read(_READ_BYTES):
                hasher.update(block)
                size += len(block)
    except Exception as error:  # each file system of fsspec has errors of its own
        raise RowIdError(
            f"content_ids: media of column {column!r} must have its bytes in the row or a path that can be read, "
            f"was {path!r} ({type(error).__name__}: {error}); mend the path, embed the bytes or bind an id column"
        ) from error
    return size, hasher.digest()


def _is_binary(kind: pa.DataType) -> bool:
    types = pa.types
    plain = types.is_binary(kind) or types.is_large_binary(kind)
    return bool(plain or types.is_binary_view(kind) or types.is_fixed_size_binary(kind))


def _is_list(kind: pa.DataType) -> bool:
    types = pa.types
    plain = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
    return bool(plain or types.is_list_view(kind) or types.is_large_list_view(kind))


def _is_extension(kind: pa.DataType) -> bool:
    return isinstance(kind, pa.BaseExtensionType)


def _is_interval(kind: pa.DataType) -> bool:
    return bool(kind == pa.month_day_nano_interval())


_LEAVES: tuple[tuple[Predicate, Callable[[pa.Array], Encoded]], ...] = (
    (is_text, _encode_text),
    (pa.types.is_uint64, _encode_unsigned),
    (pa.types.is_integer, _encode_int),
    (pa.types.is_floating, _encode_float),
    (pa.types.is_boolean, _encode_bool),
    (pa.types.is_null, _encode_null),
    (_is_binary, _encode_binary),
    (pa.types.is_timestamp, _encode_timestamp),
    (pa.types.is_date, _encode_date),
    (pa.types.is_time, _encode_time),
    (pa.types.is_duration, _encode_duration),
    (pa.types.is_decimal, _encode_decimal),
    (_is_interval, _encode_interval),
)
_NESTED: tuple[tuple[Predicate, Callable[[pa.Array, str], Encoded]], ...] = (
    (_is_extension, _encode_storage),
    (_is_list, _encode_list),
    (is_media, _encode_media),
    (pa.types.is_struct, _encode_struct),
    (pa.types.is_dictionary, _encode_dictionary),
    (pa.types.is_map, _encode_map),
    (pa.types.is_run_end_encoded, _encode_runs),
)
