"""Releasing to a folder: ``out/name/v1.2.0``, written beside under another name and put there by one rename.

A crash leaves no version or a whole one; what it left beside is cleared away by the next release.
"""

from __future__ import annotations

import errno
import os
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from hfaug.engine.failpoints import failpoint
from hfaug.errors import ReleaseError
from hfaug.publishing.versions import Version, folder_versions
from hfaug.release.build import Base
from hfaug.release.marker import CARD, MARKER, Marker
from hfaug.release.plan import Plan
from hfaug.release.staging import staging_folder
from hfaug.release.tree import FolderTree, Tree

__all__ = ["FolderTarget"]


@dataclass(frozen=True)
class FolderTarget:
    """A folder that holds one folder for each version."""

    path: Path

    @property
    def name(self) -> str:
        """The folder."""
        return str(self.path)

    def place(self, version: Version) -> Path:
        """Folder of one version."""
        return self.path / version.tag

    def load(self, version: Version) -> tuple[str, str | None]:
        """Arguments for ``load_dataset``, as seen from above the folder: no path of this machine stands in a card."""
        return f"./{self.path.resolve().name}/{version.tag}", None

    def prepare(self, version: Version, *, dry_run: bool) -> None:
        """Refuse early what is sure to fail: a place that holds something else."""
        self.released(version, "")

    def released(self, version: Version, digest: str) -> Tree | None:
        """The version, if it is there."""
        place = self.place(version)
        if not place.exists():
            return None
        if not (place / MARKER).is_file():
            raise ReleaseError(
                f"{place}: must be free or a release of hfaug, is something else; move it or raise the version"
            )
        return FolderTree(place)

    def base(self, version: Version) -> Base:
        """The version before, whose card is carried on."""
        earlier = [there for there in folder_versions(self.path) if there < version]
        earlier = [there for there in earlier if (self.place(there) / MARKER).is_file()]
        if not earlier:
            return Base()
        tree = FolderTree(self.place(earlier[-1]))
        marker = Marker.from_json(tree.read(MARKER))
        card = (tree.root / CARD).read_text(encoding="utf-8") if (tree.root / CARD).is_file() else None
        return Base(card=card, marker=marker, previous=earlier[-1], previous_tree=tree, previous_marker=marker)

    def staging(self, version: Version) -> AbstractContextManager[Path]:
        """A place beside the version, on the same disk; gone afterwards unless it was published."""
        return staging_folder(self.path, f".{version.tag}.tmp-")

    def publish(self, plan: Plan, root: Path) -> Tree:
        """Put the staged version into its place."""
        place = self.place(plan.version)
        _flush(root)
        failpoint("release.folder.written")
        try:
            root.rename(place)
        except OSError as error:
            if error.errno not in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR}:
                raise
            # Somebody else put a version there first; reading it back will show whether it is this one.
        _sync(self.path)
        failpoint("release.folder.renamed")
        return FolderTree(place)

    def seal(self, version: Version, tree: Tree) -> Tree:
        """A folder needs no tag."""
        return tree


def _flush(root: Path) -> None:
    """Bring files and folders to the disk, so that the rename never gets there before them."""
    for folder, _, names in os.walk(root, topdown=False):
        for name in names:
            _sync(Path(folder) / name)
        _sync(Path(folder))


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
