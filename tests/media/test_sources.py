"""From what a media column stores to bytes."""

import functools
import http.server
import threading
import zipfile
from pathlib import Path

import fsspec
import pytest

from hfaug.errors import MediaError
from hfaug.media import read_media

CONTENT = bytes(range(256)) * 9


@pytest.fixture
def served(tmp_path):
    """A folder behind a loopback web server."""
    handler = functools.partial(QuietHandler, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield tmp_path, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def test_bytes_win_over_the_path():
    """Embedded bytes are used, whatever the path says."""
    assert read_media({"bytes": CONTENT, "path": "nowhere.png"}) == CONTENT
    assert read_media({"bytes": b"", "path": None}) == b""
    assert read_media(CONTENT) == read_media(bytearray(CONTENT)) == read_media(memoryview(CONTENT)) == CONTENT


def test_none_stays_none():
    """A missing value is no error."""
    assert read_media(None) is None


def test_local_paths(tmp_path, monkeypatch):
    """Absolute, relative and Path objects, with odd characters."""
    path = tmp_path / "a photo, ü#1.jpg"
    path.write_bytes(CONTENT)
    monkeypatch.chdir(tmp_path)
    for value in ({"bytes": None, "path": str(path)}, {"path": path.name}, str(path), path, Path(path.name)):
        assert read_media(value) == CONTENT


def test_urls(served):
    """HTTP, a file inside a zip, and fsspec's own addresses."""
    folder, address = served
    (folder / "a.bin").write_bytes(CONTENT)
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.writestr("deep/b.bin", CONTENT)
    assert read_media({"bytes": None, "path": f"{address}/a.bin"}) == CONTENT
    assert read_media({"bytes": None, "path": f"zip://deep/b.bin::{folder}/a.zip"}) == CONTENT
    with fsspec.open("memory://photos/c.bin", "wb") as file:
        file.write(CONTENT)
    assert read_media({"bytes": None, "path": "memory://photos/c.bin"}) == CONTENT


def test_missing_files_are_named(served):
    """What cannot be read is named, with the reason and the ways out."""
    folder, address = served
    for path in (
        f"{folder}/none.jpg",
        str(folder),
        f"{address}/none.jpg",
        f"zip://none::{folder}/none.zip",
        "foo://bar",
    ):
        with pytest.raises(MediaError) as caught:
            read_media({"bytes": None, "path": path})
        assert path in str(caught.value)
        assert "restore the file, or embed the bytes" in str(caught.value)
        assert caught.value.__cause__ is not None


def test_neither_bytes_nor_path():
    """A value that holds nothing is refused."""
    for value in ({"bytes": None, "path": None}, {}):
        with pytest.raises(MediaError, match="must have bytes or a path, has neither"):
            read_media(value)
