"""Streams of whatever origin give the rows, ids and draws that the same rows give in memory."""

import pickle

import pytest
from datasets import ClassLabel, Dataset, Features, IterableDataset, List, Value, concatenate_datasets, load_dataset

import hfaug
from hfaug.errors import CallError
from hfaug.ops.image import Flip
from hfaug.ops.mix import MixUp
from hfaug.ops.text import SwapChars
from hfaug.streaming import map_stream
from hfaug.testing import results, storage
from hfaug.testing.runs import quiet

TEXT = SwapChars(share=1)
FEATURES = Features(
    {
        "text": Value("string"),
        "score": Value("float32"),
        "label": ClassLabel(names=["a", "b"]),
        "note": Value("large_string"),
        "numbers": List(Value("int8")),
    }
)
ROWS = [
    {"text": "one red car", "score": 0.1, "label": 0, "note": None, "numbers": []},
    {"text": "two blue cars", "score": 0.2, "label": 1, "note": "x", "numbers": [1, 2]},
    {"text": "three cars", "score": None, "label": None, "note": None, "numbers": None},
]
OP = TEXT.on(text="text", keep=("numbers", "note"))


@pytest.fixture(autouse=True)
def no_bars():
    """Without progress bars."""
    with quiet():
        yield


def generated():
    return IterableDataset.from_generator(lambda: iter(ROWS), features=FEATURES)


def rows_of(stream):
    """The rows of a stream by id."""
    return {row["provenance"]["id"]: row for row in stream}


STREAMS = {
    "generated": generated,
    "filtered": lambda: generated().filter(lambda row: row["text"] != ""),
    "mapped": lambda: generated().map(lambda row: {"text": row["text"]}, features=FEATURES),
    "renamed": lambda: generated().rename_column("text", "words").rename_column("words", "text"),
    "cast": lambda: generated().cast_column("score", Value("float64")).cast_column("score", Value("float32")),
    "shuffled": lambda: generated().shuffle(seed=1),
    "joined": lambda: concatenate_datasets([generated().take(1), generated().skip(1)]),
    "of a dataset": lambda: Dataset.from_list(ROWS, features=FEATURES).to_iterable_dataset(),
}


@pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS)
def test_streams_give_what_memory_gives(stream):
    """Floats of 32 bits, classes, nulls and empty lists among them."""
    expected = hfaug.augment(Dataset.from_list(ROWS, features=FEATURES), OP, copies=2)
    done = hfaug.augment(stream(), OP, copies=2)
    assert rows_of(done) == rows_of(expected)
    assert done.features == expected.features


def test_image_folders_stream(data_folder):
    """The classes keep their names, the images are found by their features, as in memory."""
    how = {"path": "imagefolder", "data_dir": str(data_folder / "digits"), "split": "train"}
    stream = load_dataset(**how, streaming=True)
    first = next(iter(hfaug.augment(stream, Flip(), keep=False)))
    whole = hfaug.augment(load_dataset(**how).select(range(40)), Flip(), keep=False)
    found = {row["provenance"]["id"]: row for row in whole}[first["provenance"]["id"]]
    assert (first["label"], first["image"].tobytes()) == (found["label"], found["image"].tobytes())
    loaded = hfaug.load_dataset(**how, augment=Flip(), keep=False, streaming=True)
    assert next(iter(loaded))["provenance"] == first["provenance"]


def test_a_stream_can_go_to_another_process():
    stream = map_stream(STREAMS["of a dataset"](), OP, OP.features(FEATURES))
    assert list(pickle.loads(pickle.dumps(stream))) == list(stream)


def test_ids_of_a_stream_are_those_of_memory():
    whole = hfaug.with_ids(Dataset.from_list(ROWS, features=FEATURES))
    named = hfaug.with_ids(generated())
    assert list(named) == list(whole)
    assert named.features == whole.features
    assert list(hfaug.with_ids(named)) == list(whole)


def test_the_same_op_again_on_a_stream_makes_other_copies():
    """The very ones that memory would give."""
    whole = Dataset.from_list(ROWS, features=FEATURES)
    expected = hfaug.augment(hfaug.augment(whole, OP), OP)
    done = hfaug.augment(hfaug.augment(generated(), OP), OP)
    assert rows_of(done) == rows_of(expected)
    assert len(rows_of(done)) == 12
    filtered = hfaug.augment(hfaug.augment(generated(), OP).filter(lambda row: True), OP)
    assert rows_of(filtered) == rows_of(expected)


def test_an_op_that_learns_is_refused_before_the_stream_is_read():
    features = Features({"text": Value("string")})
    stream = IterableDataset.from_generator(lambda: iter([{"text": "a"}]), features=features)
    with pytest.raises(CallError, match=r"MixUp first learns from all rows; say op.fit\(train\)"):
        hfaug.augment(stream, MixUp())


def test_stored_rows_are_the_same_in_both():
    done = hfaug.augment(generated(), OP, keep=False).with_format("arrow")
    expected = storage(hfaug.augment(Dataset.from_list(ROWS, features=FEATURES), OP, keep=False))
    assert results(next(iter(done.iter(batch_size=10))).cast(expected.schema)) == results(expected)
