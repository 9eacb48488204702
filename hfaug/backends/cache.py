"""Where backends keep what took time or money to make: converted models, answers of endpoints."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

__all__ = ["cache_folder", "publish_folder"]


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

    Where another process was faster, its folder stays and this one is dropped.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as temporary:
        written = Path(temporary) / "new"
        written.mkdir()
        yield written
        try:
            os.rename(written, folder)
        except OSError:
            if not folder.is_dir():
                raise
            shutil.rmtree(written)
