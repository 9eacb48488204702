"""Contract words."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Literal

from hfaug.fields import Share
from hfaug.kinds import EditOp
from hfaug.language.contractions import contracted
from hfaug.language.scripts import unknown_script
from hfaug.moves import Edits
from hfaug.randomness import Stream, hits

__all__ = ["ContractWords"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ContractWords(EditOp):
    """Write what can be contracted in its short form: I'm for I am, zum for zu dem, as one speaks.

    Args:
        share: Chance of each place, 0..1.
        language: Language of the texts: ``en`` or ``de``. French and others leave no choice.

    Moves: text, spans, answers, words with their tags.
    Rejects: texts without Latin letters.
    Source: M. T. Ribeiro et al., Beyond Accuracy: Behavioral Testing of NLP Models with CheckList, arXiv:2005.04118.

    >>> import hfaug
    >>> hfaug.ops.text.ContractWords(share=0.5).share
    0.5
    """

    may_change: ClassVar[tuple[str, ...]] = ("style",)

    expected_draws: ClassVar[int] = 4

    share: Share = 1
    language: Literal["en", "de"] = "en"

    def refuses(self, text: str) -> str | None:
        """Whether it is written in another script."""
        return unknown_script(text, ("latin",))

    def edits(self, text: str, rng: Stream) -> Edits:
        """Draw the places."""
        found = contracted(text, self.language)
        return Edits([found[number] for number in hits(rng, len(found), self.share)])
