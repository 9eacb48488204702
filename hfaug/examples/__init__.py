"""A few small rows of every kind of content, labels with them: what the pages of ops show before and after."""

from __future__ import annotations

import functools
import importlib.util
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

import numpy as np
import pyarrow as pa
from datasets import Audio, ClassLabel, Dataset, Features, Image, List, Value, Video

from hfaug import media
from hfaug.ops.audio import gather_sounds
from hfaug.ops.audio.rooms.box import response_of

__all__ = ["EXAMPLES", "SETTINGS", "Example"]

_NUMBER, _TEXT = Value("float32"), Value("string")


@dataclass(frozen=True)
class Example:
    """Rows to show an op on.

    Args:
        rows: The rows; the first is the one to show.
        said: What `op.on` must be told about them.
    """

    rows: Dataset
    said: Mapping[str, Any] = field(default_factory=dict)


def _stored(rows: list[dict[str, Any]], features: Mapping[str, Any]) -> Dataset:
    """Rows in storage form as a dataset; `Dataset.from_list` would want a decoder for sounds."""
    return Dataset(pa.Table.from_pylist(rows, schema=Features(features).arrow_schema))


def _media(name: str) -> dict[str, Any]:
    return {"bytes": resources.files(__name__).joinpath(name).read_bytes(), "path": None}


@functools.cache
def _objects() -> Example:
    """Photographs with objects (box, class, outline, one keypoint), a mask of classes and a class."""
    known = json.loads(resources.files(__name__).joinpath("photos.json").read_text(encoding="utf-8"))
    category = ClassLabel(names=known["categories"])
    features = {
        "image": Image(),
        "mask": Image(),
        "objects": {
            "bbox": List(List(_NUMBER, length=4)),
            "category": List(category),
            "segmentation": List(List(List(_NUMBER))),
            "keypoints": List(List(_NUMBER, length=3)),
        },
        "label": ClassLabel(names=["cat", "coffee", "rocket"]),
    }
    rows = [_photo(photo, number, category) for number, photo in enumerate(known["photos"])]
    said = {
        "boxes": "objects.bbox",
        "box_format": "pascal_voc",
        "polygons": "objects.segmentation",
        "keypoints": "objects.keypoints",
        "keypoint_origin": "corner",
    }
    return Example(_stored(rows, features), said)


def _photo(known: Mapping[str, Any], number: int, category: ClassLabel) -> dict[str, Any]:
    objects = {**known["objects"], "category": category.str2int(known["objects"]["category"])}
    media_of = {name: _media(known[name]) for name in ("image", "mask")}
    return {**known, **media_of, "objects": objects, "label": number}


@functools.cache
def _photos() -> Example:
    """The photographs with their class alone."""
    return Example(_objects().rows.select_columns(["image", "label"]))


@functools.cache
def _names() -> Example:
    """Texts with the names in them; the first has something in it for every rule."""
    told = {
        "Dr. Zoë Müller doesn't live in São Paulo any more. It is true: on 3 March 2024 she moved to Oslo with 12 bags!"
        " Her friends will visit her in May, but they haven't booked a flight.": (
            ("Zoë Müller", "person"),
            ("São Paulo", "place"),
            ("Oslo", "place"),
        ),
        "Ada Lovelace wrote the first program in London, long before there was a machine to run it.": (
            ("Ada Lovelace", "person"),
            ("London", "place"),
        ),
        "Marie Curie moved from Warsaw to Paris and won two Nobel prizes.": (
            ("Marie Curie", "person"),
            ("Warsaw", "place"),
            ("Paris", "place"),
        ),
        "Noa met Sam Brown in Oslo; they spoke about the weather.": (
            ("Noa", "person"),
            ("Sam Brown", "person"),
            ("Oslo", "place"),
        ),
    }
    kinds = ClassLabel(names=["person", "place"])
    spans = [
        [
            {"start": text.index(name), "end": text.index(name) + len(name), "type": kinds.str2int(kind)}
            for name, kind in names
        ]
        for text, names in told.items()
    ]
    features = {"text": _TEXT, "spans": List({"start": Value("int32"), "end": Value("int32"), "type": kinds})}
    rows = [{"text": text, "spans": some} for text, some in zip(told, spans, strict=True)]
    return Example(_stored(rows, features), {"spans": "spans"})


@functools.cache
def _plain() -> Example:
    """Texts with a class."""
    texts = ["The room was clean and the breakfast was great.", "I waited for an hour. Nobody came!", "It works."]
    rows = [{"text": text, "label": label} for text, label in zip(texts, (0, 1, 0), strict=True)]
    return Example(_stored(rows, {"text": _TEXT, "label": ClassLabel(names=["good", "bad"])}))


@functools.cache
def _trips() -> Example:
    """Rows to make texts of."""
    return Example(_stored([{"city": "Oslo", "days": 3}], {"city": _TEXT, "days": Value("int32")}))


