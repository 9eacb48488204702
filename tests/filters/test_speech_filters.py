"""TranscriptMatches and SpeechQuality: what they keep, why they drop, and what they measure."""

import os
import random
from pathlib import Path

import numpy as np
import pytest
from datasets import Audio, Dataset, Features, Value

import hfaug
from hfaug import media
from hfaug.backends import Heard, registry
from hfaug.errors import MediaError
from hfaug.filters import SpeechQuality, TranscriptMatches
from hfaug.filters.speech_quality import clipped_share, snr_db
from hfaug.language.transcripts import distance, error_rate, plain_words
from tests.fakes import FakeSpeechQuality, FakeTranscriber
from tests.told import told

RATE = 16000


def bursts(seconds=4.0, seed=0):
    """Tones that come and go, as words do: loud for 0.3 s, silent for 0.2 s."""
    time = np.arange(int(seconds * RATE)) / RATE
    return (0.3 * np.sin(2 * np.pi * 300 * time) * ((time % 0.5) < 0.3)).astype(np.float32)


def stored(samples):
    return {"bytes": media.encode_audio(samples, like=media.Clip(samples[None], RATE, "WAV", "FLOAT")), "path": None}


def table(audio, **more):
    import pyarrow as pa

    features = Features({"audio": Audio(), **{name: Value("string") for name in more}})
    return Dataset(pa.Table.from_pydict({"audio": audio, **more}, schema=features.arrow_schema))


