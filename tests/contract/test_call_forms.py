"""The ways in which a user may hand rows to an op: each gives the right rows or says clearly what to do instead."""

import dataclasses
import functools
from typing import ClassVar

import pyarrow as pa
import pytest
from datasets import (
    ClassLabel,
    Dataset,
    DatasetDict,
    Features,
    IterableDataset,
    Value,
    load_from_disk,
)

import hfaug
from hfaug import Chain, provenance
from hfaug.augment import augment, with_ids
from hfaug.errors import CallError, RowIdError
from hfaug.op import Reject, RowOp
from hfaug.ops.audio import ChangeGain
from hfaug.ops.image import Flip, JitterColor, Rotate
from hfaug.ops.text import SwapChars
from hfaug.rows import batch as batches
from hfaug.testing import digest, results, storage
from hfaug.testing.samples import sample

TEXT = SwapChars(share=1)
TURN = Rotate(degrees=(10, 30))
PAIRS = {"texts": (TEXT, "plain"), "images": (TURN, "pictures"), "sounds": (ChangeGain(), "sounds")}

pytestmark = pytest.mark.usefixtures("no_bars")


@pytest.fixture
def no_bars():
    """Without progress bars."""
    from hfaug.testing.runs import quiet

    with quiet():
        yield


@pytest.fixture(params=list(PAIRS))
def tried(request):
    """An op with rows, and what it makes of them."""
    op, name = PAIRS[request.param]
    rows = sample(name).rows
    return op, rows, digest(results(op(storage(rows))))


def stored(dataset):
    """The digest of a finished dataset."""
    return digest(results(storage(dataset)))


# ---- maps that give the right rows


HOW = {
    "batched": {"batched": True},
    "batch of one": {"batched": True, "batch_size": 1},
    "one batch": {"batched": True, "batch_size": None},
    "single rows": {},
    "two processes": {"batched": True, "num_proc": 2},
    "more processes than rows": {"batched": True, "num_proc": 20},
    "with indices": {"batched": True, "with_indices": True},
    "with rank": {"batched": True, "with_rank": True, "num_proc": 2},
    "single rows, indices, rank": {"with_indices": True, "with_rank": True},
    "in memory": {"batched": True, "keep_in_memory": True},
    "small writes": {"batched": True, "writer_batch_size": 2},
}


@pytest.mark.filterwarnings("ignore:num_proc must be")
@pytest.mark.parametrize("how", HOW.values(), ids=HOW)
def test_map(tried, how):
    """`map` with and without features, however it cuts the rows."""
    op, rows, expected = tried
    assert stored(rows.map(op, **how)) == expected
    assert stored(rows.map(op, features=op.features(rows.features), **how)) == expected


def test_map_over_indices(tried):
    """Selected, sorted and shuffled rows, and a second map over the first."""
    op, rows, expected = tried
    assert stored(rows.shuffle(seed=1).map(op, batched=True)) == expected
    assert stored(rows.select(range(len(rows) - 1, -1, -1)).map(op, batched=True)) == expected
    half = results(storage(rows.select(range(0, len(rows), 2)).map(op, batched=True)))
    assert half.items() <= results(op(storage(rows))).items()
    twice = rows.map(op, batched=True).map(op, batched=True)
    assert stored(twice) == digest(results(op(op(storage(rows)))))


def test_map_on_disk_finds_its_cache(tried, tmp_path):
    """The second call reads what the first has written; an op that differs does not."""
    op, rows, expected = tried
    rows.save_to_disk(tmp_path)
    rows = load_from_disk(tmp_path)
    first = rows.map(op, batched=True)
    again = rows.map(type(op)(**{f.name: getattr(op, f.name) for f in dataclasses.fields(op)}), batched=True)
    assert stored(first) == expected
    assert again.cache_files == first.cache_files
    assert rows.map(op.on(seed=1), batched=True).cache_files != first.cache_files


