"""Answers on disk, one file each, so that none is paid for twice.

Of several processes that want one answer, one asks: it holds a lock while it does, which the system takes back when the
process ends, however it ends. An answer is written to a file of another name, brought to the disk, and renamed; so it
is there in full or not at all. A request that was under way when its process was killed is sent again, with the same
``Idempotency-Key``, by which endpoints that know it tell that it is the same.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hfaug.errors import ModelError

__all__ = ["Answers", "request_key"]

_VERSION = 2  # of what a file holds


def request_key(request: Mapping[str, Any]) -> str:
    """The digest of everything that was asked, 64 hexadecimal digits."""
    text = json.dumps(request, ensure_ascii=False, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Answers:
    """The answers in one folder.

    Args:
        folder: Made when the first answer is written; processes on one machine may share it, and several machines if
            its file system has locks.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, key: str) -> Any:
        """The answer to a request; None if there is none yet, or none that is what was written."""
        try:
            kept = json.loads(self._path(key).read_bytes())
            whole = kept["version"] == _VERSION and kept["digest"] == _digest(key, kept["answer"])
            return kept["answer"] if whole else None
        except (FileNotFoundError, ValueError, LookupError, TypeError):  # damaged from outside, or made by hand
            return None

    def write(self, key: str, answer: Any) -> None:
        """Keep the answer to a request.

        Args:
            key: The request, by :func:`request_key`.
            answer: Plain JSON values, not None.
        """
        path, kept = self._path(key), {"version": _VERSION, "digest": _digest(key, answer), "answer": answer}
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=".new-", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(json.dumps(kept, ensure_ascii=True).encode())
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)

    @contextlib.contextmanager
    def claim(self, key: str, *, wait: bool) -> Iterator[bool]:
        """Be the one who asks, while the block runs.

        Args:
            key: The request.
            wait: Whether to wait for another process or thread that is at it.

        Yields:
            Whether the claim was had.

        Raises:
            ModelError: The file system has no locks.
        """
        folder = self._folder / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        # one lock for a few requests: the files need never be removed, which would let two in at once
        with (folder / key[:4]).open("ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
                return
            except OSError as error:
                raise ModelError(
                    f"{self._folder}: answers must be kept where files can be locked, which failed: {error}; set the "
                    "answers folder of the endpoint to a local disk"
                ) from error
            yield True

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.json"


def _digest(key: str, answer: Any) -> str:
    return request_key({"request": key, "answer": answer})
