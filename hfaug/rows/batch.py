"""A batch on its way through ops: rows out of storage or out of decoded objects, and back into what came in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from datasets import Features, LargeList, List

from hfaug import media, provenance
from hfaug.errors import CallError, RoleError, RowIdError
from hfaug.media import Clip, Codec, Film, Picture, Reduced
from hfaug.randomness import row_key
from hfaug.rows.flow import flowing
from hfaug.rows.row import Row
from hfaug.rows.waves import WaveStep
from hfaug.threads import hold_threads

__all__ = ["ArrowBatch", "Batch", "ObjectBatch"]

_MOST_BYTES = 1_500_000_000
"""Arrow's plain binary columns address 2 GB a chunk; a batch has to stay clear of it."""


_LARGE = 1 << 20
_SHORT = 1 << 16
"""Bytes of a compressed sound up to which opening it costs as much as decoding it."""
_STORED_MEDIA = pa.struct({"bytes": pa.binary(), "path": pa.string()})


class Batch(ABC):
    """Rows that came in together, and how their contents are opened and stored.

    Attributes:
        features: What the columns are.
        ids: The id of each row.
        sources: Contents opened so far, shared by the copies of a row; emptied when the rows are written.
    """

    def __init__(self, features: Features, codec: Codec) -> None:
        hold_threads()
        self.features = features
        self.codec = codec
        self.sources: dict[tuple[str, int], Any] = {}
        self.ids: Sequence[str] = ()
        self._lists: dict[str, bool] = {}

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def column(self, name: str) -> Sequence[Any]:
        """The values of all rows in storage form (media undecoded), or as the objects that came in."""

    def value(self, column: str, index: int) -> Any:
        """The value of one row."""
        return self.column(column)[index]

    @abstractmethod
    def collect(self, rows: Sequence[Row], schema: pa.Schema, lineage: pa.Array | None) -> Any:
        """The rows in the form in which the batch came; untouched values are passed on."""

    def is_list(self, column: str) -> bool:
        """Whether a media column holds a list in each row."""
        if column not in self._lists:
            self._lists[column] = isinstance(self.features.get(column), (List, LargeList))
        return self._lists[column]

    def rows(self, start: int, stop: int) -> list[Row]:
        """Fresh rows for a slice of the batch."""
        return list(map(Row, repeat(self), range(start, stop), map(row_key, self.ids[start:stop])))

    # ---- media: as stored

    def open_image(self, value: Any) -> Picture:
        """Decode an image."""
        return media.decode_image(_bytes(value))

    def open_reduced(self, value: Any, factor: int) -> Reduced | None:
        """Decode an image at 1/2, 1/4 or 1/8 of its size; None where that cannot be had."""
        return media.decode_reduced(_bytes(value), factor)

    def measure_image(self, value: Any) -> tuple[int, int]:
        """(height, width) without decoding."""
        return media.image_size(_bytes(value))

    def store_image(self, array: npt.NDArray[Any], like: Picture) -> Any:
        """Encode an image in the format of the one it came from."""
        return {"bytes": media.encode_image(array, like=like, codec=self.codec), "path": None}

    def open_mask(self, value: Any) -> Picture:
        """Decode a label map."""
        return media.decode_mask(_bytes(value))

    def store_mask(self, array: npt.NDArray[Any], like: Picture) -> Any:
        """Encode a label map, lossless."""
        return {"bytes": media.encode_mask(array, like=like, codec=self.codec), "path": None}

    def open_audio(self, value: Any) -> Clip:
        """Decode a sound, or take it as it came decoded."""
        return media.decode_audio(_bytes(value)) if _is_stored(value) else media.clip_from(value)

    def measure_audio(self, value: Any) -> tuple[int, int, int] | None:
        """(samples of one channel, samples a second, channels) without decoding; None where decoding costs no more."""
        if not _is_stored(value):
            return None
        data = _bytes(value)
        return None if len(data) < _SHORT and data[:4] != b"RIFF" else media.audio_info(data)

    def store_audio(self, samples: npt.NDArray[np.float32], like: Clip, source: Any = None) -> Any:
        """Encode a sound in the format of the one it came from; numbers become numbers."""
        if source is None or _is_stored(source):
            return {"bytes": media.encode_audio(samples, like=like, codec=self.codec), "path": None}
        nested = np.ndim(source["array"]) > 1
        return {**source, "array": (samples if nested else samples[0]).tolist(), "sampling_rate": like.rate}

    def store_flow(self, value: Any, todo: Sequence[WaveStep], rate: int, facts: tuple[int, int, int]) -> Any:
        """Decode a long sound, do what is asked for and encode it, block by block."""
        data = _bytes(value)
        like = replace(media.sound_kind(data), rate=rate)
        blocks = flowing(lambda: media.read_blocks(data), todo, facts)
        return {"bytes": media.write_blocks(blocks, like, self.codec), "path": None}

    def open_video(self, value: Any) -> Film:
        """Read what a video holds."""
        return media.video_info(_bytes(value))

    def store_video(self, frames: Iterable[Any], like: Film, **how: Any) -> Any:
        """Encode frames in the format of the video that they came from."""
        return {"bytes": media.encode_video(frames, like, codec=self.codec, **how), "path": None}


