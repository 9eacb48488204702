"""Small datasets to try an op on: one for each kind of content, labels and all, beside columns that no op knows."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np
from datasets import Audio, ClassLabel, List, Value, Video

from hfaug import media
from hfaug.testing import pictures
from hfaug.testing.pictures import drawing, few_boxes
from hfaug.testing.tried import Columns, Sample, with_strange

__all__ = ["SAMPLES", "Sample", "sample"]

_TEXT = Value("string")


def sample(name: str) -> Sample:
    """The sample of a name; see `SAMPLES`.

    >>> sample("sentences").rows.column_names[:2]
    ['text', 'spans']
    """
    return SAMPLES[name]()


# ---- texts

_SENTENCES = (
    "Ada Lovelace wrote the first program in London.",
    "The quick brown fox, born near Köln, jumps over lazy dogs!",
    "Marie Curie's laboratory\twas in  Paris (France).",
    "שלום עולם, said Noa to Łukasz 👩‍🔬 in Tel Aviv.",
    "Cafe\u0301 Zu\u0308rich opened; nai\u0308ve guests came.",
    "One",
    "12345 67890 !!! ...",
    "Der Zug nach München fährt um sieben Uhr ab, sagt Jürgen.",
    "Words words unique everywhere because repetition confuses readers.",
    "A very long walk took Sam and Alex from Rome to Oslo and back.",
)
_NAMES: tuple[str, ...] = (
    "Ada Lovelace",
    "London",
    "Köln",
    "Marie Curie",
    "Paris",
    "Noa",
    "Łukasz",
    "Tel Aviv",
    "Zu\u0308rich",
    "München",
)
_NAMES += ("Jürgen", "Sam", "Alex", "Rome", "Oslo", "One")


def _mentions(text: str) -> list[tuple[int, int]]:
    return sorted((text.index(name), text.index(name) + len(name)) for name in _NAMES if name in text)


@functools.cache
def _plain() -> Sample:
    """Texts with a class, and nothing in them."""
    features = {"text": _TEXT, "label": ClassLabel(names=["ham", "spam"])}
    rows: Columns = {"text": list(_SENTENCES), "label": [i % 2 for i in range(len(_SENTENCES))]}
    odd: Columns = {"text": ["", None, " ", "a", "\n", "🙂"], "label": [0, 1, None, 0, 1, -1]}
    return Sample("plain", with_strange(features, rows), with_strange(features, odd))


@functools.cache
def _sentences() -> Sample:
    """Texts with typed spans, some nested."""
    spans = {"start": Value("int32"), "end": Value("int32"), "type": ClassLabel(names=["name", "text"])}
    features = {"text": _TEXT, "spans": List(spans)}
    found = []
    for number, text in enumerate(_SENTENCES):
        items = [{"start": low, "end": high, "type": 0} for low, high in _mentions(text)]
        found.append([*items, {"start": 0, "end": len(text), "type": 1}] if number % 3 == 0 else items)
    odd: Columns = {
        "text": ["", None, " ", "a"],
        "spans": [[{"start": 0, "end": 0, "type": 0}], [], None, [{"start": 0, "end": 1, "type": 1}]],
    }
    rows: Columns = {"text": list(_SENTENCES), "spans": found}
    return Sample("sentences", with_strange(features, rows), with_strange(features, odd), {"spans": "spans"})


@functools.cache
def _words() -> Sample:
    """Words with entity tags."""
    tag = ClassLabel(names=["O", "B-name", "I-name"])
    features = {"tokens": List(_TEXT), "tags": List(tag)}
    named = {word: number for name in _NAMES for number, word in enumerate(name.split(), start=1)}
    tokens = [text.split() for text in _SENTENCES]
    tags = [[named.get(word.strip(".,;'s"), 0) for word in words] for words in tokens]
    odd: Columns = {"tokens": [[], ["a"], None, ["🙂"]], "tags": [[], [1], None, [0]]}
    return Sample("words", with_strange(features, {"tokens": tokens, "tags": tags}), with_strange(features, odd))


@functools.cache
def _questions() -> Sample:
    """Contexts with a question and answers."""
    features = {
        "context": _TEXT,
        "question": _TEXT,
        "answers": {"text": List(_TEXT), "answer_start": List(Value("int32"))},
    }
    found = [[(low, text[low:high]) for low, high in _mentions(text)] for text in _SENTENCES]
    answers = [{"text": [part for _, part in some], "answer_start": [low for low, _ in some]} for some in found]
    questions = [f"Who or what is named in sentence {i}?" for i in range(len(_SENTENCES))]
    rows: Columns = {"context": list(_SENTENCES), "question": questions, "answers": answers}
    none: dict[str, list[Any]] = {"text": [], "answer_start": []}
    odd: Columns = {
        "context": ["", None, "a"],
        "question": ["", None, "?"],
        "answers": [none, none, {"text": ["a"], "answer_start": [0]}],
    }
    return Sample("questions", with_strange(features, rows), with_strange(features, odd))


# ---- sounds


def _tone(samples: int, channels: int, number: int) -> np.ndarray[Any, Any]:
    time = np.arange(samples) / 8000
    waves = [0.4 * np.sin(2 * np.pi * (220 + 40 * number + 15 * c) * time) for c in range(channels)]
    return np.asarray(waves, dtype=np.float32)


def _sound(samples: np.ndarray[Any, Any], form: str = "WAV", subtype: str = "PCM_16") -> dict[str, Any]:
    like = media.Clip(samples, 8000, form, subtype, samples.shape[0])
    return {"bytes": media.encode_audio(samples, like=like), "path": None}


@functools.cache
def _sounds() -> Sample:
    """Sounds in several formats, with a class, their length, and what is heard when: events, turns and words."""
    features = {
        "audio": Audio(),
        "label": ClassLabel(names=["yes", "no"]),
        "duration": Value("float64"),
        "events": List({"start": Value("float32"), "end": Value("float32"), "name": _TEXT}),
        "turns": {"speaker": List(_TEXT), "start": List(Value("float64")), "duration": List(Value("float64"))},
        "words": List({"word": _TEXT, "timestamp": List(Value("float64"), length=2)}),
    }
    files = [_sound(_tone(800 + 100 * i, 1 + i % 2, i)) for i in range(5)]
    files += [_sound(_tone(700, 2, 6), "WAV", "FLOAT")]
    if importlib.util.find_spec("soundfile"):
        files += [_sound(_tone(600, 1, 7), "FLAC"), _sound(_tone(640, 1, 8), "FLAC", "PCM_24")]
    silence = np.zeros((1, 400), np.float32)
    odd: Columns = {
        "audio": [_sound(silence), _sound(silence[:, :1]), _sound(silence[:, :0]), None],
        "label": [0, 1, None, 0],
        "duration": [0.05, None, 0.0, None],
        "events": [[{"start": 0.0, "end": 0.05, "name": None}], None, [], None],
        "turns": [{"speaker": [None], "start": [0.01], "duration": [0.0]}, None, None, None],
        "words": [[], [], None, [{"word": "a", "timestamp": [0.0, 0.0]}]],
    }
    lengths = [media.audio_info(file["bytes"])[0] / 8000 for file in files]
    rows: Columns = {
        "audio": files,
        "label": [i % 2 for i in range(len(files))],
        "duration": list(lengths),
        **_heard(lengths),
    }
    said = {"segments": ("events", "turns", "words"), "duration": "duration"}
    return Sample("sounds", with_strange(features, rows), with_strange(features, odd), said)


def _heard(lengths: list[float]) -> Columns:
    """Events, turns and words in sounds of some lengths."""
    parts = [[(long * k / 4, long * (k + 1) / 4) for k in range(number % 4)] for number, long in enumerate(lengths)]
    return {
        "events": [[{"start": a, "end": b, "name": "x"} for a, b in some] for some in parts],
        "turns": [
            {"speaker": ["A"] * len(some), "start": [a for a, _ in some], "duration": [b - a for a, b in some]}
            for some in parts
        ],
        "words": [[{"word": str(b), "timestamp": [a, b]} for a, b in some] for some in parts],
    }


@functools.cache
def _spectrograms() -> Sample:
    """Log-mel features, frames of bins, with a class."""
    features = {"input_features": List(List(Value("float32"))), "label": ClassLabel(names=["yes", "no"])}
    rows: Columns = {
        "input_features": [[[float(i + 3 * t + f) for f in range(12)] for t in range(8 + i)] for i in range(6)],
        "label": [i % 2 for i in range(6)],
    }
    odd: Columns = {"input_features": [[], None, [[0.0]], [[], []]], "label": [0, 1, None, 0]}
    return Sample("spectrograms", with_strange(features, rows), with_strange(features, odd))


# ---- videos


def _film(frames: int, size: tuple[int, int], number: int, kind: tuple[str, str] = ("mp4", "h264")) -> dict[str, Any]:
    height, width = size
    drawn = [drawing(height, width, 3, number + k) for k in range(frames)]
    return {"bytes": media.new_video(drawn, fps=10, container=kind[0], codec=kind[1]), "path": None}


@functools.cache
def _videos() -> Sample:
    """Short videos of several kinds, with boxes in each frame, a class a frame, and stretches of time."""
    features = {
        "video": Video(),
        "objects": List({"bbox": List(List(Value("float32"), length=4)), "category": List(Value("int16"))}),
        "state": List(ClassLabel(names=["still", "moving"])),
        "events": List({"start": Value("float32"), "end": Value("float32"), "name": Value("string")}),
        "label": ClassLabel(names=["walk", "run"]),
    }
    kinds = [
        ("mp4", "h264"),
        ("avi", "mjpeg"),
        ("mp4", "mpeg4"),
        ("matroska", "ffv1"),
        ("mp4", "h264"),
        ("mov", "h264"),
    ]
    counts = [5, 4, 6, 3, 4, 2]
    sizes = [(24 + 2 * i, 32 - 2 * i) for i in range(4)] + [(21, 19), (32, 32)]
    rows: Columns = {
        "video": [_film(n, size, i, kind) for i, (n, size, kind) in enumerate(zip(counts, sizes, kinds, strict=True))],
        "objects": [[_frame_objects(*size, k) for k in range(n)] for n, size in zip(counts, sizes, strict=True)],
        "state": [[k % 2 for k in range(n)] for n in counts],
        "events": [[{"start": 0.0, "end": 0.1 * n - 0.1 * (n % 2), "name": "a"}] * (n % 3) for n in counts],
        "label": [i % 2 for i in range(len(counts))],
    }
    odd: Columns = {
        "video": [_film(1, (2, 2), 3), None, _film(2, (1, 1), 5, ("matroska", "ffv1"))],
        "objects": [[{"bbox": [], "category": []}], None, None],
        "state": [[0], None, [0, 1]],
        "events": [[], None, [{"start": 0.05, "end": 0.05, "name": None}]],
        "label": [0, 1, None],
    }
    said: dict[str, Any] = {
        "boxes": "objects.bbox",
        "box_format": "coco",
        "frame_labels": "state",
        "segments": "events",
    }
    said["keep"] = ("amounts", "facts")
    return Sample("videos", with_strange(features, rows), with_strange(features, odd), said)


def _frame_objects(height: int, width: int, number: int) -> dict[str, list[Any]]:
    found = few_boxes(height, width, number)
    return {"bbox": found, "category": list(range(len(found)))}


# ---- requests and numbers


@functools.cache
def _requests() -> Sample:
    """Prompts, as generators take them."""
    features = {"prompt": _TEXT, "class": ClassLabel(names=["cat", "dog"])}
    rows: Columns = {"prompt": [f"a photograph of {'a cat' if i % 2 else 'a dog'}, number {i}" for i in range(6)]}
    odd: Columns = {"prompt": ["", " ", None], "class": [0, 1, None]}
    return Sample(
        "requests", with_strange(features, {**rows, "class": [i % 2 for i in range(6)]}), with_strange(features, odd)
    )


@functools.cache
def _numbers() -> Sample:
    """A table of numbers and names with a class."""
    features = {"age": Value("float64"), "city": _TEXT, "label": ClassLabel(names=["no", "yes"])}
    rows: Columns = {
        "age": [20.5 + i for i in range(10)],
        "city": [_NAMES[i] for i in range(10)],
        "label": [i % 2 for i in range(10)],
    }
    odd: Columns = {"age": [None, float("nan"), 0.0], "city": ["", None, "a"], "label": [0, 1, None]}
    return Sample("numbers", with_strange(features, rows), with_strange(features, odd))


SAMPLES: dict[str, Callable[[], Sample]] = {
    "instances": pictures.instances,
    "objects": pictures.objects,
    "pictures": pictures.pictures,
    "sentences": _sentences,
    "words": _words,
    "questions": _questions,
    "plain": _plain,
    "sounds": _sounds,
    "spectrograms": _spectrograms,
    **({"videos": _videos} if importlib.util.find_spec("av") else {}),
    "requests": _requests,
    "numbers": _numbers,
}
"""Samples by name; those with the most labels come first."""
