"""Speak and Transcribe: columns, draws, rejects, lineage."""

import numpy as np
import pytest
from datasets import Audio, Dataset, List, Value

import hfaug
from hfaug import media
from hfaug.backends import registry
from hfaug.errors import ParameterError
from hfaug.ops.audio import Speak, Transcribe
from tests.fakes import FakeSpeaker, FakeTranscriber

TEXTS = ["good morning", "it rains", "where are you", "a long way from home", "tea or coffee"]
ROWS = Dataset.from_dict({"text": TEXTS, "label": [0, 1, 0, 1, 0]})


@pytest.fixture(autouse=True)
def fakes():
    with registry.override("speaker", FakeSpeaker), registry.override("transcriber", FakeTranscriber):
        yield


def spoken(op, rows=ROWS):
    return hfaug.augment(rows, op, keep=False)


def clips(rows):
    return [media.decode_audio(row["bytes"]) for row in rows.with_format("arrow")[:]["audio"].to_pylist()]


def test_a_text_becomes_sound_and_text_again():
    rows = spoken(Speak(model="fake"))
    assert isinstance(rows.features["audio"], Audio)
    assert [(clip.rate, clip.format, clip.subtype) for clip in clips(rows)] == [(8000, "WAV", "PCM_16")] * 5
    back = hfaug.augment(rows, Transcribe(model="fake", words="words"), keep=False)
    assert back["transcript"][:] == TEXTS
    assert back.features["words"] == List({"word": Value("string"), "start": Value("float32"), "end": Value("float32")})
    assert [[word["word"] for word in words] for words in back["words"]] == [text.split() for text in TEXTS]
    assert back.with_format("arrow")[:]["audio"].to_pylist() == rows.with_format("arrow")[:]["audio"].to_pylist()


def test_voice_and_speed_are_drawn_by_the_row():
    op = Speak(model="fake", voices=("ann", "bob"), speed=(0.5, 2), voice_column="voice", format="flac")
    rows = Dataset.from_dict({"text": [f"number {'abcdefghij'[n % 10]} {'klmnopqrst'[n // 10]}" for n in range(40)]})
    made = spoken(op, rows)
    assert 5 < made["voice"][:].count("ann") < 35
    lengths = [clip.samples.shape[1] for clip in clips(made)]
    assert len(set(lengths)) > 30
    assert {clip.format for clip in clips(made)} == {"FLAC"}
    shuffled = spoken(op, rows.select(range(39, -1, -1)))
    assert [clip.samples.shape[1] for clip in clips(shuffled)][::-1] == lengths


def test_what_cannot_be_said_is_rejected_by_name(caplog):
    rows = Dataset.from_dict({"text": ["hello", "", None, "123", "ENDLESS", "word " * 60]})
    table, rejects = Speak(model="fake").run_table(rows.with_format("arrow")[:], rows.features)
    assert rejects == {"no text": 2, "no_speech": 1, "too_long": 1, "truncated": 1}
    assert [row is not None and row["bytes"] is not None for row in table["audio"].to_pylist()] == [True] + [False] * 5


def test_speech_is_synthetic_and_names_its_model():
    (row,) = spoken(Speak(model="fake", revision="v1"), ROWS.select([0]))["provenance"]
    assert row["origin"] == "synthetic"
    assert "fake@v1" in str(row["steps"])


def test_the_folder_of_voices_is_named_by_its_content(tmp_path):
    for name in ("ann", "bob"):
        np.save(tmp_path / f"{name}.npy", np.ones(4, np.float32))
    op = Speak(model="fake", voices=("ann", "bob"), voices_folder=str(tmp_path))
    model, folder = op.models()
    assert model["id"] == "fake"
    assert (folder["id"], folder["revision"][:5]) == (tmp_path.name, "xxh3:")
    before = op.model_digest()
    np.save(tmp_path / "bob.npy", np.zeros(4, np.float32))
    assert op.model_digest() != before
    assert str(tmp_path) not in op.published_json
    with pytest.raises(ParameterError, match="voices must name some of voices_folder"):
        Speak(voices_folder=str(tmp_path))


def test_a_row_without_sound_has_no_transcript():
    rows = spoken(Speak(model="fake"), Dataset.from_dict({"text": ["hello", "it rains"]}))
    table = rows.with_format("arrow")[:].drop_columns(["provenance"])
    sounds = table["audio"].to_pylist()
    table = table.set_column(table.column_names.index("audio"), "audio", [[sounds[0], None]])
    features = rows.features.copy()
    features.pop("provenance")
    done, rejects = Transcribe(model="fake", words="words").run_table(table, features)
    assert (done["transcript"].to_pylist(), rejects) == (["hello", None], {})
    assert done["words"].to_pylist()[1] is None


def test_two_channels_are_heard_as_their_mean():
    (clip,) = clips(spoken(Speak(model="fake"), ROWS.select([0])))
    two = np.concatenate([clip.samples * 0.5, clip.samples * 1.5])
    stereo = media.encode_audio(two, like=media.Clip(two, 8000, "WAV", "FLOAT", 2))
    rows = hfaug.augment(ROWS.select([0]), Speak(model="fake"), keep=False).remove_columns("provenance")
    table = rows.with_format("arrow")[:]
    value = [[{"bytes": stereo, "path": None}]]
    done, _ = Transcribe(model="fake").run_table(table.set_column(2, "audio", value), rows.features)
    assert done["transcript"].to_pylist() == ["good morning"]


def test_one_call_for_all_rows_of_a_batch():
    fake = registry.speaker("counted")
    table = ROWS.with_format("arrow")[:]
    Speak(model="counted")(table)
    assert fake.calls == [5]
