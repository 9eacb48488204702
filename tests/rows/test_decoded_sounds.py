"""Sounds as ``{"array", "sampling_rate"}``, as older pipelines carry them: taken, and given back in their own form."""

import numpy as np
import pyarrow as pa
import pytest
from datasets import Audio, ClassLabel, Dataset, Features, List, Value

import hfaug
from hfaug import Chain
from hfaug.errors import MediaError, RoleError
from hfaug.filters import SpeechQuality
from hfaug.ops.audio import AddBackground, AddNoise, ChangeGain, Pad, Resample, Reverse, StretchTime
from hfaug.ops.mix import MixClips
from hfaug.testing import storage
from tests.told import told

ONE = {"array": List(Value("float32")), "sampling_rate": Value("int64")}
MANY = {"path": Value("string"), "array": List(List(Value("float64"))), "sampling_rate": Value("int32")}


def rows(*arrays, feature=ONE, rate=8_000, **more):
    """A column of arrays."""
    values = [None if array is None else {"array": array, "sampling_rate": rate, "path": "a.wav"} for array in arrays]
    features = Features({"audio": feature, **{name: feature for name, (feature, _) in more.items()}})
    table = {"audio": values, **{name: values for name, (_, values) in more.items()}}
    return Dataset(pa.Table.from_pydict(table, schema=features.arrow_schema))


def tone(seconds=0.5, rate=8_000):
    return (0.3 * np.sin(np.arange(round(seconds * rate)) / 5)).astype(np.float32)


def test_numbers_come_back_as_numbers():
    """Of the same type, depth and extra fields, with labels that follow; what is not changed stays as it was."""
    given = rows(tone(), None, tone(), heard=(List(List(Value("float64"), length=2)), [[[0.1, 0.2]]] * 3))
    op = Chain(Reverse(), ChangeGain(gain_db=(-6, -6))).on(segments="heard")
    done = given.map(op, batched=True, batch_size=2)
    assert done.features["audio"] == given.features["audio"]
    np.testing.assert_allclose(done[0]["audio"]["array"], tone()[::-1] * 10 ** (-6 / 20), atol=1e-6)
    assert done[1]["audio"] is None
    assert np.allclose(done[2]["heard"], [[0.3, 0.4]])
    deep = rows([tone().tolist(), (-tone()).tolist()], feature=MANY)
    (turned,) = Reverse()(storage(deep)).to_pylist()
    assert turned["audio"]["path"] == "a.wav"
    np.testing.assert_array_equal(np.float32(turned["audio"]["array"]), [tone()[::-1], -tone()[::-1]])


def test_numbers_go_where_files_go():
    """Copies, other rates, mixing, other sounds, filters and the preview's roles."""
    given = rows(tone(), tone(0.4)[::-1], tone(0.3), label=(ClassLabel(names=["a", "b"]), [0, 1, 0]))
    assert len(hfaug.augment(given, Chain(AddNoise(), StretchTime(), Pad()), copies=2, num_proc=2)) == 9
    (first, *_) = Resample(rates_hz=(16_000,))(storage(given)).to_pylist()
    assert (first["audio"]["sampling_rate"], len(first["audio"]["array"])) == (16_000, 8_000)
    behind = AddBackground(snr_db=(0, 0)).fit(given)(storage(given)).to_pylist()
    alone = rows(tone())
    assert all(one["audio"] != other["audio"] for one, other in zip(behind, given, strict=True))
    assert AddBackground().fit(alone).run_table(storage(alone), alone.features)[1] == {"no other sound to add": 1}
    mixed = MixClips().fit(given)(storage(given)).to_pylist()
    assert len(mixed[0]["audio"]["array"]) == 4_000
    assert len(SpeechQuality(least_snr_db=0).of(given)) == 3


@pytest.mark.parametrize(
    "array, feature, message",
    [
        (np.zeros((400, 2)).tolist(), MANY, r"shape \(channels, n\), has \(400, 2\)"),
        ([1, 2, 3], {**ONE, "array": List(Value("int16"))}, "holds int64; divide it by its own full scale"),
        ([0.0, float("nan")], ONE, "the array must be finite"),
        ([0.0, None], ONE, "the array must be finite"),
        ([[0.0, 1.0], [0.0]], MANY, "one number a sample"),
    ],
)
def test_what_is_no_sound_names_row_and_column(array, feature, message):
    given = rows(array, feature=feature)
    with pytest.raises(MediaError, match=message) as error:
        AddNoise()(storage(given))
    assert "in AddNoise, row" in told(error.value)
    assert "column 'audio'" in told(error.value)


def test_a_rate_that_is_none_is_refused():
    for rate in (0, None):
        with pytest.raises(MediaError, match="sampling_rate must be a number from 1 up"):
            ChangeGain()(storage(rows(tone(), rate=rate)))


def test_files_and_paths_in_plain_columns_are_told_the_way(tmp_path):
    """And it works without a decoder of `datasets`."""
    from hfaug import media

    data = media.encode_audio(tone()[None], like=media.Clip(tone()[None], 8_000))
    (tmp_path / "a.wav").write_bytes(data)
    for value in (data, str(tmp_path / "a.wav")):
        given = Dataset.from_dict({"sound": [value]})
        for op in (AddNoise(), AddNoise().on(audio="sound")):
            with pytest.raises(RoleError, match=r"ds.cast_column\('sound', Audio\(\)\) first"):
                op.features(given.features)
        cast = given.cast_column("sound", Audio())
        assert media.audio_info(AddNoise()(storage(cast))["sound"][0].as_py()["bytes"]) == (4_000, 8_000, 1)


def test_rows_read_afresh_hold_arrays():
    """Touched or not, so that a collate function meets one type."""
    read = hfaug.online(rows(*[tone()] * 8), ChangeGain(gain_db=(-6, -6)).sometimes(0.5))[:]["audio"]
    assert {type(sound["array"]) for sound in read} == {np.ndarray}
    assert len({float(sound["array"].max()) for sound in read}) == 2
