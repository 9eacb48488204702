"""Releasing to the Hub: shards first, then everything in one commit on top of the planned head, then the tag.

Until the commit nobody sees anything, after it everybody sees all of it. Whatever breaks, running the same command
again finishes the release: shards that arrived are not sent twice, a commit whose answer was lost is found by its
title, a tag that is missing is set.
"""

from __future__ import annotations

import tempfile
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import CommitOperationAdd, CommitOperationDelete

from hfaug.engine.failpoints import failpoint
from hfaug.errors import ReleaseError, VerifyError
from hfaug.publishing.versions import Version, parse_versions
from hfaug.release.build import Base
from hfaug.release.hub import HubTree, Repo
from hfaug.release.marker import CARD
from hfaug.release.plan import Plan
from hfaug.release.staging import staging_folder
from hfaug.release.tree import Tree, read_marker
from hfaug.release.verify import verify_tree

__all__ = ["HubTarget"]


@dataclass(frozen=True)
class HubTarget:
    """A dataset repo whose tags are the versions.

    Args:
        repo: The repo.
        private: Whether a repo that is created is private; None for the default of its owner.
        work_dir: Where the files are staged; None for the temporary folder of the machine.
    """

    repo: Repo
    private: bool | None = None
    work_dir: Path | None = None

    @property
    def name(self) -> str:
        """Repo id."""
        return self.repo.repo_id

    def load(self, version: Version) -> tuple[str, str | None]:
        """Arguments for ``load_dataset``."""
        return self.repo.repo_id, version.tag

    def prepare(self, version: Version, *, dry_run: bool) -> None:
        """Create a repo that is missing, and refuse early what is sure to be refused late.

        Raises:
            ReleaseError: A newer version is there, or the repo cannot be reached.
        """
        if self.repo.head() is None:
            if not dry_run:
                self.repo.create(private=self.private)
            return
        if not dry_run:
            self.repo.check_write()
        tags = self.repo.tags()
        newer = [there for there in parse_versions(tags) if there > version]
        if newer and version.tag not in tags:
            raise ReleaseError(
                f"{self.name}: version must be higher than {newer[-1]}, which is released, was {version}; "
                f"raise it, or take the tag {newer[-1].tag} away first"
            )

    def staging(self, version: Version) -> AbstractContextManager[Path]:
        """A temporary folder."""
        place = Path(self.work_dir or tempfile.gettempdir())
        return staging_folder(place, "hfaug-release-", mode=0o700)

    def released(self, version: Version, digest: str) -> Tree | None:
        """The version, if it is tagged, or committed by a run that broke off before the tag."""
        if self.repo.head() is None:
            return None
        tags = self.repo.tags()
        if version.tag in tags:
            return self.repo.tree(tags[version.tag])
        earlier = [there for there in parse_versions(tags) if there < version]
        commit = self.repo.find_commit(_title(version, digest), after=tags[earlier[-1].tag] if earlier else None)
        return None if commit is None else self.repo.tree(commit)

    def base(self, version: Version) -> Base:
        """The head of ``main`` and the version before."""
        head = self.repo.head()
        if head is None:
            return Base()
        tree = self.repo.tree(head)
        entries = tree.entries()
        marker = read_marker(tree, entries)
        if marker is not None and Version.parse(marker.version) > version:
            raise ReleaseError(
                f"{self.name}: version must be higher than {marker.version}, which main holds, was {version}; raise it"
            )
        try:
            card = tree.read(CARD).decode("utf-8") if CARD in entries else None
        except UnicodeDecodeError as error:
            raise ReleaseError(
                f"{self.name}: {CARD} must be UTF-8, is not ({error}); mend the card of the repo"
            ) from error
        tags = self.repo.tags()
        for there in reversed([there for there in parse_versions(tags) if there < version]):
            earlier = self.repo.tree(tags[there.tag])
            before = read_marker(earlier, earlier.entries())
            if before is not None:
                return Base(commit=head, tree=tree, card=card, marker=marker, previous=there,
                            previous_tree=earlier, previous_marker=before)  # fmt: skip
        return Base(commit=head, tree=tree, card=card, marker=marker)

    def publish(self, plan: Plan, root: Path) -> Tree:
        """Send the shards, make the commit, set the tag."""
        if plan.base is None:
            raise ReleaseError(
                f"{self.name}: the repo must exist, was deleted while the release was made; run it again"
            )
        additions = [_addition(file.path, file.local, file.sha256) for file in plan.files]
        self.repo.upload(additions)
        failpoint("release.uploaded")
        commit = self.repo.commit(
            [*additions, *(CommitOperationDelete(path, is_folder=False) for path in plan.deletions)],
            title=_title(plan.version, plan.marker.digest),
            text=plan.marker.summary,
            parent=plan.base,
        )
        failpoint("release.committed")
        return self.seal(plan.version, self.repo.tree(commit))

    def seal(self, version: Version, tree: Tree) -> Tree:
        """Check the commit, tag it, and look it up by the tag.

        Raises:
            VerifyError: The tag leads elsewhere.
        """
        if not isinstance(tree, HubTree):
            raise TypeError(f"seal: tree must be one of a repo, was {type(tree).__name__}; pass what released() gave")
        marker = verify_tree(tree, footers=False).marker
        found = self.repo.tags().get(version.tag)
        if found is None:
            self.repo.tag(version.tag, tree.commit, f"{marker.name} {version}: {marker.summary}"[:500])
            failpoint("release.tagged")
            found = self.repo.tags().get(version.tag)
        if found != tree.commit:
            raise VerifyError(
                f"{self.name}: tag {version.tag} must lead to {tree.commit}, leads to {found}; somebody moved it"
            )
        return self.repo.tree(found)


def _title(version: Version, digest: str) -> str:
    """Title of the commit, by which a run that is repeated knows it."""
    return f"Release {version.tag} ({digest[:16]})"


def _addition(path: str, local: Path, sha256: str) -> CommitOperationAdd:
    addition = CommitOperationAdd(path, str(local))
    addition.upload_info.sha256 = bytes.fromhex(sha256)  # known already; the client would read the file again
    return addition
