"""Recipes built for real: the same rows from any number of processes, and after any kill."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datasets import Audio, ClassLabel, Dataset, load_dataset

from hfaug import provenance
from hfaug.errors import LabelError, RecipeError
from hfaug.media import Clip, audio_info, encode_audio
from hfaug.recipe import parse_recipe
from hfaug.recipe.build import Build, build
from hfaug.release.of_recipe import release_build

MAIL = """
name: mails
seed: 5
source: {path: json, data_files: mail.jsonl, encode: label, license: cc0-1.0}
steps:
  - augment: {ops: [text.swap_chars, text.delete_words: {share: 0.2}], copies: 2}
  - filter: {filter.exact_duplicates: {columns: [text]}}
  - balance: {column: label, ops: text.swap_chars}
"""


@pytest.fixture
def folder(tmp_path: Path, data_folder: Path) -> Path:
    """A folder with a recipe's data."""
    lines = (data_folder / "mail" / "mail.jsonl").read_text().splitlines()
    ham = [line for line in lines if json.loads(line)["label"] == "ham"][:30]
    spam = [line for line in lines if json.loads(line)["label"] == "spam"][:10]
    (tmp_path / "mail.jsonl").write_text("\n".join([*ham, *spam, ham[0]]) + "\n")
    return tmp_path


def made(text: str, folder: Path, work: str = "work") -> Build:
    """The build of a recipe, in this process."""
    return build(parse_recipe(text, folder), folder / work, progress=False)


def digest(data: Dataset) -> str:
    """One digest over sorted (id, row)."""
    rows = sorted((row[provenance.COLUMN]["id"], json.dumps(row, sort_keys=True)) for row in data)
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def test_a_recipe_runs_from_source_to_balanced_rows(folder: Path) -> None:
    """Every step does its part: copies, duplicates dropped with their count, classes level, ids unique."""
    result = made(MAIL, folder)
    train = result.splits["train"]
    assert isinstance(train.features["label"], ClassLabel)
    counts = Counter(train["label"])
    assert len(set(counts.values())) == 1
    ids = [item["id"] for item in train[provenance.COLUMN]]
    assert len(set(ids)) == len(ids)
    augment, duplicates, balance = result.record.steps
    assert augment.counts == {"ham": 62, "spam": 20}
    assert duplicates.rejects["exact duplicate"] >= 1
    assert (augment.kind, duplicates.kind, balance.kind) == ("augment", "filter", "balance")
    assert "negation" in augment.may_change


def test_originals_come_first_and_are_what_the_file_held(folder: Path) -> None:
    """Source rows are passed on word for word."""
    train = made(MAIL, folder).splits["train"]
    source = [row["text"] for row in train if row[provenance.COLUMN]["origin"] == "source"]
    held = [json.loads(line)["text"] for line in (folder / "mail.jsonl").read_text().splitlines()]
    assert source == list(dict.fromkeys(held))
    assert [row[provenance.COLUMN]["origin"] for row in train][: len(source)] == ["source"] * len(source)


def test_a_second_build_finds_everything_done(folder: Path) -> None:
    """Finished stages are used again, and the rows are the same."""
    first, second = made(MAIL, folder), made(MAIL, folder)
    assert all(not stage.computed for stage in second.report.stages)
    assert digest(first.splits["train"]) == digest(second.splits["train"])


def test_an_edited_step_keeps_the_stages_before_it(folder: Path) -> None:
    """Only what follows from the edit is computed again."""
    made(MAIL, folder)
    again = made(MAIL.replace("ops: text.swap_chars}", "ops: text.delete_words}"), folder)
    computed = {stage.name.rsplit("-", 1)[0] for stage in again.report.stages if stage.computed}
    assert computed == {"balance-2-train"}


def test_more_copies_later_leave_the_earlier_ones_alone(folder: Path) -> None:
    """A release that adds copies only appends."""
    small = made(MAIL.split("  - filter", maxsplit=1)[0], folder).splits["train"]
    large = made(MAIL.split("  - filter", maxsplit=1)[0].replace("copies: 2", "copies: 3"), folder).splits["train"]
    held = {row[provenance.COLUMN]["id"]: row["text"] for row in large}
    assert all(held[row[provenance.COLUMN]["id"]] == row["text"] for row in small)
    assert len(large) - len(small) == 41


