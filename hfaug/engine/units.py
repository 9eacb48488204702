"""Units of work: how rows are cut into them, and the file a finished one is.

A unit file is an Arrow IPC stream, which ``datasets.Dataset.from_file`` maps into memory as it is, followed by a
trailer that proves the file: its length, its xxh3-128 and what is in it. The bytes follow from the unit's rows alone;
nothing about process, machine or time is in them.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from hfaug.engine.store import Part, Store
from hfaug.errors import ParameterError, StageError

__all__ = ["BLOCK_BYTES", "BLOCK_ROWS", "UnitResult", "UnitRule", "plan_ranges", "rejects", "row_bytes", "unit_name"]

FORMAT = 1
"""Raised when the engine writes other bytes for equal results; part of every stage's hash."""
BLOCK_ROWS = 1000
BLOCK_BYTES = 1 << 20
"""A unit file is cut into record batches of at most so many rows and about so many bytes, the grain of random reads."""

_TAIL = struct.Struct("<16sQ8s")
_MAGIC = b"hfaugU1\n"
_GUESS = 1 << 15

Sizes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class UnitRule:
    """How much one unit holds at most; a crash costs each process one unit.

    Args:
        rows: Input rows, at least 1.
        bytes: Bytes of input, at least 1; a row beyond that is a unit of its own.

    >>> UnitRule(rows=100)
    UnitRule(rows=100, bytes=67108864)
    """

    rows: int = 1000
    bytes: int = 64 << 20

    def __post_init__(self) -> None:
        if self.rows < 1 or self.bytes < 1:
            raise ParameterError(
                f"UnitRule: rows and bytes must be at least 1, got rows={self.rows}, bytes={self.bytes}; "
                "give larger ones."
            )


@dataclass(frozen=True)
class UnitResult:
    """What a step made of one unit.

    Args:
        table: The rows, with the step's features.
        counts: What is to be known about them, such as ``{"rejected:too_short": 3}``; part of the file, so it must
            follow from the unit alone. Keys ``rejected`` and ``rejected:<reason>`` are shown as rejects.
        events: What happened on the way and may differ from run to run, such as ``{"out_of_memory": 1}``; kept in the
            record of the process before the unit is published, never in the unit's file.
        made_with: What all units of the stage must be made with and is not in the stage's name, JSON values by names,
            for each thing by its name; a unit that was made otherwise is not published.
    """

    table: pa.Table
    counts: Mapping[str, int] = field(default_factory=dict)
    events: Mapping[str, float] = field(default_factory=dict)
    made_with: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


class DamagedUnitError(StageError):
    """A unit file is not what was written; if it could be removed, this run or the next computes it again."""

    def __init__(self, message: str, folder: str, number: int, *, removed: bool = True) -> None:
        super().__init__(message)
        self.folder, self.number, self.removed = folder, number, removed


@dataclass(frozen=True)
class UnitInfo:
    """The trailer of a unit file.

    Attributes:
        unit: Its number.
        rows: Rows in it.
        body: Length of the Arrow stream in bytes.
        xxh3: Digest of the Arrow stream.
        counts: See :class:`UnitResult`.
        blocks: Rows and approximate bytes of each record batch.
        size: Length of the whole file in bytes.
    """

    unit: int
    rows: int
    body: int
    xxh3: str
    counts: dict[str, int]
    blocks: list[list[int]]
    size: int = 0

    def fields(self) -> dict[str, Any]:
        """For JSON."""
        return dict(self.__dict__)


def unit_name(number: int) -> str:
    """Name of a unit's claims; its file is that with ``.arrow``.

    >>> unit_name(12)
    'unit-00012'
    """
    return f"unit-{number:05d}"


def unit_number(name: str) -> int | None:
    """The number of a unit file, None for other files.

    >>> unit_number("unit-00012.arrow"), unit_number("index.json")
    (12, None)
    """
    digits = name[len("unit-") : -len(".arrow")]
    return int(digits) if name.startswith("unit-") and name.endswith(".arrow") and digits.isdigit() else None


