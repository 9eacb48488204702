"""Backends that compute nothing: their answer is a function of the text or prompt and the seed, and they keep count.

with registry.override("translator", FakeTranslator):
    ...
"""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from hfaug.backends import (
    Candidate,
    Completion,
    Determinism,
    Filled,
    GeneratedImage,
    Halving,
    Heard,
    ImageRequest,
    MaskRequest,
    Prompt,
    Sampling,
    Speech,
    SpeechRequest,
    SpokenWord,
    Transcript,
    Translation,
)
from hfaug.backends.protocols import TOO_LONG, TRUNCATED
from hfaug.backends.speech import NO_SPEECH
from hfaug.errors import ParameterError

_SEARCH = Sampling()


class _Fake:
    """What every fake says about itself.

    Args:
        model: Any name; the revision follows from it unless one is given.
        revision: As for a real model.
        dtype: As for a real model; of no effect.
        device: As for a real model; of no effect.
    """

    licence: str | None = "apache-2.0"
    determinism: Determinism = "row"
    settings: Mapping[str, Any] = {"runtime": "fake", "device": "cpu", "dtype": "float32"}

    def __init__(
        self, model: str = "fake", *, revision: str | None = None, dtype: str | None = None, device: str | None = None
    ) -> None:
        self.model_id = model
        self.revision = revision or f"xxh3:{zlib.crc32(model.encode()):032x}"
        self.halvings: list[Halving] = []
        self.calls: list[int] = []
        """How many rows each call had."""


class FakeTranslator(_Fake):
    """Marks a text with the language it was translated to, and with the seed where one is drawn with.

    Texts of more than 50 words are too long for it, one that holds ``ENDLESS`` is truncated. It knows de, en and fr.
    """

    longest = 50

    def translate(
        self,
        texts: Sequence[str],
        *,
        target: str,
        source: str | None = None,
        seeds: Sequence[int] | None = None,
        sampling: Sampling = _SEARCH,
    ) -> list[Translation]:
        self.calls.append(len(texts))
        if target not in {"de", "en", "fr"}:
            raise ParameterError(f"{self.model_id}: target must be one of de, en, fr, was {target!r}; choose one")
        if sampling.draws and (seeds is None or len(seeds) != len(texts)):
            raise ParameterError(f"{self.model_id}: drawing needs one seed a text; give as many")
        drawn = seeds if sampling.draws and seeds is not None else [0] * len(texts)
        return [self._one(text, target, seed) for text, seed in zip(texts, drawn, strict=True)]

    def _one(self, text: str, target: str, seed: int) -> Translation:
        if not text.strip():
            return Translation(text)
        if len(text.split()) > self.longest:
            return Translation("", (TOO_LONG,))
        return Translation(f"{text} [{target} {seed % 1000}]", (TRUNCATED,) if "ENDLESS" in text else ())


class FakeImagePipeline(_Fake):
    """Draws noise that follows from prompt and seed, 16x16 unless told otherwise.

    A prompt that holds ``FORBIDDEN`` comes back black and flagged, one of more than 77 words is cut.
    """

    def __init__(self, model: str = "fake", **names: Any) -> None:
        super().__init__(model, **names)
        self.requests: list[ImageRequest] = []
        """Every request it ever got."""

    def generate(
        self,
        requests: Sequence[ImageRequest],
        seeds: Sequence[int],
        *,
        steps: int | None = None,
        guidance: float | None = None,
        height: int | None = None,
        width: int | None = None,
        control_scale: float | None = None,
        batch_size: int | None = None,
        on_done: Callable[[int, GeneratedImage], None] | None = None,
    ) -> list[GeneratedImage]:
        self.calls.append(len(requests))
        self.requests.extend(requests)
        size = (height or 16, width or 16, 3)
        done = [self._one(request, seed, size) for request, seed in zip(requests, seeds, strict=True)]
        for place, image in enumerate(done):
            if on_done is not None:
                on_done(place, image)
        return done

    @staticmethod
    def _one(request: ImageRequest, seed: int, size: tuple[int, int, int]) -> GeneratedImage:
        cut = len(request.prompt.split()) > 77
        if "FORBIDDEN" in request.prompt:
            return GeneratedImage(np.zeros(size, np.uint8), flagged=True, prompt_cut=cut)
        text = f"{request.prompt}\0{request.negative_prompt or ''}"
        rng = np.random.default_rng([seed, zlib.crc32(text.encode())])
        return GeneratedImage(rng.integers(0, 256, size, np.uint8), prompt_cut=cut)


