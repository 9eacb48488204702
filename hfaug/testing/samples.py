"""Small datasets to try an op on: one for each kind of content, labels and all, beside columns that no op knows."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from datasets import Audio, ClassLabel, Dataset, Features, Image, LargeList, List, Value

from hfaug import media

__all__ = ["SAMPLES", "Sample", "sample"]

_TEXT = Value("string")
_Columns = dict[str, list[Any]]


@dataclass(frozen=True)
class Sample:
    """Rows to try an op on.

    Args:
        name: What they are, for messages.
        rows: The rows; no two are equal.
        odd: Rows at the edge of what is allowed: nothing, next to nothing, null.
        said: What `op.on` must be told about them.
    """

    name: str
    rows: Dataset
    odd: Dataset
    said: Mapping[str, Any] = field(default_factory=dict)


def _strange(count: int) -> dict[str, list[Any]]:
    """Columns that no op has to do with, of types that are easily lost on the way."""
    return {
        "aside": [f"b{i % 3}" for i in range(count)],
        "amounts": [[0.5, float("nan"), None][: i % 4] or None for i in range(count)],
        "facts": [None if i % 5 == 4 else {"flag": i % 2 == 0, "many": [{"deep": i}] * (i % 3)} for i in range(count)],
        "nothing": [None] * count,
        "raw": [b"" if i % 3 else bytes([i, 0, 255]) for i in range(count)],
        "remark": ["" if i % 4 == 1 else None if i % 4 == 2 else f"é{i}\u0301🙂" for i in range(count)],
        "when": [None if i % 6 == 5 else i * 1_000_003 for i in range(count)],
    }


_STRANGE = {
    "aside": Value("string"),
    "amounts": LargeList(Value("float32")),
    "facts": {"flag": Value("bool"), "many": List({"deep": Value("int16")})},
    "nothing": Value("null"),
    "raw": Value("large_binary"),
    "remark": Value("large_string"),
    "when": Value("timestamp[us, tz=UTC]"),
}


def _dataset(features: Mapping[str, Any], columns: _Columns) -> Dataset:
    count = len(next(iter(columns.values())))
    schema = Features({**features, **_STRANGE}).arrow_schema
    return Dataset(pa.Table.from_pydict({**columns, **_strange(count)}, schema=schema))


def sample(name: str) -> Sample:
    """The sample of a name; see `SAMPLES`.

    >>> sample("sentences").rows.column_names[:2]
    ['text', 'spans']
    """
    return SAMPLES[name]()


# ---- images


def _drawing(height: int, width: int, channels: int, number: int, kind: Any = np.uint8) -> np.ndarray[Any, Any]:
    """A smooth pattern, different for each number."""
    y, x = np.mgrid[:height, :width].astype(np.float64)
    planes = [np.sin(x * (0.11 + 0.03 * c) + number) + np.cos(y * (0.07 + 0.02 * c) - number) for c in range(channels)]
    top = 65535 if kind == np.uint16 else 255
    return np.asarray((np.stack(planes, axis=2) + 2) * (top / 4)).astype(kind)


def _file(array: np.ndarray[Any, Any], form: str, *, lossless: bool = True) -> dict[str, Any]:
    like = media.Picture(array, form, lossless=lossless)
    return {"bytes": media.encode_image(array, like=like, codec=media.Codec()), "path": None}


def _picture_files() -> list[dict[str, Any]]:
    files = [_file(_drawing(24 + i, 30 + 2 * i, 3, i), "JPEG", lossless=False) for i in range(4)]
    files += [_file(_drawing(20 + i, 26, channels, i), "PNG") for i, channels in enumerate((3, 1, 4))]
    files += [_file(_drawing(18, 22, channels, 9, np.uint16), "PNG") for channels in (1, 3)]
    files += [_file(_drawing(21, 19, 3, 4), "WEBP"), _file(_drawing(23, 17, 3, 5), "WEBP", lossless=False)]
    files += [_file(_drawing(16, 28, 1, 6), "JPEG", lossless=False)]
    return files


@functools.cache
def _pictures() -> Sample:
    """Images of every kind, with a class."""
    features = {"image": Image(), "label": ClassLabel(names=["cat", "dog", "owl"])}
    files = _picture_files()
    rows: _Columns = {"image": files, "label": [i % 3 for i in range(len(files))]}
    tiny = [_file(_drawing(1, 1, channels, 3), "PNG") for channels in (3, 1, 4)]
    odd: _Columns = {"image": [*tiny, _file(_drawing(1, 40, 3, 2), "PNG"), _file(_drawing(33, 1, 3, 2), "JPEG"), None]}
    odd["label"] = [0, 1, None, -1, 2, 0]
    return Sample("pictures", _dataset(features, rows), _dataset(features, odd))


def _boxes(height: int, width: int, number: int) -> list[list[float]]:
    """Boxes x, y, width, height: in the middle, in a corner and easily lost, at the border."""
    middle = [width * 0.3 + number % 3, height * 0.3, width * 0.3, height * 0.35]
    corner = [0.0, 0.0, 1.5, 1.5] if number % 2 else [width - 1.5, height - 1.5, 1.5, 1.5]
    return [middle, corner, [width * 0.6, 0.0, width * 0.4, height * 0.2]][: 1 + number % 3]


@functools.cache
def _objects() -> Sample:
    """Images with boxes (their classes beside them), keypoints with visibility, and a mask."""
    features = {
        "image": Image(),
        "mask": Image(),
        "objects": {
            "bbox": List(List(Value("float32"), length=4)),
            "category": List(ClassLabel(names=["a", "b", "c"])),
        },
        "keypoints": List(List(Value("float32"), length=3)),
        "label": ClassLabel(names=["cat", "dog"]),
    }
    sizes = [(24 + i, 36 - i) for i in range(8)]
    boxes = [_boxes(h, w, i) for i, (h, w) in enumerate(sizes)]
    rows: _Columns = {
        "image": [_file(_drawing(h, w, 3, i), "PNG" if i % 2 else "JPEG") for i, (h, w) in enumerate(sizes)],
        "mask": [_file(_drawing(h, w, 1, i) // 64, "PNG") for i, (h, w) in enumerate(sizes)],
        "objects": [{"bbox": found, "category": list(range(len(found)))} for found in boxes],
        "keypoints": [[[w / 2, h / 3, 2], [1, 1, 1], [0, 0, 0]][: i % 4] for i, (h, w) in enumerate(sizes)],
        "label": [i % 2 for i in range(len(sizes))],
    }
    dot = _file(_drawing(1, 1, 3, 1), "PNG")
    odd: _Columns = {
        "image": [dot, None, rows["image"][0]],
        "mask": [_file(_drawing(1, 1, 1, 1), "PNG"), None, None],
        "objects": [{"bbox": [[0, 0, 1, 1]], "category": [0]}, {"bbox": [], "category": []}, None],
        "keypoints": [[[0, 0, 2]], [], None],
        "label": [None, 0, 1],
    }
    said = {"boxes": "objects.bbox", "box_format": "coco", "keypoints": "keypoints", "keypoint_origin": "corner"}
    return Sample("objects", _dataset(features, rows), _dataset(features, odd), said)


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
    rows: _Columns = {"text": list(_SENTENCES), "label": [i % 2 for i in range(len(_SENTENCES))]}
    odd: _Columns = {"text": ["", None, " ", "a", "\n", "🙂"], "label": [0, 1, None, 0, 1, -1]}
    return Sample("plain", _dataset(features, rows), _dataset(features, odd))


@functools.cache
def _sentences() -> Sample:
    """Texts with typed spans, some nested."""
    spans = {"start": Value("int32"), "end": Value("int32"), "type": ClassLabel(names=["name", "text"])}
    features = {"text": _TEXT, "spans": List(spans)}
    found = []
    for number, text in enumerate(_SENTENCES):
        items = [{"start": low, "end": high, "type": 0} for low, high in _mentions(text)]
        found.append([*items, {"start": 0, "end": len(text), "type": 1}] if number % 3 == 0 else items)
    odd: _Columns = {
        "text": ["", None, " ", "a"],
        "spans": [[{"start": 0, "end": 0, "type": 0}], [], None, [{"start": 0, "end": 1, "type": 1}]],
    }
    rows: _Columns = {"text": list(_SENTENCES), "spans": found}
    return Sample("sentences", _dataset(features, rows), _dataset(features, odd), {"spans": "spans"})


@functools.cache
def _words() -> Sample:
    """Words with entity tags."""
    tag = ClassLabel(names=["O", "B-name", "I-name"])
    features = {"tokens": List(_TEXT), "tags": List(tag)}
    named = {word: number for name in _NAMES for number, word in enumerate(name.split(), start=1)}
    tokens = [text.split() for text in _SENTENCES]
    tags = [[named.get(word.strip(".,;'s"), 0) for word in words] for words in tokens]
    odd: _Columns = {"tokens": [[], ["a"], None, ["🙂"]], "tags": [[], [1], None, [0]]}
    return Sample("words", _dataset(features, {"tokens": tokens, "tags": tags}), _dataset(features, odd))


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
    rows: _Columns = {"context": list(_SENTENCES), "question": questions, "answers": answers}
    none: dict[str, list[Any]] = {"text": [], "answer_start": []}
    odd: _Columns = {
        "context": ["", None, "a"],
        "question": ["", None, "?"],
        "answers": [none, none, {"text": ["a"], "answer_start": [0]}],
    }
    return Sample("questions", _dataset(features, rows), _dataset(features, odd))


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
    """Sounds in several formats, with a class."""
    features = {"audio": Audio(), "label": ClassLabel(names=["yes", "no"])}
    files = [_sound(_tone(800 + 100 * i, 1 + i % 2, i)) for i in range(5)]
    files += [_sound(_tone(700, 2, 6), "WAV", "FLOAT")]
    if importlib.util.find_spec("soundfile"):
        files += [_sound(_tone(600, 1, 7), "FLAC"), _sound(_tone(640, 1, 8), "FLAC", "PCM_24")]
    silence = np.zeros((1, 400), np.float32)
    odd: _Columns = {
        "audio": [_sound(silence), _sound(silence[:, :1]), _sound(silence[:, :0]), None],
        "label": [0, 1, None, 0],
    }
    rows: _Columns = {"audio": files, "label": [i % 2 for i in range(len(files))]}
    return Sample("sounds", _dataset(features, rows), _dataset(features, odd))


# ---- requests and numbers


@functools.cache
def _requests() -> Sample:
    """Prompts, as generators take them."""
    features = {"prompt": _TEXT, "class": ClassLabel(names=["cat", "dog"])}
    rows: _Columns = {"prompt": [f"a photograph of {'a cat' if i % 2 else 'a dog'}, number {i}" for i in range(6)]}
    odd: _Columns = {"prompt": ["", " ", None], "class": [0, 1, None]}
    return Sample("requests", _dataset(features, {**rows, "class": [i % 2 for i in range(6)]}), _dataset(features, odd))


@functools.cache
def _numbers() -> Sample:
    """A table of numbers and names with a class."""
    features = {"age": Value("float64"), "city": _TEXT, "label": ClassLabel(names=["no", "yes"])}
    rows: _Columns = {
        "age": [20.5 + i for i in range(10)],
        "city": [_NAMES[i] for i in range(10)],
        "label": [i % 2 for i in range(10)],
    }
    odd: _Columns = {"age": [None, float("nan"), 0.0], "city": ["", None, "a"], "label": [0, 1, None]}
    return Sample("numbers", _dataset(features, rows), _dataset(features, odd))


SAMPLES: dict[str, Callable[[], Sample]] = {
    "objects": _objects,
    "pictures": _pictures,
    "sentences": _sentences,
    "words": _words,
    "questions": _questions,
    "plain": _plain,
    "sounds": _sounds,
    "requests": _requests,
    "numbers": _numbers,
}
"""Samples by name; those with the most labels come first."""
