"""`augment` and `with_ids` on datasets, dictionaries of splits and streams."""

import json
import logging

import pytest
from datasets import Dataset, DatasetDict, Image, IterableDatasetDict, load_dataset

from hfaug import media
from hfaug.augment import augment, batch_rows, with_ids
from hfaug.errors import CallError, LabelError, ParameterError, RowIdError
from hfaug.op import Reject, RowOp
from hfaug.ops.image import Flip, Rotate
from hfaug.ops.text import SwapChars
from hfaug.testing import content, digest, results, storage
from hfaug.testing.runs import quiet
from hfaug.testing.samples import sample

TEXT = SwapChars(share=1)
ROWS = Dataset.from_dict({"text": ["one red car", "two blue cars", "three green cars", "four cars"]})


@pytest.fixture(autouse=True)
def no_bars():
    """Without progress bars."""
    with quiet():
        yield


class Refuse(RowOp):
    """Refuses texts with a word in them."""

    needs = ("text",)
    shifts = ("text",)

    def apply(self, row, rng):
        return Reject("blue") if "blue" in row.text else row.with_text(row.text.upper())


# ---- what comes out


def test_originals_come_first_and_are_the_same():
    rows = sample("pictures").rows
    done = augment(rows, Rotate(), copies=2)
    assert len(done) == 3 * len(rows)
    first = storage(done.select(range(len(rows))))
    assert all(content(first[n].to_pylist()) == content(storage(rows)[n].to_pylist()) for n in rows.column_names)
    assert {row["origin"] for row in done["provenance"][: len(rows)]} == {"source"}
    assert {row["origin"] for row in done["provenance"][len(rows) :]} == {"augmented"}


def test_copies_alone():
    done = augment(ROWS, TEXT, copies=3, keep=False)
    assert len(done) == 12
    assert {row["origin"] for row in done["provenance"]} == {"augmented"}


def test_more_copies_are_appended():
    """Copies that were there before stay, ids too."""
    few, many = (results(storage(augment(ROWS, TEXT, copies=n))) for n in (1, 3))
    assert few.items() <= many.items()


def test_without_lineage():
    done = augment(ROWS, TEXT, provenance=False)
    assert done.column_names == ["text"]
    assert done["text"][:] == augment(ROWS, TEXT)["text"][:]
    assert augment(ROWS, TEXT.on(provenance=False))["text"][:] == done["text"][:]
    assert augment(ROWS, TEXT.on(provenance=False)).column_names == ["text"]


def test_the_result_does_not_depend_on_processes():
    one, three = (augment(ROWS, TEXT, copies=2, num_proc=n) for n in (None, 3))
    assert storage(one).to_pylist() == storage(three).to_pylist()


def test_rejects_are_counted_and_left_out(caplog):
    with caplog.at_level(logging.WARNING, logger="hfaug"):
        done = augment(ROWS, Refuse(), copies=2)
    assert done["text"][:] == [
        *ROWS["text"],
        "ONE RED CAR",
        "ONE RED CAR",
        *["THREE GREEN CARS"] * 2,
        *["FOUR CARS"] * 2,
    ]
    assert "rejected 2 of 8 copies: {'blue': 2}" in caplog.text


def test_a_second_round_starts_from_all_rows():
    once = augment(ROWS, TEXT)
    twice = augment(once, SwapChars(share=0.5))
    assert len(results(storage(twice))) == 16
    depth = [row["steps"].count('"op"') for row in twice["provenance"]]
    assert depth == [0] * 4 + [1] * 4 + [1] * 4 + [2] * 4


def test_the_same_op_again_makes_other_copies():
    """No row twice, no id twice, and the earlier copies as they were; whatever the order of the rows."""
    rows = Dataset.from_dict({"text": [f"a sentence of many different words, number {n}" for n in range(4)]})
    once = augment(rows, TEXT, copies=2)
    twice = augment(once, TEXT, copies=2)
    assert len(results(storage(twice))) == len(twice) == 36
    assert len(set(twice["text"])) == 36
    assert results(storage(once)).items() <= results(storage(twice)).items()
    assert results(storage(augment(once.shuffle(seed=1), TEXT, copies=2))) == results(storage(twice))
    thrice = augment(augment(once, TEXT), TEXT)
    assert len(set(thrice["text"])) == len(thrice) == 48


