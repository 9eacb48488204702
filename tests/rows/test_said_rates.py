"""Sampling rates that columns say: after a resampling they say the new one, or none, and nothing is resampled twice."""

import numpy as np
import pyarrow as pa
import pytest
from datasets import Audio, Dataset, DatasetDict, Features, List, Value

import hfaug
from hfaug import Chain, OneOf, Reject, media
from hfaug.kinds import SoundOp
from hfaug.ops.audio import AddNoise, ChangeGain, Resample
from hfaug.testing import storage

TO_16 = Resample(rates_hz=(16_000,))


def tone(rate, seconds=2.0):
    samples = (0.3 * np.sin(np.arange(round(seconds * rate)) / 5)).astype(np.float32)[None]
    return {"bytes": media.encode_audio(samples, like=media.Clip(samples, rate)), "path": None}


def rows(file=8_000, said=8_000, count=6, heard=(4000, 5000)):
    """Sounds at the file's rate in a column that is decoded at another one, with a label in its samples."""
    features = Features(
        {"audio": Audio(sampling_rate=said), "heard": List(List(Value("int64"), length=2)), "n": Value("int64")}
    )
    table = {"audio": [tone(file)] * count, "heard": [[list(heard)]] * count, "n": list(range(count))}
    return Dataset(pa.Table.from_pydict(table, schema=features.arrow_schema))


@pytest.mark.parametrize(
    "op, rate",
    [
        (TO_16, 16_000),
        (Resample(rates_hz=(16_000, 24_000)), None),
        (Chain(TO_16, AddNoise()), 16_000),
        (Chain(TO_16, Resample(rates_hz=(4_000,))), 4_000),
        (OneOf(TO_16, Chain(AddNoise(), Resample(rates_hz=(16_000,)))), 16_000),
        (OneOf(TO_16, AddNoise()), None),
        (OneOf(TO_16, Resample(rates_hz=(8_000,))), None),
        (TO_16.sometimes(0.5), None),
        (Chain(TO_16.sometimes(0.5), Resample(rates_hz=(4_000,))), None),
        (TO_16.times(2), 16_000),
        (TO_16.times(2, keep=True), None),
        (Resample(rates_hz=(8_000,)), 8_000),
        (AddNoise(), 8_000),
    ],
)
def test_columns_say_the_rate_that_all_their_files_have(op, rate):
    """By the features alone, and by those of what `map` makes: no file has another rate than the column says."""
    op = op.on(keep="heard")
    given = rows()
    assert op.features(given.features)["audio"] == Audio(sampling_rate=rate)
    done = given.map(op, batched=True, features=op.features(given.features))
    assert done.features["audio"].sampling_rate == rate
    files = {media.audio_info(value["bytes"])[1] for value in storage(done)["audio"].to_pylist()}
    assert rate is None or files == {rate}
    assert OneOf(op, op).features(rows(said=None).features)["audio"].sampling_rate is None


def test_augmented_rows_beside_their_sources_say_no_rate():
    given = rows().remove_columns("heard")
    assert hfaug.augment(given, TO_16).features["audio"].sampling_rate is None
    assert hfaug.augment(given, AddNoise()).features["audio"].sampling_rate == 8_000
    alone = hfaug.augment(given, TO_16, keep=False)
    assert alone.features["audio"].sampling_rate == 16_000
    splits = hfaug.augment(DatasetDict(train=given, test=given), TO_16, keep=False)
    assert [split.features["audio"].sampling_rate for split in splits.values()] == [None, None]
    stream = hfaug.augment(given.to_iterable_dataset(), TO_16)
    assert stream.features["audio"].sampling_rate is None


class Refuse(SoundOp):
    """Rejects every other row."""

    def change(self, sound, row, rng):
        return Reject("every other") if row["n"] % 2 else None


@pytest.mark.parametrize("file", [8_000, 4_000, 12_000])
@pytest.mark.parametrize(
    "op",
    [
        TO_16,
        Resample(rates_hz=(16_000, 4_000)),
        TO_16.sometimes(0.5),
        OneOf(TO_16, ChangeGain()),
        TO_16.times(2, keep=True),
        Chain(TO_16, Refuse()),
        Chain(Resample(rates_hz=(4_000,)), ChangeGain(), TO_16),
        Resample(rates_hz=(12_000,)),
    ],
)
def test_labels_in_samples_count_what_the_column_is_decoded_at(op, file):
    """Also in rows that the op did not meet or rejected: 4000 of 8000 a second is half a second, whatever was done."""
    op = op.on(segments="heard", time_units="samples")
    given = rows(file)
    said = op.features(given.features)["audio"].sampling_rate
    done = op(storage(given)).to_pylist()
    assert len(done) >= 6
    for row in done:
        rate = said or media.audio_info(row["audio"]["bytes"])[1]
        assert row["heard"] == [[rate // 2, rate * 5 // 8]]


def test_labels_of_sources_beside_copies_count_their_own_samples():
    done = hfaug.augment(rows(12_000), TO_16.on(segments="heard", time_units="samples"))
    for row in storage(done).to_pylist():
        rate = media.audio_info(row["audio"]["bytes"])[1]
        assert row["heard"] == [[rate // 2, rate * 5 // 8]]


def test_nothing_is_touched_where_the_rate_stays():
    """No header is read, and no label written, of a row that no op met."""
    given = rows()
    op = ChangeGain().sometimes(0.0).on(segments="heard", time_units="samples")
    assert op(storage(given)).to_pylist()[0]["audio"] == storage(given)["audio"][0].as_py()
