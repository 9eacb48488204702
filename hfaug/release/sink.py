"""A file that Parquet is written to: it hashes what passes, and a full disk is an error, not the end of the process."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

__all__ = ["HashingFile"]


class HashingFile(io.RawIOBase):
    """Write to a file and keep its SHA-256.

    Arrow aborts the whole process when a sink fails while a row group is written. So an error of the disk is kept here,
    the bytes after it are dropped, and `check` raises it once Arrow has returned.

    Args:
        path: File to be made.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self._file = path.open("wb")
        self._digest, self._size = hashlib.sha256(), 0
        self._error: OSError | None = None

    @property
    def sha256(self) -> str:
        """Digest of everything written so far."""
        return self._digest.hexdigest()

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._size

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._size

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        if self._error is None:
            try:
                self._file.write(view)
            except OSError as error:
                self._error = error
        self._digest.update(view)
        self._size += len(view)
        return len(view)

    def check(self) -> None:
        """Raise what the disk refused.

        Raises:
            OSError: Something could not be written.
        """
        if self._error is None and not self._file.closed:
            try:
                self._file.flush()
            except OSError as error:
                self._error = error
        if self._error is not None:
            raise self._error

    def finish(self) -> None:
        """Close the file; whatever was held back is written now.

        Raises:
            OSError: Something could not be written.
        """
        try:
            self.check()
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Close the file, come what may."""
        try:
            self._file.close()
        except OSError as error:
            self._error = self._error or error