def rejects(counts: Mapping[str, int]) -> int:
    """How many rows were rejected.

    >>> rejects({"rejected:too_short": 2, "rejected": 1, "cut": 7})
    3
    """
    return sum(number for key, number in counts.items() if key.split(":")[0] == "rejected")


def pack(number: int, table: pa.Table, counts: Mapping[str, int]) -> tuple[list[Part], UnitInfo]:
    """The unit file's content in pieces, and what its trailer says.

    Args:
        number: The unit's number.
        table: Its rows, with exactly the schema that is to be written.
        counts: See :class:`UnitResult`.
    """
    sink = pa.BufferOutputStream()
    blocks: list[list[int]] = []
    with pa.ipc.new_stream(sink, table.schema) as writer:
        for block, size in _cut(table):
            writer.write_table(block)
            blocks.append([block.num_rows, size])
    body = memoryview(sink.getvalue())
    ordered = {key: int(counts[key]) for key in sorted(counts)}
    info = UnitInfo(number, table.num_rows, len(body), xxhash.xxh3_128_hexdigest(body), ordered, blocks)
    text = json.dumps({k: v for k, v in info.fields().items() if k != "size"}, separators=(",", ":")).encode()
    tail = text + _TAIL.pack(xxhash.xxh3_128_digest(text), len(text), _MAGIC)
    return [body, tail], UnitInfo(**{**info.fields(), "size": len(body) + len(tail)})


def read_info(store: Store, path: str) -> UnitInfo:
    """The trailer of a unit file.

    Raises:
        ValueError: The file is cut off or no unit file.
        FileNotFoundError: There is none.
    """
    tail = store.tail(path, _GUESS)
    text, length = _trailer(tail)
    if text is None:
        tail = store.tail(path, length + _TAIL.size)
        text, length = _trailer(tail)
    if text is None:
        raise ValueError("its trailer is longer than the file")
    info: dict[str, Any] = json.loads(text)
    return UnitInfo(**info, size=info["body"] + length + _TAIL.size)


def check_body(data: pa.Buffer, info: UnitInfo, *, whole: bool) -> None:
    """Raise ``ValueError`` unless a unit file's content is what its trailer promises.

    Args:
        data: The file.
        info: What is known about it.
        whole: Whether to compute the digest, which reads every byte.
    """
    if data.size != info.size:
        raise ValueError(f"it must be {info.size:,} bytes long and is {data.size:,}")
    if whole and xxhash.xxh3_128_hexdigest(memoryview(data)[: info.body]) != info.xxh3:
        raise ValueError("its content does not match its digest")


def row_bytes(table: pa.Table) -> Sizes:
    """Bytes each row takes in Arrow, from lengths alone: the data of strings and media is not read.

    >>> row_bytes(pa.table({"text": ["ab", None], "n": [1, 2]})).tolist()
    [14, 12]
    """
    total = np.zeros(table.num_rows, dtype=np.int64)
    for column in table.columns:
        start = 0
        for chunk in column.chunks:
            total[start : start + len(chunk)] += _array_bytes(chunk)
            start += len(chunk)
    return total


def plan_ranges(sizes: Iterable[Sizes], rule: UnitRule) -> list[tuple[int, int]]:
    """Cut rows into units: as many in a row as the rule allows.

    Args:
        sizes: Bytes of each row, in as many pieces as is handy.
        rule: The limits.

    Returns:
        First row and row after the last, of each unit.

    >>> plan_ranges([np.array([5, 5, 20, 1])], UnitRule(rows=3, bytes=10))
    [(0, 2), (2, 3), (3, 4)]
    """
    ranges: list[tuple[int, int]] = []
    first = position = held = 0  # the open unit's first row, the row after it, and its bytes
    for piece in sizes:
        total = np.cumsum(piece, dtype=np.int64)
        at = used = 0  # rows of the piece that are placed, and their bytes
        while at < len(piece):
            fits = int(np.searchsorted(total, used + rule.bytes - held, side="right"))
            stop = min(max(fits, at), at + rule.rows - (position - first), len(piece))
            if stop == at and position == first:
                stop = at + 1
            if stop > at:
                position, held = position + stop - at, held + int(total[stop - 1]) - used
                at, used = stop, int(total[stop - 1])
            if at < len(piece):
                ranges.append((first, position))
                first, held = position, 0
    return [*ranges, (first, position)] if position > first else ranges


