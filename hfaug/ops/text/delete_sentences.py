"""Delete sentences."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from hfaug.fields import Share
from hfaug.kinds import EditOp
from hfaug.language.sentences import known_language, sentence_spans
from hfaug.moves import Edits
from hfaug.randomness import Stream, hits

__all__ = ["DeleteSentences"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class DeleteSentences(EditOp):
    """Delete each sentence with some chance, so that a model does not wait for one of them. At least one stays.

    Args:
        share: Chance of each sentence, 0..1.
        language: ISO 639-1 code of the texts; it decides where sentences end.

    Moves: text, spans (one that loses all its text goes), answers (their sentences stay), words with their tags.
    Rejects: nothing; a text of one sentence stays as it is.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.text.DeleteSentences(share=0.5).share
    0.5
    """

    may_change: ClassVar[tuple[str, ...]] = ("what the text is about", "what later sentences refer to")

    expected_draws: ClassVar[int] = 4

    share: Share = 0.2
    language: str = "en"

    def __post_init__(self) -> None:
        super().__post_init__()
        known_language(self.language, type(self).__name__)

    def edits(self, text: str, rng: Stream) -> Edits:
        """Draw the sentences that go; each goes with the white space behind it, the last ones with that before them."""
        spans = sentence_spans(text, self.language)
        gone = hits(rng, len(spans), self.share)
        if gone and len(gone) == len(spans):
            gone.remove(rng.integers(0, len(spans)))
        tail = len(spans)
        while gone and gone[-1] == tail - 1:
            tail = gone.pop()
        items = [(spans[number][0], spans[number + 1][0], "") for number in gone]
        if tail < len(spans):
            items.append((spans[tail - 1][1], spans[-1][1], ""))
        return Edits(items)
