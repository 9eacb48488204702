"""A dataset repo on the Hub: the few calls a release makes, each of which can be made again without harm."""

from __future__ import annotations

import functools
import io
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, TypeVar, cast

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, RepoFile, hf_hub_url
from huggingface_hub.utils import build_hf_headers, hf_raise_for_status, http_backoff  # type: ignore[attr-defined]

from hfaug.errors import HeadMovedError, ReleaseError
from hfaug.release.hub_errors import explain, is_transient, retry_after, status_of
from hfaug.release.tree import Entry

__all__ = ["HubTree", "Repo"]

T = TypeVar("T")
_WAITS = (1.0, 2.0, 4.0)  # seconds before the second, third and fourth try
_TIMEOUT = 60.0  # seconds without a byte of an answer


@dataclass(frozen=True)
class Repo:
    """One dataset repo.

    Args:
        repo_id: ``namespace/name``.
        token: Access token; None for the one that is logged in.
        endpoint: URL of the Hub; None for the configured one.
    """

    repo_id: str
    token: str | None = field(default=None, repr=False)
    endpoint: str | None = None

    @property
    def api(self) -> HfApi:
        """The client."""
        return HfApi(endpoint=self.endpoint, token=self.token, library_name="hfaug")

    def head(self) -> str | None:
        """Commit that ``main`` stands at, None when there is no repo."""
        try:
            return self._try("looking at main", lambda: self.api.dataset_info(self.repo_id).sha)
        except ReleaseError as error:
            if status_of(error) == 404:
                return None
            raise

    def check_write(self) -> None:
        """Find out now, before hours of work, whether the token may write; a server that cannot tell is believed.

        Raises:
            ReleaseError: It may not.
        """
        try:
            self._try(
                "asking for write access", lambda: self.api.auth_check(self.repo_id, repo_type="dataset", write=True)
            )
        except ReleaseError as error:
            if status_of(error) in {401, 403}:
                raise

    def create(self, *, private: bool | None) -> None:
        """Create the repo; one that is there already is fine."""
        self._try(
            "creating the repo",
            lambda: self.api.create_repo(self.repo_id, repo_type="dataset", private=private, exist_ok=True),
        )

    def tags(self) -> dict[str, str]:
        """Commit of every tag."""
        refs = self._try("listing the tags", lambda: self.api.list_repo_refs(self.repo_id, repo_type="dataset"))
        return {ref.name: ref.target_commit for ref in refs.tags}

    def tree(self, commit: str) -> HubTree:
        """The files of one commit."""
        return HubTree(self, commit)

    def find_commit(self, title: str, *, after: str | None) -> str | None:
        """The newest commit on ``main`` with this title, looking back as far as ``after``."""
        listed = self._try("listing the commits", lambda: self.api.list_repo_commits(self.repo_id, repo_type="dataset"))
        for commit in listed:
            if commit.commit_id == after:
                return None
            if commit.title == title:
                return commit.commit_id
        return None

    def upload(self, additions: Sequence[CommitOperationAdd]) -> None:
        """Send the large files, those that the Hub has not got yet; nobody sees them before the commit."""
        self._try(
            "sending the files",
            lambda: self.api.preupload_lfs_files(self.repo_id, additions, repo_type="dataset", free_memory=False),
            waits=(),  # every request in here is tried several times already
        )
        ignored = [op.path_in_repo for op in additions if getattr(op, "_should_ignore", False)]
        if ignored:
            raise ReleaseError(
                f"{self.repo_id}: .gitignore of the repo must not match files of the release, "
                f"matches {', '.join(ignored[:3])}; take the pattern out"
            )

    def commit(
        self, operations: Sequence[CommitOperationAdd | CommitOperationDelete], *, title: str, text: str, parent: str
    ) -> str:
        """Make the one commit; an answer that was lost is found again on ``main``.

        Raises:
            HeadMovedError: ``main`` is no longer at ``parent``, and not because of this very commit.
        """
        problem: BaseException | None = None
        for wait in (0.0, *_WAITS):
            if problem is not None:
                time.sleep(retry_after(problem) or wait)
            try:
                return self.api.create_commit(
                    self.repo_id, operations, commit_message=title, commit_description=text, repo_type="dataset",
                    parent_commit=parent,
                ).oid  # fmt: skip
            except Exception as error:  # noqa: BLE001  whatever went wrong, the commit may stand
                problem = error
            landed = self.find_commit(title, after=parent)
            if landed is not None:
                return landed
            head = self.head()
            if head != parent:
                raise HeadMovedError(
                    f"{self.repo_id}: main must still be at {parent}, where this release was planned, is at {head}; "
                    "look at what changed and run the command again to release on top of it"
                ) from problem
            if not is_transient(problem) and status_of(problem) != 412:
                break
        raise explain(cast("BaseException", problem), repo=self.repo_id, doing="making the commit") from problem

    def tag(self, name: str, commit: str, message: str) -> None:
        """Tag a commit; a tag that stands there already is fine, one on another commit is not.

        Raises:
            ReleaseError: The tag is on another commit.
        """

        def create() -> None:
            try:
                self.api.create_tag(self.repo_id, tag=name, tag_message=message, revision=commit, repo_type="dataset")
            except Exception:
                there = self.tags().get(name)
                if there is None:
                    raise
                if there != commit:
                    raise ReleaseError(
                        f"{self.repo_id}: tag {name} must be free or on {commit}, is on {there}; raise the version"
                    ) from None

        self._try(f"setting the tag {name}", create)

    def _try(self, doing: str, call: Callable[[], T], waits: Sequence[float] = _WAITS) -> T:
        left = iter(waits)
        while True:
            try:
                return call()
            except ReleaseError:
                raise
            except Exception as error:
                wait = next(left, None)
                if wait is None or not is_transient(error):
                    raise explain(error, repo=self.repo_id, doing=doing) from error
                time.sleep(retry_after(error) or wait)


