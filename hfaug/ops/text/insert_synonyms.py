"""Insert synonyms of words."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from hfaug.fields import Natural, Share
from hfaug.kinds import EditOp, WordnetOp
from hfaug.language.substitution import choices
from hfaug.language.words import cut_words, is_unspaced
from hfaug.moves import Edits
from hfaug.randomness import Stream, hits

__all__ = ["InsertSynonyms"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class InsertSynonyms(WordnetOp, EditOp):
    """Put synonyms of its words anywhere into a text: noise that keeps to the subject.

    Args:
        share: Words put in for each word of the text that white space stands before, 0..1.
        lexicon: A wordnet by id and version; ``python -m wn download oewn:2024`` fetches one. It is looked for in
            ``~/.wn_data``, or in the folder that ``HFAUG_WORDNET`` names.
        senses: How many meanings of a word are looked at, the most usual first; 0 for all.

    Moves: text, spans, answers, words with their tags; nothing is put into what a label covers.
    Rejects: nothing; a text whose words have no synonyms stays as it is.
    Source: J. Wei, K. Zou, EDA: Easy Data Augmentation Techniques, arXiv:1901.11196.

    >>> import hfaug
    >>> hfaug.ops.text.InsertSynonyms(share=0.2).share
    0.2
    """

    may_change: ClassVar[tuple[str, ...]] = ("grammar", "meaning")

    expected_draws: ClassVar[int] = 8
    spares_labels: ClassVar[bool] = True

    share: Share = 0.1
    lexicon: str = "oewn:2024"
    senses: Natural = 1

    def edits(self, text: str, rng: Stream) -> Edits:
        """Draw the words that get something put before them, and what."""
        found = choices(text, self.lexicon, self.senses)
        dense = bool(found) and is_unspaced(found[0].synonyms[0])  # a language that writes no blanks between words
        starts = [start for start, _ in cut_words(text) if _is_apart(text, start, dense=dense)] if found else []
        items = []
        for number in hits(rng, len(starts), self.share):
            at = starts[number]
            synonym = rng.choice(rng.choice(found).synonyms).lower()
            items.append((at, at, synonym if dense and is_unspaced(text[at]) else f"{synonym} "))
        return Edits(items)


def _is_apart(text: str, start: int, *, dense: bool) -> bool:
    """Whether something can stand before a word: it is no part of a price, a time or a word with a hyphen."""
    return start == 0 or text[start - 1].isspace() or (dense and is_unspaced(text[start]))
