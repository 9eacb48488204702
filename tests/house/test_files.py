"""Housekeeping: no path of one machine in a file, a changelog for users, a licence beside everything borrowed."""

import os
import re

import pytest
import yaml

import hfaug
from tests.house.source import ROOT

SKIPPED = {"build", "dist", "out", "models", "node_modules"}
TEXT = {"", ".cfg", ".html", ".jinja", ".json", ".md", ".py", ".toml", ".txt", ".yaml", ".yml"}
FORBIDDEN = [
    r"(?<![\w.])/(work|root|farm|home|tmp)/\w",
    r"\bpypi\.org",
    r"pythonhosted",
    r"download\.pytorch",
    r"(extra-)?index-url",
]
"""Places of one machine, and package registries: which of them is used is decided where hfaug is installed."""


def texts():
    """Every text file of the project that a person writes."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in SKIPPED | {"__pycache__"}]
        folders[:] = [name for name in folders if not name.endswith(".egg-info")]
        yield from (ROOT / os.path.relpath(folder, ROOT) / name for name in names if os.path.splitext(name)[1] in TEXT)
    yield ROOT / ".ci" / "run"


def test_no_file_names_one_machine():
    """Nothing points at a path or a package registry of the machine it was written on."""
    pattern = re.compile("|".join(FORBIDDEN))
    here = ROOT / "tests" / "house" / "test_files.py"
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in texts()
        if path != here
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]
    assert not found, "\n".join(found)


def test_changelog_is_ready_for_the_next_entry():
    """There is a standing place for what is not released yet, and the released version is named once it exists."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## \[(.+?)\]", text, re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert headings[1:] == sorted(set(headings[1:]), key=lambda v: [int(n) for n in v.split(".")], reverse=True)


def test_version_has_three_numbers():
    assert re.fullmatch(r"\d+\.\d+\.\d+", hfaug.__version__)


def test_each_borrowed_file_has_a_licence():
    """The table in tests/data/README.md names every folder of it, each with a licence."""
    table = (ROOT / "tests" / "data" / "README.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line.startswith("| `")
    ]
    named = "".join(row[0] for row in rows)
    assert all(row[-1] for row in rows)
    folders = [path for path in (ROOT / "tests" / "data").iterdir() if path.is_dir()]
    assert {folder.name for folder in folders if f"`{folder.name}/" not in named} == set()
    pictures = {path.name for path in (ROOT / "tests" / "data" / "photos").glob("*.jpg")}
    assert {name for name in pictures if f"photos/{name}" not in named} == set()


@pytest.mark.parametrize("folder", sorted((ROOT / "tests" / "models").iterdir()), ids=lambda folder: folder.name)
def test_each_model_has_a_card_with_its_licence(folder):
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert yaml.safe_load(card.split("---")[1])["license"]
