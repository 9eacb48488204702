"""From what a media column stores, bytes or a path, to bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hfaug.errors import MediaError

__all__ = ["checked_bytes", "read_media"]


def read_media(value: Mapping[str, Any] | bytes | str | None) -> bytes | None:
    """The bytes of one stored media value.

    Args:
        value: What `Image(decode=False)` and `Audio(decode=False)` hold: ``{"bytes", "path"}``; or bytes, or a path. A
            path is a local file or any URL that `datasets` opens (``https://``, ``hf://``, ``zip://a.png::b.zip``),
            with the user's own Hub login.

    Returns:
        The bytes, or None for a missing value.

    Raises:
        MediaError: Neither bytes nor a path is given, or the path cannot be read.

    >>> read_media({"bytes": b"abc", "path": None})
    b'abc'
    """
    if value is None:
        return None
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if not isinstance(value, Mapping):
        return _read_path(str(value))
    data, path = value.get("bytes"), value.get("path")
    if data is not None:
        return bytes(data)
    if path is None:
        raise MediaError("media: must have bytes or a path, has neither; drop the row or store null for it")
    return _read_path(str(path))


def _read_path(path: str) -> bytes:
    """Read a local file directly and anything else as `datasets` does."""
    from datasets.utils.file_utils import is_local_path, xopen

    try:
        if is_local_path(path):
            with open(path, "rb") as file:
                return file.read()
        with xopen(path, "rb") as file:
            return bytes(file.read())
    except Exception as error:
        raise MediaError(
            f"media: the file must be readable, {path!r} is not ({type(error).__name__}: {error}); "
            "restore the file, or embed the bytes when the dataset is made"
        ) from error


def checked_bytes(data: Any, kind: str) -> bytes:
    """The data as bytes; refuses what is empty or no bytes at all."""
    if isinstance(data, (bytearray, memoryview)):
        data = bytes(data)
    if not isinstance(data, bytes):
        raise MediaError(f"{kind}: must be the bytes of a file, is {type(data).__name__}; read the file first")
    if not data:
        raise MediaError(f"{kind}: must be the bytes of a file, has 0 bytes; fetch the file again or drop the row")
    return data
