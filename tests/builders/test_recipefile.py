"""A recipe file loads as the dataset it describes, and an edited one never as what it was."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from datasets import ClassLabel, DatasetDict, get_dataset_config_names, load_dataset
from datasets.data_files import EmptyDatasetError

import hfaug
from hfaug import provenance
from hfaug.errors import RecipeError
from hfaug.recipe import load_recipe
from hfaug.recipe.build import build
from tests.builders.rows import digest, rows_of
from tests.told import told

MAILS = """
name: mails
source: {path: json, data_files: mail.jsonl, encode: label}
steps:
  - augment: {ops: text.swap_chars, copies: 2}
"""


@pytest.fixture
def folder(mail_file: Path) -> Path:
    """A folder with mails and the recipe beside them."""
    (mail_file.parent / "train.hfaug").write_text(MAILS)
    return mail_file.parent


def test_a_folder_with_a_recipe_is_the_dataset_that_a_build_makes(folder: Path, tmp_path: Path) -> None:
    """Rows, order, ids and features; classes too."""
    loaded = load_dataset(str(folder))["train"]
    built = build(load_recipe(folder / "train.hfaug"), tmp_path / "work", progress=False).splits["train"]
    assert isinstance(loaded.features["label"], ClassLabel)
    assert loaded.features == built.features
    assert rows_of(loaded) == rows_of(built)


@pytest.mark.parametrize(
    "name, op, rows", [("digits", "image.rotate", 900), ("speech", "audio.add_noise: {snr_db: [10, 20]}", 180)]
)
def test_a_build_loads_real_folders_by_augmentfolder(
    data_folder: Path, tmp_path: Path, name: str, op: str, rows: int
) -> None:
    """Images by class, and sounds that `datasets` alone could not even list without a decoder."""
    source = f"{{path: augmentfolder, data_dir: {data_folder / name}}}"
    recipe = tmp_path / f"{name}.hfaug"
    recipe.write_text(f"name: {name}\nsource: {source}\nsteps: [augment: {{ops: [{op}], copies: 2}}]")
    built = build(load_recipe(recipe), tmp_path / "work", progress=False).splits["train"]
    loaded = load_dataset("hfaug", data_files=str(recipe), split="train")
    assert len(built) == rows
    assert built.features == loaded.features
    assert rows_of(built) == rows_of(loaded)


def test_all_ways_to_name_a_recipe_give_the_same_rows(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = rows_of(load_dataset(str(folder), split="train"))
    file = str(folder / "train.hfaug")
    assert rows_of(load_dataset("hfaug", data_files=file, split="train")) == wanted
    assert rows_of(load_dataset(str(folder), data_files="train.hfaug", split="train")) == wanted
    assert rows_of(hfaug.load_dataset(file, split="train")) == wanted
    monkeypatch.chdir(folder)
    assert rows_of(hfaug.load_dataset("train.hfaug", split="train")) == wanted
    assert rows_of(hfaug.load_dataset("hfaug", recipe=MAILS, split="train")) == wanted


def test_relative_sources_lie_beside_the_recipe(pictures: Path, sounds: Path) -> None:
    """A folder named from the recipe, whatever is in it; sounds without a decoder."""
    recipe = pictures.parent / "recipes" / "train.hfaug"
    recipe.parent.mkdir()
    for source, rows in (
        ("{path: ../pictures}", 48),
        ("{path: imagefolder, data_dir: ../pictures}", 48),
        ("{path: augmentfolder, data_dir: ../pictures}", 48),
        ("{path: ../pictures, split: test}", 6),
        ("{path: ../pictures, split: 'train[:5]+test[50%:]'}", 5 * 3 + 3 * 3),
    ):
        splits = "[train]" if "test}" not in source else "[]"
        steps = f"[augment: {{ops: image.flip, copies: 2, splits: {splits}}}]"
        recipe.write_text(f"name: x\nsource: {source}\nsteps: {steps}")
        assert sum(load_dataset(str(recipe.parent)).num_rows.values()) - (6 if "split" not in source else 0) == rows
    recipe.write_text("name: x\nsource: {path: ../sounds}\nsteps: [augment: {ops: audio.change_gain}]")
    assert load_dataset(str(recipe.parent))["train"].num_rows == 18


def test_the_parts_of_a_split_are_those_of_datasets(mail_file: Path) -> None:
    """Slices are cut as `datasets` cuts them, whatever the files."""
    second = mail_file.with_name("more.jsonl")
    second.write_text("".join(line + "\n" for line in mail_file.read_text().splitlines()[:7]))
    for split in ("train[3:9]", "train[-10%:]", "train[38:44]", "train[:50%]+train[-1:]"):
        recipe = {"name": "x", "source": {"path": "json", "data_dir": str(mail_file.parent), "split": split}}
        loaded = hfaug.load_dataset("hfaug", recipe=recipe)["train"]
        wanted = load_dataset("json", data_dir=str(mail_file.parent), split=split)
        assert loaded["text"][:] == wanted["text"][:]
    with pytest.raises(RecipeError, match="must be a whole split when streaming"):
        hfaug.load_dataset("hfaug", recipe=recipe, streaming=True)


def test_an_edited_recipe_loads_new_rows(folder: Path) -> None:
    """The name of the cache follows from what the recipe says, so that no change is missed, however quick."""
    file = folder / "train.hfaug"
    times = os.stat(file)
    seen = []
    for text in (MAILS, MAILS.replace("copies: 2", "copies: 3"), MAILS.replace("swap_chars", "delete_words")):
        file.write_text(text)
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
        seen.append(load_dataset(str(folder), split="train"))
    assert [len(rows) for rows in seen] == [120, 160, 120]
    assert len({digest(rows_of(rows)) for rows in seen}) == 3
    assert len({rows._fingerprint for rows in seen}) == 3


def test_the_same_recipe_is_read_from_the_cache(folder: Path) -> None:
    """Nothing is made twice, also with other words for the same, in another place, or by more processes."""
    first = load_dataset("hfaug", data_files=str(folder / "train.hfaug"), split="train")
    written = os.stat(first.cache_files[0]["filename"]).st_mtime_ns
    again = load_dataset("hfaug", data_files=str(folder / "train.hfaug"), split="train", num_proc=2)
    assert again.cache_files == first.cache_files
    assert os.stat(again.cache_files[0]["filename"]).st_mtime_ns == written
    recipe = {"ops": ["text.swap_chars"], "copies": 2}
    data = {"data_files": str(folder / "mail.jsonl"), "split": "train"}
    plain = load_dataset("augmentfolder", **data, recipe=recipe)
    for other in ("ops: text.swap_chars # as before\ncopies: 2\nkeep: true\n", {**recipe, "splits": ["train"]}):
        assert load_dataset("augmentfolder", **data, recipe=other).cache_files == plain.cache_files


def test_another_version_of_an_op_loads_new_rows(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The versions of the ops, of hfaug's shared code and of the builders are in the name of the cache."""
    from hfaug.ops.text import SwapChars

    names = {load_dataset(str(folder), split="train").cache_files[0]["filename"]}
    monkeypatch.setattr(SwapChars, "version", 99)
    names.add(load_dataset(str(folder), split="train").cache_files[0]["filename"])
    monkeypatch.setattr(hfaug.config, "OUTPUT_VERSION", 99)
    names.add(load_dataset(str(folder), split="train").cache_files[0]["filename"])
    assert len(names) == 3


