"""A recipe on videos: built by the engine, released, and read back as videos."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import ClassLabel, Features, Video, load_dataset

from hfaug.recipe import parse_recipe
from hfaug.recipe.build import build
from hfaug.release.of_recipe import release_build
from tests import films

FILMS = """
name: films
seed: 5
source: {path: parquet, data_files: films.parquet, license: cc0-1.0}
steps:
  - augment: {ops: [image.rotate, video.trim: {length: [0.5, 0.5]}, video.reverse], copies: 2}
"""


def stored(data: Any) -> list[bytes]:
    """The bytes of the videos."""
    return [value["bytes"] for value in data.with_format("arrow")[:]["video"].to_pylist()]


def test_films_are_built_released_and_read_back(tmp_path: Path) -> None:
    """The rows themselves byte for byte, copies cut and turned round, and the column still a video."""
    features = Features({"video": Video(), "label": ClassLabel(names=["a", "b"])})
    rows = [{"video": {"bytes": films.film(8, 10 + k, sound="aac"), "path": None}, "label": k} for k in range(2)]
    pq.write_table(pa.Table.from_pylist(rows, schema=features.arrow_schema), tmp_path / "films.parquet")
    result = build(parse_recipe(FILMS, tmp_path), tmp_path / "work", progress=False)
    train = result.splits["train"]
    assert train.features["video"] == Video()
    made = stored(train)
    assert made[:2] == [row["video"]["bytes"] for row in rows]
    for data in made[2:]:
        numbers = films.numbers_of(data) if films.frames_of(data)[0][1].shape[0] == films.HEIGHT else []
        assert len(numbers) == 4
    release_build(result, tmp_path / "out")
    back = load_dataset(str(tmp_path / "out" / "v1.0.0"), split="train")
    assert back.features["video"] == Video()
    assert stored(back) == made