class FakeLanguageModel(_Fake):
    """Says the last message again, marked with the seed where one is drawn with; for a schema, makes up a document.

    Prompts of more than 2,000 words are too long for it, one that holds ``FORBIDDEN`` is filtered, one that holds
    ``ENDLESS`` comes to its end at ``max_new_tokens`` words, one that holds ``BROKEN`` is answered by what no schema
    allows. Override :meth:`reply` for other answers.
    """

    longest = 2000

    def __init__(self, model: str = "fake", **names: Any) -> None:
        super().__init__(model, **names)
        self.prompts: list[Prompt] = []
        """Every prompt it ever got."""

    def generate(
        self,
        prompts: Sequence[Prompt],
        *,
        seeds: Sequence[int] | None = None,
        sampling: Sampling = _SEARCH,
        max_new_tokens: int = 256,
        stop: Sequence[str] = (),
        schema: Mapping[str, Any] | None = None,
    ) -> list[Completion]:
        self.calls.append(len(prompts))
        self.prompts += prompts
        if sampling.draws and (seeds is None or len(seeds) != len(prompts)):
            raise ParameterError(f"{self.model_id}: drawing needs one seed a prompt; give as many")
        drawn = seeds if sampling.draws and seeds is not None else [0] * len(prompts)
        return [
            self._one(prompt, seed, max_new_tokens, stop, schema) for prompt, seed in zip(prompts, drawn, strict=True)
        ]

    def reply(self, prompt: Prompt, seed: int, schema: Mapping[str, Any] | None) -> str:
        """The whole answer to a prompt."""
        last = prompt if isinstance(prompt, str) else prompt[-1].content
        if schema is None:
            return f"{last} [{seed % 1000}]"
        return json.dumps(_made_up(schema, random.Random(f"{seed} {last}")), ensure_ascii=False)

    def _one(
        self, prompt: Prompt, seed: int, limit: int, stop: Sequence[str], schema: Mapping[str, Any] | None
    ) -> Completion:
        whole = prompt if isinstance(prompt, str) else "\n".join(message.content for message in prompt)
        tokens = len(whole.split())
        if tokens + limit > self.longest + 256:
            return Completion("", "too_long", tokens)
        if "FORBIDDEN" in whole:
            return Completion("", "filtered", tokens)
        if "BROKEN" in whole and schema is not None:
            return Completion("{", "invalid", tokens, 1)
        text = self.reply(prompt, seed, schema)
        text = text[: min([place for place in map(text.find, stop) if place >= 0], default=len(text))]
        if "ENDLESS" in whole or len(text.split()) > limit:
            words = (text.split() * limit)[:limit]
            return Completion(" ".join(words), "length", tokens, limit)
        return Completion(text, "stop", tokens, len(text.split()) + 1)


class FakeMaskedModel(_Fake):
    """Knows eight words for every place, in an order that follows from the text around it.

    Texts of more than 50 words are too long for it.
    """

    longest = 50
    words = ("good", "new", "small", "old", "long", "warm", "green", "quiet")

    def fill(self, requests: Sequence[MaskRequest], *, top_k: int = 50) -> list[Filled]:
        self.calls.append(len(requests))
        if top_k < 1:
            raise ParameterError(f"{self.model_id}: top_k must be 1 or more, was {top_k}; change it")
        return [self._one(request, top_k) for request in requests]

    def _one(self, request: MaskRequest, top_k: int) -> Filled:
        if len(request.text.split()) > self.longest:
            return Filled((), (TOO_LONG,))
        found = []
        for start, end in request.places:
            around = f"{request.text[:start]}\0{request.text[end:]}"
            order = random.Random(around).sample(self.words, len(self.words))
            found.append(tuple(Candidate(word, 2.0 ** -(place + 1)) for place, word in enumerate(order[:top_k])))
        return Filled(tuple(found))