def test_edited_data_beside_a_recipe_load_anew(folder: Path) -> None:
    """The recipe file is as it was, its source is not."""
    assert len(load_dataset(str(folder), split="train")) == 120
    lines = (folder / "mail.jsonl").read_text().splitlines()
    (folder / "mail.jsonl").write_text("\n".join(lines[:10]))
    assert len(load_dataset(str(folder), split="train")) == 30


def test_configs_of_a_readme_say_how_much(folder: Path) -> None:
    """Each config names a recipe, and may say other numbers; what is said in the call comes first."""
    (folder / "train.hfaug").rename(folder / "mails.hfaug")
    configs = [
        {"config_name": "small", "data_files": "mails.hfaug", "copies": 1},
        {"config_name": "large", "data_files": "mails.hfaug", "copies": 4, "seed": 3, "keep": False},
    ]
    (folder / "README.md").write_text(f"---\nconfigs: {json.dumps(configs)}\n---\n")
    assert get_dataset_config_names(str(folder)) == ["small", "large"]
    assert load_dataset(str(folder), "small")["train"].num_rows == 80
    assert load_dataset(str(folder), "large")["train"].num_rows == 160
    assert load_dataset(str(folder), "small", copies=2, num_proc=3)["train"].num_rows == 120
    (folder / "README.md").write_text(f"---\nconfigs: {json.dumps(configs).replace(': 1', ': 2')}\n---\n")
    assert load_dataset(str(folder), "small")["train"].num_rows == 120


