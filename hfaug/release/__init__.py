"""Releasing: a dataset, its card and its recipe become one version that can be read whole or not at all.

    hfaug.release(data, "ada/digits", version="1.2.0", record=record)      a tag in a repo on the Hub
    hfaug.release(data, "./out/digits", version="1.2.0", record=record)    a folder ./out/digits/v1.2.0 with the same
    files

Order of the work: data and licence are checked, files staged on disk, compared with the target (the plan), sent,
committed in one piece, tagged, read back. Every step can be repeated; running a command that broke off again
finishes it. This package is the only part of hfaug that writes to the Hub.
"""

from __future__ import annotations

import dataclasses
import hashlib
import tempfile
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import hfaug
from hfaug.engine.failpoints import failpoint
from hfaug.errors import ReleaseError
from hfaug.publishing.cards import check_card
from hfaug.publishing.licenses import Answer, combine
from hfaug.publishing.targets import as_target
from hfaug.publishing.versions import Version, folder_versions, next_version, parse_versions
from hfaug.record import Effect, Model, RunRecord, Source, Step
from hfaug.release.build import Base, Content, make_plan, stage
from hfaug.release.derive import library_versions, record_from_data
from hfaug.release.diff import Diff, SplitDiff, diff_trees
from hfaug.release.folder import FolderTarget
from hfaug.release.hub import Repo
from hfaug.release.inputs import Data, as_configs, check_extra_files, check_splits
from hfaug.release.marker import MARKER
from hfaug.release.plan import Plan, PlannedFile
from hfaug.release.shard_writer import Limits
from hfaug.release.staging import staging_folder
from hfaug.release.tree import FolderTree, Tree
from hfaug.release.upload import HubTarget
from hfaug.release.verify import Verified, verify_tree

__all__ = [
    "Answer",
    "Diff",
    "Effect",
    "Limits",
    "Model",
    "Plan",
    "PlannedFile",
    "Released",
    "RunRecord",
    "Source",
    "SplitDiff",
    "Step",
    "Verified",
    "Version",
    "diff",
    "next_version",
    "release",
    "verify",
    "versions",
]


@dataclass(frozen=True, kw_only=True)
class Released:
    """What a release came to.

    Args:
        target: Repo id or folder of the version.
        version: Version without the ``v``.
        tag: Tag on the Hub, None for a folder or a dry run.
        commit: Commit on the Hub, None for a folder or a dry run.
        plan: What was planned.
        existed: True when the target held exactly this release before.
        dry_run: True when nothing was written.
        rows: Rows counted when it was read back.
    """

    target: str
    version: str
    tag: str | None
    commit: str | None
    plan: Plan
    existed: bool = False
    dry_run: bool = False
    rows: int = 0

    @property
    def files(self) -> tuple[PlannedFile, ...]:
        """Files of the release."""
        return self.plan.files

    @property
    def text(self) -> str:
        """The result for people."""
        if self.dry_run:
            return f"{self.plan.text}\n  Nothing was written: this was a dry run."
        where = f"{self.target}@{self.tag} (commit {(self.commit or '')[:12]})" if self.tag else self.target
        word = "was released before" if self.existed else "is released"
        return f"{self.plan.text}\n\n{where} {word} and reads back whole: {len(self.files)} files, {self.rows:,} rows."


class _Target(Protocol):
    """A place that versions are released to."""

    @property
    def name(self) -> str: ...
    def load(self, version: Version) -> tuple[str, str | None]: ...
    def prepare(self, version: Version, *, dry_run: bool) -> None: ...
    def staging(self, version: Version) -> AbstractContextManager[Path]: ...
    def released(self, version: Version, digest: str) -> Tree | None: ...
    def base(self, version: Version) -> Base: ...
    def publish(self, plan: Plan, root: Path) -> Tree: ...
    def seal(self, version: Version, tree: Tree) -> Tree: ...


