"""Replace words by synonyms."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from hfaug.fields import Natural, Share
from hfaug.kinds import EditOp, WordnetOp
from hfaug.language.substitution import choices, with_article
from hfaug.moves import Edits
from hfaug.randomness import Stream, hits

__all__ = ["ReplaceSynonyms"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReplaceSynonyms(WordnetOp, EditOp):
    """Replace words by synonyms of a wordnet, so that a model learns what is said and not the word for it.

    English words keep part of speech, inflection and their article. In other languages only words in their basic form
    are replaced. Names stay, and so does what a label covers.

    Args:
        share: Chance of each word that has synonyms, 0..1.
        lexicon: A wordnet by id and version: ``oewn:2024`` for English, ``omw-fr:1.4``, ``omw-ja:1.4`` and so on for
            other languages. ``python -m wn download oewn:2024`` fetches one; it is looked for in ``~/.wn_data``, or in
            the folder that ``HFAUG_WORDNET`` names.
        senses: How many meanings of a word are looked at, the most usual first; 0 for all.

    Moves: text, spans, answers, words with their tags.
    Rejects: nothing.
    Source: X. Zhang et al., Character-level Convolutional Networks for Text Classification, arXiv:1509.01626; J. Wei,
        K. Zou, EDA, arXiv:1901.11196.

    >>> import hfaug
    >>> hfaug.ops.text.ReplaceSynonyms(share=0.3, lexicon="omw-fr:1.4").lexicon
    'omw-fr:1.4'
    """

    may_change: ClassVar[tuple[str, ...]] = (
        "meaning",
        "agreement of case and gender in languages other than English",
    )

    expected_draws: ClassVar[int] = 8
    spares_labels: ClassVar[bool] = True

    share: Share = 0.2
    lexicon: str = "oewn:2024"
    senses: Natural = 1

    def edits(self, text: str, rng: Stream) -> Edits:
        """Draw the words, and the synonym of each."""
        found = choices(text, self.lexicon, self.senses)
        items: list[tuple[int, int, str]] = []
        for number in hits(rng, len(found), self.share):
            span, synonyms = found[number]
            items += with_article(text, (*span, rng.choice(synonyms)))
        return Edits(items)