def test_streams_of_a_recipe(folder: Path) -> None:
    """The same rows, each before its copies; classes have to be known beforehand."""
    (folder / "train.hfaug").write_text(MAILS.replace(", encode: label", ""))
    stored = load_dataset(str(folder), split="train")
    stream = load_dataset(str(folder), split="train", streaming=True)
    assert stream.features == stored.features
    kept = [row for row in rows_of(stored) if "~" not in row[provenance.COLUMN]["id"]]
    found = {row[provenance.COLUMN]["id"]: row for row in rows_of(stream)}
    assert digest(found.values()) == digest(kept)
    (folder / "train.hfaug").write_text(MAILS)
    with pytest.raises(RecipeError, match=r"source\.encode: must be left out of a stream"):
        load_dataset(str(folder), streaming=True)


def test_a_recipe_can_be_the_source_of_another(folder: Path) -> None:
    """What one recipe makes, another one goes on with; the copies of both are told apart."""
    second = folder.parent / "second.hfaug"
    second.write_text("name: y\nsource: {path: ./mails}\nsteps: [augment: {ops: text.delete_words}]")
    loaded = load_dataset("hfaug", data_files=str(second))["train"]
    first = load_dataset(str(folder), split="train")
    assert rows_of(loaded)[:120] == rows_of(first)
    assert len({row["id"] for row in loaded[provenance.COLUMN]}) == 240


def test_a_recipe_that_leads_back_to_itself_is_found_out(folder: Path) -> None:
    (folder / "train.hfaug").write_text("name: x\nsource: {path: ../mails}\n")
    with pytest.raises(RecipeError, match="leads back to the recipe"):
        load_dataset(str(folder))


@pytest.mark.parametrize(
    "text, message",
    [
        (MAILS.replace("copies", "copis"), r"line 5, steps\[0\].augment: .* did you mean 'copies'"),
        (MAILS + "  - balance: {column: label}\n", r"steps\[1\].balance: .* run the recipe with `hfaug build`"),
        (MAILS + "  - filter: filter.exact_duplicates\n", r"steps\[1\].filter: .* compares all rows; .*`hfaug build`"),
        (
            MAILS + "  - filter: filter.label_agrees\n",
            r"filter.label_agrees first learns from all rows; .*`hfaug build`",
        ),
        (MAILS + "  - filter: {filter.safe_images: {model: x}}\n", r"filter.safe_images looks at many rows"),
        (MAILS + "  - augment: {ops: mix.mix_up}\n", r"mix.mix_up first learns from all rows; .*`hfaug build`"),
        (MAILS.replace("mail.jsonl", "nothing.jsonl"), "source: 'json' must load by datasets.load_dataset"),
        (MAILS.replace("label}", "lable}"), "source.encode: must be among text, label, got 'lable'"),
        (MAILS.replace("encode: label", "split: dev"), "source.split: must be among train, got 'dev'"),
        ("source: [", "must be YAML"),
    ],
)
def test_errors_name_the_place_and_the_file(folder: Path, text: str, message: str) -> None:
    (folder / "train.hfaug").write_text(text)
    with pytest.raises(RecipeError, match=message) as caught:
        load_dataset(str(folder))
    if "among" not in message:
        assert "train.hfaug" in told(caught.value)


def test_generators_are_sent_to_a_build(folder: Path) -> None:
    step = "  - synthesise: {op: text.swap_chars, requests: {column: label, prompt: a, count: 1}}\n"
    (folder / "train.hfaug").write_text(MAILS + step)
    with pytest.raises(
        RecipeError, match=r"steps\[1\].synthesise: .* a generator adds rows of its own; .*`hfaug build`"
    ):
        load_dataset(str(folder))


def test_a_folder_has_one_recipe(folder: Path) -> None:
    (folder / "test.hfaug").write_text(MAILS)
    with pytest.raises(RecipeError, match=r"must have one recipe, found .*test.hfaug, .*train.hfaug"):
        load_dataset(str(folder))


def test_a_recipe_without_a_file_is_not_looked_for_in_the_current_folder(
    mail_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`load_dataset` looks there by itself: the errors lead to `hfaug.load_dataset`, which does not."""
    source = {"path": "json", "data_files": str(mail_file)}
    recipe: dict[str, Any] = {"name": "x", "source": source, "steps": [{"augment": {"ops": "text.swap_chars"}}]}
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    with pytest.raises(EmptyDatasetError):
        load_dataset("hfaug", recipe=recipe)
    assert isinstance(hfaug.load_dataset("hfaug", recipe=recipe), DatasetDict)
    (tmp_path / "empty" / "stray.csv").write_text("a\n1\n")
    with pytest.raises(RecipeError, match=r"hfaug.load_dataset\('hfaug', recipe=...\)"):
        load_dataset("hfaug", recipe=recipe)
    with pytest.raises(RecipeError, match=r"data_files must name one \.hfaug recipe"):
        load_dataset("hfaug")
    assert hfaug.load_dataset("hfaug", recipe=recipe)["train"].num_rows == 80
