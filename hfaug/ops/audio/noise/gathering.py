"""Gather sounds that ops add to others: from a folder or from a column of a dataset, kept as an asset."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import xxhash
from datasets import Dataset

from hfaug import media
from hfaug.assets import Asset
from hfaug.columns import is_sound
from hfaug.errors import MediaError, ParameterError, RoleError, add_context

__all__ = ["gather_sounds"]

_ENDINGS = frozenset({".wav", ".flac", ".mp3", ".ogg", ".opus", ".aiff", ".aif", ".au", ".caf"})


def gather_sounds(source: str | Path | Dataset, column: str | None = None) -> Asset:
    """Keep sounds for ops that add them to others: backgrounds, short noises, the answers of rooms.

    Args:
        source: A folder, whose sound files are taken with those of its subfolders, or a dataset.
        column: The `Audio` column of the dataset; its only one by default.

    Returns:
        What the ops take as ``sounds`` and ``responses``: a file beside the cache of `datasets`, mapped into memory, of
        which an op decodes a sound when a row draws it. Equal sounds give an equal asset, whatever their order. One
        sound at a time is held while they are gathered.

    Raises:
        ParameterError: There are no sounds, or a file is silent; silent rows of a dataset are left out.
        MediaError: One is damaged.
        RoleError: The dataset has no such column, or several without a name given.
    """
    refuses, known = not isinstance(source, Dataset), dict[str, Callable[[], bytes | None]]()
    for place, read in _of_dataset(source, column) if isinstance(source, Dataset) else _of_folder(Path(source)):
        data = read()
        if data is None:
            continue
        digest = xxhash.xxh3_128_hexdigest(data)
        if digest not in known and _is_heard(data, place, refuses=refuses):
            known[digest] = read  # and not the data: all sounds together may be larger than the memory
    if not known:
        raise ParameterError(f"gather_sounds: {source!r} must hold sounds, holds none; name another folder or dataset")
    names = sorted(known)
    schema = pa.schema({"id": pa.string(), "bytes": pa.large_binary()})
    batches = (pa.record_batch([[name], pa.array([known[name]()], pa.large_binary())], schema=schema) for name in names)
    return Asset.write(schema, batches, xxhash.xxh3_128_hexdigest("\n".join(names).encode()))


def _is_heard(data: bytes, place: str, *, refuses: bool) -> bool:
    """Refuse now what no op could add later; read up to the first sample that is heard."""
    try:
        heard = media.audio_info(data)[0] > 0 and any(block.any() for block in media.read_blocks(data))
    except MediaError as error:
        add_context(error, f"in gather_sounds, {place}")
        raise
    if refuses and not heard:
        raise ParameterError(f"gather_sounds: a sound must be heard, {place} is empty or silent; leave it out")
    return heard


def _of_folder(folder: Path) -> Iterator[tuple[str, Callable[[], bytes | None]]]:
    if not folder.is_dir():
        raise ParameterError(f"gather_sounds: must be a folder or a dataset, {str(folder)!r} is none; correct the path")
    paths = (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in _ENDINGS)
    yield from ((f"file {str(path)!r}", path.read_bytes) for path in paths)


def _stored(value: Any, place: str) -> bytes | None:
    """The file that a value is, or a file of its numbers."""
    if value is None or "array" not in value:
        return media.read_media(value)
    try:
        clip = media.clip_from(value)
    except MediaError as error:
        add_context(error, f"in gather_sounds, {place}")
        raise
    return media.encode_audio(clip.samples, like=clip)


def _of_dataset(dataset: Dataset, column: str | None) -> Iterator[tuple[str, Callable[[], bytes | None]]]:
    sounds = [name for name, feature in dataset.features.items() if is_sound(feature)]
    if column is None and len(sounds) != 1:
        raise RoleError(f"gather_sounds: needs one Audio column, found {sounds}; name it with column=...")
    name = column or sounds[0]
    if name not in sounds:
        raise RoleError(f"gather_sounds: column must be an Audio column, {name!r} is none of {sounds}; correct it")
    rows = dataset.select_columns(name).with_format("arrow")

    def read(number: int, place: str) -> bytes | None:
        return _stored(rows[number][name][0].as_py(), place)

    for number in range(len(rows)):
        place = f"column {name!r}, row {number}"
        yield place, functools.partial(read, number, place)
