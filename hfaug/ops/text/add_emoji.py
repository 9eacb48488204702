"""Add emoji."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from hfaug.errors import ParameterError
from hfaug.fields import Share
from hfaug.kinds import EditOp
from hfaug.language.sentences import known_language, sentence_spans
from hfaug.language.words import is_unspaced
from hfaug.moves import Edits
from hfaug.randomness import Stream, hits

__all__ = ["AddEmoji"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class AddEmoji(EditOp):
    """Put an emoji behind sentences, as in messages.

    Args:
        share: Chance of each sentence, 0..1.
        emoji: What to choose from; by default such as say little about what the sentence feels.
        language: ISO 639-1 code of the texts; it decides where sentences end.

    Moves: text, spans, answers, words with their tags.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.text.AddEmoji(emoji=("🎉", "🥳")).emoji
    ('🎉', '🥳')
    """

    may_change: ClassVar[tuple[str, ...]] = ("what a sentence feels",)

    expected_draws: ClassVar[int] = 4

    share: Share = 0.5
    emoji: tuple[str, ...] = ("🙂", "👀", "🤔", "🙃", "💬", "👋", "✨", "🤷")
    language: str = "en"

    def __post_init__(self) -> None:
        super().__post_init__()
        known_language(self.language, type(self).__name__)
        if not all(self.emoji) or not self.emoji:
            raise ParameterError(f"AddEmoji: emoji must hold at least one, and none empty, got {self.emoji}; name some")

    def edits(self, text: str, rng: Stream) -> Edits:
        """Draw the sentences, and what stands behind each."""
        ends = [end for _, end in sentence_spans(text, self.language)]
        items = []
        for number in hits(rng, len(ends), self.share):
            end = ends[number]
            gap = "" if is_unspaced(text[max(0, end - 2) : end]) else " "  # behind the last letter, or the mark there
            items.append((end, end, gap + rng.choice(self.emoji)))
        return Edits(items)