def _cut(table: pa.Table) -> Iterator[tuple[pa.Table, int]]:
    """Blocks of a table, each copied together: Arrow writes up to 63 bytes of what lies behind a slice with it."""
    sizes = row_bytes(table)
    for start, stop in plan_ranges([sizes], UnitRule(BLOCK_ROWS, BLOCK_BYTES)):
        block = table.slice(start, stop - start)
        yield pa.concat_tables([block, block.slice(0, 0)]).combine_chunks(), int(sizes[start:stop].sum())


def _trailer(tail: bytes) -> tuple[bytes | None, int]:
    """The trailer's text and its length; no text when more of the file is needed."""
    if len(tail) < _TAIL.size:
        raise ValueError(f"it is cut off after {len(tail)} bytes")
    digest, length, magic = _TAIL.unpack(tail[-_TAIL.size :])
    if magic != _MAGIC:
        raise ValueError("it is cut off or was written by something else")
    if length > len(tail) - _TAIL.size:
        return None, length
    text = tail[-_TAIL.size - length : -_TAIL.size]
    if xxhash.xxh3_128_digest(text) != digest:
        raise ValueError("its trailer does not match its digest")
    return text, length


def _array_bytes(array: pa.Array) -> Sizes:
    kind = array.type
    if isinstance(array, pa.ExtensionArray):
        return _array_bytes(array.storage)
    if pa.types.is_dictionary(kind):
        return _array_bytes(array.indices)
    if pa.types.is_struct(kind):
        parts = [_array_bytes(array.field(number)) for number in range(kind.num_fields)]
        return np.sum(parts, axis=0, dtype=np.int64) if parts else np.zeros(len(array), dtype=np.int64)
    if pa.types.is_map(kind):
        pair = pa.struct([pa.field("key", kind.key_type), pa.field("value", kind.item_type)])
        return _array_bytes(array.cast(pa.list_(pair)))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _sums(array.flatten(), _lengths(pc.list_value_length(array))) + 4
    if pa.types.is_fixed_size_list(kind):
        lengths = np.where(np.asarray(array.is_valid()), kind.list_size, 0).astype(np.int64)
        return _sums(array.flatten(), lengths)
    if _is_bytes(kind):
        return _lengths(pc.binary_length(array)) + 4
    if pa.types.is_null(kind):
        return np.zeros(len(array), dtype=np.int64)
    try:
        width = max(1, kind.bit_width // 8)
    except ValueError:  # a type whose lengths cannot be asked for: every row is taken for the mean
        width = array.nbytes // max(1, len(array))
    return np.full(len(array), width, dtype=np.int64)


def _is_bytes(kind: pa.DataType) -> bool:
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    return bool(text or pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _lengths(lengths: pa.Array) -> Sizes:
    return np.asarray(pc.fill_null(lengths, 0)).astype(np.int64)


def _sums(values: pa.Array, lengths: Sizes) -> Sizes:
    """Bytes of each list, given the bytes of all items in a row and how many each list has."""
    totals = np.concatenate([[0], np.cumsum(_array_bytes(values), dtype=np.int64)])
    ends = np.cumsum(lengths, dtype=np.int64)
    return np.asarray(totals[ends] - totals[ends - lengths], dtype=np.int64)
