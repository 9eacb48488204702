"""Labels of time in rows of sounds: every form in use, every unit, what measures a sound, and what is said in it."""

import numpy as np
import pyarrow as pa
import pytest
from datasets import Audio, Dataset, Features, List, Value

from hfaug import Chain, media
from hfaug.errors import LabelError, UnboundColumnError
from hfaug.ops.audio import (
    AddNoise,
    ChangeSpeed,
    Crop,
    MaskTime,
    Pad,
    Resample,
    Reverse,
    Shift,
    StretchTime,
    Trim,
)
from hfaug.ops.mix import MixClips
from hfaug.testing import storage
from tests.told import told

RATE = 8_000
FLOAT, INT, TEXT = Value("float64"), Value("int64"), Value("string")
HALF = Crop(length=(0.5, 0.5), start=(0.5, 0.5))  # of two seconds: 0.5 to 1.5


def tone(seconds=2.0, rate=RATE):
    samples = (0.3 * np.sin(np.arange(round(seconds * rate)) / 5)).astype(np.float32)[None]
    return {"bytes": media.encode_audio(samples, like=media.Clip(samples, rate)), "path": None}


def rows(features, **columns):
    """One row with a sound of two seconds."""
    table = {"audio": [tone()], **{name: [value] for name, value in columns.items()}}
    return Dataset(pa.Table.from_pydict(table, schema=Features({"audio": Audio(), **features}).arrow_schema))


