"""Replace or insert words by what a masked language model finds likely in their place."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from hfaug.backends import Candidate, Filled, facts, masked_model
from hfaug.fields import Limit, ModelName, Share
from hfaug.kinds import WordnetOp
from hfaug.language.opposites import is_opposite
from hfaug.moves import Edits
from hfaug.op import BatchOp, Reject
from hfaug.ops.text.models.places import Place, draw_places, fits
from hfaug.ops.text.models.showing import class_names
from hfaug.randomness import Stream
from hfaug.rows import Row, edit_text

__all__ = ["SubstituteMasked"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class SubstituteMasked(WordnetOp, BatchOp):
    """Replace words, or put words in, as a masked language model finds likely by what stands around them.

    Each word is hidden by itself and the model sees the rest. It knows what fits, not what is true: "good" and "bad"
    fit alike. Names, numbers, addresses and words that hold a sentence together stay, negations among them.

    Args:
        model: Any masked language model: Hub repo id or folder.
        revision: Tag or commit of a Hub model; none for a folder.
        action: ``replace`` words, or ``insert`` new ones before words.
        share: Chance of each word, 0..1.
        top_k: Words that are drawn among for each place, by their probability; from 1 up.
        floor: Words less likely than this are not drawn, 0..1.
        labels: ``spare`` leaves what a label covers as it is; ``change`` lets the label follow. Labels around the
            whole text spare nothing.
        forbid: Words that are neither replaced nor put in.
        forbid_classes: Do not put in the names of classes of the row's columns, nor replace them.
        antonyms: A wordnet whose antonyms of a word do not replace it, such as ``oewn:2024``; see `ReplaceSynonyms`.

    Moves: text, spans, answers, words with their tags.
    Rejects: texts for which the model is too small even where they are cut around the word.
    Source: S. Kobayashi, Contextual Augmentation, arXiv:1805.06201; X. Wu et al., Conditional BERT
        Contextual Augmentation, arXiv:1812.06705.

    >>> import hfaug
    >>> hfaug.ops.text.SubstituteMasked(share=0.2, forbid=("spam", "ham")).forbid
    ('spam', 'ham')
    """

    needs: ClassVar[tuple[str, ...]] = ("text",)
    shifts: ClassVar[tuple[str, ...]] = ("text",)
    moves: ClassVar[tuple[str, ...]] = ("spans", "answers", "tags")
    may_change: ClassVar[tuple[str, ...]] = ("meaning: opposites fit in one place", "facts", "words in markup")
    unit_rows: ClassVar[int] = 200
    wordnet: ClassVar[str] = "antonyms"

    model: ModelName = "FacebookAI/roberta-base"
    revision: str | None = None
    action: Literal["replace", "insert"] = "replace"
    share: Share = 0.15
    top_k: Annotated[int, Limit(1)] = 20
    floor: Share = 0.001
    labels: Literal["spare", "change"] = "spare"
    forbid: tuple[str, ...] = ()
    forbid_classes: bool = True
    antonyms: str | None = None

    def models(self) -> tuple[dict[str, str | None], ...]:
        """The masked language model."""
        return (facts("masked_model", self.model, self.revision),)

    def apply_batch(self, rows: Sequence[Row], rngs: Sequence[Stream]) -> Sequence[Row | Reject]:
        """Draw the places of all rows, ask for all at once, and draw a word for each."""
        drawn = [
            draw_places(row.text or "", rng, self.share, self._forbidden(row), insert=self.action == "insert")
            for row, rng in zip(rows, rngs, strict=True)
        ]
        asked = [place.request for some in drawn for place in some]
        # More than are drawn among, since many will not do: the word itself, parts of words, names.
        model = masked_model(self.model, revision=self.revision) if asked else None
        filled = iter(model.fill(asked, top_k=2 * self.top_k + 10) if model else ())
        return [
            self._result(row, rng, some, [next(filled) for _ in some])
            for row, rng, some in zip(rows, rngs, drawn, strict=True)
        ]

    def _result(self, row: Row, rng: Stream, some: Sequence[Place], found: Sequence[Filled]) -> Row | Reject:
        items = []
        for place, filled in zip(some, found, strict=True):
            if filled.flags:
                return Reject(filled.flags[0])
            words = self._fitting(place, filled.candidates[0], self._forbidden(row))
            total = sum(probability for _, probability in words)
            pick = rng.child(place.start)
            if words:
                word = pick.choice([word for word, _ in words], p=[probability / total for _, probability in words])
                items.append(place.edit(word))
        if items and row.roles is not None:
            edit_text(row, row.roles, Edits(items), spare=self.labels == "spare")
        return row

    def _fitting(
        self, place: Place, candidates: Sequence[Candidate], forbidden: frozenset[str]
    ) -> list[tuple[str, float]]:
        """The words that may come to a place, in its case, each with its probability."""
        words = [
            (place.cased(candidate.text), candidate.probability)
            for candidate in candidates
            if candidate.probability >= self.floor
            and candidate.text.casefold() not in forbidden
            and fits(candidate.text, place)
            and not (self.antonyms and place.word and is_opposite(self.antonyms, place.word, candidate.text))
        ]
        return words[: self.top_k]

    def _forbidden(self, row: Row) -> frozenset[str]:
        return frozenset(word.casefold() for word in (*self.forbid, *(class_names(row) if self.forbid_classes else ())))
