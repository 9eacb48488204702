"""Where stages live: a folder, or any fsspec address, behind the few operations the engine needs to be crash-safe."""

from __future__ import annotations

import contextlib
import errno
import os
import uuid
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hfaug.engine.failpoints import failpoint
from hfaug.errors import MissingExtra, StageError

__all__ = ["FsspecStore", "LocalStore", "Part", "Store", "open_store"]

Part = bytes | memoryview
"""A piece of a file. Units are written as several pieces, so that their data is not copied once more to be joined."""

_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EXDEV, errno.EACCES}
_WEB = ("http", "https")
_FLAT = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oss", "tos", "hf"}
"""Object stores, where folders need no making; asked to make one, their clients would make a bucket."""


class Store(ABC):
    """Files below one root, named by paths with ``/``.

    A missing file raises ``FileNotFoundError``, any other failure an ``OSError``.

    Attributes:
        poll_s: Shortest and longest pause between two looks at what other processes did, in seconds.
        lanes: How many small reads are worth doing at the same time.
    """

    poll_s: tuple[float, float] = (0.02, 1.0)
    lanes: int = 1

    @abstractmethod
    def write_new(self, path: str, parts: Sequence[Part], *, attempt: int = 1) -> bool:
        """Publish a file whole or not at all, and never over an existing one.

        Args:
            path: Where.
            parts: The content, in pieces.
            attempt: Number of the claim under which this is written; what earlier attempts left half done is removed.

        Returns:
            Whether this call made the file; False when it was there already.
        """

    @abstractmethod
    def create_exclusive(self, path: str, data: bytes) -> bool:
        """Create a small file; of several that try, one gets True. ``data`` must differ between those who try."""

    @abstractmethod
    def put(self, path: str, data: bytes) -> None:
        """Write a small file, over an older one of the same owner."""

    @abstractmethod
    def read(self, path: str) -> bytes:
        """The whole file."""

    @abstractmethod
    def tail(self, path: str, size: int) -> bytes:
        """The last ``size`` bytes, or the whole file when it is shorter."""

    @abstractmethod
    def exists(self, path: str) -> bool: ...

    @abstractmethod
    def list(self, folder: str) -> set[str]:
        """Names of the files in a folder; none when there is no such folder. Unfinished files are left out."""

    @abstractmethod
    def sizes(self, folder: str) -> dict[str, int]:
        """Names and sizes in bytes of the files in a folder."""

    @abstractmethod
    def remove(self, path: str) -> None:
        """Remove a file; one that is gone is no error."""

    @abstractmethod
    def where(self, path: str) -> str:
        """The path as a person would type it."""

    def local_path(self, path: str) -> str | None:
        """The file's path on this machine, for memory mapping; None when it has none."""
        return None

    def clean(self, folder: str) -> None:  # noqa: B027, most stores leave nothing half written
        """Remove what killed processes left half written in a folder that nobody writes to any more."""


