"""Models that write speech down: in parts where it is long, with the times of words, whatever the rate."""

import importlib.util

import numpy as np
import pytest

from hfaug.backends import Heard, registry
from hfaug.backends.resampling import resampled
from hfaug.errors import MissingExtra, ModelError, ParameterError
from tests import tiny_speech


def noise(seconds, rate, seed):
    return Heard(np.random.default_rng(seed).normal(0, 0.1, int(seconds * rate)).astype(np.float32), rate)


@pytest.fixture(scope="module")
def ctc():
    return registry.transcriber(str(tiny_speech.kept("ctc")))


@pytest.fixture(scope="module")
def whisper():
    return registry.transcriber(str(tiny_speech.kept("whisper")))


def test_a_ctc_model_hears_a_row_alike_in_any_company(ctc):
    sounds = [noise(0.3 + 0.2 * (n % 5), (8000, 16000, 44100)[n % 3], n) for n in range(12)]
    together = ctc.transcribe(sounds, words=True)
    assert ctc.determinism == "row"
    assert len({one.text for one in together}) > 4
    assert [ctc.transcribe([sound], words=True)[0] for sound in sounds] == together
    assert ctc.transcribe(sounds[::-1], words=True)[::-1] == together


def test_long_sounds_are_heard_in_parts(ctc):
    """45 s in parts of 20 s: what is far from the joints is heard as in a part of its own."""
    long = noise(45, 16000, 1)
    (whole,) = ctc.transcribe([long])
    (start,) = ctc.transcribe([Heard(long.samples[: 20 * 16000], 16000)])
    same = sum(a == b for a, b in zip(whole.text, start.text, strict=False))
    assert len(whole.text) > 1.5 * len(start.text)
    assert same > 0.8 * len(start.text) * 17 / 20 - 5


def test_words_lie_in_the_sound_and_in_order(ctc, whisper):
    for model in (ctc, whisper):
        for sound in (noise(1, 16000, 3), noise(2, 8000, 4)):
            (found,) = model.transcribe([sound], words=True)
            starts = [word.start_s for word in found.words]
            assert found.words
            assert starts == sorted(starts)
            assert all(0 <= word.start_s <= word.end_s <= 2 for word in found.words)
            assert "".join(word.word for word in found.words) == found.text.replace(" ", "")


def test_words_are_left_out_unless_asked_for(ctc):
    assert ctc.transcribe([noise(1, 16000, 3)])[0].words == ()


def test_what_is_too_short_to_hear_is_empty(ctc, whisper):
    for model in (ctc, whisper):
        assert model.transcribe([noise(0.01, 16000, 1), noise(0, 16000, 1)])[0].text == ""


def test_whisper_hears_a_row_alike_in_any_company(whisper):
    sounds = [noise(0.5 + 0.3 * n, 16000, n) for n in range(3)]
    together = whisper.transcribe(sounds, language="en")
    assert whisper.determinism == "row"
    assert [whisper.transcribe([sound], language="en")[0] for sound in sounds] == together
    assert len({one.text for one in together}) > 1


def test_a_language_that_a_model_cannot_be_told_is_refused(ctc, whisper):
    with pytest.raises(ParameterError, match="language must be left out"):
        ctc.transcribe([noise(1, 16000, 3)], language="en")
    with pytest.raises(ParameterError, match="language must be one of de, en, was 'xx'"):
        whisper.transcribe([noise(1, 16000, 3)], language="xx")


def test_times_of_words_need_alignment_heads(tmp_path):
    model = registry.transcriber(str(tiny_speech.whisper(tmp_path / "headless", heads=False)))
    with pytest.raises(ParameterError, match="alignment_heads"):
        model.transcribe([noise(1, 16000, 3)], words=True)


def test_a_model_of_another_kind_is_refused():
    with pytest.raises(ModelError, match="must be a model that can be loaded"):
        registry.transcriber(str(tiny_speech.kept("vits")))


def test_a_tone_keeps_its_pitch_and_length_at_another_rate():
    time = np.arange(44100) / 44100
    found = resampled(np.sin(2 * np.pi * 1000 * time).astype(np.float32), 44100, 16000)
    expected = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)
    assert found.dtype == np.float32
    assert abs(found.size - 16000) <= 1
    assert np.abs(found[800:15200] - expected[800:15200]).max() < 1e-3


@pytest.mark.skipif(importlib.util.find_spec("faster_whisper") is not None, reason="faster-whisper is installed")
def test_faster_whisper_says_how_to_get_it():
    with pytest.raises(MissingExtra, match=r"hfaug\[faster-whisper\]"):
        registry.transcriber(str(tiny_speech.kept("whisper")), runtime="faster-whisper")


def test_faster_whisper_converts_once_and_hears_alike(tmp_path, monkeypatch):
    pytest.importorskip("faster_whisper")
    monkeypatch.setenv("HFAUG_HOME", str(tmp_path))
    model = registry.transcriber(str(tiny_speech.kept("whisper")), runtime="faster-whisper")
    assert len(list(tmp_path.glob("**/model.bin"))) == 1
    assert (model.settings["runtime"], model.determinism) == ("faster-whisper", "row")
    assert model.revision == registry.transcriber(str(tiny_speech.kept("whisper"))).revision
    sounds = [noise(0.5 + 0.3 * n, (8000, 16000)[n % 2], n) for n in range(4)]
    together = model.transcribe(sounds, words=True)
    assert any(one.words for one in together)
    assert [model.transcribe([sound], words=True)[0] for sound in sounds] == together
    with pytest.raises(ParameterError, match="language must be one of"):
        model.transcribe(sounds, language="xx")