def release(
    data: Data,
    target: str | Path,
    *,
    version: str,
    record: RunRecord | None = None,
    recipe: str | None = None,
    extra_files: Mapping[str, bytes] | None = None,
    license: str | None = None,  # noqa: A002  the Hub's word
    card: Mapping[str, Any] | None = None,
    dry_run: bool = False,
    token: str | None = None,
    endpoint: str | None = None,
    private: bool | None = None,
    work_dir: str | Path | None = None,
    limits: Limits | None = None,
) -> Released:
    """Release data as one version, or finish a release that broke off.

    Args:
        data: A Dataset (split ``train``), a DatasetDict, or a mapping of config names to either.
        target: Repo id ``org/name``, or a folder: a `Path`, or text that begins with ``./``, ``../``, ``/`` or ``~``.
        version: Semantic version, ``1.2.0``; on the Hub it must be higher than the versions that are there.
        record: Where the rows come from; None reads the steps off the rows, and then the licence must be stated.
        recipe: Text of the recipe file; None for the record's.
        extra_files: Path in the release -> bytes. Pictures are shown in the card, HTML pages linked.
        license: Hub identifier of the licence, where the rules give none or another one.
        card: YAML entries for the card, such as ``language``, ``pretty_name``, ``task_categories``, ``tags``.
        dry_run: Only plan; nothing is written to the target.
        token: Hub token, None for the one that is logged in.
        endpoint: URL of the Hub, None for the configured one.
        private: Whether a repo that must be created is private.
        work_dir: Where files for the Hub are staged, about the size of the dataset; None for the temporary folder.
        limits: Where row groups and shards end.

    Raises:
        LicenseError: The licences of sources and models allow no result.
        LeakError: Copies of one row stand in two splits.
        RowIdError: Two rows of a split share an id.
        HeadMovedError: Somebody else wrote to the repo while this ran.
        ReleaseError: The version exists with other content, or the target cannot be written.
        VerifyError: What was read back is not what was written.

    >>> import tempfile; from datasets import Dataset
    >>> folder = Path(tempfile.mkdtemp())
    >>> done = release(Dataset.from_dict({"text": ["a", "b"]}), folder, version="1.0.0", license="cc0-1.0")
    >>> done.rows, sorted(path.name for path in (folder / "v1.0.0").iterdir())
    (2, ['.hfaug', 'README.md', 'data'])
    """
    number, configs = Version.parse(version), as_configs(data)
    check_extra_files(extra_files or {}, configs)
    check_card(card or {})
    place = _place(target, token=token, endpoint=endpoint, private=private, work_dir=work_dir)
    record = _complete(record, place.name, configs, recipe)
    answer = combine(record.sources, record.models, stated=license)
    check_splits(configs)
    place.prepare(number, dry_run=dry_run)
    scratch = staging_folder(Path(work_dir or tempfile.gettempdir()), "hfaug-plan-", mode=0o700)
    with scratch if dry_run else place.staging(number) as root:
        content = stage(
            configs, root, version=number, record=record, answer=answer, extra_files=extra_files or {}, card=card or {},
            limits=limits,
        )  # fmt: skip
        failpoint("release.staged")
        return _carry_out(place, content, root, dry_run=dry_run)


def _carry_out(place: _Target, content: Content, root: Path, *, dry_run: bool) -> Released:
    number = content.version
    there = place.released(number, content.digest)
    load, revision = place.load(number)
    existed = there is not None
    if there is not None:
        verified = verify_tree(there, footers=False)
        if verified.marker.digest != content.digest:
            raise ReleaseError(
                f"{place.name}: {number.tag} is released with other content and never changes; "
                f"release under the next version (there {verified.marker.digest[:12]}, here {content.digest[:12]})"
            )
        plan = _done_plan(place, content, verified)
        tree = there if dry_run else place.seal(number, there)
    else:
        plan = make_plan(content, place.base(number), target=place.name, load=load, revision=revision)
        if dry_run:
            return Released(target=place.name, version=str(number), tag=None, commit=None, plan=plan, dry_run=True)
        tree = place.publish(plan, root)
    if dry_run:
        return Released(
            target=place.name, version=str(number), tag=None, commit=None, plan=plan, existed=True, dry_run=True
        )
    verified = verify_tree(tree, digest=content.digest)
    commit = getattr(tree, "commit", None)
    target = place.name if commit else tree.name
    tag = number.tag if commit else None
    return Released(
        target=target, version=str(number), tag=tag, commit=commit, plan=plan, existed=existed, rows=verified.rows
    )


