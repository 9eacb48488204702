"""Speech with transformers: VITS and MMS, SpeechT5 with a vocoder, Bark.

On a CPU each text goes through the model alone, without any padding: so a sound depends on its text, voice, speed and
seed, to the last bit. Nothing is lost by it there, since the convolutions of a vocoder take as long for eight sounds at
once as for eight in a row. On a GPU, texts of VITS that are about as long share a batch; SpeechT5 draws one mask for
all rows of a batch and Bark tokens for all at once, so these stay alone there too.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hfaug.backends.identity import ModelIdentity, identify
from hfaug.backends.loading import import_extra, loading, quiet, torch_settings
from hfaug.backends.memory import run_batches
from hfaug.backends.own_noise import noise_of_rows, still_generators
from hfaug.backends.protocols import TOO_LONG, TRUNCATED, Determinism, Halving
from hfaug.backends.speech import NO_SPEECH, Speech, SpeechRequest
from hfaug.errors import MissingExtra, ModelError, ParameterError

__all__ = ["VOCODER", "TransformersSpeaker", "load"]

VOCODER = "microsoft/speecht5_hifigan"
"""What makes sound of SpeechT5's spectrograms where its folder has no vocoder of its own."""

_ROOM = {"cpu": 1, "cuda": 16}  # texts of VITS in a batch
_LONGEST = 2000
"""Tokens of the longest text that VITS is given: the memory of its attention grows with the square."""


def load(identity: ModelIdentity, *, dtype: str, device: str) -> TransformersSpeaker:
    """Load a model that speaks from the Hub or a folder.

    Raises:
        MissingExtra: transformers or torch is not installed, or what a tokenizer needs.
        ModelError: The files cannot be fetched or are no model of these kinds.
    """
    torch, transformers = import_extra("torch", "lm"), import_extra("transformers", "lm")
    with loading(identity.model_id, identity.hub_revision), quiet("transformers"), still_generators():
        names: dict[str, Any] = {"revision": identity.hub_revision}
        kind = transformers.AutoConfig.from_pretrained(identity.source, **names).model_type
        if kind not in _KINDS:
            known = ", ".join(_KINDS)
            raise ModelError(f"{identity.model_id}: must be one of {known}, is {kind}; use another model")
        model_class, speaker_class = _KINDS[kind]
        if kind == "speecht5":
            import_extra("sentencepiece", "lm")
        model = getattr(transformers, model_class).from_pretrained(
            identity.source, dtype=getattr(torch, dtype), **names
        )
        return speaker_class(identity, model.to(device).eval().requires_grad_(requires_grad=False))


class TransformersSpeaker:
    """A :class:`~hfaug.backends.speech.Speaker` that runs on transformers. Get it from the registry."""

    shares: bool = False
    """Whether texts may share a batch."""
    has_speed: bool = False

    def __init__(self, identity: ModelIdentity, model: Any) -> None:
        self.model_id, self.revision, self.licence = identity.model_id, identity.revision, identity.licence
        self.identity = identity
        self.model = model
        self.halvings: list[Halving] = []
        alone = model.device.type == "cpu" or not self.shares
        self.determinism: Determinism = "row" if alone and model.dtype.itemsize >= 4 else "request"

    @property
    def settings(self) -> Mapping[str, Any]:
        """Device, dtype and batch plan."""
        return torch_settings(self.model, batch_rows=_ROOM[self.model.device.type] if self.shares else 1)

    @property
    @abstractmethod
    def rate(self) -> int:
        """Samples a second."""

    @abstractmethod
    def tokens(self, text: str) -> tuple[list[int], str | None]:
        """The tokens of a text, and why it cannot be said."""

    @abstractmethod
    def check(self, voice: str | None, folder: str | None) -> None:
        """Refuse a voice that the model does not know."""

    @abstractmethod
    def say(
        self, tokens: Sequence[list[int]], requests: Sequence[SpeechRequest], folder: str | None
    ) -> list[tuple[Any, bool]]:
        """The waveform of each row of one voice, and whether it was cut off."""

    def speak(
        self, requests: Sequence[SpeechRequest], seeds: Sequence[int], *, voices_folder: str | None = None
    ) -> list[Speech]:
        """See :meth:`hfaug.backends.speech.Speaker.speak`."""
        if len(seeds) != len(requests):
            raise ParameterError(f"{self.model_id}: speaking needs one seed a text, {len(requests)} had {len(seeds)}")
        for voice in {request.voice for request in requests}:
            self.check(voice, voices_folder)
        slow = next((request.speed for request in requests if request.speed != 1), None)
        if slow is not None and not self.has_speed:
            raise ParameterError(
                f"{self.model_id}: speed must be 1 since the model has none to set, was {slow}; leave speed out, and "
                "change it afterwards by an op on sounds"
            )
        read = [self.tokens(request.text) for request in requests]
        can = [row for row, (_, flag) in enumerate(read) if flag is None]

        def work(rows: Sequence[int]) -> list[Speech]:
            with still_generators(), noise_of_rows([seeds[row] for row in rows]):
                made = self.say([read[row][0] for row in rows], [requests[row] for row in rows], voices_folder)
            return [self._speech(wave, cut=cut) for wave, cut in made]

        plan = self._plan(can, [len(ids) for ids, _ in read], requests)
        found = run_batches(plan, work, on_halve=self.halvings.append)
        nothing = np.zeros(0, np.float32)
        return [
            found[row] if flag is None else Speech(nothing, self.rate, (flag,)) for row, (_, flag) in enumerate(read)
        ]

    def _plan(self, rows: Sequence[int], lengths: Sequence[int], requests: Sequence[SpeechRequest]) -> list[list[int]]:
        """Rows of one voice, sorted by length."""
        most = _ROOM[self.model.device.type] if self.shares else 1
        voices = dict.fromkeys(requests[row].voice for row in rows)
        plan = []
        for voice in voices:
            some = sorted((row for row in rows if requests[row].voice == voice), key=lengths.__getitem__)
            plan += [some[start : start + most] for start in range(0, len(some), most)]
        return plan

    def _speech(self, wave: Any, *, cut: bool) -> Speech:
        samples = wave.detach().float().cpu().numpy().reshape(-1)
        if not np.isfinite(samples).all():
            raise ModelError(f"{self.model_id}: must make sound, made NaN or infinity; use dtype float32")
        return Speech(np.clip(samples, -1, 1), self.rate, (TRUNCATED,) if cut else ())


