"""Two steps of a recipe with an equal op make different copies, the same ones that calls in memory would make."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from datasets import Dataset, load_dataset

import hfaug
from hfaug import provenance
from hfaug.balance import balance
from hfaug.ops.text import SwapChars
from hfaug.recipe import parse_recipe
from hfaug.recipe.build import build

OP = SwapChars(share=1)
HEAD = "name: mail\nsource: {path: json, data_files: mail.jsonl, encode: label, license: cc0-1.0}\nsteps:\n"
AUGMENT = "  - augment: {ops: [{text.swap_chars: {share: 1}}], copies: 2}\n"
BALANCE = "  - balance: {column: label, target: 80, ops: [{text.swap_chars: {share: 1}}]}\n"


@pytest.fixture
def folder(tmp_path: Path, data_folder: Path) -> Path:
    """A folder with a few mails."""
    lines = (data_folder / "mail" / "mail.jsonl").read_text().splitlines()
    ham = [line for line in lines if json.loads(line)["label"] == "ham"][:20]
    spam = [line for line in lines if json.loads(line)["label"] == "spam"][:10]
    (tmp_path / "mail.jsonl").write_text("\n".join([*ham, *spam, ham[0]]) + "\n")
    return tmp_path


def made(steps: str, folder: Path) -> Dataset:
    """The training rows of a recipe."""
    return build(parse_recipe(HEAD + steps, folder), folder / "work", progress=False).splits["train"]


def by_id(rows: Dataset) -> dict[str, str]:
    """Texts by id; there are no two rows of one id."""
    found = dict(zip((value["id"] for value in rows[provenance.COLUMN]), rows["text"], strict=True))
    assert len(found) == len(rows)
    return found


def source(folder: Path) -> Dataset:
    """The rows before any step."""
    rows = load_dataset("json", data_files=str(folder / "mail.jsonl"), split="train", cache_dir=str(folder / "cache"))
    return rows.class_encode_column("label")


def test_two_equal_augmentations(folder: Path) -> None:
    """Nothing is there twice but what was so in the source."""
    rows = made(AUGMENT * 2, folder)
    assert by_id(rows) == by_id(hfaug.augment(hfaug.augment(source(folder), OP, copies=2), OP, copies=2))
    assert len(rows) == 9 * 31
    assert len(set(rows["text"])) >= len(rows) - 1


def test_a_balance_after_an_augmentation(folder: Path) -> None:
    rows = made(AUGMENT + BALANCE * 2, folder)
    once = hfaug.augment(source(folder), OP, copies=2)
    twice = balance(balance(once, "label", target=80, op=OP), "label", target=80, op=OP)
    assert by_id(rows) == by_id(twice)


def test_a_source_that_was_augmented_before(folder: Path) -> None:
    """What its ids tell counts, too."""
    before = hfaug.augment(source(folder), OP)
    (folder / "made").mkdir()
    before.to_parquet(str(folder / "made" / "train.parquet"))
    head = "name: mail\nsource: {path: parquet, data_files: made/train.parquet, license: cc0-1.0}\nsteps:\n"
    rows = build(parse_recipe(head + AUGMENT, folder), folder / "work", progress=False).splits["train"]
    assert by_id(rows) == by_id(hfaug.augment(before, OP, copies=2))


def test_a_single_step_is_not_touched(folder: Path) -> None:
    """One use of an op draws as it always did, whatever other ops come before."""
    other = "  - augment: {ops: [{text.swap_chars: {share: 0.5}}]}\n"
    assert by_id(made(AUGMENT, folder)).items() <= by_id(made(other + AUGMENT, folder)).items()


@pytest.mark.parametrize("streaming", [False, True])
def test_steps_at_load_time(folder: Path, streaming: bool) -> None:
    """`augmentfolder`, stored and streamed, and `hfaug.load_dataset`."""
    data = folder / "data"
    data.mkdir()
    (data / "mail.jsonl").write_text((folder / "mail.jsonl").read_text())
    steps = [{"augment": {"ops": [{"text.swap_chars": {"share": 1}}], "copies": 2}}] * 2
    loaded = load_dataset(
        "augmentfolder", data_dir=str(data), recipe={"steps": steps}, split="train", streaming=streaming,
        cache_dir=str(folder / "cache"),
    )  # fmt: skip
    plain = load_dataset("json", data_files=str(data / "mail.jsonl"), split="train", cache_dir=str(folder / "cache"))
    wanted = by_id(hfaug.augment(hfaug.augment(plain.select(range(30)), OP, copies=2), OP, copies=2))
    found = {row[provenance.COLUMN]["id"]: row["text"] for row in loaded}
    assert wanted.items() <= found.items()