class LocalStore(Store):
    """A folder of this machine or one that several machines share (NFS and the like).

    A file is written beside its place, flushed to the disk, and linked to its name: a link is refused when the name is
    taken, so a published file is never replaced, which a rename would do. Where the file system knows no hard links, it
    is renamed into place if the name is free.

    Args:
        root: The folder; made when something is first written.
        hard_links: False to do without them, as on file systems that have none.
    """

    def __init__(self, root: str | os.PathLike[str], *, hard_links: bool = True) -> None:
        self.root = Path(os.path.abspath(root))
        self._links = hard_links

    def write_new(self, path: str, parts: Sequence[Part], *, attempt: int = 1) -> bool:
        target = self.root / path
        temp = self._temp(target, str(attempt))
        self._write(temp, parts, durable=True)
        for earlier in range(1, attempt):
            self._temp(target, str(earlier)).unlink(missing_ok=True)
        failpoint("after_temp_write")
        won = self._publish(temp, target)
        _sync_folder(target.parent)
        failpoint("after_rename")
        return won

    def create_exclusive(self, path: str, data: bytes) -> bool:
        target = self.root / path
        temp = self._temp(target, uuid.uuid4().hex)
        self._write(temp, [data], durable=False)
        failpoint("during_claim")
        # An answer may be lost on a network file system: the file is ours if it says what we wrote.
        return self._publish(temp, target, claim=True) or self._reads(target, data)

    def put(self, path: str, data: bytes) -> None:
        target = self.root / path
        temp = self._temp(target, "new")
        self._write(temp, [data], durable=False)
        failpoint("during_heartbeat")
        os.replace(temp, target)

    def read(self, path: str) -> bytes:
        return (self.root / path).read_bytes()

    def tail(self, path: str, size: int) -> bytes:
        with (self.root / path).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - size))
            return file.read()

    def exists(self, path: str) -> bool:
        return (self.root / path).exists()

    def list(self, folder: str) -> set[str]:
        with contextlib.suppress(FileNotFoundError), os.scandir(self.root / folder) as entries:
            return {entry.name for entry in entries if not entry.name.startswith(".") and entry.is_file()}
        return set()

    def sizes(self, folder: str) -> dict[str, int]:
        with contextlib.suppress(FileNotFoundError), os.scandir(self.root / folder) as entries:
            return {e.name: e.stat().st_size for e in entries if not e.name.startswith(".") and e.is_file()}
        return {}

    def remove(self, path: str) -> None:
        (self.root / path).unlink(missing_ok=True)

    def where(self, path: str) -> str:
        return str(self.root / path)

    def local_path(self, path: str) -> str:
        return str(self.root / path)

    def clean(self, folder: str) -> None:
        with contextlib.suppress(OSError):
            for name in os.listdir(self.root / folder):
                if name.startswith(".") and name.endswith(".tmp"):
                    (self.root / folder / name).unlink(missing_ok=True)

    def _temp(self, target: Path, tag: str) -> Path:
        return target.with_name(f".{target.name}.{tag}.tmp")

    def _write(self, temp: Path, parts: Sequence[Part], *, durable: bool) -> None:
        temp.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temp.open("wb") as file:
                for part in parts:
                    file.write(part)
                file.flush()
                if durable:
                    os.fsync(file.fileno())
        except BaseException:
            with contextlib.suppress(OSError):
                temp.unlink(missing_ok=True)
            raise

    def _publish(self, temp: Path, target: Path, *, claim: bool = False) -> bool:
        try:
            if self._links:
                try:
                    return self._link(temp, target)
                except OSError as error:
                    if error.errno not in _NO_LINKS:
                        raise
                    self._links = False
            return self._copy(temp, target) if claim else self._rename(temp, target)
        finally:
            temp.unlink(missing_ok=True)

    def _link(self, temp: Path, target: Path) -> bool:
        try:
            os.link(temp, target)
        except FileExistsError:
            return False
        except FileNotFoundError:
            if temp.exists():
                raise
            return False  # who took this claim over has cleaned up behind it
        return True

    def _rename(self, temp: Path, target: Path) -> bool:
        if target.exists() or not temp.exists():
            return False
        os.replace(temp, target)
        return True

    def _copy(self, temp: Path, target: Path) -> bool:
        """Exclusive beats whole for a claim: a crash here leaves it without a name, and it runs out like any other."""
        try:
            descriptor = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
        except FileExistsError:
            return False
        with os.fdopen(descriptor, "wb") as file:
            file.write(temp.read_bytes())
        return True

    def _reads(self, target: Path, data: bytes) -> bool:
        try:
            return target.read_bytes() == data
        except FileNotFoundError:
            return False


