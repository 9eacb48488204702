"""eSpeak NG, where it is installed: the program, or the library that a wheel carries, in a process of its own."""

import importlib.util
import shutil

import numpy as np
import pytest

from hfaug.backends import SpeechRequest, espeak, registry
from hfaug.backends.speech import NO_SPEECH
from hfaug.errors import MissingExtra, ModelError, ParameterError

installed = shutil.which("espeak-ng") or importlib.util.find_spec("espeakng_loader")
needs_espeak = pytest.mark.skipif(not installed, reason="espeak-ng is not installed")


@pytest.fixture
def speaker():
    return registry.speaker("espeak-ng", runtime="espeak-ng")


@needs_espeak
def test_a_text_sounds_alike_in_any_company_and_faster_is_shorter(speaker):
    requests = [
        SpeechRequest(text, "en-us", speed) for text in ("Hello there.", "It rains.") for speed in (0.8, 1, 1.5)
    ]
    made = speaker.speak(requests, range(6))
    assert all(one.rate == 22050 and 0.1 < np.abs(one.samples).max() <= 1 for one in made)
    for start in (0, 3):
        lengths = [one.samples.size for one in made[start : start + 3]]
        assert lengths == sorted(lengths, reverse=True)
        assert len(set(lengths)) == 3
    again = [speaker.speak([request], [0])[0] for request in reversed(requests)][::-1]
    assert all(np.array_equal(a.samples, b.samples) for a, b in zip(made, again, strict=True))


@needs_espeak
def test_voices_are_names_languages_and_variants(speaker):
    voices = ("en-us", "en-gb", "de", "en-us+f3")
    made = speaker.speak([SpeechRequest("Hello there.", voice) for voice in voices], [0] * 4)
    assert len({one.samples.tobytes() for one in made}) == 4


@needs_espeak
@pytest.mark.parametrize("voice", ["klingon-on-mars", "en; ls", "../en"])
def test_an_unknown_voice_is_refused(speaker, voice):
    with pytest.raises(ParameterError, match="voice must be one that"):
        speaker.speak([SpeechRequest("Hello", voice)], [0])


@needs_espeak
def test_a_speed_out_of_its_range_and_another_version_are_refused(speaker):
    with pytest.raises(ParameterError, match="80 to 450 words a minute"):
        speaker.speak([SpeechRequest("Hello", None, 4.0)], [0])
    with pytest.raises(ModelError, match=r"must be version 0\.1"):
        registry.speaker("espeak-ng", revision="0.1", runtime="espeak-ng")


@needs_espeak
def test_it_says_what_it_is_without_a_word(speaker):
    facts = registry.facts("speaker", "espeak-ng", runtime="espeak-ng")
    assert (facts["id"], facts["licence"], facts["determinism"]) == ("espeak-ng", "gpl-3.0", "row")
    assert facts["revision"][0].isdigit()
    assert speaker.speak([SpeechRequest("!?")], [0])[0].flags == (NO_SPEECH,)


def test_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingExtra, match=r"pip install espeakng-loader.*GPL-3\.0"):
        espeak.load("espeak-ng", revision=None, runtime="espeak-ng")
