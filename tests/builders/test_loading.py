"""`hfaug.load_dataset`: what `datasets` loads, augmented."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from datasets import Dataset, DatasetDict, IterableDataset, load_dataset

import hfaug
from hfaug.errors import CallError, MissingExtra, ParameterError, RecipeError
from hfaug.filters.learning import LearningFilter, real_rows
from hfaug.ops.audio import ChangeGain
from hfaug.ops.image import Rotate
from hfaug.ops.text import SwapChars
from tests.builders.rows import digest, origins, rows_of

SWAP = {"ops": ["text.swap_chars"], "copies": 2}


def test_without_augment_it_is_load_dataset(pictures: Path) -> None:
    loaded = hfaug.load_dataset("imagefolder", data_dir=str(pictures))
    assert rows_of(loaded["train"]) == rows_of(load_dataset("imagefolder", data_dir=str(pictures))["train"])


def test_with_an_op_it_is_augment(pictures: Path) -> None:
    """Of a dictionary the training split; of one split that one, unless it is there to test with."""
    plain = load_dataset("imagefolder", data_dir=str(pictures))
    wanted = hfaug.augment(plain, Rotate(), copies=2)
    loaded = hfaug.load_dataset("imagefolder", data_dir=str(pictures), augment=Rotate(), copies=2)
    assert {name: rows_of(split) for name, split in loaded.items()} == {
        name: rows_of(split) for name, split in wanted.items()
    }
    train = hfaug.load_dataset("imagefolder", data_dir=str(pictures), split="train", augment=Rotate(), copies=2)
    assert isinstance(train, Dataset)
    assert rows_of(train) == rows_of(wanted["train"])
    test = hfaug.load_dataset("imagefolder", data_dir=str(pictures), split="test", augment=Rotate(), copies=2)
    assert rows_of(test) == rows_of(wanted["test"])
    both = hfaug.load_dataset(
        "imagefolder", data_dir=str(pictures), split=["train", "test"], augment=Rotate(), copies=2
    )
    assert [rows_of(one) for one in both] == [rows_of(train), rows_of(test)]
    asked = hfaug.load_dataset("imagefolder", data_dir=str(pictures), split="test", augment=Rotate(), splits="test")
    assert origins(rows_of(asked)) == "s" * 6 + "a" * 6


def test_a_part_of_a_split_is_that_split(mail_file: Path) -> None:
    first = hfaug.load_dataset("json", data_files=str(mail_file), split="train[:5]", augment=SwapChars())
    assert origins(rows_of(first)) == "sssssaaaaa"
    files = {"train": str(mail_file), "test": str(mail_file)}
    with pytest.raises(ParameterError, match="load them one by one"):
        hfaug.load_dataset("json", data_files=files, split="train+test", augment=SwapChars())


def test_the_builder_and_the_function_agree(mail_file: Path) -> None:
    """The same steps over plain data, by way of the builder, and streamed: one set of rows."""
    lines = mail_file.read_text().splitlines()
    mail_file.write_text("\n".join(lines[:-1]))
    data = {"data_files": str(mail_file), "split": "train"}
    built = load_dataset("augmentfolder", **data, recipe=SWAP)
    loaded = hfaug.load_dataset("json", **data, augment=SWAP)
    stream = hfaug.load_dataset("json", **data, augment=SWAP, streaming=True)
    assert isinstance(stream, IterableDataset)
    assert rows_of(loaded) == rows_of(built)
    assert digest(rows_of(stream)) == digest(rows_of(built))


def test_steps_that_see_all_rows_work_on_loaded_data(mail_file: Path) -> None:
    """A filter that compares rows, and an op with a pool, have them all at hand here; a stream does not."""
    steps = [{"filter": "filter.exact_duplicates"}, {"augment": {"ops": "text.swap_chars"}}]
    data = {"data_files": str(mail_file)}
    assert hfaug.load_dataset("json", **data, augment=steps)["train"].num_rows == 78
    with pytest.raises(RecipeError, match="compares all rows"):
        hfaug.load_dataset("json", **data, augment=steps, streaming=True)
    with pytest.raises(RecipeError, match="balance counts all rows"):
        hfaug.load_dataset("json", **data, augment=[{"balance": {"column": "label"}}])


@dataclasses.dataclass(frozen=True, kw_only=True)
class KnownLengths(LearningFilter):
    """Keep made texts that are as long as some real one."""

    def learn(self, rows: Dataset) -> pa.Table:
        """The lengths."""
        return pa.table({"length": sorted({len(row["text"]) for some in real_rows(rows, ["text"]) for row in some})})

    def judge_made(self, rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
        """Why not."""
        known = set(self.known()["length"].to_pylist())
        return [None if len(row["text"]) in known else "of another length" for row in rows]


def test_a_filter_learns_from_the_train_split_for_all_splits(mail_file: Path) -> None:
    """As in a build; before there is a lineage nobody says which rows are real."""
    test = mail_file.parent / "test.jsonl"
    test.write_text('{"text": "as long as no other mail", "label": "ham"}\n')
    said = {"data_files": {"train": str(mail_file), "test": str(test)}}
    steps = [
        {"augment": {"ops": "text.swap_chars", "splits": ["train", "test"]}},
        {"filter": f"{__name__}:KnownLengths"},
    ]
    loaded = hfaug.load_dataset("json", **said, augment=steps)
    assert [origins(rows_of(loaded[name])) for name in ("train", "test")] == ["s" * 40 + "a" * 40, "s"]
    with pytest.raises(CallError, match="must be told which rows are real"):
        hfaug.load_dataset("json", **said, augment=[steps[1], steps[0]])


def test_more_is_said_in_the_call(mail_file: Path) -> None:
    data = {"data_files": str(mail_file)}
    loaded = hfaug.load_dataset("json", **data, augment=SWAP, copies=1, keep=False, seed=4, num_proc=2)["train"]
    plain = load_dataset("json", **data, split="train")
    assert rows_of(loaded) == rows_of(hfaug.augment(plain, SwapChars(), keep=False, seed=4))


def test_a_recipe_file_is_loaded_by_its_name(mail_file: Path) -> None:
    """Also one that ends with .yaml, as `hfaug build` takes it."""
    recipe = mail_file.parent / "recipe.yaml"
    recipe.write_text("name: x\nsource: {path: json, data_files: mail.jsonl}\nsteps: [augment: {ops: text.swap_chars}]")
    assert hfaug.load_dataset(recipe).num_rows == {"train": 80}
    assert hfaug.load_dataset(recipe, split="train", copies=2).num_rows == 120
    stream = hfaug.load_dataset(recipe, streaming=True)
    assert len(list(stream["train"])) == 80
    assert isinstance(
        hfaug.load_dataset("augmentfolder", data_files=str(mail_file), recipe=SWAP, copies=1), DatasetDict
    )


@pytest.mark.parametrize(
    "path, said, message",
    [
        ("hfaug", {}, "must come with recipe=... or data_files="),
        ("hfaug", {"recipe": "name: x\n", "augment": SwapChars()}, "augment must not be given"),
        ("json", {"data_files": "x", "copies": 2}, "copies must come with augment"),
        ("hfaug", {"recipe": "name: x\nsource: {path: csv}\n", "revision": "v1"}, "are said in it, under source"),
    ],
)
def test_what_does_not_go_together_is_said(path: str, said: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        hfaug.load_dataset(path, **said)


def test_without_a_decoder_the_way_round_is_said(sounds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`datasets` wants torchcodec merely to note the path of a sound; `augmentfolder` does not."""
    monkeypatch.setitem(sys.modules, "torchcodec", None)
    monkeypatch.setitem(sys.modules, "torchcodec.encoders", None)
    with pytest.raises(MissingExtra, match="load the folder by 'augmentfolder'"):
        hfaug.load_dataset("audiofolder", data_dir=str(sounds), augment=ChangeGain())
    loaded = hfaug.load_dataset("augmentfolder", data_dir=str(sounds), augment=ChangeGain())
    assert len(loaded["train"]) == 18
