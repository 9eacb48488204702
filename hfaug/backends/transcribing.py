"""Speech to text with transformers: Whisper, and CTC models such as Wav2Vec2, HuBERT, WavLM or MMS without adapters.

Whisper listens to long sounds from one 30 s window to the next, by the times that it says itself, and CTC models in
overlapping parts, of which the edges are thrown away; both as transformers' own pipeline does. On a CPU each sound goes
through alone, unpadded, so its transcript depends on it alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hfaug.backends.identity import ModelIdentity
from hfaug.backends.loading import import_extra, loading, quiet, torch_settings
from hfaug.backends.memory import run_batches
from hfaug.backends.own_noise import still_generators
from hfaug.backends.protocols import Determinism, Halving
from hfaug.backends.resampling import resampled
from hfaug.backends.speech import Heard, SpokenWord, Transcript
from hfaug.errors import ModelError, ParameterError

__all__ = ["TransformersTranscriber", "load", "timed_words"]

_ROOM = {"cpu": 1, "cuda": 16}  # sounds in a batch
_CHUNK_S, _STRIDE_S = 20.0, 3.0  # of CTC models: parts of this length, edges of this length thrown away
_SHORTEST_S = 0.1  # below it, the convolutions of a CTC model have nothing to read


def load(identity: ModelIdentity, *, dtype: str, device: str) -> TransformersTranscriber:
    """Load a model that transcribes from the Hub or a folder.

    Raises:
        MissingExtra: transformers, torch or soxr is not installed.
        ModelError: The files cannot be fetched or are no model that transcribes.
    """
    torch, transformers = import_extra("torch", "lm"), import_extra("transformers", "lm")
    import_extra("soxr", "speech")
    with loading(identity.model_id, identity.hub_revision), quiet("transformers"), still_generators():
        names: dict[str, Any] = {"revision": identity.hub_revision}
        config = transformers.AutoConfig.from_pretrained(identity.source, **names)
        is_whisper = config.model_type == "whisper"
        auto = transformers.AutoModelForSpeechSeq2Seq if is_whisper else transformers.AutoModelForCTC
        model = auto.from_pretrained(
            identity.source,
            dtype=getattr(torch, dtype),
            attn_implementation="eager",  # Whisper's times of words are read from its attention
            **names,
        )
        model = model.to(device).eval().requires_grad_(requires_grad=False)
        pipeline = transformers.pipeline(
            "automatic-speech-recognition",
            model=model,
            tokenizer=transformers.AutoTokenizer.from_pretrained(identity.source, **names),
            feature_extractor=transformers.AutoFeatureExtractor.from_pretrained(identity.source, **names),
            device=model.device,
        )
    return TransformersTranscriber(identity, pipeline, is_whisper=is_whisper)


class TransformersTranscriber:
    """A :class:`~hfaug.backends.speech.Transcriber` that runs on transformers. Get it from the registry."""

    def __init__(self, identity: ModelIdentity, pipeline: Any, *, is_whisper: bool) -> None:
        self.model_id, self.revision, self.licence = identity.model_id, identity.revision, identity.licence
        self.halvings: list[Halving] = []
        self._pipeline, self._is_whisper = pipeline, is_whisper
        model = pipeline.model
        self._rate = int(pipeline.feature_extractor.sampling_rate)
        exact = model.device.type == "cpu" and model.dtype.itemsize >= 4
        self.determinism: Determinism = "row" if exact else "request"

    @property
    def settings(self) -> Mapping[str, Any]:
        """Device, dtype and batch plan."""
        model = self._pipeline.model
        parts = {} if self._is_whisper else {"chunk_s": _CHUNK_S, "stride_s": _STRIDE_S}
        return torch_settings(model, batch_rows=_ROOM[model.device.type], **parts)

    def transcribe(
        self, sounds: Sequence[Heard], *, language: str | None = None, words: bool = False
    ) -> list[Transcript]:
        """See :meth:`hfaug.backends.speech.Transcriber.transcribe`."""
        options = self._options(language, words=words)
        long_enough = [row for row, one in enumerate(sounds) if one.samples.size >= _SHORTEST_S * one.rate]
        most = _ROOM[self._pipeline.model.device.type]
        ordered = sorted(long_enough, key=lambda row: sounds[row].samples.size / sounds[row].rate)
        plan = [ordered[start : start + most] for start in range(0, len(ordered), most)]

        def work(rows: Sequence[int]) -> list[Transcript]:
            heard = [resampled(sounds[row].samples, sounds[row].rate, self._rate) for row in rows]
            lengths = [sounds[row].samples.size / sounds[row].rate for row in rows]
            with quiet("transformers"), still_generators():
                found = self._pipeline(list(heard), batch_size=len(rows), **options)
            return [self._transcript(one, length, words=words) for one, length in zip(found, lengths, strict=True)]

        done = run_batches(
            plan, work, cost=lambda rows: sum(sounds[row].samples.size for row in rows), on_halve=self.halvings.append
        )
        return [done.get(row, Transcript("")) for row in range(len(sounds))]

    def _options(self, language: str | None, *, words: bool) -> dict[str, Any]:
        """What the pipeline is told."""
        model = self._pipeline.model
        if not self._is_whisper:
            if language is not None:
                raise ParameterError(
                    f"{self.model_id}: language must be left out, since the model knows what it was trained on alone, "
                    f"was {language!r}; leave it out, or use a model for many languages"
                )
            ratio = model.config.inputs_to_logits_ratio
            if self._pipeline.type == "ctc_with_lm":
                raise ModelError(f"{self.model_id}: must decode without a language model of its own; use another model")
            chunk = max(_CHUNK_S, 8 * _STRIDE_S * ratio / self._rate)
            options: dict[str, Any] = {"chunk_length_s": chunk, "stride_length_s": _STRIDE_S}
            return {**options, "return_timestamps": "word"} if words else options
        config = model.generation_config
        generate: dict[str, Any] = {"do_sample": False, "num_beams": 1}  # the pipeline would search along five
        known = sorted(name.strip("<|>") for name in getattr(config, "lang_to_id", None) or {})
        if getattr(config, "is_multilingual", False):
            generate["task"] = "transcribe"
            if language is not None and language not in known:
                raise ParameterError(
                    f"{self.model_id}: language must be one of {', '.join(known)}, was {language!r}; choose one"
                )
            generate["language"] = language
        elif language not in {None, "en"}:
            raise ParameterError(f"{self.model_id}: language must be en, the only one it knows, was {language!r}")
        if words and getattr(config, "alignment_heads", None) is None:
            raise ParameterError(
                f"{self.model_id}: times of words need `alignment_heads` in its generation_config.json, which has "
                "none; leave words out, or add those of the model that it was trained from"
            )
        return {"generate_kwargs": generate, "return_timestamps": "word" if words else True}

    @staticmethod
    def _transcript(found: Mapping[str, Any], length_s: float, *, words: bool) -> Transcript:
        pieces = [(piece["text"], *piece["timestamp"]) for piece in found.get("chunks", ())] if words else []
        return Transcript(" ".join(found["text"].split()), timed_words(pieces, length_s))


def timed_words(pieces: Sequence[tuple[str, float | None, float | None]], length_s: float) -> tuple[SpokenWord, ...]:
    """Words in order, each within the sound and none before the one ahead of it; an open end is the sound's.

    >>> [(one.word, one.start_s, one.end_s) for one in timed_words([(" So", 0.1, 0.5), (" be", 0.4, None)], 1.0)]
    [('So', 0.1, 0.5), ('be', 0.4, 1.0)]
    """
    words: list[SpokenWord] = []
    for word, start, end in pieces:
        if not word.strip():
            continue
        low = min(max(float(start or 0.0), words[-1].start_s if words else 0.0), length_s)
        high = min(max(low, length_s if end is None else float(end)), length_s)
        words.append(SpokenWord(word.strip(), round(low, 3), round(high, 3)))
    return tuple(words)
