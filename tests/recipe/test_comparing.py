"""Filters that compare rows, in builds: what they see of a row is found out once, whoever does it and however often."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from datasets import ClassLabel, Dataset, Features, Image

from hfaug import provenance
from hfaug.filters import ExactDuplicates, NearDuplicateImages, near_duplicate_images
from hfaug.recipe import parse_recipe
from hfaug.recipe.build import Build, build
from tests.recipe import inventing
from tests.recipe.test_build import run_ranks

RECIPE = """
name: noises
source: {path: parquet, data_files: noises.parquet, license: cc0-1.0}
steps:
  - balance:
      column: label
      target: 8
      generate:
        op: tests.recipe.inventing:Draw
        tries: 30
        filters: [filter.exact_duplicates: {columns: [image]}, filter.near_duplicate_images]
"""
FEATURES = Features({"image": Image(), "label": ClassLabel(names=["one", "two"])})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Eight pictures of one class, of which the generator knows four, and one of another."""
    pictures = [inventing.noise(number) for number in (0, 1, 2, 3, 100, 101, 102, 103, 104)]
    Dataset.from_dict({"image": pictures, "label": [0] * 8 + [1]}, FEATURES).to_parquet(tmp_path / "noises.parquet")
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    return tmp_path


def made(folder: Path, text: str = RECIPE, work: str = "work") -> Build:
    """The build of a recipe, in this process."""
    return build(parse_recipe(text, folder), folder / work, progress=False)


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many images each call puts into the space."""
    found: list[int] = []
    before = near_duplicate_images.embedded

    def counted(images: Any, *more: Any) -> Any:
        found.append(len(images))
        return before(images, *more)

    monkeypatch.setattr(near_duplicate_images, "embedded", counted)
    return found


def test_each_row_is_looked_at_once_over_all_rounds(folder: Path, looked: list[int]) -> None:
    """The real rows and those that were made; none when nothing is left to do."""
    result = made(folder)
    asked = [stage.rows for stage in result.report.stages if stage.name.startswith("requests-")]
    assert len(asked) > 2
    assert sum(looked) == 9 + sum(asked)
    kept = [inventing.noise(number) for number in range(100)]
    rows = [row for row in result.splits["train"] if row[provenance.COLUMN]["origin"] == "synthetic"]
    numbers = [next(n for n in range(100) if np.array_equal(kept[n][1:], np.asarray(row["image"])[1:])) for row in rows]
    assert len(set(numbers)) == len(numbers) == 7
    assert not set(numbers) & {0, 1, 2, 3}
    (step,) = result.record.steps
    assert sum(step.rejects.values()) + 7 == sum(asked)
    looked.clear()
    made(folder)
    assert not looked


def test_any_number_of_processes_and_any_kill_give_the_same_rows(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is compared is found out by all of them."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    alone = made(folder).splits["train"].with_format("arrow")[:]
    for point, at in (("after_temp_write:14", "extract-"), ("after_temp_write:20", "pass-")):
        assert run_ranks(folder, 1, {0: point}, inventing.__name__) != [0]
        stages = (folder / "shared" / "stages").iterdir()
        assert any(stage.name.startswith(at) and not (stage / "index.json").exists() for stage in stages)
    assert run_ranks(folder, 3, needs=inventing.__name__) == [0, 0, 0]
    shared = made(folder, work="shared")
    assert not any(stage.computed for stage in shared.report.stages)
    assert shared.splits["train"].with_format("arrow")[:] == alone


def test_a_filter_step_gives_what_the_filter_gives_by_itself(folder: Path, looked: list[int]) -> None:
    """Whatever the units are that it looks at."""
    pictures = [inventing.noise(number % 31) for number in range(1100)]
    for number, picture in enumerate(pictures):
        picture[0, 0] = number % 7
    many = Dataset.from_dict({"image": pictures, "label": [0] * 1100}, FEATURES)
    many.to_parquet(folder / "noises.parquet")
    start = RECIPE.partition("steps:")[0] + "steps:\n  - filter: "
    for name, chosen in (("exact_duplicates", ExactDuplicates()), ("near_duplicate_images", NearDuplicateImages())):
        looked.clear()
        result = made(folder, f"{start}filter.{name}\n").splits["train"]
        assert sum(looked) == (1100 if name.startswith("near") else 0)
        source = made(folder, start.replace("steps:\n  - filter: ", "")).splits["train"]
        assert result.with_format("arrow")[:] == chosen.of(source).with_format("arrow")[:]
        assert len(result) == (31 if name.startswith("near") else 217)


def test_real_rows_that_are_like_each_other_all_stay_and_all_count() -> None:
    """A made row falls that is like any of them, also like one that would have fallen beside another real row."""
    base = np.random.default_rng(0).integers(60, 196, (16, 16, 3)).astype(float)
    other = np.random.default_rng(1).normal(0, 1, base.shape)
    steps = [np.clip(base + strength * other, 0, 255).astype(np.uint8) for strength in (0, 6, 12)]
    tables = [Dataset.from_dict({"image": [image], "label": [0]}, FEATURES).with_format("arrow")[:] for image in steps]
    chosen = NearDuplicateImages(least_distance=0.03)
    seen = [pa.concat_tables(chosen.extracted([table])) for table in tables]
    assert chosen.compare(seen[:1] + seen[2:]) == [None, None]
    assert chosen.compare(seen[:2]) == [None, "near duplicate"]
    assert chosen.compare(seen[2:], seen[:2]) == ["near duplicate"]
    assert chosen.compare(seen[2:], seen[:1]) == [None]


def test_images_that_are_grey_all_over_are_like_each_other() -> None:
    """Black ones are what pipelines give that hide what their safety checker found."""
    flat = [np.full((16, 16, 3), level, np.uint8) for level in (0, 0, 90, 255)]
    rows = Dataset.from_dict({"image": [*flat, inventing.noise(0)], "label": [0] * 5}, FEATURES)
    assert NearDuplicateImages().reasons([rows.with_format("arrow")[:]]) == [None, *["near duplicate"] * 3, None]
