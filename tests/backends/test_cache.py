"""Folders that are there in full or not at all."""

import pytest

from hfaug.backends.cache import cache_folder, publish_folder


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
