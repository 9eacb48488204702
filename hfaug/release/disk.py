"""Errors of the disk in words that say what to do."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from hfaug.errors import ReleaseError

__all__ = ["disk_errors"]

_WORDS = {
    errno.ENOSPC: "must have room for the release, the disk is full; free some or release from another one",
    errno.EDQUOT: "must have room for the release, the quota is used up; free some or release from elsewhere",
    errno.EACCES: "must be a folder one may write to, is not; change its rights or take another",
    errno.EPERM: "must be a folder one may write to, is not; change its rights or take another",
    errno.EROFS: "must be on a disk one may write to, which is read-only; take another",
    errno.ENOTDIR: "must be a folder, but a part of its path is a file; take another",
    errno.EEXIST: "must be a folder, is a file; take another",
}


@contextlib.contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what the disk refuses into a ReleaseError that names the folder.

    Args:
        path: Folder that is written to.

    Raises:
        ReleaseError: The disk is full, or the folder cannot be written to.
    """
    try:
        yield
    except OSError as error:
        told = _WORDS.get(error.errno or 0)
        if told is None:
            raise
        raise ReleaseError(f"{path}: {told} ({error.strerror or error})") from error
