"""Texts on their way to another language and back: cut into sentences, their fixed parts kept, put together, judged."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from hfaug.language.identify import base_code, in_other_language
from hfaug.language.judging import loops
from hfaug.language.protection import Protected, Protection, protect
from hfaug.randomness import Stream
from hfaug.sentences import cut_lines, cut_sentences

__all__ = ["Piece", "Trip"]

_LONG = 30
"""Characters of a sentence whose length says something: "Hi." may well become "Good day."."""


@dataclasses.dataclass
class Piece:
    """A sentence, or a line, under way.

    Attributes:
        source: What it said first.
        given: The same with stand-ins for what must not change.
        rng: Its own stream.
        text: What it says now.
        flag: Why its text cannot be used.
        lost: Whether a stand-in got lost, so that it stays what it was.
    """

    source: str
    given: Protected
    rng: Stream
    text: str
    flag: str | None = None
    lost: bool = False

    @property
    def travels(self) -> bool:
        """Whether there is something to translate, and so far nothing went wrong."""
        return not (self.flag or self.lost or self.given.bare)

    def arrive(self, text: str, flags: Sequence[str]) -> None:
        """Note a translation, and what is wrong with it."""
        if flags:
            self.flag = flags[0]
        elif not text.strip():
            self.flag = "empty"
        elif loops(text, self.given.text):
            self.flag = "looping"
        elif not self.given.intact(text):
            self.lost = True
        else:
            self.text = text

    @property
    def result(self) -> str:
        """What it says now, with its fixed parts."""
        return self.source if self.lost or self.given.bare else self.given.restored(self.text) or self.source


class Trip:
    """One text through one pivot.

    Args:
        text: The text.
        language: Its language.
        pivot: The language it goes through.
        rng: The stream of its row.
        lines: Go line by line, as language models do, instead of sentence by sentence.
        kinds: What must not change, see `hfaug.language.protection`.
        words: Words that must not change.
    """

    def __init__(
        self, text: str, language: str, pivot: str, rng: Stream, *,
        lines: bool, kinds: Sequence[Protection], words: Sequence[str],
    ) -> None:  # fmt: skip
        self.source, self.language, self.pivot = text, language, pivot
        self._texts, self._gaps = cut_lines(text) if lines else cut_sentences(text, base_code(language))
        self.pieces = [
            Piece(part, given := protect(part, kinds, words), rng.child(place), given.text)
            for place, part in enumerate(self._texts)
        ]

    def refuse_foreign(self, language: str, reason: str) -> None:
        """Stop the trip if what it says now is surely not in a language; what stays as it was does not count."""
        moved = " ".join(piece.text for piece in self.pieces if piece.travels)
        if self.flag is None and in_other_language(moved, language):
            for piece in self.pieces:
                piece.flag = reason

    @property
    def flag(self) -> str | None:
        """What is wrong with the first piece that something is wrong with."""
        return next((piece.flag for piece in self.pieces if piece.flag), None)

    def measure(self, low: float, high: float) -> None:
        """Flag sentences that came back much shorter or longer: something was left out, or made up."""
        for piece in self.pieces:
            share = len(piece.result) / max(1, len(piece.source))
            if piece.travels and len(piece.source) >= _LONG and not low <= share <= high:
                piece.flag = "too short" if share < low else "too long"

    @property
    def lost_all(self) -> bool:
        """Whether every piece that was to change stayed what it was, since a fixed part of it got lost."""
        return any(piece.lost for piece in self.pieces) and not any(piece.travels for piece in self.pieces)

    @property
    def text(self) -> str:
        """What it says now, with its white space and its fixed parts."""
        return "".join(part for pair in zip((p.result for p in self.pieces), self._gaps, strict=True) for part in pair)