def test_map_on_arrow_format(tried):
    """Arrow tables go in and out; the format stays."""
    op, rows, expected = tried
    done = rows.with_format("arrow").map(op, batched=True)
    assert done.format["type"] == "arrow"
    assert stored(done) == expected
    assert stored(rows.with_format("arrow").map(op)) == expected


def test_map_on_splits(tried):
    """A dictionary of splits, one of them empty."""
    op, rows, expected = tried
    splits = DatasetDict({"train": rows, "test": rows.select([])})
    done = splits.map(op, batched=True, features=op.features(rows.features))
    assert stored(done["train"]) == expected
    assert len(done["test"]) == 0


def test_streams_of_stored_rows(tried):
    """A stream in Arrow format gives the same rows, in batches of any size and over several shards."""
    op, rows, expected = tried
    features = op.features(rows.features)
    for size in (1, 4, 1000):
        stream = rows.to_iterable_dataset(num_shards=3).with_format("arrow")
        done = stream.map(op, batched=True, batch_size=size, features=features)
        assert digest(results(pa.concat_tables(done.iter(batch_size=5)))) == expected
    assert done.features == features


def test_call_by_hand(tried):
    """A table, a record batch, a slice and chunks are all one."""
    op, rows, expected = tried
    table = storage(rows)
    chunked = pa.concat_tables([table.slice(0, 2), table.slice(2)])
    assert digest(results(op(chunked))) == expected
    assert digest(results(op(pa.concat_tables([table, table]).slice(table.num_rows)))) == expected
    assert digest(results(op(table.to_batches()[0]))) == expected


def test_map_through_a_function(tried):
    """A function that only passes the batch on changes nothing."""
    op, rows, expected = tried
    assert stored(rows.map(lambda batch: op(batch), batched=True)) == expected  # noqa: PLW0108
    assert stored(rows.map(functools.partial(op), batched=True)) == expected


# ---- decoded objects


@pytest.mark.parametrize("form", ["numpy", "torch", "pandas", "python"])
def test_formats_without_ids_are_refused(form):
    """Decoded objects have no stable id, so there is nothing to draw by."""
    rows = Dataset.from_dict({"text": ["one red car", "two blue cars"], "n": [1, 2]})
    if form == "pandas":
        with pytest.raises(CallError, match=r"whole rows .*got pandas DataFrame; .*map ds.with_format\(None\)"):
            rows.with_format(form).map(TEXT, batched=True)
        return
    ways = {"python": lambda: TEXT(rows[:2])}
    with pytest.raises(RowIdError, match=r"hfaug.augment.*hfaug.online.*hfaug.with_ids"):
        ways.get(form, lambda: rows.with_format(form).map(TEXT, batched=True))()


@pytest.mark.parametrize("form", ["numpy", "torch"])
def test_formats_with_ids_give_the_same_text(form):
    """A bound id makes them right, with the draws that the stored row would get."""
    rows = Dataset.from_dict({"name": ["a", "b", "c"], "text": ["one red car", "two blue cars", "three cars"]})
    op = TEXT.on(id="name", text="text")
    expected = op(storage(rows))["text"].to_pylist()
    assert list(rows.with_format(form).map(op, batched=True).with_format(None)["text"]) == expected
    assert list(rows.with_format(form).map(op, batched=True, batch_size=1).with_format(None)["text"]) == expected


def test_decoded_streams():
    """A plain stream hands over decoded objects: refused without an id, right with one."""
    rows = sample("pictures").rows
    stream = rows.to_iterable_dataset()
    with pytest.raises(RowIdError, match=r"hfaug.with_ids"):
        next(iter(stream.map(TURN, batched=True)))
    named = with_ids(rows).to_iterable_dataset().map(TURN, batched=True, batch_size=3)
    ids = [row["provenance"]["id"] for row in named]
    assert ids == list(results(TURN(storage(rows))))
    assert next(iter(named))["image"].size == rows[0]["image"].size


