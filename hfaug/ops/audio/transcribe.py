"""Write down what is said in a sound."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from datasets import Features, List, Value

from hfaug.backends import Heard, Transcript, facts, transcriber
from hfaug.fields import ModelName
from hfaug.op import BatchOp, Reject
from hfaug.randomness import Stream
from hfaug.roles import Roles
from hfaug.rows import Row

__all__ = ["Transcribe"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Transcribe(BatchOp):
    """Add a column with what is said in a sound, and one with the time of each word where that is asked for.

    Channels are averaged, and the sound is resampled to the rate of the model; the audio column stays as it was. Long
    sounds are listened to in parts. Where nothing is said the text is empty, where there is no sound it is null.

    Args:
        model: A Whisper or CTC (Wav2Vec2, HuBERT ...) model: Hub repo id or folder. With ``faster-whisper`` a Whisper,
            converted (``Systran/faster-whisper-small``) or not.
        revision: Tag or commit of a Hub model; none for a folder.
        runtime: What runs it: ``transformers``, or ``faster-whisper`` (CTranslate2), several times as fast on a CPU.
        language: What is spoken, by the model's code, ``de``. Whisper finds out by itself when it is left out, by the
            first 30 s; CTC models cannot be told.
        column: The text column to add.
        words: The column to add with the words, each ``{"word", "start", "end"}`` in seconds; none when left out.

    Moves: nothing.
    Rejects: nothing.
    Source: A. Radford et al., Robust Speech Recognition via Large-Scale Weak Supervision, arXiv:2212.04356; A. Baevski
        et al., wav2vec 2.0, arXiv:2006.11477.

    >>> import hfaug
    >>> hfaug.ops.audio.Transcribe(model="openai/whisper-tiny", language="en", words="words").words
    'words'
    """

    needs: ClassVar[tuple[str, ...]] = ("audio",)
    unit_rows: ClassVar[int] = 32
    may_change: ClassVar[tuple[str, ...]] = ("a transcript is a guess, and may hold what nobody said",)

    model: ModelName = "openai/whisper-small"
    revision: str | None = None
    runtime: Literal["transformers", "faster-whisper"] = "transformers"
    language: str | None = None
    column: str = "transcript"
    words: str | None = None

    def adds(self, features: Features, roles: Roles) -> Features:
        """The text column, and that of the words."""
        word = {"word": Value("string"), "start": Value("float32"), "end": Value("float32")}
        return Features({self.column: Value("string"), **({self.words: List(word)} if self.words else {})})

    def models(self) -> tuple[dict[str, Any], ...]:
        """The model."""
        return (facts("transcriber", self.model, self.revision, runtime=self.runtime),)

    def apply_batch(self, rows: Sequence[Row], rngs: Sequence[Stream]) -> Sequence[Row | Reject]:
        """Listen to the sounds of all rows in one call."""
        results: list[Row | Reject] = list(rows)
        sounds = {place: sound for place, row in enumerate(rows) if (sound := row.sound) is not None}
        if sounds:
            heard = [Heard(sound.samples.mean(axis=0), sound.rate) for sound in sounds.values()]
            model = transcriber(self.model, revision=self.revision, runtime=self.runtime)
            said = model.transcribe(heard, language=self.language, words=self.words is not None)
            for place, transcript in zip(sounds, said, strict=True):
                results[place] = self._result(rows[place], transcript)
        return results

    def _result(self, row: Row, found: Transcript) -> Row | Reject:
        if found.flags:
            return Reject(found.flags[0])
        words = [{"word": one.word, "start": one.start_s, "end": one.end_s} for one in found.words]
        return row.replace({self.column: found.text, **({self.words: words} if self.words else {})})
