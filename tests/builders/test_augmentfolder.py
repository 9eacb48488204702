"""A folder augmented as it is loaded holds the rows that `hfaug.augment` makes of it."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from datasets import Audio, ClassLabel, Dataset, DatasetDict, Features, Image, Value, load_dataset

import hfaug
from hfaug import provenance
from hfaug.errors import LabelError, ParameterError, RecipeError, RowIdError
from hfaug.filters import RowFilter
from hfaug.op import Reject, RowOp
from hfaug.ops.audio import ChangeGain
from hfaug.ops.image import Flip, Rotate
from hfaug.ops.text import SwapChars
from hfaug.randomness import Stream
from hfaug.recipe.schema import Augment, FilterRows
from hfaug.rows import Row
from tests.builders.rows import digest, origins, rows_of
from tests.told import told

ROTATE = {"ops": [{"image.rotate": {"degrees": [-20, 20]}}], "copies": 2}
SWAP = {"ops": ["text.swap_chars"], "copies": 2}


@dataclasses.dataclass(frozen=True, kw_only=True)
class LongOnly(RowOp):
    """Refuses short texts."""

    def apply(self, row: Row, rng: Stream) -> Row | Reject:
        return Reject("too short") if len(row.batch.value("text", row.index)) < 5 else row


@dataclasses.dataclass(frozen=True, kw_only=True)
class LongRows(RowFilter):
    """Keeps long texts; no other filter of the house looks at one row alone yet."""

    least: int = 360

    def reason(self, row: Mapping[str, Any]) -> str | None:
        return None if len(row["text"]) >= self.least else "short"


def load(**said: Any) -> DatasetDict:
    """The dataset of ``load_dataset("augmentfolder", ...)``."""
    return load_dataset("augmentfolder", **said)


def test_pictures_are_those_of_augment_row_for_row(pictures: Path) -> None:
    """Same rows, ids, order and features as the plain folder augmented, and equal rows are numbered."""
    loaded = load(data_dir=str(pictures), recipe=ROTATE)
    wanted = hfaug.augment(load_dataset("imagefolder", data_dir=str(pictures)), Rotate(degrees=(-20, 20)), copies=2)
    assert loaded.num_rows == {"train": 48, "test": 6}
    for split in wanted:
        assert loaded[split].features == wanted[split].features
        assert rows_of(loaded[split]) == rows_of(wanted[split])
    assert origins(rows_of(loaded["train"])) == "s" * 16 + "a" * 32
    assert sum("~1" in row["id"] for row in loaded["train"][provenance.COLUMN]) == 3


def test_sounds_need_no_decoder(sounds: Path) -> None:
    """Sounds with metadata are loaded and augmented by way of Arrow; `datasets` alone would want torchcodec."""
    plain = load(data_dir=str(sounds))["train"]
    assert isinstance(plain.features["audio"], Audio)
    loaded = load(data_dir=str(sounds), recipe={"ops": [{"audio.change_gain": {"gain_db": [-6, 6]}}], "copies": 2})
    wanted = hfaug.augment(plain, ChangeGain(gain_db=(-6, 6)), copies=2)
    assert loaded["train"].features == wanted.features
    assert rows_of(loaded["train"]) == rows_of(wanted)
    assert Counter(loaded["train"]["speaker"]) == {name: 3 * n for name, n in Counter(plain["speaker"]).items()}


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet", "txt"])
def test_texts_and_tables_are_those_of_augment(mail_file: Path, form: str) -> None:
    """The builder of `datasets` that knows the files reads them, whichever it is."""
    data = load_dataset("json", data_files=str(mail_file), split="train")
    folder = mail_file.parent
    if form == "csv":
        data.to_csv(folder / "mail.csv")
    elif form == "parquet":
        data.to_parquet(folder / "mail.parquet")
    elif form == "txt":
        (folder / "mail.txt").write_text("\n".join(text.replace("\n", " ") for text in data["text"]), encoding="utf-8")
    if form != "jsonl":
        mail_file.unlink()
    reader = {"jsonl": "json", "txt": "text"}.get(form, form)
    wanted = hfaug.augment(load_dataset(reader, data_dir=str(folder)), SwapChars(), copies=2)["train"]
    loaded = load(data_dir=str(folder), recipe=SWAP)["train"]
    assert loaded.features == wanted.features
    assert rows_of(loaded) == rows_of(wanted)
    assert len(loaded) == 120


def test_labels_in_metadata_move_with_their_image(tmp_path: Path, data_folder: Path) -> None:
    """Boxes of a metadata file are bound in the recipe and move; original files stay as they are, JPEG too."""
    folder = tmp_path / "photos"
    folder.mkdir()
    lines = []
    for photo in json.loads((data_folder / "photos" / "annotations.json").read_text())["photos"]:
        shutil.copy(data_folder / "photos" / photo["file_name"], folder)
        lines.append(json.dumps({"file_name": photo["file_name"], "bbox": photo["objects"]["bbox"]}))
    (folder / "metadata.jsonl").write_text("\n".join(lines))
    recipe = {"columns": {"boxes": "bbox", "box_format": "xyxy"}, "ops": ["image.flip"]}
    loaded = load(data_dir=str(folder), recipe=recipe)["train"]
    op = Flip().on(boxes="bbox", box_format="xyxy")
    wanted = hfaug.augment(load_dataset("imagefolder", data_dir=str(folder), split="train"), op)
    assert rows_of(loaded) == rows_of(wanted)
    stored = loaded.cast_column("image", Image(decode=False))[:4]["image"]
    files = [Path(row["path"]).read_bytes() for row in stored]
    assert sorted(files) == sorted(path.read_bytes() for path in folder.glob("*.jpg"))
    with pytest.raises(LabelError, match="bbox"):
        load(data_dir=str(folder), recipe={"ops": ["image.flip"]})


def test_without_a_recipe_it_only_loads(pictures: Path) -> None:
    """The rows of ``imagefolder``, as they are and without a lineage."""
    wanted = load_dataset("imagefolder", data_dir=str(pictures))
    loaded = load(data_dir=str(pictures))
    assert loaded["train"].features == wanted["train"].features
    assert {split: rows_of(loaded[split]) for split in loaded} == {split: rows_of(wanted[split]) for split in wanted}


@pytest.mark.parametrize("processes", [2, 3])
def test_any_number_of_processes_gives_the_same_rows(
    pictures: Path, mail_file: Path, cache: Path, processes: int
) -> None:
    """Rows and their order; one file is shared by several processes."""
    for folder, recipe in ((pictures, ROTATE), (mail_file.parent, SWAP)):
        alone = load(data_dir=str(folder), recipe=recipe)
        shared = load(data_dir=str(folder), recipe=recipe, num_proc=processes, cache_dir=str(cache / "shared"))
        assert rows_of(shared["train"]) == rows_of(alone["train"])
        assert len(shared["train"].cache_files) == processes
        assert alone["train"]._fingerprint == shared["train"]._fingerprint


def test_a_stream_has_the_same_rows_each_before_its_copies(pictures: Path, sounds: Path) -> None:
    """Streams cannot number equal rows; apart from that they hold what the prepared dataset holds."""
    (pictures / "train" / "1" / "9999.png").unlink()
    for folder, recipe in ((pictures, ROTATE), (sounds, {"ops": ["audio.change_gain"], "copies": 2})):
        stored = load(data_dir=str(folder), recipe=recipe)
        stream = load(data_dir=str(folder), recipe=recipe, streaming=True)
        assert stream["train"].features == stored["train"].features
        rows = rows_of(stream["train"])
        assert digest(rows) == digest(rows_of(stored["train"]))
        assert origins(rows) == "saa" * (len(rows) // 3)


def test_a_stream_of_equal_rows_gives_them_equal_copies(pictures: Path) -> None:
    """What a stream cannot do is done in the same way every time."""
    stream = load(data_dir=str(pictures), recipe=ROTATE, streaming=True)["train"]
    counted = Counter(row[provenance.COLUMN]["id"] for row in rows_of(stream))
    assert sorted(counted.values()) == [1] * 42 + [2] * 3


def test_a_stream_can_be_shared_and_goes_on_where_it_stopped(tmp_path: Path, data_folder: Path) -> None:
    """A large folder is many shards; parts of the stream hold each row once, and a state is enough to go on."""
    stream = load(data_dir=str(data_folder / "digits"), recipe={"ops": ["image.flip"]}, streaming=True)["train"]
    assert stream.num_shards == 5
    whole = rows_of(stream)
    shared = [row for index in range(2) for row in rows_of(stream.shard(2, index))]
    assert digest(shared) == digest(whole)
    started = iter(stream)
    ids = [next(started)[provenance.COLUMN]["id"] for _ in range(150)]
    again = load(data_dir=str(data_folder / "digits"), recipe={"ops": ["image.flip"]}, streaming=True)["train"]
    again.load_state_dict(stream.state_dict())
    ids += [row[provenance.COLUMN]["id"] for row in again]
    assert ids == [row[provenance.COLUMN]["id"] for row in whole]


def test_splits_without_rows_keep_their_features(tmp_path: Path) -> None:
    """A table of a header alone is a split of no rows with the columns of the others."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "train.csv").write_text("text,number\na long word,1\nanother word,2\n")
    (tmp_path / "data" / "test.csv").write_text("text,number\n")
    loaded = load(data_dir=str(tmp_path / "data"), recipe=SWAP)
    assert loaded.num_rows == {"train": 6, "test": 0}
    assert loaded["test"].features == loaded["train"].features
    assert loaded["train"].features["number"] == Value("int64")
    stream = load(data_dir=str(tmp_path / "data"), recipe=SWAP, streaming=True)
    assert list(stream["test"]) == []
    assert stream["test"].features == loaded["train"].features


