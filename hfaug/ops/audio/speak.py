"""Let a model or an engine say texts."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from datasets import Audio, Features, Value

from hfaug import media
from hfaug.backends import Speech, SpeechRequest, facts, speaker
from hfaug.backends.identity import identify
from hfaug.errors import ParameterError
from hfaug.fields import Limit, ModelName
from hfaug.op import BatchOp, Reject
from hfaug.randomness import Stream
from hfaug.roles import Roles
from hfaug.rows import Row

__all__ = ["Speak"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Speak(BatchOp):
    """Say a text, in a voice and at a speed that are drawn for each row. All noise comes from the row's own stream.

    Args:
        model: A VITS (MMS), SpeechT5 or Bark model: Hub repo id or folder. Of no effect with ``espeak-ng``. MMS's are
            licensed CC BY-NC 4.0.
        revision: Tag or commit of a Hub model, version of ``espeak-ng``; none for a folder.
        runtime: What runs it: ``transformers``, or ``espeak-ng`` where you have installed that (GPL-3.0).
        voices: One is drawn for each row. VITS: numbers, ``"0"``; SpeechT5: names of vectors; Bark: presets,
            ``v2/en_speaker_6``; espeak-ng: ``en-us``, ``de``, ``en+f3``. The model's own when left out.
        voices_folder: A folder with a vector ``NAME.npy`` for each voice, for SpeechT5.
        speed: Range of the speed, as a multiple of the model's own; espeak-ng's is 175 words a minute. SpeechT5 and
            Bark have 1 alone.
        column: The audio column to add, at the rate of the model.
        voice_column: A column to add with the voice that was drawn; none when left out.
        format: ``wav`` (16 bits) is exact and large, ``flac`` exact and half as large.

    Moves: nothing.
    Rejects: rows without a text, texts without a letter that the model knows, longer than it reads, or at which it came
        to no end.
    Source: J. Kim et al., Conditional Variational Autoencoder with Adversarial Learning for End-to-End
        Text-to-Speech, arXiv:2106.06103; V. Pratap et al., MMS, arXiv:2305.13516; J. Ao et al., SpeechT5,
        arXiv:2110.07205.

    >>> import hfaug
    >>> hfaug.ops.audio.Speak(runtime="espeak-ng", voices=("en-us", "en-gb"), speed=(0.9, 1.2)).speed
    (0.9, 1.2)
    """

    needs: ClassVar[tuple[str, ...]] = ("text",)
    origin: ClassVar[str] = "synthetic"
    unit_rows: ClassVar[int] = 32
    may_change: ClassVar[tuple[str, ...]] = ("whether the speech says what its text says",)

    model: ModelName = "facebook/mms-tts-eng"
    revision: str | None = None
    runtime: Literal["transformers", "espeak-ng"] = "transformers"
    voices: tuple[str, ...] = ()
    voices_folder: ModelName | None = None
    speed: Annotated[tuple[float, float], Limit(0, 10, above=True, ordered=True)] = (1, 1)
    column: str = "audio"
    voice_column: str | None = None
    format: Literal["wav", "flac"] = "wav"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.voices_folder is not None and not self.voices:
            raise ParameterError("Speak: voices must name some of voices_folder, got none; name them")

    def adds(self, features: Features, roles: Roles) -> Features:
        """The audio column, and that of the voice."""
        voice = {self.voice_column: Value("string")} if self.voice_column else {}
        return Features({self.column: Audio(), **voice})

    def models(self) -> tuple[dict[str, Any], ...]:
        """The model, and the folder of voices."""
        found = [facts("speaker", self._name, self.revision, runtime=self.runtime)]
        if self.voices_folder is not None:
            folder = identify(os.path.abspath(self.voices_folder), entry=f"{self.voices[0]}.npy")
            names = {"id": folder.model_id, "revision": folder.revision, "licence": folder.licence}
            found.append({**names, "determinism": "row"})
        return tuple(found)

    @property
    def _name(self) -> str:
        return "espeak-ng" if self.runtime == "espeak-ng" else self.model

    def apply_batch(self, rows: Sequence[Row], rngs: Sequence[Stream]) -> Sequence[Row | Reject]:
        """Say the texts of all rows in one call."""
        results: list[Row | Reject] = [Reject("no text")] * len(rows)
        asked = {
            place: SpeechRequest(
                row.text or "",
                rng.child("voice").choice(self.voices) if self.voices else None,
                rng.child("speed").uniform(*self.speed),
            )
            for place, (row, rng) in enumerate(zip(rows, rngs, strict=True))
            if (row.text or "").strip()
        }
        if asked:
            spoken = speaker(self._name, revision=self.revision, runtime=self.runtime).speak(
                list(asked.values()),
                [rngs[place].child("noise").seed() for place in asked],
                voices_folder=self.voices_folder,
            )
            for (place, request), speech in zip(asked.items(), spoken, strict=True):
                results[place] = self._result(rows[place], request.voice, speech)
        return results

    def _result(self, row: Row, voice: str | None, speech: Speech) -> Row | Reject:
        if speech.flags:
            return Reject(speech.flags[0])
        like = media.Clip(speech.samples[None], speech.rate, self.format.upper(), "PCM_16")
        said = {self.voice_column: voice} if self.voice_column else {}
        return row.replace({self.column: row.batch.store_audio(like.samples, like), **said})
