"""Models that speak: what is drawn comes from each row's seed, and a sound depends on its own row alone."""

import numpy as np
import pytest
import torch

from hfaug.backends import SpeechRequest, registry
from hfaug.backends.own_noise import noise_of_rows
from hfaug.backends.protocols import TOO_LONG
from hfaug.backends.speaking import VitsSpeaker
from hfaug.backends.speech import NO_SPEECH
from hfaug.errors import ModelError, ParameterError
from tests import tiny_speech

TEXTS = ["hello", "good morning to you", "a b c", "the quick brown fox jumps over the lazy dog", "hello", "it rains"]


@pytest.fixture(scope="module")
def vits():
    return registry.speaker(str(tiny_speech.kept("voices")))


@pytest.fixture(scope="module")
def speech_t5():
    return registry.speaker(str(tiny_speech.kept("speech_t5")))


def asked(number):
    return SpeechRequest(TEXTS[number % len(TEXTS)], str(number % 3), 0.8 + 0.1 * (number % 5))


def test_vits_speaks_a_row_alike_in_any_company(vits):
    """20 rows at once, in parts of 1 and 7, in another order, on one thread: equal to the last bit."""
    requests, seeds = [asked(n) for n in range(20)], list(range(100, 120))
    together = vits.speak(requests, seeds)
    assert vits.determinism == "row"
    assert len({one.samples.tobytes() for one in together}) == 20
    for size in (1, 7):
        parts = [
            one
            for start in range(0, 20, size)
            for one in vits.speak(requests[start : start + size], seeds[start : start + size])
        ]
        assert all(np.array_equal(a.samples, b.samples) for a, b in zip(together, parts, strict=True))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        turned = vits.speak(requests[::-1], seeds[::-1])[::-1]
    finally:
        torch.set_num_threads(threads)
    assert all(np.array_equal(a.samples, b.samples) for a, b in zip(together, turned, strict=True))


def test_the_seed_decides_the_noise_and_the_length(vits):
    request = SpeechRequest(TEXTS[1], "0")
    one, again, other = vits.speak([request] * 3, [1, 1, 2])
    assert np.array_equal(one.samples, again.samples)
    assert one.samples.shape != other.samples.shape or not np.array_equal(one.samples, other.samples)


def test_the_global_generator_is_neither_used_nor_changed(vits):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    (one,) = vits.speak([asked(1)], [9])
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(6)
    assert np.array_equal(one.samples, vits.speak([asked(1)], [9])[0].samples)


def test_faster_speech_is_shorter_and_voices_differ(vits):
    slow, plain, fast = vits.speak([SpeechRequest(TEXTS[3], "0", speed) for speed in (0.5, 1.0, 2.0)], [1] * 3)
    assert slow.samples.size > plain.samples.size > fast.samples.size
    voices = vits.speak([SpeechRequest(TEXTS[3], voice) for voice in "012"], [1] * 3)
    assert len({one.samples.tobytes() for one in voices}) == 3


def test_a_batch_of_vits_says_what_its_rows_say_alone(vits, monkeypatch):
    """As on a GPU: rows of a voice share a batch; only the last samples hear the padding behind them."""
    requests, seeds = [SpeechRequest(text, "1") for text in TEXTS], list(range(6))
    alone = vits.speak(requests, seeds)
    monkeypatch.setattr("hfaug.backends.speaking._ROOM", {"cpu": 4})
    for one, other in zip(alone, vits.speak(requests, seeds), strict=True):
        assert one.samples.shape == other.samples.shape
        tail = 64 * 12
        assert np.allclose(one.samples[:-tail], other.samples[:-tail], atol=1e-4)


def test_texts_that_cannot_be_said_are_flagged(vits):
    nothing, blank, long = vits.speak([SpeechRequest(text) for text in ("!?", "123 ", "word " * 2000)], [0] * 3)
    assert (nothing.flags, blank.flags, long.flags) == ((NO_SPEECH,), (NO_SPEECH,), (TOO_LONG,))
    assert not nothing.samples.size


@pytest.mark.parametrize("voice", ["3", "-1", "ann"])
def test_a_voice_that_a_model_lacks_is_refused(vits, voice):
    with pytest.raises(ParameterError, match=r"voices: voice must be one of 0 to 2, was"):
        vits.speak([SpeechRequest("hello", voice)], [0])


def test_seeds_and_texts_are_equally_many(vits):
    with pytest.raises(ParameterError, match="one seed a text"):
        vits.speak([SpeechRequest("hello")], [])