class FakeSpeaker(_Fake):
    """Says each letter as a tone of 10 ms at 8 kHz, higher for later letters, and draws noise with the seed.

    Texts of more than 50 words are too long for it, one that holds ``ENDLESS`` is truncated, one without a letter is no
    speech. It knows the voices ``ann`` and ``bob``, and heeds the speed. :class:`FakeTranscriber` understands it.
    """

    step = 80

    def speak(
        self, requests: Sequence[SpeechRequest], seeds: Sequence[int], *, voices_folder: str | None = None
    ) -> list[Speech]:
        self.calls.append(len(requests))
        return [self._one(request, seed) for request, seed in zip(requests, seeds, strict=True)]

    def _one(self, request: SpeechRequest, seed: int) -> Speech:
        if request.voice not in {None, "ann", "bob"}:
            raise ParameterError(f"{self.model_id}: voice must be ann or bob, was {request.voice!r}; choose one")
        flag = NO_SPEECH if not any(map(str.isalpha, request.text)) else ""
        flag = TOO_LONG if len(request.text.split()) > 50 else TRUNCATED if "ENDLESS" in request.text else flag
        if flag:
            return Speech(np.zeros(0, np.float32), 8000, (flag,))
        levels = np.array([ord(letter) for letter in request.text], np.float32) / 256
        wave = np.repeat(levels, self.step)
        wave += np.random.default_rng(seed).uniform(-1e-4, 1e-4, wave.size).astype(np.float32)
        ends = np.arange(0, wave.size, request.speed).astype(int)
        return Speech(wave[ends[ends < wave.size]], 8000)


class FakeTranscriber(_Fake):
    """Reads what :class:`FakeSpeaker` says at speed 1; of other sounds it hears how long they are."""

    def transcribe(
        self, sounds: Sequence[Heard], *, language: str | None = None, words: bool = False
    ) -> list[Transcript]:
        self.calls.append(len(sounds))
        if language not in {None, "en", "de"}:
            raise ParameterError(f"{self.model_id}: language must be en or de, was {language!r}; choose one")
        return [self._one(sound, words=words) for sound in sounds]

    @staticmethod
    def _one(sound: Heard, *, words: bool) -> Transcript:
        if not sound.samples.any():
            return Transcript("")
        letters = sound.samples[FakeSpeaker.step // 2 :: FakeSpeaker.step] * 256
        text = "".join(chr(round(abs(float(one)))) for one in letters)
        if sound.rate != 8000 or not text.isprintable():
            text = f"{sound.samples.size} samples"
        length = sound.samples.size / sound.rate
        parts = text.split()
        timed = [SpokenWord(w, length * i / len(parts), length * (i + 1) / len(parts)) for i, w in enumerate(parts)]
        return Transcript(text, tuple(timed) if words else ())


class FakeSpeechQuality(_Fake):
    """The louder the better: mos is 1 + 4 times the peak."""

    def score(self, sounds: Sequence[Heard]) -> list[Mapping[str, float]]:
        self.calls.append(len(sounds))
        return [{"mos": 1 + 4 * float(np.abs(sound.samples).max(initial=0))} for sound in sounds]


def _made_up(schema: Mapping[str, Any], draw: random.Random) -> Any:
    """A document that a plain schema allows: objects, arrays, strings, numbers, enumerations, alternatives."""
    if "const" in schema:
        return schema["const"]
    for choice in ("enum", "anyOf", "oneOf"):
        if choice in schema:
            found = draw.choice(list(schema[choice]))
            return found if choice == "enum" else _made_up(found, draw)
    kind = schema.get("type", "object")
    if not isinstance(kind, str):
        kind = draw.choice(list(kind))
    low = schema.get("minimum", 0)
    if kind == "object":
        return {name: _made_up(part, draw) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        count = max(schema.get("minItems", 1), min(2, schema.get("maxItems", 2)))
        return [_made_up(schema.get("items", {"type": "string"}), draw) for _ in range(count)]
    if kind == "string":
        text = f"word {draw.randrange(1000)}"
        return text[: schema.get("maxLength", 99)].ljust(schema.get("minLength", 0), "x")
    span = schema.get("maximum", low + 10) - low
    plain = {"integer": lambda: low + draw.randint(0, int(span)), "number": lambda: low + draw.random() * span}
    return {**plain, "boolean": lambda: draw.random() < 0.5, "null": lambda: None}[kind]()
