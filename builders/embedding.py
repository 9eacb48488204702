"""Media columns: which they are, and the bytes of files that are only named in them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
from datasets import Features, LargeList, List

from hfaug.errors import MediaError

__all__ = ["embed", "holds_media", "is_media", "media_columns"]

_THREADS = 16
"""Files that are fetched at a time: a remote file costs waiting, not work."""


def is_media(feature: Any) -> bool:
    """Whether values of a feature are stored as ``{"bytes", "path"}``.

    >>> from datasets import Audio, Value
    >>> is_media(Audio()), is_media(Value("string"))
    (True, False)
    """
    return hasattr(feature, "embed_storage")


def holds_media(feature: Any) -> bool:
    """Whether a feature is a medium, or has one inside."""
    if isinstance(feature, Mapping):
        return any(map(holds_media, feature.values()))
    if isinstance(feature, (list, List, LargeList)):
        return holds_media(_item(feature))
    return is_media(feature)


def media_columns(features: Features) -> list[str]:
    """The columns with media in them."""
    return [name for name, feature in features.items() if holds_media(feature)]


def embed(table: pa.Table, features: Features, *, token: Any = None, storage_options: Any = None) -> pa.Table:
    """Put the bytes of the files that a table names into it; of their paths only the names stay.

    Args:
        table: Some rows; their files are held in memory.
        features: What the columns are.
        token: For files on the Hub.
        storage_options: For files on other stores.

    Raises:
        MediaError: A file cannot be read.
    """
    names = media_columns(features)
    columns = {name: table[name].to_pylist() for name in names}
    paths = {path for name in names for value in columns[name] for path in _paths(value, features[name])}
    files = _read(sorted(paths), token, storage_options)
    for name in names:
        values = [_filled(value, features[name], files) for value in columns[name]]
        place = table.column_names.index(name)
        table = table.set_column(place, table.schema.field(place), pa.array(values, table.schema.field(place).type))
    return table


def _item(feature: Any) -> Any:
    return feature[0] if isinstance(feature, list) else feature.feature


def _paths(value: Any, feature: Any) -> Iterator[str]:
    """The files of a value that are not there as bytes yet."""
    if value is None or not holds_media(feature):
        return
    if isinstance(feature, Mapping):
        for name, inner in feature.items():
            yield from _paths(value.get(name), inner)
    elif isinstance(feature, (list, List, LargeList)):
        for item in value:
            yield from _paths(item, _item(feature))
    elif value["bytes"] is None and value["path"] is not None:
        yield value["path"]


def _filled(value: Any, feature: Any, files: Mapping[str, bytes]) -> Any:
    if value is None or not holds_media(feature):
        return value
    if isinstance(feature, Mapping):
        return {name: _filled(value.get(name), inner, files) for name, inner in feature.items()}
    if isinstance(feature, (list, List, LargeList)):
        return [_filled(item, _item(feature), files) for item in value]
    path = value["path"]
    name = None if path is None else posixpath.basename(path.split("::")[0].replace("\\", "/"))
    return {"bytes": files[path] if value["bytes"] is None and path is not None else value["bytes"], "path": name}


def _read(paths: list[str], token: Any, storage_options: Any) -> dict[str, bytes]:
    from datasets import DownloadConfig
    from datasets.utils.file_utils import xopen

    settings = DownloadConfig(token=token, storage_options=dict(storage_options or {}))

    def read(path: str) -> bytes:
        try:
            with xopen(path, "rb", download_config=settings) as file:
                return bytes(file.read())
        except OSError as error:
            raise MediaError(f"media: the file must be readable, {path!r} is not ({error}); restore it") from error

    if len(paths) < 2 or not any("://" in path for path in paths):
        return {path: read(path) for path in paths}
    with ThreadPoolExecutor(min(_THREADS, len(paths))) as pool:
        return dict(zip(paths, pool.map(read, paths), strict=True))