FORMS = {
    "start and end": (
        List({"start": FLOAT, "end": FLOAT, "word": TEXT}),
        [{"start": 0.2, "end": 0.4, "word": "a"}, {"start": 1.0, "end": 1.75, "word": "b"}],
        [{"start": 0.5, "end": 1.0, "word": "b"}],
    ),
    "pairs": (List(List(FLOAT, length=2)), [[0.2, 0.4], [0.4, 0.625], [1, 1.75]], [[0.0, 0.125], [0.5, 1.0]]),
    "lists beside each other": (
        {"start": List(FLOAT), "stop": List(FLOAT), "utterance": List(TEXT)},
        {"start": [0.0, 1.0], "stop": [0.5, 1.25], "utterance": ["x", "y"]},
        {"start": [0.5], "stop": [0.75], "utterance": ["y"]},
    ),
    "turns as RTTM has them": (
        List({"speaker": TEXT, "tbeg": FLOAT, "tdur": FLOAT}),
        [{"speaker": "A", "tbeg": 0.25, "tdur": 0.5}, {"speaker": "B", "tbeg": 1.75, "tdur": 0.25}],
        [{"speaker": "A", "tbeg": 0.0, "tdur": 0.25}],
    ),
    "chunks as Whisper has them": (
        List({"text": TEXT, "timestamp": List(FLOAT, length=2)}),
        [{"text": "a", "timestamp": [0.0, 0.25]}, {"text": "b", "timestamp": [1.25, 1.75]}],
        [{"text": "b", "timestamp": [0.75, 1.0]}],
    ),
    "moments": (
        List({"time": FLOAT, "beat": INT}),
        [{"time": 0.25, "beat": 1}, {"time": 0.75, "beat": 2}, {"time": 1.6, "beat": 3}],
        [{"time": 0.25, "beat": 2}],
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_is_cut_alike(name):
    """What is cut out goes with all that stands beside it; what is cut is as long as what is left."""
    feature, before, after = FORMS[name]
    (done,) = HALF.on(segments="heard")(storage(rows({"heard": feature}, heard=before))).to_pylist()
    assert done["heard"] == after


@pytest.mark.parametrize("name", FORMS)
def test_every_form_is_turned_round_twice(name):
    feature, before, _ = FORMS[name]
    op = Chain(Reverse(), AddNoise(), Reverse()).on(segments="heard")
    (done,) = op(storage(rows({"heard": feature}, heard=before))).to_pylist()
    assert str(done["heard"]) == str(
        storage(rows({"heard": feature}, heard=before))["heard"][0].as_py()
    ) or np.allclose(numbers(done["heard"]), numbers(before))


def numbers(value):
    if isinstance(value, dict):
        return [n for item in value.values() for n in numbers(item)]
    if isinstance(value, list):
        return [n for item in value for n in numbers(item)]
    return [value] if isinstance(value, (int, float)) else []


@pytest.mark.parametrize("units, scale", [("samples", RATE), ("milliseconds", 1000)])
def test_whole_numbers_in_other_units(units, scale):
    """Samples and milliseconds are rounded; seconds that do not fit are refused."""
    feature = List({"start": INT, "end": INT})
    given = rows({"heard": feature}, heard=[{"start": scale, "end": scale + scale // 4}])
    (done,) = StretchTime(factor=(0.8, 0.8)).on(segments="heard", time_units=units)(storage(given)).to_pylist()
    assert done["heard"] == [{"start": round(scale / 0.8), "end": round(scale * 1.25 / 0.8)}]
    seconds = rows({"heard": feature}, heard=[{"start": 1, "end": 2}])
    with pytest.raises(LabelError, match=r"cannot hold 1\.250 seconds"):
        StretchTime(factor=(0.8, 0.8)).on(segments="heard")(storage(seconds))


def test_resampling_moves_what_counts_samples_alone():
    feature = {"heard": List({"start": INT, "end": INT}), "sampling_rate": INT, "num_samples": INT, "duration": FLOAT}
    given = rows(feature, heard=[{"start": 800, "end": 1600}], sampling_rate=RATE, num_samples=2 * RATE, duration=2.0)
    measures = {"sampling_rate": "sampling_rate", "num_samples": "num_samples"}
    op = Resample(rates_hz=(16_000,)).on(segments="heard", time_units="samples", **measures)
    (done,) = op(storage(given)).to_pylist()
    assert media.audio_info(done["audio"]["bytes"]) == (32_000, 16_000, 1)
    assert done["heard"] == [{"start": 1600, "end": 3200}]
    assert (done["sampling_rate"], done["num_samples"], done["duration"]) == (16_000, 32_000, 2.0)
    with pytest.raises(UnboundColumnError, match="may measure the rate"):
        Resample().on(segments="heard").features(given.features)


@pytest.mark.parametrize("op, expected", [(HALF, 2000), (Resample(rates_hz=(16_000,)), 16_000)])
def test_samples_are_those_of_the_column_where_it_says_a_rate(op, expected):
    """A file at 8000 Hz in a column that is decoded at 4000: one second is sample 4000, whatever the file's rate.

    What is resampled says its own rate from then on.
    """
    given = rows({"heard": List({"start": INT, "end": INT})}, heard=[{"start": 4000, "end": 5000}])
    given = given.cast_column("audio", Audio(sampling_rate=4000))
    (done,) = op.on(segments="heard", time_units="samples")(storage(given)).to_pylist()
    later = expected + (4000 if expected > 4000 else 1000)
    assert done["heard"] == [{"start": expected, "end": later}]


def test_durations_are_rewritten_or_asked_about():
    given = rows({"duration": FLOAT}, duration=2.0)
    with pytest.raises(UnboundColumnError, match=r"say|bind") as error:
        Pad().features(given.features)
    assert 'duration="duration"' in told(error.value)
    (done,) = ChangeSpeed(factor=(2, 2)).on(duration="duration")(storage(given)).to_pylist()
    assert done["duration"] == 1.0
    (done,) = ChangeSpeed(factor=(2, 2)).on(keep="duration")(storage(given)).to_pylist()
    assert done["duration"] == 2.0
    AddNoise().features(given.features)


def test_unbound_times_are_asked_about():
    given = rows({"words": List({"word": TEXT, "start": FLOAT, "end": FLOAT})}, words=[])
    with pytest.raises(UnboundColumnError, match="'words' may hold positions in the audio") as error:
        StretchTime().features(given.features)
    assert 'on(segments="words")' in told(error.value)
    apart = Features({**given.features, "words": List(TEXT), "word_start": List(FLOAT), "word_end": List(FLOAT)})
    with pytest.raises(UnboundColumnError, match="put its starts and ends into one column") as error:
        StretchTime().features(apart)
    assert 'ds.map(lambda row: {"heard": {"start": row["word_start"], "end": row["word_end"]}})' in told(error.value)
    assert StretchTime().on(segments="words").features(given.features)
    assert AddNoise().features(given.features)


@pytest.mark.parametrize("name", ["text", "transcription", "sentence", "normalized_text"])
@pytest.mark.parametrize("op", [Reverse(), HALF, Shift()], ids=["reverse", "crop", "shift"])
def test_what_garbles_speech_refuses_transcripts(op, name):
    """Unless told that it stays right."""
    given = rows({name: TEXT}, **{name: "good morning"})
    with pytest.raises(LabelError, match=rf"transcript in '{name}' may no longer be what is heard"):
        op.features(given.features)
    assert op.on(keep=name).features(given.features)


@pytest.mark.parametrize("op", [StretchTime(), Trim(), Pad(), ChangeSpeed(), AddNoise(), MaskTime()])
def test_what_leaves_speech_whole_does_not_ask(op):
    assert op.features(rows({"text": TEXT}, text="good morning").features)


def test_another_text_can_be_bound_as_transcript():
    given = rows({"said": TEXT}, said="good morning")
    assert Reverse().features(given.features)
    with pytest.raises(LabelError, match="transcript in 'said'"):
        Reverse().on(transcript="said").features(given.features)


def test_copies_made_behind_an_op_share_its_draws():
    """What was drawn before the copies is the same in all of them."""
    op = Chain(AddNoise(), MaskTime(share=(0.1, 0.5)), ChangeSpeed(factor=(1, 1)).times(3)).on(provenance=False)
    done = op(storage(rows({})))["audio"].to_pylist()
    assert len({value["bytes"] for value in done}) == 1


def test_torn_segments_become_two():
    given = rows({"heard": List(List(FLOAT, length=2))}, heard=[[0.5, 1.5]])
    op = Shift(shift=(0.5, 0.5)).on(segments="heard")
    assert op(storage(given))["heard"].to_pylist() == [[[0.0, 0.5], [1.5, 2.0]]]


def test_mixed_sounds_have_the_segments_of_both():
    from datasets import ClassLabel

    features = Features({
        "audio": Audio(), "label": ClassLabel(names=["a", "b"]), "heard": List(List(FLOAT, length=2)),
    })  # fmt: skip
    table = {"audio": [tone(2.0), tone(3.0, 16_000)], "label": [0, 1], "heard": [[[0.5, 1.0]], [[1.5, 2.5]]]}
    given = Dataset(pa.Table.from_pydict(table, schema=features.arrow_schema))
    op = MixClips(alpha=1).on(segments="heard").fit(given)
    first, second = op(storage(given)).to_pylist()
    assert first["heard"] == [[0.5, 1.0], [1.5, 2.0]]
    assert second["heard"] == [[1.5, 2.5], [0.5, 1.0]]
    assert sum(first["label_weights"]) == pytest.approx(1)
    assert media.audio_info(second["audio"]["bytes"]) == (48_000, 16_000, 1)
    with pytest.raises(LabelError, match="transcript in 'text'"):
        MixClips().on(transcript="text").features(Features({**features, "text": TEXT}))


def test_lists_beside_each_other_are_joined_as_the_error_says():
    """Columns of starts, ends and names become one column, whose segments move with what stands beside their times."""
    columns = {"start": List(FLOAT), "end": List(FLOAT), "label": List(TEXT)}
    given = rows(columns, start=[0.2, 1.0], end=[0.4, 1.75], label=["a", "b"])
    joined = given.map(lambda row: {"heard": {name: row[name] for name in columns}}, remove_columns=list(columns))
    (done,) = HALF.on(segments="heard")(storage(joined)).to_pylist()
    assert done["heard"] == {"start": [0.5], "end": [1.0], "label": ["b"]}