def _bytes(value: Any) -> bytes:
    data = media.read_media(value)
    if data is None:
        raise CallError("row: the media value must hold bytes or a path, holds neither; drop such rows first")
    return data


class ArrowBatch(Batch):
    """Rows of an Arrow table; columns that nobody touches stay Arrow."""

    def __init__(
        self,
        table: pa.Table,
        features: Features,
        codec: Codec,
        id_column: str | None,
        ids: Sequence[str] | None = None,
    ) -> None:
        super().__init__(features, codec)
        self.table = table
        self.ids = provenance.row_ids(table, id_column) if ids is None else ids
        self._columns: dict[str, list[Any]] = {}

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def column(self, name: str) -> list[Any]:
        found = self._columns.get(name)
        if found is None:
            found = self._columns[name] = self.table[name].to_pylist()
        return found

    def collect(self, rows: Sequence[Row], schema: pa.Schema, lineage: pa.Array | None) -> pa.Table:
        """The rows as a table of the given schema; untouched columns are passed on, not rebuilt."""
        indices = [row.index for row in rows]
        moved = None if len(rows) == len(self) and indices == list(range(len(self))) else indices
        written = _written(rows, schema)
        _check_size(self.table, rows, indices)
        columns = []
        for field in schema:
            if field.name == provenance.COLUMN and lineage is not None:
                columns.append(lineage)
            elif field.name in written:
                columns.append(_array(self._values(field.name, rows), field.type))
            else:
                columns.append(self._passed_on(field, moved, len(rows)))
        return pa.Table.from_arrays(columns, schema=schema)

    def with_values(self, name: str, values: Sequence[Any], schema: pa.Schema, lineage: pa.Array | None) -> pa.Table:
        """All rows as a table of the given schema, with other values in one column."""
        _check_size(self.table, (), range(len(self)))
        columns = []
        for field in schema:
            if field.name == provenance.COLUMN and lineage is not None:
                columns.append(lineage)
            elif field.name == name:
                columns.append(_array(list(values), field.type))
            else:
                columns.append(self._passed_on(field, None, len(self)))
        return pa.Table.from_arrays(columns, schema=schema)

    def _values(self, name: str, rows: Sequence[Row]) -> list[Any]:
        stored = name in self.table.column_names
        return [
            row.values[name]
            if row.values is not None and name in row.values
            else (self.value(name, row.index) if stored else None)
            for row in rows
        ]

    def _passed_on(self, field: pa.Field, moved: list[int] | None, count: int) -> Any:
        if field.name not in self.table.column_names:
            return pa.nulls(count, type=field.type)
        column = self.table[field.name]
        if moved is not None:
            column = column.take(pa.array(moved, type=pa.int64())) if moved else column.slice(0, 0)
        return column if column.type == field.type else column.cast(field.type)


def _written(rows: Sequence[Row], schema: pa.Schema) -> set[str]:
    """The columns that some row has a value of its own for."""
    written = {name for row in rows if row.values for name in row.values}
    unknown = written.difference(schema.names)
    if unknown:
        raise CallError(
            f"batch: an op may write only columns that features() names, wrote {sorted(unknown)}; "
            "declare them in the op's adds()"
        )
    return written


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    if len(values) == 1 and kind == _STORED_MEDIA and values[0] and len(values[0]["bytes"] or b"") > _LARGE:
        return _one_file(values[0], kind)
    if isinstance(kind, pa.ExtensionType):
        return pa.ExtensionArray.from_storage(kind, pa.array(values, type=kind.storage_type))
    return pa.array(values, type=kind)


def _one_file(value: Mapping[str, Any], kind: pa.DataType) -> pa.Array:
    """One large file as an array that holds the very bytes: a film must not be in memory twice."""
    data = pa.py_buffer(value["bytes"])
    offsets = pa.py_buffer(np.array([0, data.size], np.int32))
    held = pa.Array.from_buffers(pa.binary(), 1, [None, offsets, data])
    return pa.StructArray.from_arrays([held, pa.array([value["path"]], pa.string())], fields=list(kind))