def test_with_transform():
    """As a transform an op gets decoded objects: refused without an id, right with one; rows one by one too."""
    rows = sample("pictures").rows
    with pytest.raises(RowIdError, match=r"hfaug.online"):
        rows.with_transform(TURN)[0]
    named = with_ids(rows).with_transform(TURN)
    assert named[0]["provenance"]["id"] == next(iter(results(TURN(storage(rows)))))
    assert len(named[:4]["image"]) == 4


# ---- refusals


def test_input_columns_are_refused():
    """An op needs whole rows."""
    with pytest.raises(CallError, match="leave input_columns out"):
        sample("plain").rows.map(TEXT, batched=True, input_columns=["text"])


def test_rows_that_were_read_before_are_refused():
    """A batch that a function changed or read is no longer what is stored."""
    with pytest.raises(CallError, match=r"\['text'\] were read or changed"):
        sample("plain").rows.map(lambda batch: (batch["text"], TEXT(batch))[1], batched=True)


def test_several_rows_of_one_need_batches():
    """`map` cannot take two rows for one."""
    with pytest.raises(CallError, match="map with batched=True"):
        sample("plain").rows.map(TEXT.times(2))
    assert len(sample("plain").rows.map(TEXT.times(2), batched=True)) == 2 * len(sample("plain").rows)


def test_too_large_batches_are_refused(monkeypatch):
    """A batch that Arrow could not hold is refused before it breaks, with a batch size that fits."""
    rows = sample("pictures").rows
    monkeypatch.setattr(batches, "_MOST_BYTES", 20_000)
    with pytest.raises(CallError, match=r"under 1.5 GB.*batch_size of at most (\d+)") as caught:
        rows.map(TURN.times(4), batched=True, batch_size=12)
    size = int(str(caught.value).rpartition(" ")[2])
    assert 1 <= size < 12
    assert len(rows.map(TURN.times(4), batched=True, batch_size=size)) == 4 * len(rows)


def test_removed_columns_come_back():
    """`datasets` removes columns, then adds those of the function, and an op gives whole rows; remove them apart."""
    rows = sample("plain").rows
    done = rows.map(TEXT, batched=True, remove_columns=["aside"])
    assert "aside" in done.column_names
    assert stored(done) == digest(results(TEXT(storage(rows))))
    assert "aside" not in done.remove_columns("aside").column_names


def test_a_foreign_provenance_column_is_refused():
    """A column of the lineage's name that is something else is not overwritten."""
    rows = Dataset.from_dict({"text": ["a red car"], "provenance": ["a shop"]})
    for call in (lambda: rows.map(TEXT.on(text="text"), batched=True), lambda: with_ids(rows)):
        with pytest.raises(CallError, match="rename yours"):
            call()
    done = rows.map(TEXT.on(text="text", provenance=False), batched=True)
    assert done["provenance"][0] == "a shop"
    with pytest.raises(CallError, match=r"only ds.map\(op.on\(provenance=False\), batched=True\) can"):
        augment(rows, TEXT.on(text="text", provenance=False))


# ---- nothing left


@dataclasses.dataclass(frozen=True, kw_only=True)
class RejectShort(RowOp):
    """Refuses short texts."""

    needs: ClassVar = ("text",)
    shifts: ClassVar = ("text",)
    least: int = 30

    def apply(self, row, rng):
        text = row.text or ""
        return Reject("too short") if len(text) < self.least else row.with_text(text.upper())


def test_first_batches_without_rows():
    """Copies that are rejected are left out: the first batches may come out empty."""
    rows = Dataset.from_dict({"text": ["short"] * 4 + ["a text that is long enough to be taken"]})
    done = with_ids(rows).map(RejectShort().times(2), batched=True, batch_size=2)
    assert len(done) == 2
    assert done.features == RejectShort().features(rows.features)


