"""Sounds that a recipe names for its ops: folders and columns, known by their content."""

import numpy as np
import pytest
from datasets import Audio, Dataset

from hfaug import media
from hfaug.errors import RecipeError
from hfaug.ops.audio import AddBackground, Reverberate, gather_sounds
from hfaug.recipe import parse_recipe
from hfaug.recipe.build import build

HEAD = "name: x\nsource: {path: parquet, data_files: said.parquet, license: cc0-1.0}\nsteps:\n  - augment: {ops: ["


def sound(number, count=2000):
    samples = (0.1 * np.random.default_rng(number).standard_normal((1, count))).astype(np.float32)
    return media.encode_audio(samples, like=media.Clip(samples, 8_000))


@pytest.fixture
def folder(tmp_path):
    """A recipe's folder, with noises beside it."""
    (tmp_path / "noises").mkdir()
    for number in range(2):
        (tmp_path / "noises" / f"{number}.wav").write_bytes(sound(number))
    (tmp_path / "recipes").mkdir()
    rows = {"audio": [{"bytes": sound(number), "path": None} for number in (5, 6)]}
    Dataset.from_dict(rows).cast_column("audio", Audio()).to_parquet(tmp_path / "recipes" / "said.parquet")
    return tmp_path / "recipes"


def op_of(said, folder):
    return parse_recipe(f"{HEAD}{said}]}}", folder).steps[0].op


def test_a_folder_begins_at_the_recipe_and_counts_by_its_content(folder):
    first = op_of("audio.add_background: {sounds: ../noises, snr_db: [0, 5]}", folder)
    assert first == AddBackground(snr_db=(0, 5), sounds=gather_sounds(folder.parent / "noises"))
    assert op_of("audio.reverberate: {responses: ../noises}", folder) == Reverberate(responses=first.sounds)
    (folder.parent / "noises" / "2.wav").write_bytes(sound(9))
    assert op_of("audio.add_background: {sounds: ../noises, snr_db: [0, 5]}", folder).fingerprint != first.fingerprint


def test_a_column_of_another_dataset(folder):
    op = op_of("audio.add_background: {sounds: {path: parquet, data_files: said.parquet, column: audio}}", folder)
    assert op.sounds.table().num_rows == 2
    with pytest.raises(RecipeError, match="column must be an Audio column, 'text' is none"):
        op_of("audio.add_background: {sounds: {path: parquet, data_files: said.parquet, column: text}}", folder)


@pytest.mark.parametrize(
    "said, message",
    [
        ("sounds: ../nowhere", "line 4, .*must be a folder or a dataset"),
        ("sounds: ..", "holds none|must hold sounds"),
        ("sounds: 3", "must be a mapping"),
        ("sounds: ", "must be a folder of sounds"),
        ("sounds: {path: parquet, data_files: gone.parquet}", "sounds: 'parquet' must load"),
    ],
)
def test_what_holds_no_sounds_is_refused_by_line(folder, said, message):
    for file in (folder.parent / "noises").iterdir():
        file.unlink()
    with pytest.raises(RecipeError, match=message):
        op_of(f"audio.add_background: {{{said}}}", folder)


def test_a_damaged_file_is_named(folder):
    (folder.parent / "noises" / "bad.wav").write_bytes(sound(1)[:500])
    with pytest.raises(RecipeError, match="line 4") as error:
        op_of("audio.add_short_noises: {sounds: ../noises}", folder)
    assert "bad.wav" in "".join(getattr(error.value.__cause__, "__notes__", [str(error.value)]))


def test_a_recipe_with_noises_is_built(folder):
    recipe = parse_recipe(f"{HEAD}audio.add_background: {{sounds: ../noises}}]}}", folder)
    train = build(recipe, folder / "work", progress=False).splits["train"]
    assert len(train) == 4