def _check_size(table: pa.Table, rows: Sequence[Row], indices: Sequence[int]) -> None:
    """Refuse what would overflow Arrow's offsets, before it does."""
    share = table.nbytes / max(1, table.num_rows)
    media = any(pa.types.is_struct(kind) or pa.types.is_list(kind) for kind in table.schema.types)
    total = share * len(indices) + (sum(_weight(row) for row in rows) if media else 0)
    if total > _MOST_BYTES:
        raise CallError(
            f"batch: must stay under 1.5 GB when written, would take {total / 1e9:.1f} GB for {len(indices)} rows; "
            f"use a batch_size of at most {max(1, int(table.num_rows * _MOST_BYTES / total / 2))}"
        )


def _weight(row: Row) -> int:
    if not row.values:
        return 0
    items = [item for value in row.values.values() for item in (value if isinstance(value, list) else [value])]
    return sum(len(item["bytes"] or b"") for item in items if isinstance(item, dict) and "bytes" in item)


class ObjectBatch(Batch):
    """Rows of decoded objects, as `with_transform` and plain streaming hand them over."""

    def __init__(
        self, columns: Mapping[str, Sequence[Any]], features: Features, codec: Codec, id_column: str | None
    ) -> None:
        super().__init__(features, codec)
        self.columns = columns
        self.ids = _object_ids(columns, features, id_column)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def column(self, name: str) -> Sequence[Any]:
        return self.columns[name]

    def collect(self, rows: Sequence[Row], schema: pa.Schema, lineage: pa.Array | None) -> dict[str, list[Any]]:
        """The rows as a dictionary of lists; untouched values are the very objects that came in."""
        _written(rows, schema)
        result: dict[str, list[Any]] = {}
        for name in schema.names:
            if name == provenance.COLUMN and lineage is not None:
                result[name] = lineage.to_pylist()
            else:
                result[name] = [
                    row.values[name]
                    if row.values is not None and name in row.values
                    else (self.columns[name][row.index] if name in self.columns else None)
                    for row in rows
                ]
        return result

    def open_image(self, value: Any) -> Picture:
        return super().open_image(value) if _is_stored(value) else media.picture_from(value)

    def open_reduced(self, value: Any, factor: int) -> Reduced | None:
        return super().open_reduced(value, factor) if _is_stored(value) else None

    def measure_image(self, value: Any) -> tuple[int, int]:
        return super().measure_image(value) if _is_stored(value) else media.picture_from(value).size

    def store_image(self, array: npt.NDArray[Any], like: Picture) -> Any:
        return media.picture_to_pil(array, like)

    def open_mask(self, value: Any) -> Picture:
        return super().open_mask(value) if _is_stored(value) else media.mask_from(value)

    def store_mask(self, array: npt.NDArray[Any], like: Picture) -> Any:
        return media.mask_to_pil(array, like)

    def store_audio(self, samples: npt.NDArray[np.float32], like: Clip, source: Any = None) -> Any:
        return media.clip_to_dict(samples, like)

    def open_video(self, value: Any) -> Film:
        if not _is_stored(value):
            raise CallError(
                f"row: a video must come as it is stored, is a {type(value).__name__}; cast the column with "
                "Video(decode=False), or use hfaug.augment or hfaug.online"
            )
        return super().open_video(value)


def _is_stored(value: Any) -> bool:
    return isinstance(value, Mapping) and "bytes" in value


def _object_ids(columns: Mapping[str, Sequence[Any]], features: Features, id_column: str | None) -> list[str]:
    """The ids that decoded rows bring along: a bound column, else their lineage."""
    if id_column is not None:
        return provenance.bound_ids(_names(columns, id_column), id_column, unique=False)
    lineage = columns.get(provenance.COLUMN)
    if lineage is not None and not len(lineage):
        return []
    if lineage is not None and provenance.has_lineage(features.arrow_schema):
        ids: list[str] = [value["id"] if value else "" for value in lineage]
        if all(ids):
            return ids
    raise RowIdError(
        "row: decoded objects must bring an id, since they have no stable one of their own, and none was found; "
        "use hfaug.augment(ds, op) or hfaug.online(ds, op), which read storage, or hfaug.with_ids(ds) first, "
        'or bind a column with .on(id="...")'
    )


def _names(columns: Mapping[str, Sequence[Any]], id_column: str) -> list[Any]:
    """The values of a bound id column, which NumPy or torch may have made theirs."""
    if id_column not in columns:
        raise RoleError(f"row: id column {id_column!r} must be a column, was not among {list(columns)}; bind another")
    names = [value.item() if hasattr(value, "item") else value for value in columns[id_column]]
    wrong = next((name for name in names if not isinstance(name, (str, int, type(None)))), None)
    if wrong is not None:
        raise RoleError(
            f"row: id column {id_column!r} must hold strings or integers, holds {wrong!r}; bind another column"
        )
    return names
