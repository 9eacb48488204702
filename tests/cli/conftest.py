"""A folder with recipes and real data, typed in as a user would."""

import os

import pytest

from tests.conftest import DATA

MAIL = """\
name: mail
source: {path: json, data_files: data/mail/mail.jsonl, license: cc0-1.0}
steps:
  - augment: {ops: [text.swap_chars: {share: 0.01}], copies: 1}
  - filter: {filter.exact_duplicates: {columns: [text]}}
"""


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """An empty folder with `data/` and a recipe."""
    monkeypatch.chdir(tmp_path)
    os.symlink(DATA, tmp_path / "data")
    (tmp_path / "mail.yaml").write_text(MAIL, encoding="utf-8")
    return tmp_path
