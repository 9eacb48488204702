"""Rows without a class, which `datasets` marks by -1, are nobody's class: neither balanced nor counted as one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from datasets import ClassLabel, Dataset, Features, Value

from hfaug import provenance
from hfaug.balance import balance
from hfaug.recipe import parse_recipe
from hfaug.recipe.build import Build, build

LABELS = [0, 0, 0, 1, -1, -1, None]
FEATURES = Features({"text": Value("string"), "label": ClassLabel(names=["ham", "spam"])})


def made(steps: str, folder: Path) -> Build:
    """The build of a recipe over seven rows, three of them without a class."""
    rows = Dataset.from_dict({"text": [f"text {n}" for n in range(7)], "label": LABELS}, features=FEATURES)
    rows.to_parquet(folder / "rows.parquet")
    text = f"name: x\nsource: {{path: parquet, data_files: rows.parquet, license: mit}}\nsteps: {steps}"
    return build(parse_recipe(text, folder), folder / "work", progress=False)


def test_a_recipe_balances_as_the_function_does(tmp_path: Path) -> None:
    """Rows without a class stay as they are."""
    train = made("[balance: {column: label}]", tmp_path).splits["train"]
    assert Counter(train["label"]) == {0: 3, 1: 3, -1: 2, None: 1}
    alone = balance(Dataset.from_parquet(str(tmp_path / "rows.parquet"), cache_dir=str(tmp_path)), "label")
    assert [(row["label"], row[provenance.COLUMN]["id"]) for row in alone] == [
        (row["label"], row[provenance.COLUMN]["id"]) for row in train
    ]


def test_the_record_counts_them_apart(tmp_path: Path) -> None:
    """Not as the last class, and none is lost: null and -1 are one entry."""
    step = made("[augment: {ops: text.swap_chars, copies: 2}]", tmp_path).record.steps[0]
    assert step.counts == {"ham": 6, "spam": 2, "(none)": 6}
