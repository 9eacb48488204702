"""Shuffle sentences."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import ClassVar

from hfaug.kinds import ArrangeOp
from hfaug.language.sentences import known_language, sentence_spans
from hfaug.randomness import Stream

__all__ = ["ShuffleSentences"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ShuffleSentences(ArrangeOp):
    """Put the sentences of a text into another order, so that a model reads all of it. White space keeps its place.

    Args:
        language: ISO 639-1 code of the texts; it decides where sentences end.

    Moves: text, spans, answers, words with their tags; sentences that a label spans stay together.
    Rejects: nothing; a text of one sentence stays as it is.
    Source: folklore; as noise for pretraining in M. Lewis et al., BART, arXiv:1910.13461.

    >>> import hfaug
    >>> hfaug.ops.text.ShuffleSentences(language="de").language
    'de'
    """

    may_change: ClassVar[tuple[str, ...]] = ("what comes first and what follows from it", "what a pronoun refers to")

    expected_draws: ClassVar[int] = 6

    language: str = "en"

    def __post_init__(self) -> None:
        super().__post_init__()
        known_language(self.language, type(self).__name__)

    def parts(self, text: str) -> Sequence[tuple[int, int]]:
        """The sentences."""
        return sentence_spans(text, self.language)

    def order(self, count: int, rng: Stream) -> Sequence[int]:
        """Any order is as likely as any other."""
        return rng.permutation(count)