def slow_distance(one, other):
    """Levenshtein's table, cell by cell."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, start=1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def test_distance_is_that_of_the_table():
    draw = random.Random(0)
    for _ in range(2000):
        one, other = ([draw.choice("abcd") for _ in range(draw.randrange(90))] for _ in range(2))
        assert distance(one, other) == slow_distance(one, other)


def test_error_rates_are_those_of_jiwer():
    jiwer = pytest.importorskip("jiwer")
    draw = random.Random(1)
    for _ in range(200):
        said, heard = (
            " ".join(draw.choice(("abc", "de", "f", "ghi")) for _ in range(draw.randrange(1, 30))) for _ in "12"
        )
        assert error_rate(said, heard) == pytest.approx(jiwer.wer(said, heard))


@pytest.mark.parametrize(
    "said,heard,language",
    [
        ("It's 5 o'clock — GO!", "it’s 5 o'clock go", None),
        ("Straße", "strasse", None),
        ("２１ cats", "21 cats", None),
        ("He has 205 cats.", "he has two hundred and five cats", "en"),
        ("one two", "1 2", "en"),
        ("Twenty-one students", "twenty one students", "en"),
        ("21 students", "twenty one students", "en"),
        ("state-of-the-art", "state of the art", None),
        ("ﬁne", "fine", None),
    ],
)
def test_what_is_only_written_otherwise_is_no_error(said, heard, language):
    assert plain_words(said, language) == plain_words(heard, language)


def test_letters_of_one_language_are_not_taken_for_others():
    assert plain_words("schön") != plain_words("schon")
    assert error_rate("हिन्दी भाषा", "हिन्दी भाषा") == 0
    assert error_rate("", "") == 0
    assert error_rate("!", "word") == float("inf")


def test_rows_are_dropped_by_an_existing_transcript_with_the_limit_as_reason():
    rows = [{"text": "a b c d", "said": said} for said in ("A, b c d.", "a b c x", "a b x y", None)]
    op = TranscriptMatches(heard="said", limit=0.25)
    assert op.judge(rows) == [None, None, "WER above 0.25", "nothing said"]
    assert op.rates(rows) == [0, 0.25, 0.5, None]
    assert TranscriptMatches(heard="said", limit=0, unit="character").judge(rows[:2]) == [None, "CER above 0"]


def test_a_model_hears_what_no_column_holds():
    rows = table([stored(bursts(1)), stored(bursts(2)), None], text=["16000 samples", "16000 samples", "a"])
    with registry.override("transcriber", FakeTranscriber):
        op = TranscriptMatches(model="fake", limit=0.3)
        assert op.reasons([rows.with_format("arrow")[:]]) == [None, "WER above 0.3", "nothing said"]
        assert op.of(rows)["text"][:] == ["16000 samples"]
        assert rows.filter(op, batched=True)["text"][:] == ["16000 samples"]
        assert op.models()[0]["id"] == "fake"
        assert op.model_digest()
        assert registry.transcriber("fake").calls[0] == 2
    assert TranscriptMatches(heard="x").model_digest() == ""


def test_the_distance_of_loud_and_quiet_follows_the_noise():
    """Noise at known levels under speech-like bursts: measured within 1.5 dB of what was put in."""
    clean = bursts()
    power = float((clean[clean != 0] ** 2).mean())
    for wanted in (0, 10, 20, 30, 40):
        noise = np.random.default_rng(wanted).normal(0, np.sqrt(power / 10 ** (wanted / 10)), clean.size)
        measured = snr_db((clean + noise).astype(np.float32), RATE)
        expected = 10 * np.log10(1 + 10 ** (wanted / 10))  # the loud frames hold the noise too
        assert measured == pytest.approx(expected, abs=1.5)
    assert snr_db(clean, RATE) == 100
    assert snr_db(np.zeros(8000, np.float32), RATE) == 0


def test_clipping_is_what_stands_at_the_peak():
    time = np.arange(RATE) / RATE
    wave = np.sin(2 * np.pi * 100 * time).astype(np.float32)
    for level in (0.2, 0.5, 0.8):
        share = 1 - 2 * np.arcsin(level) / np.pi  # of a sine beyond a level
        assert clipped_share(np.clip(wave, -level, level)) == pytest.approx(share, abs=0.02)
    assert clipped_share(0.5 * wave) < 0.03
    assert clipped_share(np.zeros(9, np.float32)) == 0
    assert clipped_share(np.round(wave * 3) / np.float32(2**15)) == 0  # three steps of 16 bits high: rounded, not cut


def test_bad_sounds_are_dropped_by_name():
    noise = np.random.default_rng(0).normal(0, 0.1, 4 * RATE).astype(np.float32)
    loud = np.clip(6 * bursts(), -1, 1)
    sounds = [bursts(), noise, loud, np.zeros(RATE, np.float32), np.zeros(0, np.float32)]
    rows = table([*map(stored, sounds), None])
    wanted = [None, "noisy", "clipped", "no sound", "no sound", "no sound"]
    assert SpeechQuality().reasons([rows.with_format("arrow")[:]]) == wanted


def test_a_judge_is_asked_for_what_is_left():
    sounds = [bursts(), bursts() * 0.1, np.zeros(RATE, np.float32)]
    with registry.override("speech_quality", FakeSpeechQuality):
        op = SpeechQuality(model="fake", least_mos=2)
        assert op.reasons([table(list(map(stored, sounds))).with_format("arrow")[:]]) == [None, "low MOS", "no sound"]
        assert registry.speech_quality("fake").calls == [2]


def test_dnsmos_tells_clean_from_noisy_speech():
    """The weights that the package speechmos carries; its folder is what a user gives."""
    pytest.importorskip("onnxruntime")
    import importlib.util

    spec = importlib.util.find_spec("speechmos")
    if spec is None:
        pytest.skip("speechmos, which carries the weights, is not installed")
    folder = Path(os.path.dirname(spec.origin)) / "dnsmos_models"
    judge = registry.speech_quality(str(folder))
    speech = media.decode_audio(
        next(iter(sorted((Path(__file__).parents[1] / "data/speech").rglob("*.wav")))).read_bytes()
    )
    clean = speech.samples.mean(axis=0)
    noisy = (clean + np.random.default_rng(0).normal(0, 0.1, clean.size)).astype(np.float32)
    good, bad = judge.score([Heard(clean, speech.rate), Heard(noisy, speech.rate)])
    assert judge.score([Heard(clean, speech.rate)])[0] == good
    assert good["mos"] > bad["mos"] + 0.2
    assert all(0.5 < value < 5 for value in {**good, **bad}.values())
    print(good, bad)


@pytest.mark.parametrize("chosen", [SpeechQuality(), TranscriptMatches()])
def test_errors_name_the_row(chosen):
    """By its place, its id where it has one, its column and its file."""
    broken = {"bytes": stored(bursts())["bytes"][:5000], "path": "broken.wav"}
    given = table([stored(bursts()), stored(bursts()), broken], text=["a", "b", "c"])
    with pytest.raises(MediaError, match="whole WAV") as error:
        chosen.of(given)
    assert "row, number 3 of its batch, column 'audio', file 'broken.wav'" in told(error.value)
    assert f"in {chosen.op_name()}, rows 0 to 2" in told(error.value)
    named = hfaug.with_ids(given)
    with pytest.raises(MediaError) as error:
        chosen.of(named)
    assert f"row '{named['provenance'][2]['id']}', number 3" in told(error.value)
