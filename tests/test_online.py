"""`online`: the same row and epoch give the same result, another epoch another one, in all processes that read."""

import pickle

import numpy as np
import pytest
from datasets import Dataset, DatasetDict

import hfaug
from hfaug.augment import with_ids
from hfaug.errors import CallError, LabelError, ParameterError
from hfaug.online import OnlineDataset
from hfaug.ops.audio import ChangeGain
from hfaug.ops.image import Flip, Rotate
from hfaug.ops.mix import MixUp
from hfaug.ops.text import SwapChars
from hfaug.testing import content
from hfaug.testing.runs import quiet
from hfaug.testing.samples import sample

TEXT = SwapChars(share=1)
ROWS = Dataset.from_dict({"text": [f"a sentence of many words, number {i}" for i in range(8)]})


@pytest.fixture(autouse=True)
def no_bars():
    """Without progress bars."""
    with quiet():
        yield


def test_rows_are_the_same_however_they_are_read():
    ds = hfaug.online(ROWS, TEXT)
    one_by_one = [ds[i]["text"] for i in range(8)]
    assert one_by_one == ds[:]["text"] == ds[[0, 1, 2]]["text"] + ds[3:]["text"]
    assert ds[7]["text"] == one_by_one[7] != ROWS[7]["text"]
    assert [row["text"] for row in ds.shuffle(seed=1)] != one_by_one
    assert {row["text"] for row in ds.shuffle(seed=1)} == set(one_by_one)


def test_epochs_differ_and_come_again():
    ds = hfaug.online(ROWS, TEXT)
    first = ds[:]["text"]
    ds.set_epoch(1)
    assert ds[:]["text"] != first
    ds.set_epoch(0)
    assert ds[:]["text"] == first
    assert hfaug.online(ROWS, TEXT)[:]["text"] == first
    assert hfaug.online(ROWS, TEXT, seed=1)[:]["text"] != first


def test_the_order_of_the_rows_does_not_matter():
    shuffled = ROWS.shuffle(seed=3)
    assert set(hfaug.online(shuffled, TEXT)[:]["text"]) == set(hfaug.online(ROWS, TEXT)[:]["text"])
    named = with_ids(ROWS).select([5, 2])
    assert hfaug.online(named, TEXT)[:]["text"] == [hfaug.online(ROWS, TEXT)[i]["text"] for i in (5, 2)]


def test_a_copy_in_another_process_sees_the_epoch():
    ds = hfaug.online(ROWS, TEXT)
    other = pickle.loads(pickle.dumps(ds))
    ds.set_epoch(4)
    assert other[:]["text"] == ds[:]["text"]


@pytest.mark.filterwarnings("ignore:This DataLoader will create")  # on one core
@pytest.mark.parametrize("workers", [0, 2])
def test_data_loaders(workers):
    """Running workers follow `set_epoch` too."""
    from torch.utils.data import DataLoader

    ds = hfaug.online(ROWS, TEXT)
    loader = DataLoader(ds, batch_size=3, num_workers=workers, persistent_workers=workers > 0)
    for epoch in (0, 1, 2):
        ds.set_epoch(epoch)
        expected = ds[:]["text"]
        assert [text for batch in loader for text in batch["text"]] == expected


def test_images_come_decoded_and_nothing_is_copied():
    rows = sample("pictures").rows
    ds = hfaug.online(rows, Rotate(degrees=(90, 90)))
    assert ds[0]["image"].size == rows[0]["image"].size
    assert content(ds[0]["image"]) != content(rows[0]["image"])
    assert content(hfaug.online(rows, Flip().sometimes(0))[0]["image"]) == content(rows[0]["image"])
    assert not ds.cache_files
    assert {name for name in ds[0] if name != "image"} == set(rows.column_names) - {"image"}


def test_labels_follow():
    tried = sample("objects")
    ds = hfaug.online(tried.rows, Flip().on(**tried.said))
    width = tried.rows[0]["image"].width
    (x, y, w, h), (fx, fy, fw, fh) = tried.rows[0]["objects"]["bbox"][0], ds[0]["objects"]["bbox"][0]
    assert np.allclose([fx, fy, fw, fh], [width - x - w, y, w, h], atol=1e-4)
    with pytest.raises(LabelError):
        hfaug.online(tried.rows, Flip())


