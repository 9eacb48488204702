"""Easy data augmentation: one of four simple changes."""

from __future__ import annotations

import dataclasses
import functools
from typing import ClassVar

from hfaug.fields import Natural, Share
from hfaug.kinds import TextOp, WordnetOp
from hfaug.ops.text.delete_words import DeleteWords
from hfaug.ops.text.insert_synonyms import InsertSynonyms
from hfaug.ops.text.replace_synonyms import ReplaceSynonyms
from hfaug.ops.text.swap_words import SwapWords
from hfaug.randomness import Stream
from hfaug.roles import Roles
from hfaug.rows import Row

__all__ = ["Eda"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Eda(WordnetOp, TextOp):
    """One of four simple changes for each text: replace synonyms, insert synonyms, swap words or delete words.

    Args:
        share: How much of a text changes, 0..1: the ``share`` of each of the four; the paper takes 0.05 where there is
            much data and 0.1 where there is little.
        lexicon: A wordnet by id and version; ``python -m wn download oewn:2024`` fetches one. It is looked for in
            ``~/.wn_data``, or in the folder that ``HFAUG_WORDNET`` names.
        senses: How many meanings of a word are looked at, the most usual first; 0 for all.

    Moves: text, spans, answers, words with their tags.
    Rejects: nothing.
    Source: J. Wei, K. Zou, EDA: Easy Data Augmentation Techniques, arXiv:1901.11196.

    >>> import hfaug
    >>> hfaug.ops.text.Eda(share=0.05).share
    0.05
    """

    may_change: ClassVar[tuple[str, ...]] = tuple(
        dict.fromkeys((*ReplaceSynonyms.may_change, *InsertSynonyms.may_change, *SwapWords.may_change))
    ) + tuple(change for change in DeleteWords.may_change if change not in SwapWords.may_change)

    expected_draws: ClassVar[int] = 2

    share: Share = 0.1
    lexicon: str = "oewn:2024"
    senses: Natural = 1

    @functools.cached_property
    def _ops(self) -> tuple[TextOp, ...]:
        words = {"share": self.share, "lexicon": self.lexicon, "senses": self.senses}
        return (
            ReplaceSynonyms(**words),  # type: ignore[arg-type]
            InsertSynonyms(**words),  # type: ignore[arg-type]
            SwapWords(share=self.share),
            DeleteWords(share=self.share),
        )

    def edited(self, text: str, rng: Stream) -> str:
        """The text after the change that is drawn for it."""
        op = rng.choice(self._ops)
        return op.edited(text, rng.child(0))

    def change(self, row: Row, roles: Roles, text: str, rng: Stream) -> None:
        """The same for a text with labels."""
        op = rng.choice(self._ops)
        op.change(row, roles, text, rng.child(0))
