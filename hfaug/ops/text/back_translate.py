"""Translate a text to another language and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Annotated, ClassVar

from hfaug.backends import Sampling, Translation, facts, translator
from hfaug.errors import ParameterError
from hfaug.fields import Limit, ModelName
from hfaug.op import BatchOp, Reject
from hfaug.randomness import Stream
from hfaug.rows import Row
from hfaug.sentences import Sentence, cut_sentences

__all__ = ["BackTranslate"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class BackTranslate(BatchOp):
    """Say a text in other words by translating it to another language and back, sentence by sentence.

    Args:
        model: A translation model: Hub repo id or folder. ``{source}`` and ``{target}`` stand for the languages where
            each
            pair has a model of its own; a name without them is one model for all pairs, with language prefixes.
        revision: Tag or commit of a Hub model; none for a folder.
        language: Language of the text, by the model's code.
        pivots: Languages to go through; one is drawn for each text.
        temperature: 0 searches for the likeliest translation; above 0 tokens are drawn, which gives other words each
            time.
        top_k: Tokens to draw among, 0 for all.
        top_p: Share of the probability to draw from, above 0 to 1.
        beams: Width of the search at temperature 0; the model's own when left out.

    Moves: nothing; rows with labels in the text are refused.
    Rejects: texts that come back unchanged or empty, hold a sentence too long for the model, or were cut off.
    Source: R. Sennrich et al., Improving Neural Machine Translation Models with Monolingual Data, arXiv:1511.06709.

    >>> import hfaug
    >>> hfaug.ops.text.BackTranslate(pivots=("de", "fr"), temperature=1, top_k=10).pivots
    ('de', 'fr')
    """

    needs: ClassVar[tuple[str, ...]] = ("text",)
    shifts: ClassVar[tuple[str, ...]] = ("text",)
    may_change: ClassVar[tuple[str, ...]] = ("shades of meaning", "names and rare words", "style")

    model: ModelName = "Helsinki-NLP/opus-mt-{source}-{target}"
    revision: str | None = None
    language: str = "en"
    pivots: tuple[str, ...] = ("de",)
    temperature: Annotated[float, Limit(0)] = 0
    top_k: Annotated[int, Limit(0)] = 0
    top_p: Annotated[float, Limit(0, 1, above=True)] = 1
    beams: Annotated[int | None, Limit(1)] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.pivots or self.language in self.pivots:
            raise ParameterError(
                f"BackTranslate: pivots must be one or more languages other than {self.language!r}, got {self.pivots}; "
                "correct pivots"
            )
        self._sampling()

    def models(self) -> tuple[dict[str, str | None], ...]:
        """Every model that a text can go through."""
        names = [
            self._model(a, b) for pivot in self.pivots for a, b in ((self.language, pivot), (pivot, self.language))
        ]
        return tuple(facts("translator", name, self.revision) for name in dict.fromkeys(names))

    def apply_batch(self, rows: Sequence[Row], rngs: Sequence[Stream]) -> Sequence[Row | Reject]:
        """Translate all sentences of all rows there, and all of them back."""
        pivots = [rng.choice(self.pivots) for rng in rngs]
        pieces = [cut_sentences(row.text or "") for row in rows]
        sentences = [
            Sentence(row, place, text, pivots[row], rngs[row].child(place))
            for row, (texts, _) in enumerate(pieces)
            for place, text in enumerate(texts)
            if text
        ]
        self._pass(sentences, back=False)
        self._pass(sentences, back=True)
        return [
            self._result(row, texts, gaps, [s for s in sentences if s.row == number])
            for number, (row, (texts, gaps)) in enumerate(zip(rows, pieces, strict=True))
        ]

    def _pass(self, sentences: Sequence[Sentence], *, back: bool) -> None:
        """One way for all sentences that are still well; each pair of languages is one call."""
        for pivot in self.pivots:
            some = [s for s in sentences if s.pivot == pivot and not s.flags]
            source, target = (pivot, self.language) if back else (self.language, pivot)
            if some:
                found = self._translate([s.text for s in some], source, target, [s.seed(back) for s in some])
                for sentence, translation in zip(some, found, strict=True):
                    sentence.text, sentence.flags = translation.text, translation.flags

    def _translate(self, texts: Sequence[str], source: str, target: str, seeds: Sequence[int]) -> list[Translation]:
        backend = translator(self._model(source, target), revision=self.revision)
        return backend.translate(texts, target=target, source=source, seeds=seeds, sampling=self._sampling())

    def _model(self, source: str, target: str) -> str:
        return self.model.replace("{source}", source).replace("{target}", target)

    def _sampling(self) -> Sampling:
        return Sampling(temperature=self.temperature, top_k=self.top_k, top_p=self.top_p, beams=self.beams)

    def _result(self, row: Row, texts: list[str], gaps: list[str], sentences: Sequence[Sentence]) -> Row | Reject:
        for sentence in sentences:
            if sentence.flags:
                return Reject(sentence.flags[0])
            texts[sentence.place] = sentence.text
        after = "".join(part for pair in zip(texts, gaps, strict=True) for part in pair)
        if not after.strip():
            return Reject("empty")
        return Reject("unchanged") if after == row.text else row.with_text(after)