@pytest.mark.parametrize("processes", [2, 3])
def test_any_number_of_processes_gives_the_same_rows(folder: Path, processes: int) -> None:
    """Ranks that share a folder come to the rows that one process makes."""
    (folder / "recipe.yaml").write_text(MAIL)
    alone = digest(made(MAIL, folder).splits["train"])
    run_ranks(folder, processes)
    assert digest(made(MAIL, folder, "shared").splits["train"]) == alone


def run_ranks(folder: Path, processes: int, failpoints: dict[int, str] | None = None, needs: str = "sys") -> list[int]:
    """Run ranks as plain processes that import `needs` first; returns their exit codes."""
    code = (
        f"import {needs}\nfrom hfaug.engine import world\nfrom hfaug.recipe import load_recipe\n"
        "from hfaug.recipe.build import build\nbuild(load_recipe('recipe.yaml'), 'shared', world(), progress=False)\n"
    )
    ranks = []
    for rank in range(processes):
        environment = {
            **os.environ,
            "HFAUG_RANK": str(rank),
            "HFAUG_WORLD_SIZE": str(processes),
            "HFAUG_LOCAL_RANK": str(rank),
        }
        environment["HFAUG_LOCAL_WORLD_SIZE"] = str(processes)
        if failpoints and rank in failpoints:
            environment["HFAUG_FAILPOINT"] = failpoints[rank]
        ranks.append(subprocess.Popen([sys.executable, "-c", code], cwd=folder, env=environment))
    return [rank.wait(timeout=100) for rank in ranks]


def test_a_build_that_was_killed_goes_on_to_the_same_rows(folder: Path) -> None:
    """Both ranks die at named points; a third run alone finishes."""
    (folder / "recipe.yaml").write_text(MAIL)
    alone = digest(made(MAIL, folder).splits["train"])
    codes = run_ranks(folder, 2, {0: "after_rename:2", 1: "after_temp_write:1"})
    assert any(code == -9 for code in codes)
    assert digest(made(MAIL, folder, "shared").splits["train"]) == alone


def test_ops_that_learn_are_fitted_on_the_rows_before_them(folder: Path) -> None:
    """A recipe needs no separate fitting: the list comes from the split that is augmented."""
    rows = [{"tokens": ["in", "Rome", str(n)], "tags": ["O", "B-loc", "O"]} for n in range(5)] + [
        {"tokens": ["to", "New", "York"], "tags": ["O", "B-loc", "I-loc"]}
    ]
    (folder / "ner.jsonl").write_text("\n".join(map(json.dumps, rows)))
    text = (
        "name: ner\nsource: {path: json, data_files: ner.jsonl}\n"
        "steps: [augment: {ops: [text.swap_entities: {share: 1}]}]"
    )
    train = made(text, folder).splits["train"]
    copies = [row for row in train if row[provenance.COLUMN]["origin"] == "augmented"]
    assert [row["tokens"] for row in copies][:5] == [["in", "New", "York", str(n)] for n in range(5)]
    assert copies[0]["tags"] == ["O", "B-loc", "I-loc", "O"]


def test_mixing_takes_its_pool_from_the_augmented_split_and_gives_all_splits_its_column(
    tmp_path: Path, data_folder: Path
) -> None:
    """A column that an op adds is in every split, with the row's own class where nothing was mixed."""
    source = data_folder / "digits"
    for split, names in {"train": "01", "test": "2"}.items():
        for name in names:
            for image in sorted((source / name).iterdir())[:4]:
                target = tmp_path / "digits" / split / name / image.name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(image.read_bytes())
    text = "name: d\nsource: {path: imagefolder, data_dir: digits}\nsteps: [augment: {ops: mix.mix_up}]"
    splits = made(text, tmp_path).splits
    assert splits["train"].features == splits["test"].features
    assert all(sorted(row) == [0.0, 0.0, 1.0] for row in splits["test"]["label_weights"])
    mixed = [row for row in splits["train"] if row[provenance.COLUMN]["origin"] == "augmented"]
    assert len(mixed) == 8
    assert all(abs(sum(row["label_weights"]) - 1) < 1e-6 for row in mixed)
    roots = provenance.roots(splits["test"].with_format("arrow")[:])
    assert not roots & provenance.roots(splits["train"].with_format("arrow")[:])