@functools.cache
def _melodies() -> Example:
    """Two short melodies with their notes and a class."""
    rate = 16_000

    def melody(notes: tuple[int, ...]) -> dict[str, Any]:
        time = np.arange(rate // 4) / rate
        tones = [np.sin(2 * np.pi * 440 * 2 ** (note / 12) * time) * np.exp(-6 * time) for note in notes]
        samples = (0.5 * np.concatenate(tones)).astype(np.float32)[None]
        like = media.Clip(samples, rate, "WAV", "PCM_16", 1)
        return {"bytes": media.encode_audio(samples, like=like), "path": None}

    def times(names: str) -> list[dict[str, Any]]:
        return [{"start": k / 4, "end": (k + 1) / 4, "note": name} for k, name in enumerate(names.split())]

    played = (((0, 4, 7, 12), "a c# e a"), ((12, 7, 4, 0), "a e c# a"))
    rows = [
        {"audio": melody(notes), "notes": times(names), "label": label} for label, (notes, names) in enumerate(played)
    ]
    heard = List({"start": Value("float64"), "end": Value("float64"), "note": _TEXT})
    features = {"audio": Audio(), "notes": heard, "label": ClassLabel(names=["up", "down"])}
    return Example(_stored(rows, features), {"segments": "notes"})


@functools.cache
def _sounds() -> Example:
    """The melodies with their class alone."""
    return Example(_melodies().rows.select_columns(["audio", "label"]))


@functools.cache
def _features() -> Example:
    """The melodies as a recogniser gets them: levels of 48 bands, 100 times a second."""
    found = []
    for row in _sounds().rows.with_format("arrow")[:].to_pylist():
        samples = media.decode_audio(row["audio"]["bytes"]).samples[0]
        frames = np.lib.stride_tricks.sliding_window_view(np.pad(samples, 200), 400)[::160] * np.hanning(400)
        levels = np.log10(np.abs(np.fft.rfft(frames, axis=1))[:, 1:97].reshape(len(frames), 48, 2).max(axis=2) + 1e-4)
        found.append({"input_features": levels.astype(np.float32).tolist(), "label": row["label"]})
    kind = {"input_features": List(List(_NUMBER)), "label": ClassLabel(names=["up", "down"])}
    return Example(_stored(found, kind))


def _hall() -> dict[str, Any]:
    """The answer of a hall to a click, as if it had been recorded."""
    size, speaker, listener = np.array([14.0, 9.0, 5.0]), np.array([3.0, 4.0, 1.6]), np.array([10.0, 5.0, 1.3])
    answer = response_of(size, speaker, listener, 1.2, 16_000, np.random.default_rng(0))
    answer *= 0.9 / np.abs(answer).max()
    stored = {"bytes": media.encode_audio(answer, like=media.Clip(answer, 16_000)), "path": None}
    return {"responses": gather_sounds(_stored([{"audio": stored}], {"audio": Audio()})), "wet": (0.6, 0.9)}


@functools.cache
def _films() -> Example:
    """A camera that moves over a photograph, with what it sees when."""
    whole = media.decode_image(_objects().rows.with_format("arrow")[:1]["image"][0].as_py()["bytes"]).array
    height, width = whole.shape[0] * 2 // 3 // 2 * 2, whole.shape[1] * 2 // 3 // 2 * 2
    ways = np.linspace(0, 1, 20)
    down, right = whole.shape[0] - height, whole.shape[1] - width
    views = [whole[round(way * down) :, round(way * right) :][:height, :width] for way in ways]
    film = {"bytes": media.new_video([np.ascontiguousarray(view) for view in views], fps=10), "path": None}
    events = [{"start": 0.5, "end": 1.5, "name": "half-way"}]
    kind = List({"start": _NUMBER, "end": _NUMBER, "name": _TEXT})
    rows = [{"video": film, "events": events}]
    return Example(_stored(rows, {"video": Video(), "events": kind}), {"segments": "events"})


@functools.cache
def _bare_films() -> Example:
    """The film alone."""
    return Example(_films().rows.select_columns(["video"]))


EXAMPLES: tuple[Callable[[], Example], ...] = (
    *(_objects, _photos, _names, _plain, _trips, _melodies, _sounds, _features),
    *([_films, _bare_films] if importlib.util.find_spec("av") else []),
)
"""Examples, those with the most labels first."""

SETTINGS: Mapping[str, Callable[[], Mapping[str, Any]]] = {
    "audio.reverberate": _hall,
    "audio.spec_augment": lambda: {"time_warp": (0.05, 0.15)},
    "text.fill_templates": lambda: {
        "templates": (
            "{{ who }} stays in {{ city }} for {{ days }} days.",
            "{{ days }} days in {{ city }}, says {{ who }}",
        ),
        "slots": {"who": ["Ada", "Sam Brown", "the mayor of {{ home }}"], "home": ["Rome", "Paris"]},
        "entities": {"who": "person", "city": "place", "home": "place"},
    },
}
"""What ops are shown with that have nothing to do by default."""
