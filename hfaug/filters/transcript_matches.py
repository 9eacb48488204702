"""Drop speech that does not say what its text says."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from hfaug.backends import facts, transcriber
from hfaug.fields import Limit, ModelName
from hfaug.filters.base import BatchFilter
from hfaug.filters.sounds import heard
from hfaug.language.transcripts import error_rate

__all__ = ["TranscriptMatches"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class TranscriptMatches(BatchFilter):
    """Keep speech, synthetic or augmented, in which a recogniser still hears what the text says.

    Texts are compared without case and punctuation. A recogniser errs by itself: take the error that it makes on your
    real speech for the least limit that makes sense.

    Args:
        limit: Greatest error rate that stays, from 0 up.
        unit: ``word`` (WER), or ``character`` (CER) for scripts without spaces and for single words.
        text: The column with what should be said.
        audio: The column with the speech.
        heard: A column with a transcript, as `Transcribe` writes; then no model runs.
        language: What is spoken, ``en``; said to Whisper, and numbers in words equal figures then.
        model: A Whisper or CTC model, as in `Transcribe`.
        revision: Tag or commit of a Hub model; none for a folder.
        runtime: ``transformers`` or ``faster-whisper``.

    Drops: ``WER above 0.2`` (or CER, or another limit), ``nothing said``.
    Source: folklore; M. Le et al. filter synthetic speech by WER so, Voicebox, arXiv:2306.15687.

    >>> import hfaug
    >>> from datasets import Dataset
    >>> from hfaug.filters import TranscriptMatches
    >>> rows = Dataset.from_dict({"text": ["It is one.", "Go home!"], "said": ["it is one", "no comb"]})
    >>> TranscriptMatches(heard="said", limit=0.3).of(rows)["text"][:]
    ['It is one.']
    """

    batch_rows: ClassVar[int] = 32

    limit: Annotated[float, Limit(0)] = 0.2
    unit: Literal["word", "character"] = "word"
    text: str = "text"
    audio: str = "audio"
    heard: str | None = None
    language: str | None = None
    model: ModelName = "openai/whisper-small"
    revision: str | None = None
    runtime: Literal["transformers", "faster-whisper"] = "transformers"

    def needs(self) -> Sequence[str]:
        """The text, and the speech or its transcript."""
        return (self.text, self.heard or self.audio)

    def models(self) -> tuple[dict[str, Any], ...]:
        """The recogniser, if one runs."""
        if self.heard is not None:
            return ()
        return (facts("transcriber", self.model, self.revision, runtime=self.runtime),)

    def judge(self, rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
        """One entry a row, in order."""
        wrong = f"{'WER' if self.unit == 'word' else 'CER'} above {self.limit:g}"
        rates = self.rates(rows)
        return ["nothing said" if rate is None else wrong if rate > self.limit else None for rate in rates]

    def rates(self, rows: Sequence[Mapping[str, Any]]) -> list[float | None]:
        """The error rate of each row; None where text or speech is missing, or both are empty."""
        said = [row[self.text] for row in rows]
        found = [row[self.heard] for row in rows] if self.heard is not None else self._transcripts(rows)
        return [
            None if text is None or other is None or not (text.strip() or other.strip()) else self._rate(text, other)
            for text, other in zip(said, found, strict=True)
        ]

    def _rate(self, text: str, other: str) -> float:
        return error_rate(text, other, unit=self.unit, language=self.language)

    def _transcripts(self, rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
        sounds = {place: sound for place, sound in enumerate(heard(rows, self.audio)) if sound is not None}
        found: list[str | None] = [None] * len(rows)
        if sounds:
            model = transcriber(self.model, revision=self.revision, runtime=self.runtime)
            for place, one in zip(sounds, model.transcribe(list(sounds.values()), language=self.language), strict=True):
                found[place] = one.text
        return found