def test_other_splits_are_augmented_when_the_recipe_says_so(pictures: Path) -> None:
    loaded = load(data_dir=str(pictures), recipe={**ROTATE, "splits": ["test"]})
    assert loaded.num_rows == {"train": 16, "test": 18}
    assert load(data_dir=str(pictures), recipe=ROTATE, splits="test").num_rows == {"train": 16, "test": 18}


def test_copies_alone_can_be_had(pictures: Path) -> None:
    loaded = load(data_dir=str(pictures), recipe={**ROTATE, "keep": False})["train"]
    assert origins(rows_of(loaded)) == "a" * 32
    stream = load(data_dir=str(pictures), recipe=ROTATE, keep=False, streaming=True)["train"]
    assert origins(rows_of(stream)) == "a" * 32


def test_steps_follow_one_another_as_in_a_build(mail_file: Path, tmp_path: Path) -> None:
    """Copies of copies are the same rows in the same order as those that the engine makes."""
    from hfaug.recipe import parse_recipe
    from hfaug.recipe.build import build

    steps = (
        "[augment: {ops: text.swap_chars, copies: 2}, augment: {ops: text.delete_words}, "
        "augment: {ops: text.swap_chars, keep: false}]"
    )
    text = f"name: x\nsource: {{path: json, data_files: mail.jsonl}}\nsteps: {steps}\n"
    built = build(parse_recipe(text, mail_file.parent), tmp_path / "work", progress=False).splits["train"]
    loaded = load(data_dir=str(mail_file.parent), recipe=text)["train"]
    assert loaded.features == built.features
    assert rows_of(loaded) == rows_of(built)
    stream = load(data_dir=str(mail_file.parent), recipe=text, streaming=True)["train"]
    assert {row[provenance.COLUMN]["id"] for row in stream} == {
        row["id"] for row in built[provenance.COLUMN] if "~" not in row["id"]
    }


