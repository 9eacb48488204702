"""Folders that are there in full or not at all."""

import os
import time

import pytest

from hfaug.backends.cache import cache_folder, is_whole, publish_folder


def test_the_folder_is_where_it_is_told_to_be(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.delenv("HFAUG_HOME", raising=False)
    assert cache_folder("x") == tmp_path / "hub" / "hfaug" / "x"
    monkeypatch.setenv("HFAUG_HOME", str(tmp_path / "mine"))
    assert cache_folder("x") == tmp_path / "mine" / "x"


def test_a_folder_appears_when_it_is_done(tmp_path):
    folder = tmp_path / "deep" / "model"
    with publish_folder(folder) as written:
        (written / "a").write_text("1")
        assert not folder.exists()
    assert (folder / "a").read_text() == "1"
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


def test_the_faster_process_wins(tmp_path):
    folder = tmp_path / "model"
    with publish_folder(folder) as slow:
        (slow / "a").write_text("slow")
        with publish_folder(folder) as fast:
            (fast / "a").write_text("fast")
    assert (folder / "a").read_text() == "fast"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def _fail(folder):
    with publish_folder(folder) as written:
        (written / "a").write_text("1")
        raise ZeroDivisionError


def test_an_error_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError):
        _fail(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def _published(folder):
    with publish_folder(folder) as written:
        (written / "a").write_text("123")
    return folder / "a"


@pytest.mark.parametrize(
    "harm",
    [
        lambda file: file.write_text("12"),
        lambda file: file.unlink(),
        lambda file: file.with_name("whole.json").unlink(),
    ],
)
def test_a_folder_that_is_not_whole_gives_way(tmp_path, harm):
    folder = tmp_path / "model"
    harm(_published(folder))
    assert not is_whole(folder)
    _published(folder)
    assert is_whole(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_what_a_killed_process_left_is_swept_later(tmp_path):
    """Not at once: it may still be at work."""
    left = tmp_path / ".model-x1y2" / "new"
    left.mkdir(parents=True)
    _published(tmp_path / "model")
    assert left.exists()
    for path in (left, left.parent):
        os.utime(path, (0, time.time() - 7 * 3600))
    _published(tmp_path / "other")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "other"]
