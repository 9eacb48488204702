"""`hfaug ops`: the list, a page, the table, the file."""

import subprocess
import sys

import pytest

from hfaug.catalog import all_classes
from tests.cli.shell import start, typed


def test_the_list_names_every_op(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert typed("ops") == 0
    out = capsys.readouterr().out
    assert all(f"  {name} " in out for name in all_classes())
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("name", all_classes())
def test_every_op_has_a_page(name, capsys):
    assert typed("ops", name) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{name}  (hfaug.")
    assert "In a recipe" in out


def test_an_unknown_op_is_told_the_nearest(capsys):
    assert typed("ops", "image.rotat") == 1
    assert capsys.readouterr().err.startswith(
        "error: op: must be one of the known ops, got 'image.rotat'; did you mean"
    )


def test_pages_as_a_file(tmp_path, capsys):
    assert typed("ops", "image.flip", "--html", tmp_path / "deep" / "ops.html") == 0
    page = (tmp_path / "deep" / "ops.html").read_text(encoding="utf-8")
    assert 'id="image.flip"' in page
    assert 'id="image.rotate"' not in page


def test_the_table_stands_alone(capsys):
    assert typed("ops", "image.flip", "--markdown") == 2
    assert "--markdown goes with neither" in capsys.readouterr().err


def test_a_reader_may_stop_reading():
    """As `hfaug ops | head -1` does: no complaint."""
    with start("ops") as command:
        command.stdout.close()
        assert command.stderr.read() == ""


def test_the_module_is_the_command():
    done = subprocess.run([sys.executable, "-m", "hfaug", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("hfaug ")