def test_rows_of_a_release_keep_their_ids(mail_file: Path) -> None:
    """A source that brings its lineage is augmented further; its copies are told apart from the new ones."""
    first = load(data_dir=str(mail_file.parent), recipe=SWAP)["train"]
    first.to_parquet(mail_file.parent / "first.parquet")
    mail_file.unlink()
    again = load(data_dir=str(mail_file.parent), recipe={"ops": ["text.delete_words"]})["train"]
    assert rows_of(again)[:120] == rows_of(first)
    assert rows_of(again) == rows_of(hfaug.augment(first, hfaug.ops.text.DeleteWords()))


def test_a_column_can_name_the_rows(mail_file: Path) -> None:
    rows = [{"name": f"m{n}", **json.loads(line)} for n, line in enumerate(mail_file.read_text().splitlines())]
    mail_file.write_text("\n".join(map(json.dumps, rows)))
    recipe = {**SWAP, "columns": {"id": "name"}}
    loaded = load(data_dir=str(mail_file.parent), recipe=recipe)["train"]
    assert [row["id"] for row in loaded[provenance.COLUMN]][:40] == [f"m{n}" for n in range(40)]
    steps = [{"augment": SWAP}, {"augment": {"ops": ["text.delete_words"]}}]
    twice = load(data_dir=str(mail_file.parent), recipe={"columns": {"id": "name"}, "steps": steps})["train"]
    assert len({row["id"] for row in twice[provenance.COLUMN]}) == 240
    rows[1]["name"] = "m0"
    mail_file.write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(RowIdError, match="'m0'"):
        load(data_dir=str(mail_file.parent), recipe=recipe)


