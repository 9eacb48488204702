"""Backends that compute nothing: their answer is a function of the text or prompt and the seed, and they keep count.

with registry.override("translator", FakeTranslator):
    ...
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hfaug.backends import Determinism, GeneratedImage, Halving, ImageRequest, Sampling, Translation
from hfaug.backends.protocols import TOO_LONG, TRUNCATED
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

    def generate(
        self,
        requests: Sequence[ImageRequest],
        seeds: Sequence[int],
        *,
        steps: int | None = None,
        guidance: float | None = None,
        height: int | None = None,
        width: int | None = None,
        batch_size: int | None = None,
    ) -> list[GeneratedImage]:
        self.calls.append(len(requests))
        size = (height or 16, width or 16, 3)
        return [self._one(request, seed, size) for request, seed in zip(requests, seeds, strict=True)]

    @staticmethod
    def _one(request: ImageRequest, seed: int, size: tuple[int, int, int]) -> GeneratedImage:
        cut = len(request.prompt.split()) > 77
        if "FORBIDDEN" in request.prompt:
            return GeneratedImage(np.zeros(size, np.uint8), flagged=True, prompt_cut=cut)
        text = f"{request.prompt}\0{request.negative_prompt or ''}"
        rng = np.random.default_rng([seed, zlib.crc32(text.encode())])
        return GeneratedImage(rng.integers(0, 256, size, np.uint8), prompt_cut=cut)
