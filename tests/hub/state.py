"""What the server holds: repos with commits and refs, large objects, tokens, and a log of requests.

A commit is one immutable mapping of paths to files, so a reader gets the old one or the new one and nothing between.
"""

from __future__ import annotations

import copy
import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

WRITER, READER, READ_ONLY = "hf_writer", "hf_reader", "hf_readonly"


@dataclass(frozen=True)
class Stored:
    """A file of a commit; large ones are named by their SHA-256, as git-lfs does."""

    data: bytes
    lfs: bool

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def git_oid(self) -> str:
        return hashlib.sha1(b"blob %d\0" % len(self.data) + self.data).hexdigest()

    @property
    def etag(self) -> str:
        return self.sha256 if self.lfs else self.git_oid


@dataclass(frozen=True)
class Commit:
    """One state of a repo."""

    oid: str
    parent: str | None
    title: str
    message: str
    files: Mapping[str, Stored]


class ConflictError(Exception):
    """The parent of a commit is not the head any more."""


class BadCommitError(Exception):
    """A commit names an object that was never sent, or deletes what is not there."""


@dataclass
class Repo:
    """A dataset repo."""

    id: str
    private: bool = False
    commits: dict[str, Commit] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        attributes = Stored(b"*.parquet filter=lfs diff=lfs merge=lfs -text\n", lfs=False)
        self.add("refs/heads/main", {".gitattributes": attributes}, "initial commit", "")

    @property
    def head(self) -> Commit:
        return self.commits[self.refs["refs/heads/main"]]

    @property
    def tags(self) -> dict[str, str]:
        return {ref.removeprefix("refs/tags/"): oid for ref, oid in self.refs.items() if ref.startswith("refs/tags/")}

    def resolve(self, revision: str) -> Commit | None:
        """The commit that a sha, branch, tag or full ref names."""
        for name in (revision, f"refs/heads/{revision}", f"refs/tags/{revision}"):
            if name in self.refs:
                return self.commits[self.refs[name]]
        return self.commits.get(revision)

    def history(self, commit: Commit) -> list[Commit]:
        """The commit and all before it, newest first."""
        line: list[Commit] = []
        at: Commit | None = commit
        while at is not None:
            line.append(at)
            at = self.commits.get(at.parent or "")
        return line

    def add(self, ref: str, files: Mapping[str, Stored], title: str, message: str, parent: str | None = None) -> Commit:
        """Make a commit and let the ref point to it: the one moment at which readers see it."""
        before = self.refs.get(ref)
        if parent is not None and parent != before:
            raise ConflictError
        oid = hashlib.sha1(f"{self.id} {len(self.commits)} {title}".encode()).hexdigest()
        commit = Commit(oid, before, title, message, dict(files))
        self.commits[oid] = commit
        self.refs[ref] = oid
        return commit

    def edit(self, path: str, data: bytes, title: str = "edited on the website") -> Commit:
        """What a person does in the browser: one file changed on main."""
        return self.add("refs/heads/main", {**self.head.files, path: Stored(data, lfs=False)}, title, "")


@dataclass
class State:
    """Everything the server knows; `lock` guards it."""

    repos: dict[str, Repo] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    writers: set[str] = field(default_factory=lambda: {WRITER})
    readers: set[str] = field(default_factory=lambda: {READER, READ_ONLY})
    log: list[tuple[str, str, int]] = field(default_factory=list)
    put_bytes: int = 0
    page_size: int = 1000
    lock: threading.RLock = field(default_factory=threading.RLock)

    def snapshot(self) -> tuple[dict[str, Repo], dict[str, bytes]]:
        """Repos and objects, to be put back with `restore`."""
        with self.lock:
            return copy.deepcopy(self.repos), dict(self.objects)

    def restore(self, snapshot: tuple[dict[str, Repo], dict[str, bytes]]) -> None:
        """Go back to a snapshot and forget the log."""
        with self.lock:
            self.repos, self.objects = copy.deepcopy(snapshot[0]), dict(snapshot[1])
            self.log.clear()
            self.put_bytes = 0

    def count(self, route: str, method: str | None = None) -> int:
        """Requests of a route so far."""
        with self.lock:
            return sum(name == route and method in {None, how} for name, how, _ in self.log)