def test_lineage_can_be_left_out(mail_file: Path) -> None:
    recipe = {**SWAP, "columns": {"provenance": False}}
    loaded = load(data_dir=str(mail_file.parent), recipe=recipe)["train"]
    assert loaded.column_names == ["text", "label"]
    with_it = load(data_dir=str(mail_file.parent), recipe=SWAP)["train"]
    assert loaded["text"][:] == with_it["text"][:]
    assert list(load(data_dir=str(mail_file.parent), recipe=recipe, streaming=True)["train"].features) == [
        "text",
        "label",
    ]


def test_seed_and_copies_can_be_said_in_the_call(mail_file: Path) -> None:
    data = {"data_dir": str(mail_file.parent), "recipe": SWAP}
    base = load(**data)["train"]
    assert len(load(**data, copies=1)["train"]) == 80
    other = load(**data, seed=7)["train"]
    assert other["text"][:40] == base["text"][:40]
    assert other["text"][40:] != base["text"][40:]


def test_features_of_the_source_can_be_said(mail_file: Path) -> None:
    features = Features({"text": Value("string"), "label": ClassLabel(names=["ham", "spam"])})
    loaded = load(data_files=str(mail_file), recipe=SWAP, features=features)["train"]
    assert loaded.features["label"].names == ["ham", "spam"]
    assert list(loaded.features) == ["text", "label", provenance.COLUMN]


def test_a_reader_and_its_options_can_be_said(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.log").write_text("text;x\nsome words;1\n")
    loaded = load(data_files=str(tmp_path / "data" / "a.log"), reader="csv", options={"sep": ";"}, recipe=SWAP)
    assert loaded["train"].num_rows == 3
    with pytest.raises(ParameterError, match=r"reader must be one of .*imagefolder"):
        load(data_files=str(tmp_path / "data" / "a.log"), reader="excel")


def test_archives_are_read_like_folders(pictures: Path, tmp_path: Path) -> None:
    """Images in a zip file are rows with the same ids as those in a folder."""
    (tmp_path / "zipped").mkdir()
    shutil.make_archive(str(tmp_path / "zipped" / "train"), "zip", pictures / "train")
    zipped = load(data_dir=str(tmp_path / "zipped"), recipe=ROTATE)["train"]
    plain = load(data_dir=str(pictures / "train"), recipe=ROTATE)["train"]
    assert digest(rows_of(zipped)) == digest(rows_of(plain))
    streamed = load(data_dir=str(tmp_path / "zipped"), recipe=ROTATE, streaming=True)["train"]
    assert len(rows_of(streamed)) == 48


def test_an_op_is_a_recipe_too(mail_file: Path) -> None:
    loaded = load(data_dir=str(mail_file.parent), recipe=SwapChars(), copies=2)["train"]
    assert rows_of(loaded) == rows_of(load(data_dir=str(mail_file.parent), recipe=SWAP)["train"])


def test_rejected_copies_are_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A copy that an op refuses is left out and said, never a silent loss."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.jsonl").write_text(
        '{"text": "some longer words"}\n{"text": "no"}\n{"text": "more words"}\n'
    )
    loaded = load(data_dir=str(tmp_path / "data"), recipe=LongOnly(), copies=2)["train"]
    assert origins(rows_of(loaded)) == "sssaaaa"
    assert "augmentfolder: rejected 2 rows: {'too short': 2}" in caplog.text


