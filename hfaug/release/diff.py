"""What changed between two versions: rows by id and content, columns, counts.

Shards that both versions hold byte for byte cancel out unread, so a dataset that grew is compared by its last shards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.parquet as pq

from hfaug import provenance
from hfaug.errors import ReleaseError
from hfaug.release.marker import MARKER, Marker
from hfaug.release.tree import Tree, config_of, read_marker

__all__ = ["Diff", "SplitDiff", "diff_markers", "diff_trees", "unread_bytes"]

_NAMED = 5  # ids named for each kind of change
_BATCH = 2000

Split = tuple[str, str]
Cell = tuple[str, str, str, str]  # config, split, origin, class


@dataclass(frozen=True)
class SplitDiff:
    """Rows of one split that were added, removed, or kept their id with other content; a few ids of each."""

    added: int = 0
    removed: int = 0
    changed: int = 0
    examples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Diff:
    """What changed from one version to another.

    Args:
        old: Version it starts from.
        new: Version it leads to.
        counts: Rows before and after by (config, split, origin, class), where they differ.
        features: Columns that came, went or changed their type, one sentence each.
        rows: Changes row by row for each (config, split); None when the rows were not compared.
    """

    old: str
    new: str
    counts: Mapping[Cell, tuple[int, int]] = field(default_factory=dict)
    features: tuple[str, ...] = ()
    rows: Mapping[Split, SplitDiff] | None = None

    @property
    def lines(self) -> list[str]:
        """The changes for people, one line each; none when nothing changed."""
        lines = list(self.features)
        for (config, split), change in (self.rows or {}).items():
            parts = [(change.added, "added"), (change.removed, "removed"), (change.changed, "changed")]
            told = ", ".join(f"{_rows(number)} {word}" for number, word in parts if number)
            if told:
                lines.append(f"{_where(config, split)}: {told}")
        if self.rows is None:
            for (config, split), (before, after) in self._by_split().items():
                lines.append(f"{_where(config, split)}: {_rows(before)} before, {after:,} now")
        return lines

    @property
    def summary(self) -> str:
        """The changes in one line."""
        return "; ".join(self.lines) or "no rows or columns changed"

    def _by_split(self) -> dict[Split, tuple[int, int]]:
        sums: dict[Split, tuple[int, int]] = {}
        for (config, split, _, _), (before, after) in self.counts.items():
            was, now = sums.get((config, split), (0, 0))
            sums[config, split] = (was + before, now + after)
        return sums


def _where(config: str, split: str) -> str:
    return split if config == "default" else f"{config}/{split}"


def _rows(number: int) -> str:
    return f"{number:,} row{'' if number == 1 else 's'}"


def diff_markers(old: Marker, new: Marker) -> Diff:
    """Compare counts and columns, without reading a row."""
    before, after = _cells(old), _cells(new)
    counts = {
        cell: (before.get(cell, 0), after.get(cell, 0))
        for cell in dict.fromkeys([*before, *after])
        if before.get(cell, 0) != after.get(cell, 0)
    }
    return Diff(old=old.version, new=new.version, counts=counts, features=tuple(_columns(old, new)))


def diff_trees(old: Tree, new: Tree, markers: tuple[Marker, Marker] | None = None) -> Diff:
    """Compare two versions that hfaug released, row by row.

    Needs memory for the ids of the rows in shards that differ.

    Args:
        old: Version to start from.
        new: Version to lead to.
        markers: Their markers, if they were read already.

    Raises:
        ReleaseError: One of them is no release of hfaug.
    """
    before, after = markers or (_marker(old), _marker(new))
    only_old, only_new = _unshared(before, after)
    splits = dict.fromkeys(config_of(path) for path in [*after.rows, *before.rows])
    rows = {
        split: _split_diff(
            _read(old, [path for path in only_old if config_of(path) == split]),
            _read(new, [path for path in only_new if config_of(path) == split]),
        )
        for split in splits
    }
    plain = diff_markers(before, after)
    return Diff(old=plain.old, new=plain.new, counts=plain.counts, features=plain.features, rows=rows)


def _marker(tree: Tree) -> Marker:
    marker = read_marker(tree, tree.entries())
    if marker is None:
        raise ReleaseError(f"diff: {tree.name} must hold {MARKER}, does not; compare versions that hfaug released")
    return marker


def unread_bytes(old: Marker, new: Marker) -> int:
    """Bytes of the larger side that comparing the rows would read."""
    sides = zip((old, new), _unshared(old, new), strict=True)
    return max(sum(marker.files[path][1] for path in paths) for marker, paths in sides)


def _unshared(old: Marker, new: Marker) -> tuple[list[str], list[str]]:
    """Shards of each version that the other does not hold in the same split."""
    held = [Counter((config_of(path), marker.files[path]) for path in marker.rows) for marker in (old, new)]
    shared = held[0] & held[1]
    result: list[list[str]] = []
    for marker in (old, new):
        left, only = Counter(shared), []
        for path in sorted(marker.rows):
            key = (config_of(path), marker.files[path])
            if left[key]:
                left[key] -= 1
            else:
                only.append(path)
        result.append(only)
    return result[0], result[1]


def _read(tree: Tree, paths: list[str]) -> dict[str, str]:
    """Digest of the content by row id; equal ids are numbered."""
    found: dict[str, str] = {}
    seen: dict[str, int] = {}
    for path in paths:
        for table in _tables(tree, path):
            contents = provenance.content_ids(table)
            ids = provenance.row_ids(table) if provenance.has_lineage(table) else contents
            found.update(zip(provenance.number_repeats(ids, seen), contents, strict=True))
    return found


def _tables(tree: Tree, path: str) -> Iterator[pa.Table]:
    with tree.open(path) as file:
        for batch in pq.ParquetFile(file).iter_batches(_BATCH):
            yield pa.Table.from_batches([batch])


def _split_diff(old: Mapping[str, str], new: Mapping[str, str]) -> SplitDiff:
    kinds = {
        "added": [key for key in new if key not in old],
        "removed": [key for key in old if key not in new],
        "changed": [key for key, content in new.items() if key in old and old[key] != content],
    }
    examples = {kind: tuple(ids[:_NAMED]) for kind, ids in kinds.items() if ids}
    return SplitDiff(len(kinds["added"]), len(kinds["removed"]), len(kinds["changed"]), examples)


def _cells(marker: Marker) -> dict[Cell, int]:
    return {
        (config, split, origin, name): rows
        for config, by_split in marker.counts.items()
        for split, by_origin in by_split.items()
        for origin, by_class in by_origin.items()
        for name, rows in by_class.items()
    }


def _columns(old: Marker, new: Marker) -> Iterator[str]:
    for config in dict.fromkeys([*old.features, *new.features]):
        where = "" if config == "default" else f"{config}: "
        if config not in new.features or config not in old.features:
            yield f"config {config} {'is gone' if config not in new.features else 'is new'}"
            continue
        before = {column["name"]: column for column in old.features[config]}
        after = {column["name"]: column for column in new.features[config]}
        for name in dict.fromkeys([*before, *after]):
            if name not in after:
                yield f"{where}column {name} is gone"
            elif name not in before:
                yield f"{where}column {name} is new"
            elif before[name] != after[name]:
                yield f"{where}column {name} has another type"
