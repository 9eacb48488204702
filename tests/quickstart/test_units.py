"""What the quickstart says of the work is true."""

from __future__ import annotations

from pathlib import Path

from hfaug.cli.summary import units_line
from hfaug.recipe import parse_recipe
from hfaug.recipe.build import build
from tests.quickstart.__main__ import _units


def test_units_are_counted_as_a_build_counts_them(tmp_path: Path, data_folder: Path) -> None:
    """Claims on plans and indexes are no units."""
    text = "name: x\nsource: {path: json, data_files: mail.jsonl}\nsteps: [augment: {ops: text.swap_chars}]"
    built = build(parse_recipe(text, data_folder / "mail"), tmp_path, progress=False)
    total = sum(stage.units for stage in built.report.stages)
    stages = len(built.report.stages)
    assert _units(tmp_path) == f"units  {total} of {total} in {stages} stages: rank 0: {total}; computed twice: 0"
    assert units_line(built.report).endswith(f": rank 0: {total}; computed twice: 0")
