"""Read a version back and compare it with what its marker promises."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from hfaug.errors import VerifyError
from hfaug.release.marker import MARKER, Marker
from hfaug.release.tree import Entry, Tree, config_of, read_marker, stale_shards

__all__ = ["Verified", "verify_tree"]

_FOOTERS = 200  # shards whose row count is read from the file itself; all of them are held to their hash
_READERS = 4


@dataclass(frozen=True)
class Verified:
    """What was read back.

    Args:
        marker: The version's marker.
        files: Files that were compared.
        rows: Rows counted in the footers of the shards that were opened.
        nbytes: Bytes of all files.
    """

    marker: Marker
    files: int
    rows: int
    nbytes: int


def verify_tree(tree: Tree, *, digest: str | None = None, footers: bool = True) -> Verified:
    """Compare every file with its hash and every shard with its row count.

    Args:
        tree: The version.
        digest: Digest that the release must have; None when any will do.
        footers: Whether to open the shards.

    Raises:
        VerifyError: Something differs; names the file, what must be there and what is.
    """
    entries = tree.entries()
    marker = read_marker(tree, entries)
    if marker is None:
        raise VerifyError(f"{tree.name}: must hold {MARKER}, does not; hfaug did not release this version")
    if digest is not None and marker.digest != digest:
        raise VerifyError(
            f"{tree.name}: must be release {digest[:12]}, is {marker.digest[:12]}; somebody else wrote this version"
        )
    for path, (sha256, size) in marker.files.items():
        _compare(tree, path, entries.get(path), sha256, size)
    stale = stale_shards(entries, {config_of(path) for path in marker.rows}, marker.rows)
    if stale:
        raise VerifyError(
            f"{tree.name}: splits must hold shards of this release only, {stale[0]} would be loaded too; "
            "delete it and release again"
        )
    opened = _spread(sorted(marker.rows), _FOOTERS) if footers else []
    return Verified(
        marker, len(marker.files), _count(tree, marker, opened), sum(size for _, size in marker.files.values())
    )


def _compare(tree: Tree, path: str, entry: Entry | None, sha256: str, size: int) -> None:
    if entry is None:
        raise VerifyError(f"{tree.name}: {path} must be there, is not; run the release again")
    found = entry.sha256
    if found is None and entry.size == size:
        found = hashlib.sha256(tree.read(path)).hexdigest()
    if (found, entry.size) != (sha256, size):
        raise VerifyError(
            f"{tree.name}: {path} must have {size} bytes and SHA-256 {sha256}, has {entry.size} and {found}; "
            "it was changed after the release, or not stored whole"
        )


def _count(tree: Tree, marker: Marker, paths: list[str]) -> int:
    def rows(path: str) -> int:
        try:
            with tree.open(path) as file:
                return int(pq.read_metadata(file).num_rows)
        except pa.ArrowException as error:
            raise VerifyError(
                f"{tree.name}: {path} must be a Parquet file, is not ({error}); run the release again"
            ) from error

    with ThreadPoolExecutor(_READERS) as pool:
        found = dict(zip(paths, pool.map(rows, paths), strict=True))
    for path, number in found.items():
        if number != marker.rows[path]:
            raise VerifyError(
                f"{tree.name}: {path} must hold {marker.rows[path]} rows, holds {number}; run the release again"
            )
    return sum(found.values())


def _spread(paths: list[str], most: int) -> list[str]:
    """At most this many, evenly over the list, first and last among them."""
    if len(paths) <= most:
        return paths
    return [paths[round(number * (len(paths) - 1) / (most - 1))] for number in range(most)]
