"""Insert synonyms of words."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from hfaug.fields import Natural, Share
from hfaug.kinds import EditOp
from hfaug.language.substitution import choices
from hfaug.language.synonyms import open_lexicon
from hfaug.language.words import cut_words, is_unspaced
from hfaug.moves import Edits
from hfaug.plan import Plan
from hfaug.randomness import Stream, hits

__all__ = ["InsertSynonyms"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class InsertSynonyms(EditOp):
    """Put synonyms of its words anywhere into a text: noise that keeps to the subject.

    Args:
        share: Words put in for each word of the text, 0..1.
        lexicon: A wordnet that ``python -m wn download`` has fetched, by name and version, such as ``oewn:2024``.
        senses: How many meanings of a word are looked at, the most usual first; 0 for all.

    Moves: text, spans, answers, words with their tags; nothing is put into what a label covers.
    Rejects: nothing; a text whose words have no synonyms stays as it is.
    Source: J. Wei, K. Zou, EDA: Easy Data Augmentation Techniques, arXiv:1901.11196.

    >>> import hfaug
    >>> hfaug.ops.text.InsertSynonyms(share=0.2).share
    0.2
    """

    may_change: ClassVar[tuple[str, ...]] = ("grammar", "shades of meaning")

    expected_draws: ClassVar[int] = 8
    spares_labels: ClassVar[bool] = True

    share: Share = 0.1
    lexicon: str = "oewn:2024"
    senses: Natural = 1

    def plan(self, plan: Plan) -> None:
        """Make sure that the wordnet is there before any work."""
        open_lexicon(self.lexicon)
        super().plan(plan)

    def edits(self, text: str, rng: Stream) -> Edits:
        """Draw the words that get something put before them, and what."""
        found = choices(text, self.lexicon, self.senses)
        starts = [start for start, _ in cut_words(text)] if found else []
        gap = "" if is_unspaced(text) else " "
        items = []
        for number in hits(rng, len(starts), self.share):
            synonym = rng.choice(rng.choice(found).synonyms)
            items.append((starts[number], starts[number], synonym.lower() + gap))
        return Edits(items)