class FsspecStore(Store):
    """An object store, or anything else fsspec can write to, such as ``s3://bucket/run``.

    A file is one PUT with the condition that it does not exist yet. S3, Google Cloud Storage and Azure hold that
    condition against all others at once; file systems that know no such condition look first and write then, so two
    processes may at times do the same unit.

    Args:
        url: The root.
        options: What the file system's constructor takes, such as keys or an endpoint.
    """

    poll_s = (0.5, 10.0)
    lanes = 16

    def __init__(self, url: str, **options: Any) -> None:
        import fsspec

        protocol = url.split("://", maxsplit=1)[0]
        if protocol in _WEB or url.startswith("hf://datasets/"):
            raise StageError(
                f"Store: the place of stages must be one that many small files can be written to, got {url!r}; "
                "use a folder, a bucket (s3://, gs://, az://, hf://buckets/) or a shared file system."
            )
        try:
            self.fs, base = fsspec.core.url_to_fs(url, **options)
        except ImportError as error:
            raise MissingExtra(f"Store: {url!r} needs a package that is not installed; {error}") from error
        except ValueError as error:
            raise StageError(
                f"Store: the place must be a folder or an address fsspec knows, got {url!r}; {error}"
            ) from error
        self.base = base.rstrip("/")
        self.url = url.rstrip("/")
        self._flat = protocol in _FLAT
        self._made: set[str] = set()

    def write_new(self, path: str, parts: Sequence[Part], *, attempt: int = 1) -> bool:
        failpoint("after_temp_write")
        won = self._create(self._full(path), b"".join(parts))
        failpoint("after_rename")
        return won

    def create_exclusive(self, path: str, data: bytes) -> bool:
        failpoint("during_claim")
        full = self._full(path)
        # A client that lost the answer asks again and hears that the file exists: it is ours if it says what we wrote.
        return self._create(full, data) or self._reads(full, data)

    def put(self, path: str, data: bytes) -> None:
        failpoint("during_heartbeat")
        self._parents(self._full(path))
        self.fs.pipe_file(self._full(path), data)

    def read(self, path: str) -> bytes:
        data: bytes = self.fs.cat_file(self._full(path))
        return data

    def tail(self, path: str, size: int) -> bytes:
        full = self._full(path)
        self._forget(full)
        length = self.fs.info(full)["size"]
        data: bytes = self.fs.cat_file(full, start=max(0, length - size), end=length) if length else b""
        return data

    def exists(self, path: str) -> bool:
        self._forget(self._full(path))
        return bool(self.fs.exists(self._full(path)))

    def list(self, folder: str) -> set[str]:
        return set(self.sizes(folder))

    def sizes(self, folder: str) -> dict[str, int]:
        full = self._full(folder)
        self.fs.invalidate_cache(full)
        try:
            found = self.fs.ls(full, detail=True)
        except FileNotFoundError:
            return {}
        named = ((info["name"].rstrip("/").rsplit("/", 1)[-1], info) for info in found if info["type"] == "file")
        return {name: int(info["size"] or 0) for name, info in named if not name.startswith(".")}

    def remove(self, path: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            self.fs.rm_file(self._full(path))

    def where(self, path: str) -> str:
        return f"{self.url}/{path}"

    def _full(self, path: str) -> str:
        return f"{self.base}/{path}"

    def _forget(self, full: str) -> None:
        """File systems remember listings, also of files that were not there a moment ago."""
        self.fs.invalidate_cache(full.rsplit("/", 1)[0])

    def _parents(self, full: str) -> None:
        parent = full.rsplit("/", 1)[0]
        if not self._flat and parent not in self._made:
            with contextlib.suppress(FileExistsError, NotImplementedError):
                self.fs.makedirs(parent, exist_ok=True)
            self._made.add(parent)

    def _create(self, full: str, data: bytes) -> bool:
        self._forget(full)
        self._parents(full)
        try:
            self.fs.pipe_file(full, data, mode="create")
        except FileExistsError:
            return False
        except (NotImplementedError, TypeError):
            if self.fs.exists(full):
                return False
            self.fs.pipe_file(full, data)
        return True

    def _reads(self, full: str, data: bytes) -> bool:
        try:
            return bool(self.fs.cat_file(full) == data)
        except FileNotFoundError:
            return False


def open_store(root: str | os.PathLike[str] | Store) -> Store:
    """The store at a folder or an fsspec address.

    >>> open_store("memory://runs/a").where("stages")
    'memory://runs/a/stages'
    """
    if isinstance(root, Store):
        return root
    text = os.fspath(root)
    for prefix in ("file://", "local://"):
        if text.startswith(prefix):
            return LocalStore(text[len(prefix) :])
    return FsspecStore(text) if "://" in text else LocalStore(text)


def _sync_folder(folder: Path) -> None:
    """Make a new name in a folder survive a power cut; some file systems cannot and need not."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
