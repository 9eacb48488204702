"""Speech to text with faster-whisper: Whisper on CTranslate2, several times as fast on a CPU.

Takes models that are converted already (``Systran/faster-whisper-small``, or a folder with ``model.bin``); others are
converted once, into a cache folder of their own. Each sound goes through alone, by a search without draws: where a
window fails, faster-whisper would draw at higher temperatures, which is turned off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hfaug.backends.cache import publish_folder
from hfaug.backends.ct2 import converted_folder
from hfaug.backends.identity import ModelIdentity
from hfaug.backends.loading import import_extra, loading, quiet
from hfaug.backends.protocols import Determinism, Halving
from hfaug.backends.resampling import resampled
from hfaug.backends.speech import Heard, Transcript
from hfaug.backends.transcribing import timed_words
from hfaug.errors import ParameterError

__all__ = ["FasterWhisperTranscriber", "load"]

_RATE = 16000
_BEAMS = 5
_SHORTEST_S = 0.1


def load(identity: ModelIdentity, *, dtype: str, device: str) -> FasterWhisperTranscriber:
    """Load a Whisper model from the Hub or a folder, and convert it if it is not one of CTranslate2's.

    Raises:
        MissingExtra: faster-whisper or soxr is not installed.
        ModelError: The files cannot be fetched, or are no Whisper.
    """
    faster_whisper = import_extra("faster_whisper", "faster-whisper")
    engine = import_extra("ctranslate2", "faster-whisper")
    import_extra("soxr", "speech")
    with loading(identity.model_id, identity.hub_revision):
        folder = _folder(identity)
        if not (folder / "model.bin").is_file():
            folder = _converted(identity, engine)
        kind, _, index = device.partition(":")
        model = faster_whisper.WhisperModel(
            str(folder), device=kind, device_index=int(index or 0), compute_type=dtype, local_files_only=True
        )
    return FasterWhisperTranscriber(identity, model, device=kind, dtype=dtype)


def _folder(identity: ModelIdentity) -> Path:
    if identity.local:
        return Path(identity.source)
    from huggingface_hub import snapshot_download

    wanted = ["*.json", "model.bin", "vocabulary.*", "*.txt"]
    return Path(snapshot_download(identity.source, revision=identity.revision, allow_patterns=wanted))


def _converted(identity: ModelIdentity, engine: Any) -> Path:
    """The folder of the converted model, made where it is not there yet."""
    import_extra("transformers", "lm")
    folder = converted_folder(identity, engine.__version__)
    if not (folder / "model.bin").is_file():
        files = ["tokenizer.json", "preprocessor_config.json"]
        with quiet("transformers"), publish_folder(folder) as written:
            from ctranslate2.converters import TransformersConverter

            source = Path(identity.source)
            copied = [name for name in files if not identity.local or (source / name).is_file()]
            converter = TransformersConverter(
                identity.source, copy_files=copied, revision=identity.hub_revision, low_cpu_mem_usage=True
            )
            converter.convert(str(written), force=True)
    return folder


class FasterWhisperTranscriber:
    """A :class:`~hfaug.backends.speech.Transcriber` that runs on faster-whisper. Get it from the registry."""

    def __init__(self, identity: ModelIdentity, model: Any, *, device: str, dtype: str) -> None:
        self.model_id, self.revision, self.licence = identity.model_id, identity.revision, identity.licence
        self.halvings: list[Halving] = []
        self._model, self._device, self._dtype = model, device, dtype
        self.determinism: Determinism = "row" if device == "cpu" and dtype == "float32" else "request"

    @property
    def settings(self) -> Mapping[str, Any]:
        """Device, dtype and search."""
        return {"runtime": "faster-whisper", "device": self._device, "dtype": self._dtype, "beams": _BEAMS}

    def transcribe(
        self, sounds: Sequence[Heard], *, language: str | None = None, words: bool = False
    ) -> list[Transcript]:
        """See :meth:`hfaug.backends.speech.Transcriber.transcribe`."""
        known = self._model.supported_languages
        if language is not None and language not in known:
            raise ParameterError(
                f"{self.model_id}: language must be one of {', '.join(sorted(known))}, was {language!r}; choose one"
            )
        return [self._one(sound, language, words=words) for sound in sounds]

    def _one(self, sound: Heard, language: str | None, *, words: bool) -> Transcript:
        length = sound.samples.size / sound.rate
        if length < _SHORTEST_S:
            return Transcript("")
        segments, _ = self._model.transcribe(
            resampled(sound.samples, sound.rate, _RATE),
            language=language,
            beam_size=_BEAMS,
            temperature=0.0,
            condition_on_previous_text=False,
            word_timestamps=words,
        )
        heard = list(segments)
        text = " ".join("".join(segment.text for segment in heard).split())
        pieces = [(word.word, word.start, word.end) for segment in heard for word in segment.words or ()]
        return Transcript(text, timed_words(pieces, length))