def test_a_label_that_would_not_move_stops_the_build_before_any_work(folder: Path) -> None:
    """Spans under an op that rewrites the text are refused, and no stage was begun."""
    rows = [{"text": "in Rome", "spans": [{"start": 3, "end": 7, "label": "loc"}]}]
    (folder / "spans.jsonl").write_text("\n".join(map(json.dumps, rows)))
    text = (
        "name: s\nsource: {path: json, data_files: spans.jsonl}\ncolumns: {text: text, spans: spans}\n"
        "steps: [augment: {ops: text.back_translate}]"
    )
    with pytest.raises(LabelError, match="spans"):
        made(text, folder)
    assert not (folder / "work").exists() or not any((folder / "work").rglob("unit-*"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (MAIL.replace("mail.jsonl", "none.jsonl"), "must load by datasets.load_dataset"),
        (MAIL.replace("encode: label", "encode: labels"), "source.encode"),
        (MAIL.replace("copies: 2", "copies: 2, splits: [test]"), "splits must be among train"),
        (MAIL.replace("column: label", "column: kind"), "balance: column must be one of text, label"),
    ],
)
def test_a_recipe_that_does_not_fit_its_source_is_refused(folder: Path, text: str, told: str) -> None:
    """The message names the place in the recipe."""
    with pytest.raises(RecipeError, match=told):
        made(text, folder)


def test_no_path_of_this_machine_is_in_the_rows(folder: Path) -> None:
    """Neither columns nor lineage name a folder."""
    train = made(MAIL, folder).splits["train"]
    assert str(folder) not in json.dumps(train[:])


def test_a_build_is_released_and_read_back(folder: Path) -> None:
    """The released folder loads with plain datasets, and holds the rows of the build."""
    result = made(MAIL, folder)
    released = release_build(result, folder / "out")
    back: Any = load_dataset(str(folder / "out" / "v1.0.0"))
    assert released.rows == len(back["train"]) == len(result.splits["train"])
    assert digest(back["train"]) == digest(result.splits["train"])
    card = (folder / "out" / "v1.0.0" / "README.md").read_text()
    assert "text.swap_chars" in card
    assert "exact duplicate" in card
    assert "license: cc0-1.0" in card


def test_balance_can_fill_without_dropping(folder: Path) -> None:
    """With ``drop: false`` the large class keeps all of its rows."""
    text = MAIL.split("steps:", maxsplit=1)[0] + "steps:\n  - balance: {column: label, target: 20, drop: false}\n"
    train = made(text, folder).splits["train"]
    names = train.features["label"].names
    assert {names[key]: count for key, count in Counter(train["label"]).items()} == {"ham": 31, "spam": 20}


def test_resampled_sounds_say_their_rate_or_none(tmp_path: Path) -> None:
    """Copies alone say the new rate; beside their sources none, in every split and under every step."""
    rows = Dataset.from_dict({"audio": [{"bytes": wave(8_000, n), "path": None} for n in (40, 50)]})
    rows.cast_column("audio", Audio(sampling_rate=8_000)).to_parquet(tmp_path / "sounds.parquet")
    source = "name: sounds\nsource: {path: parquet, data_files: sounds.parquet, license: cc0-1.0}\nsteps:\n"
    augment = "  - augment: {ops: [audio.resample: {rates_hz: [16000]}], keep: KEEP}\n"
    for keep, rate in (("true", None), ("false", 16_000)):
        train = made(source + augment.replace("KEEP", keep), tmp_path, f"work-{keep}").splits["train"]
        assert train.features["audio"].sampling_rate == rate
        rates = [audio_info(value["bytes"])[1] for value in train.with_format("arrow")[:]["audio"].to_pylist()]
        assert rates == ([8_000, 8_000, 16_000, 16_000] if keep == "true" else [16_000, 16_000])


def wave(rate: int, count: int) -> bytes:
    """A short sound."""
    samples = np.sin(np.arange(count, dtype=np.float32))[None]
    return encode_audio(samples, like=Clip(samples, rate))