def test_the_same_op_again_says_in_the_lineage_which_pass_it_was():
    """So that a copy can be made again from what its row says."""
    twice = augment(augment(ROWS, TEXT), TEXT)
    steps = [json.loads(row["steps"])[-1] for row in twice["provenance"][8:]]
    assert {step["binding"]["epoch"] for step in steps} == {1}
    assert results(storage(augment(ROWS, TEXT.on(epoch=1), keep=False))).items() <= results(storage(twice)).items()


# ---- forms of data


def test_splits_other_than_train_are_left_alone():
    done = augment(DatasetDict({"train": ROWS, "test": ROWS}), TEXT)
    assert {name: len(split) for name, split in done.items()} == {"train": 8, "test": 4}
    assert done["test"].features == done["train"].features
    assert done["test"]["text"][:] == ROWS["text"][:]


def test_splits_can_be_named():
    splits = DatasetDict({"train": ROWS, "test": ROWS})
    assert {n: len(s) for n, s in augment(splits, TEXT, splits=["test"]).items()} == {"train": 4, "test": 8}
    assert {n: len(s) for n, s in augment(splits, TEXT, splits="test").items()} == {"train": 4, "test": 8}


@pytest.mark.parametrize(
    "call,said",
    [
        (lambda: augment(DatasetDict({"a": ROWS, "b": ROWS}), TEXT), "must be named where there is no train split"),
        (lambda: augment(DatasetDict({"train": ROWS}), TEXT, splits=["dev"]), r"got \['dev'\]"),
        (lambda: augment(ROWS, TEXT, splits=["train"]), "for a dictionary of splits only"),
        (lambda: augment(ROWS, TEXT, copies=0), "copies must be from 1 up, got 0"),
        (lambda: augment(ROWS, TEXT, copies=1.5), "copies must be a whole number"),
        (lambda: augment(ROWS, TEXT, seed=-1), "seed must lie from 0"),
    ],
)
def test_wrong_calls_say_so(call, said):
    with pytest.raises(ParameterError, match=said):
        call()


def test_empty_datasets_keep_their_promise():
    done = augment(ROWS.select([]), TEXT)
    assert (len(done), done.features) == (0, TEXT.features(ROWS.features))
    assert with_ids(ROWS.select([])).column_names == ["text", "provenance"]


@pytest.mark.parametrize("form", ["arrow", "numpy", None])
def test_the_format_stays(form):
    done = augment(ROWS.with_format(form), TEXT)
    assert done.format["type"] == form
    assert with_ids(ROWS.with_format(form)).format["type"] == form
    some = ROWS.add_column("n", [1, 2, 3, 4]).with_format("numpy", columns=["text"])
    assert augment(some, TEXT.on(text="text")).format["columns"] == ["text"]


def test_streams_give_the_same_rows(tmp_path):
    """Each row with its copies; nothing is done before the stream is read."""
    ROWS.to_parquet(str(tmp_path / "rows.parquet"))
    stream = load_dataset("parquet", data_files=str(tmp_path / "rows.parquet"), streaming=True, split="train")
    done = augment(stream, TEXT, copies=2)
    found = {row["provenance"]["id"]: row["text"] for row in done}
    expected = augment(ROWS, TEXT, copies=2)
    assert found == {row["provenance"]["id"]: row["text"] for row in expected}
    assert done.features == expected.features


def test_streams_of_splits():
    splits = IterableDatasetDict({"train": ROWS.to_iterable_dataset(), "test": ROWS.to_iterable_dataset()})
    done = augment(splits, TEXT)
    assert {name: len(list(split)) for name, split in done.items()} == {"train": 8, "test": 4}