class VitsSpeaker(TransformersSpeaker):
    """VITS, and MMS which is VITS: voices are numbers, from 0 up."""

    shares = True
    has_speed = True

    def __init__(self, identity: ModelIdentity, model: Any) -> None:
        import transformers

        super().__init__(identity, model)
        tokenizer = transformers.AutoTokenizer.from_pretrained(identity.source, revision=identity.hub_revision)
        if tokenizer.phonemize:
            import_extra("phonemizer", "speech")  # GPL-3.0, so the user's own choice: no extra of ours brings it
        self._tokenizer = tokenizer

    @property
    def rate(self) -> int:
        return int(self.model.config.sampling_rate)

    def tokens(self, text: str) -> tuple[list[int], str | None]:
        import importlib.util

        own = self._tokenizer
        if own.is_uroman and any(ord(letter) > 0x24F for letter in text) and not importlib.util.find_spec("uroman"):
            raise MissingExtra(
                f"{self.model_id}: must have its texts in Latin letters, got others, and `uroman`, which rewrites "
                "them, is not installed; run `pip install uroman`"
            )
        ids = [int(one) for one in own(text)["input_ids"]]
        said = ids[1::2] if own.add_blank else ids
        spoken = [one for one in said if any(map(str.isalnum, own.convert_ids_to_tokens(one) or ""))]
        flag = NO_SPEECH if not spoken else TOO_LONG if len(ids) > _LONGEST else None
        return ids, flag

    def check(self, voice: str | None, folder: str | None) -> None:
        count = self.model.config.num_speakers
        known = [str(number) for number in range(count)] if count > 1 else []
        if voice is not None and voice not in known:
            what = f"one of 0 to {count - 1}" if known else "left out, since the model has one voice"
            raise ParameterError(f"{self.model_id}: voice must be {what}, was {voice!r}; correct voices")

    def say(
        self, tokens: Sequence[list[int]], requests: Sequence[SpeechRequest], folder: str | None
    ) -> list[tuple[Any, bool]]:
        import torch

        width, device = max(map(len, tokens)), self.model.device
        ids = torch.zeros((len(tokens), width), dtype=torch.int64)
        mask = torch.zeros_like(ids)
        for row, one in enumerate(tokens):
            ids[row, : len(one)] = torch.tensor(one)
            mask[row, : len(one)] = 1
        own = self.model.config.speaking_rate
        speed = torch.tensor([[[own * request.speed]] for request in requests], dtype=self.model.dtype, device=device)
        several = self.model.config.num_speakers > 1
        speaker = int(requests[0].voice or 0) if several else None
        with torch.inference_mode():
            self.model.speaking_rate = speed  # the keyword for it is not in every transformers 5
            output = self.model(input_ids=ids.to(device), attention_mask=mask.to(device), speaker_id=speaker)
        lengths = output.sequence_lengths.tolist()
        return [(wave[: int(length)], False) for wave, length in zip(output.waveform, lengths, strict=True)]