@dataclass(frozen=True)
class HubTree:
    """The files of one commit of a repo."""

    repo: Repo
    commit: str

    @property
    def name(self) -> str:
        """Repo and commit."""
        return f"{self.repo.repo_id}@{self.commit[:12]}"

    def entries(self) -> Mapping[str, Entry]:
        """Every file; the SHA-256 of large ones is known to the Hub. A commit never changes, so it is asked once."""
        return self._listed

    @functools.cached_property
    def _listed(self) -> Mapping[str, Entry]:
        def call() -> dict[str, Entry]:
            listed = self.repo.api.list_repo_tree(
                self.repo.repo_id, recursive=True, revision=self.commit, repo_type="dataset"
            )
            files = (item for item in listed if isinstance(item, RepoFile))
            return {
                file.path: Entry(file.size, file.lfs.sha256) if file.lfs else Entry(file.size, git_oid=file.blob_id)
                for file in files
            }

        return self.repo._try(f"listing the files of {self.commit[:12]}", call)  # noqa: SLF001  one module, one subject

    def read(self, path: str) -> bytes:
        """The bytes of a file."""
        return self._get(path)

    def open(self, path: str) -> BinaryIO:
        """A file that is fetched in ranges."""
        size = self.entries()[path].size
        return cast(
            "BinaryIO", io.BufferedReader(_Ranges(lambda start, end: self._get(path, start, end), size), 1 << 16)
        )

    def _get(self, path: str, start: int | None = None, end: int | None = None) -> bytes:
        repo = self.repo
        url = hf_hub_url(repo.repo_id, path, repo_type="dataset", revision=self.commit, endpoint=repo.endpoint)
        headers = build_hf_headers(token=repo.token, library_name="hfaug")
        if start is not None:
            headers["Range"] = f"bytes={start}-{cast('int', end) - 1}"

        def call() -> bytes:
            response = http_backoff("GET", url, headers=headers, timeout=_TIMEOUT)
            hf_raise_for_status(response)
            return response.content

        return repo._try(f"reading {path}", call, waits=())  # noqa: SLF001  http_backoff waits by itself


class _Ranges(io.RawIOBase):
    """A remote file, read where it is asked for."""

    def __init__(self, fetch: Callable[[int, int], bytes], size: int) -> None:
        self._fetch, self._size, self._at = fetch, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        end = min(self._at + len(buffer), self._size)
        if end <= self._at:
            return 0
        data = self._fetch(self._at, end)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