def _done_plan(place: _Target, content: Content, verified: Verified) -> Plan:
    """The plan of a release that is there: everything is reused."""
    marker = verified.marker
    own = marker.to_json().encode()
    promised = {**marker.files, MARKER: (hashlib.sha256(own).hexdigest(), len(own))}
    files = tuple(
        PlannedFile(path=path, sha256=sha256, size=size, local=content.root / path, there=path)
        for path, (sha256, size) in promised.items()
    )
    previous = Version.parse(marker.previous) if marker.previous else None
    return Plan(
        target=place.name, version=content.version, base=None, previous=previous, files=files, deletions=(), kept=(),
        marker=marker, answer=content.answer, done=True,
    )  # fmt: skip


def _place(
    target: str | Path, *, token: str | None, endpoint: str | None, private: bool | None, work_dir: str | Path | None
) -> _Target:
    where = as_target(target)
    if isinstance(where, Path):
        return FolderTarget(where)
    return HubTarget(Repo(where, token, endpoint), private, Path(work_dir) if work_dir is not None else None)


def _complete(record: RunRecord | None, name: str, configs: Mapping[str, Any], recipe: str | None) -> RunRecord:
    title = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    told = record or RunRecord(name=title)
    if not told.steps:
        read = record_from_data(title, configs)
        told = dataclasses.replace(told, steps=read.steps, models=told.models or read.models)
    return dataclasses.replace(
        told,
        name=told.name or title,
        recipe=told.recipe if recipe is None else recipe,
        hfaug=told.hfaug or hfaug.__version__,
        libraries=told.libraries or library_versions(configs, models=bool(told.models)),
    )


def versions(target: str | Path, *, token: str | None = None, endpoint: str | None = None) -> list[str]:
    """The versions a repo or a folder holds, oldest first.

    Args:
        target: As in ``release``.
        token: Hub token.
        endpoint: URL of the Hub.
    """
    where = as_target(target)
    if isinstance(where, Path):
        return [str(version) for version in folder_versions(where)]
    repo = Repo(where, token, endpoint)
    return [str(version) for version in parse_versions(repo.tags())] if repo.head() is not None else []


def verify(target: str | Path, version: str, *, token: str | None = None, endpoint: str | None = None) -> Verified:
    """Read a released version back and hold it to its own promise: every hash, every row count.

    Args:
        target: As in ``release``.
        version: The version.
        token: Hub token.
        endpoint: URL of the Hub.

    Raises:
        VerifyError: Something differs.
    """
    return verify_tree(_tree(target, version, token, endpoint))


def diff(target: str | Path, old: str, new: str, *, token: str | None = None, endpoint: str | None = None) -> Diff:
    """What changed between two versions: rows by id and content, columns, counts.

    Args:
        target: As in ``release``.
        old: Version to start from.
        new: Version to lead to.
        token: Hub token.
        endpoint: URL of the Hub.
    """
    return diff_trees(_tree(target, old, token, endpoint), _tree(target, new, token, endpoint))


def _tree(target: str | Path, version: str, token: str | None, endpoint: str | None) -> Tree:
    where, number = as_target(target), Version.parse(version)
    if isinstance(where, Path):
        if not (where / number.tag).is_dir():
            raise ReleaseError(f"{where}: must hold version {number}, holds {', '.join(versions(where)) or 'none'}")
        return FolderTree(where / number.tag)
    repo = Repo(where, token, endpoint)
    tags = repo.tags()
    if number.tag not in tags:
        raise ReleaseError(f"{where}: must have the tag {number.tag}, has {', '.join(sorted(tags)) or 'none'}")
    return repo.tree(tags[number.tag])