class SpeechT5Speaker(TransformersSpeaker):
    """SpeechT5: a voice is a vector, in a file ``NAME.npy`` of a folder."""

    def __init__(self, identity: ModelIdentity, model: Any) -> None:
        import transformers

        super().__init__(identity, model)
        names: dict[str, Any] = {"revision": identity.hub_revision}
        self._tokenizer = transformers.AutoTokenizer.from_pretrained(identity.source, **names)
        own = Path(identity.source) / "vocoder"
        found = identify(own) if identity.local and own.is_dir() else identify(VOCODER)
        self._vocoder_name = f"{found.model_id}@{found.revision}"
        names = {"revision": found.hub_revision, "dtype": model.dtype}
        vocoder = transformers.SpeechT5HifiGan.from_pretrained(found.source, **names)
        self._vocoder = vocoder.to(model.device).eval().requires_grad_(requires_grad=False)

    @property
    def settings(self) -> Mapping[str, Any]:
        """Also the vocoder."""
        return {**super().settings, "vocoder": self._vocoder_name}

    @property
    def rate(self) -> int:
        return int(self._vocoder.config.sampling_rate)

    def tokens(self, text: str) -> tuple[list[int], str | None]:
        ids = [int(one) for one in self._tokenizer(text)["input_ids"]]
        special = {*self._tokenizer.all_special_ids}
        pieces = [self._tokenizer.convert_ids_to_tokens(one) for one in ids if one not in special]
        spoken = any(any(map(str.isalnum, piece)) for piece in pieces)
        longest = self.model.config.max_text_positions
        return ids, NO_SPEECH if not spoken else TOO_LONG if len(ids) > longest else None

    def check(self, voice: str | None, folder: str | None) -> None:
        self._vector(voice, folder)

    def say(
        self, tokens: Sequence[list[int]], requests: Sequence[SpeechRequest], folder: str | None
    ) -> list[tuple[Any, bool]]:
        import torch

        (ids,), (request,) = tokens, requests
        device, config = self.model.device, self.model.config
        vector = torch.from_numpy(self._vector(request.voice, folder)).to(device, self.model.dtype)[None]
        with torch.inference_mode():
            spectrogram = self.model.generate_speech(
                torch.tensor([ids], device=device), speaker_embeddings=vector, vocoder=None
            )
            wave = self._vocoder(spectrogram)
        limit = int(len(ids) * 20.0 / config.reduction_factor) * config.reduction_factor  # of generate_speech itself
        return [(wave, spectrogram.shape[-2] >= limit)]

    def _vector(self, voice: str | None, folder: str | None) -> Any:
        """The vector of a voice."""
        size = self.model.config.speaker_embedding_dim
        if voice is None or folder is None or not voice.isprintable() or "/" in voice or "\\" in voice:
            raise ParameterError(
                f"{self.model_id}: must be told a voice by its vector, voice was {voice!r} and the folder of voices "
                f"{'missing' if folder is None else 'given'}; name voices, and a folder with NAME.npy for each "
                f"({size} numbers, such as those of Matthijs/cmu-arctic-xvectors)"
            )
        path = Path(folder).expanduser() / f"{voice}.npy"
        if not path.is_file():
            known = ", ".join(sorted(file.stem for file in path.parent.glob("*.npy"))[:10]) or "none"
            raise ParameterError(f"{self.model_id}: voice must be one of {known}, was {voice!r}; correct voices")
        found = np.load(path, allow_pickle=False).astype(np.float32).reshape(-1)
        if found.shape != (size,):
            raise ParameterError(
                f"{self.model_id}: the vector of a voice must have {size} numbers, {voice!r} has {found.size}; "
                "make it with the model's own speaker encoder"
            )
        return found


class BarkSpeaker(TransformersSpeaker):
    """Bark: voices are its presets, such as ``v2/en_speaker_6``."""

    def __init__(self, identity: ModelIdentity, model: Any) -> None:
        import transformers

        super().__init__(identity, model)
        processor: Any = transformers.BarkProcessor
        self._processor = processor.from_pretrained(identity.source, revision=identity.hub_revision)

    @property
    def rate(self) -> int:
        return int(self.model.generation_config.sample_rate)

    def tokens(self, text: str) -> tuple[list[int], str | None]:
        ids = self._processor.tokenizer(text, add_special_tokens=False)["input_ids"]
        longest = self.model.generation_config.semantic_config["max_input_semantic_length"]
        spoken = any(map(str.isalnum, text))
        return list(ids), NO_SPEECH if not spoken else TOO_LONG if len(ids) > longest else None

    def check(self, voice: str | None, folder: str | None) -> None:
        known = list(self._processor.available_voice_presets)
        if voice is not None and voice not in known:
            some = ", ".join(known[:10]) or "none"
            raise ParameterError(f"{self.model_id}: voice must be one of {some}, was {voice!r}; correct voices")

    def say(
        self, tokens: Sequence[list[int]], requests: Sequence[SpeechRequest], folder: str | None
    ) -> list[tuple[Any, bool]]:
        import torch

        (request,) = requests
        inputs = self._processor(request.text, voice_preset=request.voice).to(self.model.device)
        with torch.inference_mode(), quiet("transformers"):
            return [(self.model.generate(**inputs), False)]


_KINDS: dict[str, tuple[str, type[TransformersSpeaker]]] = {
    "vits": ("VitsModel", VitsSpeaker),
    "speecht5": ("SpeechT5ForTextToSpeech", SpeechT5Speaker),
    "bark": ("BarkModel", BarkSpeaker),
}
