"""What a release will write, keep and delete, known to the byte before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hfaug.publishing.licenses import Answer
from hfaug.publishing.versions import Version
from hfaug.release.counts import totals
from hfaug.release.marker import Marker

__all__ = ["Plan", "PlannedFile", "human_bytes"]

_LISTED = 20  # files named in the text of a plan


@dataclass(frozen=True, kw_only=True)
class PlannedFile:
    """One file of the release.

    Args:
        path: Path in the repo.
        sha256: SHA-256 of its bytes.
        size: Bytes.
        local: Where it lies on disk.
        there: Path under which the target holds the same bytes already, None when they are new to it.
    """

    path: str
    sha256: str
    size: int
    local: Path
    there: str | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The whole of one release.

    Args:
        target: Repo id or folder.
        version: Version to be.
        base: Commit it goes on top of, None for a folder.
        previous: Version before it.
        files: Every file it writes.
        deletions: Files of the release before that it takes away.
        kept: Files it leaves alone.
        marker: What it will say of itself.
        answer: Its licence.
        done: True when the target holds exactly this release already.
    """

    target: str
    version: Version
    base: str | None
    previous: Version | None
    files: tuple[PlannedFile, ...]
    deletions: tuple[str, ...]
    kept: tuple[str, ...]
    marker: Marker
    answer: Answer
    done: bool = False

    @property
    def new_bytes(self) -> int:
        """Bytes that the target has not got yet."""
        return sum(file.size for file in self.files if file.there is None)

    @property
    def reused_bytes(self) -> int:
        """Bytes that the target holds already."""
        return sum(file.size for file in self.files if file.there is not None)

    @property
    def text(self) -> str:
        """The plan for people."""
        after = f", after {self.previous.tag}" if self.previous else ", the first version"
        lines = [f"{self.target} {self.version.tag}{after}{f', on top of {self.base[:12]}' if self.base else ''}", ""]
        lines += _counted(self.marker.counts, self._shards())
        lines += ["", *self._listed("new", [file for file in self.files if file.there is None])]
        lines += self._listed("there", [file for file in self.files if file.there is not None])
        lines += [f"  delete  {path}" for path in self.deletions]
        if self.kept:
            lines.append(f"  keep    {len(self.kept)} file(s) that hfaug did not write: {', '.join(self.kept[:5])}"
                         f"{', ...' if len(self.kept) > 5 else ''}")  # fmt: skip
        lines += ["", f"  licence {self.answer.license}. {' '.join(self.answer.reasons)}".rstrip()]
        lines.append(
            f"  total   {human_bytes(self.new_bytes)} new, {human_bytes(self.reused_bytes)} reused, "
            f"{len(self.deletions)} file(s) deleted"
        )
        if self.done:
            lines.append("  This version is released already, with the same content; nothing is left to do.")
        return "\n".join(lines)

    def _shards(self) -> Mapping[str, int]:
        sizes: dict[str, int] = {}
        for file in self.files:
            if file.path in self.marker.rows:
                group = file.path.rpartition("-of-")[0].rpartition("-")[0]
                sizes[group] = sizes.get(group, 0) + 1
        return sizes

    def _listed(self, word: str, files: list[PlannedFile]) -> list[str]:
        lines = []
        for file in files[:_LISTED]:
            where = f" (as {file.there})" if file.there not in (None, file.path) else ""
            lines.append(f"  {word:7} {file.path}  {human_bytes(file.size)}{where}")
        if len(files) > _LISTED:
            rest = files[_LISTED:]
            lines.append(f"  {word:7} ... and {len(rest)} more, {human_bytes(sum(file.size for file in rest))}")
        return lines


def _counted(
    counts: Mapping[str, Mapping[str, Mapping[str, Mapping[str, int]]]], shards: Mapping[str, int]
) -> list[str]:
    lines = []
    for config, splits in counts.items():
        for split, by_origin in splits.items():
            rows = totals(by_origin)
            told = ", ".join(f"{number:,} {origin}" for origin, number in rows.items())
            files = shards.get(f"{'data' if config == 'default' else config}/{split}", 0)
            name = split if config == "default" else f"{config}/{split}"
            lines.append(f"  {name}: {sum(rows.values()):,} rows{f' ({told})' if told else ''} in {files} shard(s)")
    return lines


def human_bytes(number: int) -> str:
    """Bytes with a unit.

    >>> human_bytes(999), human_bytes(12_345), human_bytes(3_400_000_000)
    ('999 B', '12.3 kB', '3.4 GB')
    """
    size = float(number)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{number} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