def test_a_stream_of_unknown_columns_is_refused():
    stream = ROWS.to_iterable_dataset().map(lambda row: row)
    with pytest.raises(CallError, match="the features of a stream must be known"):
        augment(stream, TEXT)


def test_labels_are_checked_before_any_work():
    rows = sample("objects").rows
    with pytest.raises(LabelError, match=r"column 'objects.bbox' may hold positions"):
        augment(rows, Flip(), copies=2)


# ---- ids


def test_ids_do_not_depend_on_order_or_storage(tmp_path):
    ids = {row["id"] for row in with_ids(ROWS)["provenance"]}
    ROWS.to_parquet(str(tmp_path / "rows.parquet"))
    for some in (ROWS.shuffle(seed=1), Dataset.from_parquet(str(tmp_path / "rows.parquet"), cache_dir=str(tmp_path))):
        assert {row["id"] for row in with_ids(some)["provenance"]} == ids


def test_equal_rows_are_numbered():
    rows = Dataset.from_dict({"text": ["a", "b", "a", "a"]})
    first, other, second, third = (row["id"] for row in with_ids(rows)["provenance"])
    assert (second, third) == (f"{first}~1", f"{first}~2")
    assert other != first


def test_ids_of_splits_and_streams_of_them():
    splits = with_ids(DatasetDict({"train": ROWS, "test": ROWS.select([0, 0])}))
    assert splits["train"]["provenance"][:] == with_ids(ROWS)["provenance"][:]
    assert splits["test"]["provenance"][1]["id"].endswith("~1")
    streams = with_ids(IterableDatasetDict({"train": ROWS.to_iterable_dataset()}))
    assert [row["provenance"] for row in streams["train"]] == splits["train"]["provenance"][:]


def test_rows_with_ids_stay_as_they_are():
    rows = with_ids(ROWS)
    assert with_ids(rows) is rows


def test_repeated_ids_are_numbered_and_keep_their_lineage():
    done = augment(ROWS, TEXT, keep=False)
    twice = with_ids(done.select([0, 0, 1]))
    assert [row["id"].partition("~")[2] for row in twice["provenance"]] == ["", "1", ""]
    assert twice["provenance"][0]["steps"] == twice["provenance"][1]["steps"] != "[]"


def test_a_column_of_names():
    rows = ROWS.add_column("name", ["a", "b", "c", "d"])
    assert [row["id"] for row in with_ids(rows, id_column="name")["provenance"]] == ["a", "b", "c", "d"]
    done = augment(rows, TEXT.on(id="name", text="text"), keep=False)
    assert all(row["id"].startswith(f"{name}/") for row, name in zip(done["provenance"], "abcd", strict=True))
    with pytest.raises(RowIdError, match=r"must (be unique|name each row once)"):
        augment(rows.select([0, 0]), TEXT.on(id="name", text="text"))


# ---- sizes


def test_batches_are_measured_in_bytes():
    small = Dataset.from_dict({"text": ["x"] * 5000})
    large = Dataset.from_dict({"text": ["x" * 1_000_000] * 50})
    assert batch_rows(small) == 1000
    assert batch_rows(small, copies=10) == 100
    assert batch_rows(large) == 31
    assert batch_rows(large, copies=10) == 3


def test_media_that_are_only_named_are_taken_for_large(tmp_path):
    """An image folder weighs nothing until it is read."""
    data = storage(sample("pictures").rows)["image"][0].as_py()["bytes"]
    paths = []
    for number in range(100):
        paths.append(str(tmp_path / f"{number}.jpg"))
        (tmp_path / f"{number}.jpg").write_bytes(data)
    rows = Dataset.from_dict({"image": paths, "n": list(range(100))}).cast_column("image", Image())
    assert batch_rows(rows) == 64
    done = augment(rows, Rotate(), keep=False)
    assert digest(results(storage(done))) == digest(
        results(storage(augment(rows.shuffle(seed=1), Rotate(), keep=False)))
    )
    assert {value["path"] for value in storage(done)["image"].to_pylist()} == {None}
    assert media.image_size(storage(done)["image"][0].as_py()["bytes"]) == media.image_size(data)
