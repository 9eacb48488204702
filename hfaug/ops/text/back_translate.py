"""Translate a text to another language and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar, Literal

from hfaug.backends import Sampling, check_runtime, facts
from hfaug.errors import ParameterError
from hfaug.fields import Limit, ModelName, ShareRange
from hfaug.language.protection import Protection
from hfaug.op import BatchOp, Reject
from hfaug.ops.text.models.answers import Judge
from hfaug.ops.text.models.round_trip import Trip
from hfaug.ops.text.models.translating import Chat, Engine, Translate
from hfaug.randomness import Stream
from hfaug.rows import Row

__all__ = ["BackTranslate"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class BackTranslate(BatchOp):
    """Say a text in other words by translating it to another language and back, sentence by sentence.

    Args:
        model: Hub repo id or folder. ``{source}`` and ``{target}`` stand for the languages where each pair has a
            model of its own (OPUS-MT); a name without them is one model for all (OPUS-MT with prefixes, NLLB,
            M2M100, MADLAD, T5).
        revision: Tag or commit of a Hub model; none for a folder.
        kind: ``translator``, or ``chat`` for a language model that is asked by prompt, line by line.
        runtime: What runs it: ``transformers``; ``ctranslate2`` (translators); ``inference`` or ``inference:PROVIDER``
            (Hugging Face Inference Providers); or the address of an endpoint, ``https://.../v1``.
        language: Language of the text, by the model's code: ``en``, or ``eng_Latn`` for NLLB.
        pivots: Languages to go through; one is drawn for each text.
        temperature: 0 searches for the likeliest translation; above 0 tokens are drawn, which gives other words each
            time.
        top_k: Tokens to draw among, 0 for all.
        top_p: Share of the probability to draw from, above 0 to 1.
        beams: Width of the search at temperature 0; the model's own when left out.
        protect: What must come back as it was: ``url``, ``email``, ``mention``, ``number``, ``name`` (words in
            capitals). A sentence that loses one, or gets a new one, stays as it was.
        keep: Words that must come back as they were.
        similarity: Least and greatest similarity to the source, 0..1 (shared runs of three characters).
        length: Shortest and longest text, as a share of the source's; so too of each sentence of 30 characters or more.
        check_language: Reject texts that are surely not in the language they should be in, before, between and after.

    Moves: nothing; rows with labels in the text are refused.
    Rejects: texts that come back unchanged, empty, cut off, looping, too similar, different, short or long, or in a
        wrong language, are in another language from the start, hold a sentence too long for the model, or only
        sentences that lost what is protected.
    Source: R. Sennrich et al., Improving Neural Machine Translation Models with Monolingual Data, arXiv:1511.06709.

    >>> import hfaug
    >>> hfaug.ops.text.BackTranslate(pivots=("de", "fr"), temperature=1, top_k=10).pivots
    ('de', 'fr')
    """

    needs: ClassVar[tuple[str, ...]] = ("text",)
    shifts: ClassVar[tuple[str, ...]] = ("text",)
    may_change: ClassVar[tuple[str, ...]] = ("shades of meaning", "names and rare words", "style")
    version: ClassVar[int] = 2
    unit_rows: ClassVar[int] = 200  # so many give batches of sentences of like length

    model: ModelName = "Helsinki-NLP/opus-mt-{source}-{target}"
    revision: str | None = None
    kind: Literal["translator", "chat"] = "translator"
    runtime: str = "transformers"
    language: str = "en"
    pivots: tuple[str, ...] = ("de",)
    temperature: Annotated[float, Limit(0)] = 0
    top_k: Annotated[int, Limit(0)] = 0
    top_p: Annotated[float, Limit(0, 1, above=True)] = 1
    beams: Annotated[int | None, Limit(1)] = None
    protect: tuple[Protection, ...] = ("url", "email", "mention", "number")
    keep: tuple[str, ...] = ()
    similarity: ShareRange = (0.2, 1)
    length: Annotated[tuple[float, float], Limit(0, ordered=True)] = (0.5, 2)
    check_language: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.pivots or self.language in self.pivots:
            raise ParameterError(
                f"BackTranslate: pivots must be one or more languages other than {self.language!r}, got {self.pivots}; "
                "correct pivots"
            )
        check_runtime(self.runtime, "BackTranslate")
        self._engine()

    def models(self) -> tuple[dict[str, str | None], ...]:
        """Every model that a text can go through."""
        engine = self._engine()
        ways = [way for pivot in self.pivots for way in ((self.language, pivot), (pivot, self.language))]
        names = dict.fromkeys(engine.name(source, target) for source, target in ways)
        return tuple(facts(engine.backend, name, self.revision, runtime=self.runtime) for name in names)

    def apply_batch(self, rows: Sequence[Row], rngs: Sequence[Stream]) -> Sequence[Row | Reject]:
        """Translate all sentences of all rows there, and all of them back; each way is one call a pair of languages."""
        trips = list(self._trips(rows, rngs))
        if self.check_language:
            for trip in trips:
                trip.refuse_foreign(self.language, "source in another language")
        for back in (False, True):
            for pivot in dict.fromkeys(self.pivots):
                some = [trip for trip in trips if trip.pivot == pivot and trip.flag is None]
                ends = (pivot, self.language) if back else (self.language, pivot)
                self._engine().carry(
                    [piece for trip in some for piece in trip.pieces if piece.travels], *ends, back=back
                )
                if self.check_language:
                    for trip in some:
                        trip.refuse_foreign(ends[1], "wrong language")
        return [self._result(row, trip) for row, trip in zip(rows, trips, strict=True)]

    def _trips(self, rows: Sequence[Row], rngs: Sequence[Stream]) -> Iterator[Trip]:
        lines = self.kind == "chat"
        for row, rng in zip(rows, rngs, strict=True):
            pivot = rng.choice(self.pivots)
            text = row.text or ""
            yield Trip(text, self.language, pivot, rng, lines=lines, kinds=self.protect, words=self.keep)

    def _engine(self) -> Engine:
        sampling = Sampling(temperature=self.temperature, top_k=self.top_k, top_p=self.top_p, beams=self.beams)
        return (Chat if self.kind == "chat" else Translate)(self.model, self.revision, self.runtime, sampling)

    def _result(self, row: Row, trip: Trip) -> Row | Reject:
        trip.measure(*self.length)
        if trip.flag or trip.lost_all:
            return Reject(trip.flag or "lost a protected part")
        reason = Judge(similar=self.similarity, length=self.length).reason(trip.text, trip.source)
        return Reject(reason) if reason else row.with_text(trip.text)