def test_all_rows_dropped():
    """Nothing is left, in the promised columns."""
    rows = Dataset.from_dict({"text": ["short", "small"]})
    op = RejectShort().times(2)
    assert rows.map(op, batched=True, features=op.features(rows.features)).features == op.features(rows.features)
    done = augment(rows, RejectShort(), keep=False)
    assert (len(done), done.features) == (0, op.features(rows.features))


def test_rejected_rows_stay_one_for_one():
    """One row for one: what is rejected stays, under its own id, with the reason."""
    rows = Dataset.from_dict({"text": ["short", "a text that is long enough to be taken"]})
    done = storage(rows.map(RejectShort(), batched=True)).to_pylist()
    assert [row["text"] for row in done] == ["short", "A TEXT THAT IS LONG ENOUGH TO BE TAKEN"]
    assert done[0]["provenance"]["id"] == provenance.row_ids(storage(rows))[0]
    assert '"rejected":{' in done[0]["provenance"]["steps"]
    assert done[0]["provenance"]["origin"] == "source"


def test_empty_splits():
    """`datasets` calls no function for an empty split, so `map` leaves its columns as they are; `augment` adds them."""
    rows = sample("pictures").rows
    features = TURN.features(rows.features)
    empty = rows.select([])
    assert empty.map(TURN, batched=True, features=features).features == rows.features
    done = augment(DatasetDict({"train": rows, "validation": empty, "test": rows}), TURN)
    assert {name: split.features for name, split in done.items()} == dict.fromkeys(done, features)
    assert {name: len(split) for name, split in done.items()} == {"train": 24, "validation": 0, "test": 12}


# ---- types


def test_large_and_missing_values():
    """Large strings stay large, a null stays null, in the column that is changed and beside it."""
    features = Features(
        {"text": Value("large_string"), "label": ClassLabel(names=["a", "b"]), "note": Value("large_string")}
    )
    rows = pa.table(
        {"text": ["a red car", None, ""], "label": [0, None, 1], "note": [None, "x", ""]}, schema=features.arrow_schema
    )
    done = TEXT.on(text="text")(rows)
    assert done.schema.field("text").type == pa.large_string()
    assert done["text"].to_pylist()[1:] == [None, ""]
    assert done["note"].to_pylist() == [None, "x", ""]
    assert done["label"].to_pylist() == [0, None, 1]


def test_dictionary_columns():
    """Categories of a raw Arrow table are plain text to `datasets`, and so they are here: equal ids, equal values."""
    table = pa.table({"text": ["a red car", "a blue car"], "kind": pa.array(["x", "y"]).dictionary_encode()})
    plain = table.set_column(1, "kind", table["kind"].cast(pa.string()))
    op = TEXT.on(text="text")
    assert results(op(table)) == results(op(plain))


def test_chain_of_maps_is_right():
    """Maps one after another differ from a chain in their draws only, and each row knows its way."""
    rows = sample("pictures").rows
    done = rows.map(Flip(), batched=True).map(JitterColor(), batched=True)
    steps = [row["steps"] for row in done["provenance"]]
    assert all('"image.flip"' in text and '"image.jitter_color"' in text for text in steps)
    assert len(set(results(storage(done)))) == len(rows)
    chained = rows.map(Chain(Flip(), JitterColor()), batched=True)
    assert not set(results(storage(done))) & set(results(storage(chained)))


def test_public_names_do_the_same(tried):
    """`hfaug.augment` on memory, disk, selected, formatted and streamed data."""
    op, rows, _ = tried
    expected = set(results(storage(hfaug.augment(rows, op, copies=2))))
    for some in (rows.shuffle(seed=2), rows.with_format("arrow"), rows.select(range(len(rows)))):
        assert set(results(storage(hfaug.augment(some, op, copies=2)))) == expected
    assert hfaug.augment(rows.with_format("arrow"), op).format["type"] == "arrow"
    stream = hfaug.augment(rows.to_iterable_dataset(), op, copies=2)
    assert isinstance(stream, IterableDataset)
    assert {row for table in stream.with_format("arrow").iter(batch_size=4) for row in results(table)} == expected