def test_a_filter_of_rows_is_a_step_too(mail_file: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Before the copies or after them, prepared, streamed and over loaded data; and what falls is said."""
    mail_file.write_text("\n".join(mail_file.read_text().splitlines()[:-1]))
    steps = [FilterRows(LongRows()), Augment(SwapChars(), copies=2), FilterRows(LongRows(least=396), splits=("train",))]
    data = {"data_files": str(mail_file)}
    loaded = rows_of(load(**data, recipe=steps)["train"])
    assert {len(row["text"]) >= 396 for row in loaded} == {True}
    assert "'short': " in caplog.text
    assert 0 < origins(loaded).count("s") < 39
    assert digest(rows_of(load(**data, recipe=steps, streaming=True)["train"])) == digest(loaded)
    for streaming in (False, True):
        found = hfaug.load_dataset("json", **data, augment=steps, streaming=streaming)["train"]
        assert digest(rows_of(found)) == digest(loaded)


@pytest.mark.parametrize(
    "said, message",
    [
        ({"copies": 2}, "copies must come with a recipe"),
        ({"recipe": {"ops": ["text.swap_chars"]}, "copies": 0}, "copies must be from 1 up, got 0"),
        ({"recipe": {"ops": ["text.swap_chars"], "splits": ["dev"]}}, "splits must be among train, got dev"),
        ({"recipe": {"ops": ["text.swap_char"]}}, r"steps\[0\].augment.ops\[0\]: .* did you mean text.swap_chars"),
        ({"recipe": {"ops": ["image.rotate"]}}, "image"),
        ({"recipe": {"steps": []}, "copies": 2}, "must augment where copies is given"),
    ],
)
def test_what_cannot_be_is_said_before_any_work(mail_file: Path, said: dict[str, Any], message: str) -> None:
    with pytest.raises((RecipeError, ValueError), match=message):
        load(data_dir=str(mail_file.parent), **said)


def test_a_folder_of_recipes_is_no_data(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "train.hfaug").write_text("name: x\nsource: {path: csv}\n")
    with pytest.raises(RecipeError, match="must hold data"):
        load(data_dir=str(tmp_path / "data"))


def test_a_corrupt_file_is_named(pictures: Path) -> None:
    """The error that `datasets` wraps says which row it was."""
    (pictures / "train" / "1" / "9999.png").write_bytes(b"no picture at all")
    with pytest.raises(Exception) as caught:  # noqa: PT011  # datasets wraps it in an error of its own
        load(data_dir=str(pictures), recipe=ROTATE)
    chain: BaseException | None = caught.value
    while chain is not None and not isinstance(chain, hfaug.errors.MediaError):
        chain = chain.__cause__ or chain.__context__
    assert chain is not None
    assert "row" in told(chain)


def test_the_result_is_a_plain_dataset(mail_file: Path, tmp_path: Path) -> None:
    """It can be saved, mapped and released like any other."""
    loaded = load(data_dir=str(mail_file.parent), recipe=SWAP)["train"]
    loaded.save_to_disk(tmp_path / "saved")
    assert rows_of(Dataset.load_from_disk(str(tmp_path / "saved"))) == rows_of(loaded)
