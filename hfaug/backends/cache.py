"""Where backends keep what took time or money to make: converted models, answers of endpoints."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ["cache_folder", "is_whole", "publish_folder"]

_MARKER = "whole.json"
_ABANDONED_S = 6 * 3600.0
"""A folder in which nobody wrote for so long belongs to a process that was killed."""


def cache_folder(name: str) -> Path:
    """``$HFAUG_HOME/NAME``, else ``hfaug/NAME`` in the Hugging Face cache."""
    home = os.environ.get("HFAUG_HOME")
    if home:
        return Path(home).expanduser() / name
    hub = os.environ.get("HF_HOME") or os.path.join(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "huggingface")
    return Path(hub).expanduser() / "hfaug" / name


@contextlib.contextmanager
def publish_folder(folder: Path) -> Iterator[Path]:
    """A new folder to write to, which becomes ``folder`` in one step when the block ends well.

    Where another process was faster, its folder stays and this one is dropped; one that is not whole gives way.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    _sweep(folder.parent)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as temporary:
        written = Path(temporary) / "new"
        written.mkdir()
        yield written
        (written / _MARKER).write_text(json.dumps(_sizes(written)), encoding="utf-8")
        if folder.is_dir() and not is_whole(folder):
            os.rename(folder, Path(temporary) / "broken")
        try:
            os.rename(written, folder)
        except OSError:
            if not is_whole(folder):
                raise
            shutil.rmtree(written)


def is_whole(folder: Path) -> bool:
    """Whether a folder that was published is there with all its files, each as long as it was."""
    try:
        return bool(json.loads((folder / _MARKER).read_bytes()) == _sizes(folder))
    except (OSError, ValueError):
        return False


def _sizes(folder: Path) -> dict[str, int]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != _MARKER)
    return {str(path.relative_to(folder)): path.stat().st_size for path in files}


def _sweep(parent: Path) -> None:
    """Remove what killed processes left half written."""
    for left in parent.glob(".*-*/"):
        with contextlib.suppress(OSError):  # another process sweeps too
            newest = max(path.stat().st_mtime for path in (left, *left.rglob("*")))
            if time.time() - newest > _ABANDONED_S:
                shutil.rmtree(left)