def test_ops_that_learn_and_lineage():
    rows = sample("pictures").rows
    row = hfaug.online(rows, MixUp(), provenance=True)[0]
    assert len(row["provenance"]["parents"]) == 2
    assert sum(row["label_weights"]) == pytest.approx(1)
    assert "provenance" not in hfaug.online(rows, MixUp())[0]


def test_several_rows_of_one_are_refused():
    with pytest.raises(CallError, match="must stay one row each"):
        hfaug.online(ROWS, TEXT.times(2))[0]


def test_wrong_calls_say_so():
    with pytest.raises(ParameterError, match="must be given the training split, got DatasetDict"):
        hfaug.online(DatasetDict({"train": ROWS}), TEXT)
    ds = hfaug.online(ROWS, TEXT)
    with pytest.raises(ParameterError, match="epoch must be from 0 up"):
        ds.set_epoch(-1)
    with pytest.raises(CallError, match="online rows need all columns"):
        ds.remove_columns("provenance")[0]


def test_sounds_come_as_samples():
    rows = sample("sounds").rows
    sound = hfaug.online(rows, ChangeGain(gain_db=(-20, -19)))[0]["audio"]
    assert sound["sampling_rate"] == 8000
    assert 0 < np.abs(sound["array"]).max() < 0.1


@pytest.mark.parametrize(
    "call",
    [
        lambda ds: ds.with_format("numpy"),
        lambda ds: ds.with_format(None),
        lambda ds: ds.set_format("torch"),
        lambda ds: ds.reset_format(),
        lambda ds: ds.with_transform(dict),
        lambda ds: ds.save_to_disk("nowhere"),
        lambda ds: ds.to_parquet("nowhere"),
        lambda ds: ds.push_to_hub("nobody/nothing"),
        lambda ds: ds.map(dict),
        lambda ds: ds.to_iterable_dataset(),
    ],
)
def test_what_would_lose_the_op_is_refused(call):
    ds = hfaug.online(ROWS, TEXT)
    before = ds[:]["text"]
    with pytest.raises(CallError, match="online: rows must"):
        call(ds)
    assert ds[:]["text"] == before != ROWS["text"][:]


@pytest.mark.parametrize(
    "call",
    [
        lambda ds: ds.select([1, 3]),
        lambda ds: ds.select(range(2)),
        lambda ds: ds.shuffle(seed=1),
        lambda ds: ds.shard(2, 0),
        lambda ds: ds.take(3).skip(1),
        lambda ds: ds.filter(lambda row: True),
        lambda ds: ds.train_test_split(0.5, seed=1)["train"],
    ],
)
def test_chosen_rows_still_know_their_epoch(call):
    ds = hfaug.online(ROWS, TEXT)
    some = call(ds)
    assert set(some[:]["text"]) <= set(ds[:]["text"])
    some.set_epoch(1)
    assert set(some[:]["text"]) <= set(ds[:]["text"])
    assert isinstance(some, OnlineDataset)


def test_sounds_come_at_the_rate_that_the_column_says():
    """Touched or not, as arrays, and without a decoder of `datasets`; after a resampling at the new one."""
    from datasets import Audio

    from hfaug import media
    from hfaug.ops.audio import ChangeGain, Resample

    def tone(rate, channels):
        samples = np.tile(0.3 * np.sin(np.arange(rate) / 5), (channels, 1)).astype(np.float32)
        return {"bytes": media.encode_audio(samples, like=media.Clip(samples, rate, channels=channels)), "path": None}

    files = [tone(8_000, 1), tone(44_100, 2), None, *[tone(8_000, 2)] * 6]
    given = Dataset.from_dict({"audio": files}).cast_column("audio", Audio(sampling_rate=16_000, num_channels=1))
    for op, rate in [
        (ChangeGain(), 16_000),
        (ChangeGain().sometimes(0.5), 16_000),
        (Resample(rates_hz=(4_000,)), 4_000),
    ]:
        sounds = hfaug.online(given, op)["audio"][:]
        assert sounds.pop(2) is None
        assert {sound["sampling_rate"] for sound in sounds} == {rate}
        assert {sound["array"].shape for sound in sounds} == {(rate,)}
    plain = given.cast_column("audio", Audio())
    shapes = [sound["array"].shape for sound in hfaug.online(plain, ChangeGain().sometimes(0.5))[:2]["audio"]]
    assert shapes == [(8_000,), (2, 44_100)]
