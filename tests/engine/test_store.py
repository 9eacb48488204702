"""Stores: whole or not at all, never over what is there, the same behind a folder and behind fsspec."""

import errno
import os
import threading

import fsspec
import pytest
from fsspec.implementations.local import LocalFileSystem

from hfaug.engine import LocalStore, open_store
from hfaug.errors import MissingExtra, StageError


class BucketFileSystem(LocalFileSystem):
    """A bucket in a folder: objects appear whole, PUTs can be conditional, listings are remembered."""

    protocol = "bucket"
    puts = ()

    def pipe_file(self, path, value, mode="overwrite", **_):
        path = self._strip_protocol(path)
        type(self).puts = (*self.puts, os.path.basename(path))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        temp = f"{path}.{threading.get_ident()}.part"
        with open(temp, "wb") as file:
            file.write(value)
        try:
            if mode == "create":
                os.link(temp, path)
            else:
                os.replace(temp, path)
        finally:
            if os.path.exists(temp):
                os.unlink(temp)

    def ls(self, path, detail=False, **kwargs):
        key = (self._strip_protocol(path), detail)
        if key not in self.dircache:
            self.dircache[key] = super().ls(path, detail=detail, **kwargs)
        return self.dircache[key]

    def invalidate_cache(self, path=None):
        self.dircache.clear()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.dircache = {}


class PlainFileSystem(BucketFileSystem):
    """A file system that has never heard of conditional writes."""

    protocol = "plain"

    def pipe_file(self, path, value):
        super().pipe_file(path, value)


@pytest.fixture(autouse=True)
def registered():
    fsspec.register_implementation("bucket", BucketFileSystem, clobber=True)
    fsspec.register_implementation("plain", PlainFileSystem, clobber=True)
    BucketFileSystem.puts = ()


@pytest.fixture(params=["links", "no links", "file", "memory", "bucket", "plain"])
def store(request, tmp_path):
    if request.param in ("links", "no links"):
        return LocalStore(tmp_path / "root", hard_links=request.param == "links")
    base = f"/{tmp_path.name}/root" if request.param == "memory" else f"{tmp_path}/root"
    return open_store(f"{request.param}://{base}")


def test_what_is_written_is_read(store):
    """In pieces, as memory views or bytes, and from the end."""
    assert store.write_new("a/b/c.bin", [b"one ", memoryview(b"two ")[:3], b"!"])
    assert store.read("a/b/c.bin") == b"one two!"
    assert store.tail("a/b/c.bin", 4) == b"two!"
    assert store.tail("a/b/c.bin", 400) == b"one two!"
    assert store.exists("a/b/c.bin")
    assert store.list("a/b") == {"c.bin"}
    assert store.sizes("a/b") == {"c.bin": 8}


def test_what_is_published_is_never_replaced(store):
    """The second writer is told that it came too late, and leaves nothing behind."""
    assert store.write_new("a/x", [b"first"])
    assert not store.write_new("a/x", [b"second"], attempt=2)
    assert store.read("a/x") == b"first"
    assert store.sizes("a") == {"x": 5}


def test_exclusive_creation_has_one_winner(store):
    """The winner may ask again, as a client does that lost the answer."""
    assert store.create_exclusive("c/1", b"me")
    assert not store.create_exclusive("c/1", b"you")
    assert store.create_exclusive("c/1", b"me")
    assert store.read("c/1") == b"me"


def test_own_files_are_rewritten(store):
    """A heartbeat goes over the one before."""
    store.put("w/1", b"a")
    store.put("w/1", b"bc")
    assert store.read("w/1") == b"bc"


def test_what_is_not_there(store):
    """Reading raises, listing finds nothing, removing is no error."""
    with pytest.raises(FileNotFoundError):
        store.read("a/none")
    with pytest.raises(FileNotFoundError):
        store.tail("a/none", 3)
    assert not store.exists("a/none")
    assert store.list("nowhere") == set()
    assert store.sizes("nowhere") == {}
    store.remove("a/none")


def test_new_files_are_seen_at_once(store):
    """Another client of the same place wrote; remembered listings must not hide it."""
    assert store.list("a") == set()
    assert not store.exists("a/x")
    other = LocalStore(store.root) if isinstance(store, LocalStore) else open_store(store.url)
    other.write_new("a/x", [b"1"])
    assert store.list("a") == {"x"}
    assert store.exists("a/x")
    store.remove("a/x")
    assert other.list("a") == set()


def test_an_object_store_gets_one_put_for_one_file(tmp_path):
    """No temporary names, no renames, which object stores do by copying."""
    store = open_store(f"bucket://{tmp_path}/root")
    store.write_new("s/unit-00000.arrow", [b"ab", b"c"])
    store.create_exclusive("s/claims/unit-00000.1", b"x")
    assert BucketFileSystem.puts == ("unit-00000.arrow", "unit-00000.1")


def test_a_full_disk_leaves_nothing_half_written(tmp_path, monkeypatch):
    """The failed write is reported as what it is and its temporary file is gone."""
    store = LocalStore(tmp_path)

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        store.write_new("a/x", [b"data"])
    assert os.listdir(tmp_path / "a") == []


def test_what_a_killed_process_left_is_cleaned_by_the_next_attempt(tmp_path):
    """The half-written file of attempt 1 goes when attempt 2 publishes; the one who wrote it is told that it lost."""
    store = LocalStore(tmp_path)
    (tmp_path / "a").mkdir()
    left = tmp_path / "a" / ".x.1.tmp"
    left.write_bytes(b"half")
    assert store.write_new("a/x", [b"whole"], attempt=2)
    assert not left.exists()
    assert not store._publish(left, tmp_path / "a" / "y")


def test_a_file_system_without_links_is_noticed(tmp_path, monkeypatch):
    """As on some network and USB drives: link says no, and the store does without."""

    def refuse(*_):
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(os, "link", refuse)
    store = LocalStore(tmp_path)
    assert store.write_new("a/x", [b"1"])
    assert not store.write_new("a/x", [b"2"])
    assert store.create_exclusive("c/1", b"me")
    assert not store.create_exclusive("c/1", b"you")
    assert store.read("a/x") == b"1"


@pytest.mark.parametrize("prefix", ["file://", "local://", ""])
def test_local_addresses_are_folders(prefix, tmp_path):
    """Memory mapping needs a path."""
    store = open_store(f"{prefix}{tmp_path}")
    assert isinstance(store, LocalStore)
    assert store.local_path("a") == f"{tmp_path}/a"
    assert open_store(store) is store


@pytest.mark.parametrize("address", ["hf://datasets/org/name", "https://example.org/x", "nosuch://x"])
def test_places_that_cannot_hold_stages_are_refused(address):
    """A dataset repository takes commits, a web site takes nothing, an unknown protocol is a typing error."""
    with pytest.raises(StageError, match=r"Store: .* got '"):
        open_store(address)


def test_a_missing_file_system_package_is_named():
    """The message says what to install."""
    fsspec.register_implementation("absent", "absentfs.FileSystem", errtxt="Install absentfs", clobber=True)
    with pytest.raises(MissingExtra, match="Install absentfs"):
        open_store("absent://bucket/run")
