"""A folder to prepare a release in, gone afterwards; what killed processes left is cleared by the next one."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

from hfaug.release.disk import disk_errors

__all__ = ["staging_folder"]


@contextlib.contextmanager
def staging_folder(parent: Path, prefix: str, *, mode: int = 0o777) -> Iterator[Path]:
    """A new folder below ``parent``, removed at the end unless it was moved away.

    Args:
        parent: Folder on the disk that is to be used; made if it is missing.
        prefix: How its name begins; behind it stand the machine and the process, by which folders of killed processes
            are known and removed.
        mode: Rights of the folder, before the umask.

    Raises:
        ReleaseError: The disk is full, or the folder cannot be made.
    """
    with disk_errors(parent):
        parent.mkdir(parents=True, exist_ok=True)
        mine = f"{prefix}{_host()}-"
        _clear(parent, mine)
        place = parent / f"{mine}{os.getpid()}-{secrets.token_hex(4)}"
        place.mkdir(mode=mode)
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)


def _clear(parent: Path, prefix: str) -> None:
    """Remove what processes of this machine left that are no more; others may still be at work."""
    for left in parent.iterdir():
        if left.name.startswith(prefix):
            pid = left.name.removeprefix(prefix).partition("-")[0]
            if pid.isdigit() and not _alive(int(pid)):
                shutil.rmtree(left, ignore_errors=True)


def _host() -> str:
    name = socket.gethostname()
    return "".join(character if character.isalnum() else "_" for character in name) or "host"


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
