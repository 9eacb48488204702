"""One published version as files, wherever it lies: what verifying and comparing read from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from hfaug.errors import ReleaseError
from hfaug.release.marker import MARKER, Marker
from hfaug.release.shards import data_folder, file_digest

__all__ = ["Entry", "FolderTree", "Tree", "config_of", "read_marker", "stale_shards"]

_SHARD = re.compile(r"(?P<folder>[^/]+)/(?P<split>[^/]+)-(?P<index>\d{5,})-of-(?P<total>\d{5,})\.parquet")


@dataclass(frozen=True)
class Entry:
    """Bytes of a file, its SHA-256 where that is known without reading it, else the id git gives its content."""

    size: int
    sha256: str | None = None
    git_oid: str | None = None


class Tree(Protocol):
    """A version that can be read."""

    @property
    def name(self) -> str:
        """Its name in messages."""

    def entries(self) -> Mapping[str, Entry]:
        """Every file by its path."""

    def read(self, path: str) -> bytes:
        """The bytes of a small file."""

    def open(self, path: str) -> BinaryIO:
        """A file to read in pieces, seekable."""


@dataclass(frozen=True)
class FolderTree:
    """A version in a folder."""

    root: Path

    @property
    def name(self) -> str:
        """The folder."""
        return str(self.root)

    def entries(self) -> dict[str, Entry]:
        """Every file with its SHA-256, which reads them all."""
        found = {}
        for path in sorted(self.root.rglob("*")):
            if path.is_file():
                sha256, size = file_digest(path)
                found[path.relative_to(self.root).as_posix()] = Entry(size, sha256)
        return found

    def read(self, path: str) -> bytes:
        """The bytes of a file."""
        return (self.root / path).read_bytes()

    def open(self, path: str) -> BinaryIO:
        """A file to read in pieces."""
        return (self.root / path).open("rb")


def read_marker(tree: Tree, paths: Iterable[str]) -> Marker | None:
    """The marker of a version, None where hfaug did not release it."""
    return Marker.from_json(tree.read(MARKER)) if MARKER in set(paths) else None


def config_of(path: str) -> tuple[str, str]:
    """Config and split that a shard belongs to.

    >>> config_of("data/train-00000-of-00002.parquet")
    ('default', 'train')
    """
    match = _SHARD.fullmatch(path)
    if match is None:
        raise ReleaseError(f"release: a shard must be named like data/train-00000-of-00001.parquet, was {path!r}")
    return ("default" if match["folder"] == "data" else match["folder"]), match["split"]


def stale_shards(paths: Iterable[str], splits: Iterable[tuple[str, str]], keep: Iterable[str]) -> list[str]:
    """Files that a reader of these (config, split) pairs would load although the release does not hold them.

    >>> stale_shards(["data/train-00000-of-00001.parquet", "data/trains.csv"], [("default", "train")], [])
    ['data/train-00000-of-00001.parquet']
    """
    patterns = tuple(f"{data_folder(config)}/{split}-" for config, split in splits)
    kept = set(keep)
    return sorted(path for path in paths if path.startswith(patterns) and path not in kept) if patterns else []