def test_speech_t5_speaks_a_row_alike_in_any_company(speech_t5):
    folder = str(tiny_speech.kept("speech_t5") / "voices")
    requests = [SpeechRequest(text, voice) for text in TEXTS for voice in ("ann", "bob")]
    seeds = list(range(len(requests)))
    together = speech_t5.speak(requests, seeds, voices_folder=folder)
    assert speech_t5.determinism == "row"
    assert speech_t5.settings["vocoder"].startswith("vocoder@xxh3:")
    alone = [speech_t5.speak([r], [s], voices_folder=folder)[0] for r, s in zip(requests, seeds, strict=True)]
    assert all(np.array_equal(a.samples, b.samples) for a, b in zip(together, alone, strict=True))
    ann, bob = together[:2]
    assert not np.array_equal(ann.samples, bob.samples)


def test_speech_t5_draws_its_dropout_from_the_seed(speech_t5):
    folder = str(tiny_speech.kept("speech_t5") / "voices")
    request = SpeechRequest("the quick brown fox jumps", "ann")
    made = speech_t5.speak([request] * 4, [1, 1, 3, 5], voices_folder=folder)
    assert np.array_equal(made[0].samples, made[1].samples)
    assert len({one.samples.tobytes() for one in made}) == 3


def test_speech_t5_wants_a_voice_and_has_one_speed(speech_t5):
    folder = str(tiny_speech.kept("speech_t5") / "voices")
    with pytest.raises(ParameterError, match="must be told a voice"):
        speech_t5.speak([SpeechRequest("hello")], [0])
    with pytest.raises(ParameterError, match="one of ann, bob"):
        speech_t5.speak([SpeechRequest("hello", "eve")], [0], voices_folder=folder)
    with pytest.raises(ParameterError, match="must be told a voice"):
        speech_t5.speak([SpeechRequest("hello", "../voices/ann")], [0], voices_folder=folder)
    with pytest.raises(ParameterError, match="speed must be 1"):
        speech_t5.speak([SpeechRequest("hello", "ann", 1.2)], [0], voices_folder=folder)


def test_speech_t5_refuses_what_is_longer_than_it_reads(speech_t5):
    folder = str(tiny_speech.kept("speech_t5") / "voices")
    (one,) = speech_t5.speak([SpeechRequest("word " * 30, "ann")], [0], voices_folder=folder)
    assert one.flags == (TOO_LONG,)


def test_bark_draws_its_tokens_from_the_seed():
    model = registry.speaker(str(tiny_speech.kept("bark")))
    request = SpeechRequest("hello there")
    state = torch.get_rng_state()
    made = model.speak([request, SpeechRequest("go home"), request, request], [1, 2, 1, 3])
    assert torch.equal(state, torch.get_rng_state())
    assert (made[0].rate, model.determinism) == (24000, "row")
    assert np.array_equal(made[0].samples, made[2].samples)
    assert len({one.samples.tobytes() for one in made}) == 3
    assert np.array_equal(model.speak([request], [3])[0].samples, made[3].samples)
    (blank, long) = model.speak([SpeechRequest("..."), SpeechRequest("word " * 40)], [0, 0])
    assert (blank.flags, long.flags) == ((NO_SPEECH,), (TOO_LONG,))
    with pytest.raises(ParameterError, match="voice must be one of none"):
        model.speak([SpeechRequest("hello", "/etc/passwd")], [0])


def test_a_batch_out_of_memory_is_halved_and_recorded(vits, monkeypatch):
    monkeypatch.setattr("hfaug.backends.speaking._ROOM", {"cpu": 4})
    real = VitsSpeaker.say

    def small(self, tokens, requests, folder):
        if len(tokens) > 2:
            raise MemoryError
        return real(self, tokens, requests, folder)

    monkeypatch.setattr(VitsSpeaker, "say", small)
    before = len(vits.halvings)
    made = vits.speak([SpeechRequest(text, "0") for text in TEXTS[:4]], [0] * 4)
    assert len(made) == 4
    assert len(vits.halvings) == before + 1


def test_a_model_of_another_kind_is_refused():
    with pytest.raises(ModelError, match="must be one of vits, speecht5, bark, is wav2vec2"):
        registry.speaker(str(tiny_speech.kept("ctc")))


def test_noise_of_a_row_begins_alike_however_far_it_is_padded():
    with noise_of_rows([1, 2]):
        short, long = torch.randn(2, 3, 5), None
    with noise_of_rows([1, 2]):
        long = torch.randn_like(torch.zeros(2, 3, 9))
    assert torch.equal(short, long[:, :, :5])
    with noise_of_rows([2]):
        assert torch.equal(torch.randn(1, 3, 5), short[1:])
