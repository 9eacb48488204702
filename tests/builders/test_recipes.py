"""A recipe can be given in many forms; all of them mean the same, and errors say where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hfaug.builders.recipes import read_recipe, read_steps
from hfaug.builders.steps import RowSteps
from hfaug.errors import RecipeError
from hfaug.ops.text import SwapChars
from hfaug.recipe import parse_recipe

WHOLE = """
name: x
source: {path: csv, data_files: a.csv}
steps:
  - augment: {ops: [text.swap_chars: {share: 0.1}], copies: 2}
"""
STEP: dict[str, Any] = {"ops": [{"text.swap_chars": {"share": 0.1}}], "copies": 2}


def same(given: Any) -> bool:
    """Whether the steps are those of `WHOLE`."""
    return read_steps(given) == parse_recipe(WHOLE).steps


def test_all_forms_mean_the_same(tmp_path: Path) -> None:
    """A whole recipe, its steps, one step; as text, as a file, as data; tuples as lists; numbers as they are."""
    short = "ops: [text.swap_chars: {share: 0.1}]\ncopies: 2\n"
    (tmp_path / "whole.yaml").write_text(WHOLE)
    (tmp_path / "short").write_text(short)
    forms = [
        WHOLE, short, STEP, {"augment": STEP}, {"steps": [{"augment": STEP}]}, [{"augment": STEP}],
        {**STEP, "ops": tuple(STEP["ops"])}, tmp_path / "whole.yaml", str(tmp_path / "whole.yaml"), tmp_path / "short",
        str(tmp_path / "short"), parse_recipe(WHOLE), list(parse_recipe(WHOLE).steps),
    ]  # fmt: skip
    assert [form for form in forms if not same(form)] == []
    assert RowSteps.of(read_steps(SwapChars(share=0.1)), copies=2) == RowSteps.of(read_steps(STEP))


def test_small_numbers_stay_numbers() -> None:
    """YAML reads 1e-05 as text, so plain data must not pass through it carelessly."""
    (step,) = read_steps({"ops": [{"text.swap_chars": {"share": 1e-05}}]})
    assert step.op.share == 1e-05


def test_columns_and_seed_go_with_a_short_form() -> None:
    (step,) = read_steps({**STEP, "columns": {"text": "body"}, "seed": 7})
    assert (step.op.binding.text, step.op.binding.seed) == (("body",), 7)


def test_only_what_changes_rows_changes_the_digest() -> None:
    """The name of the cache follows from it."""
    base = RowSteps.of(read_steps(STEP)).digest
    assert RowSteps.of(read_steps(WHOLE)).digest == base
    assert RowSteps.of(read_steps({**STEP, "keep": True, "splits": ["train"]})).digest == base
    others = [
        {**STEP, "copies": 3}, {**STEP, "keep": False}, {**STEP, "splits": ["test"]}, {**STEP, "seed": 1},
        {**STEP, "ops": [{"text.swap_chars": {"share": 0.2}}]}, {**STEP, "columns": {"text": "b"}},
        {**STEP, "columns": {"provenance": False}},
    ]  # fmt: skip
    assert len({base, *(RowSteps.of(read_steps(other)).digest for other in others)}) == len(others) + 1


@pytest.mark.parametrize(
    "given, message",
    [
        (3, "must be a file, its text, a mapping"),
        ([], "must be a file, its text, a mapping"),
        ("missing.yaml", "missing.yaml must be a readable text file"),
        (Path("missing"), "missing must be a readable text file"),
        ({"ops": [object()]}, "must be plain data"),
        ({"opps": ["text.swap_chars"]}, r"^recipe, steps\[0\].augment: must not have the key 'opps'"),
        ("ops: [", "must be YAML"),
    ],
)
def test_what_is_no_recipe_is_said(given: Any, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        read_steps(given)


def test_a_whole_recipe_knows_its_file(tmp_path: Path) -> None:
    (tmp_path / "a.hfaug").write_text(WHOLE)
    recipe, file = read_recipe(tmp_path / "a.hfaug")
    assert (recipe.folder, file) == (tmp_path, str(tmp_path / "a.hfaug"))
    recipe, file = read_recipe(WHOLE)
    assert (recipe.folder, file) == (Path.cwd(), None)
    with pytest.raises(RecipeError, match="must be a file, its text or a mapping, got int"):
        read_recipe(3)
