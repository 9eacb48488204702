"""The two ways to translate: a translation model, or a language model that is asked by prompt."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import ClassVar

from hfaug.backends import Sampling, language_model, translator
from hfaug.language.identify import english_name
from hfaug.language.prompting import PromptTemplate, shipped
from hfaug.ops.text.models.answers import cleaned
from hfaug.ops.text.models.round_trip import Piece
from hfaug.ops.text.models.showing import as_prompt

__all__ = ["Chat", "Engine", "Translate"]

_MAX_NEW_TOKENS = 512
"""Of an answer. It is the same for every line: a limit that followed from the others would let them change a result."""


@dataclasses.dataclass(frozen=True)
class Engine:
    """What carries pieces of text from one language to another.

    Args:
        model: Name of the model, or the pattern of the names of many.
        revision: Its revision.
        runtime: What runs it.
        sampling: How tokens are chosen.
    """

    backend: ClassVar[str]
    model: str
    revision: str | None
    runtime: str
    sampling: Sampling

    def name(self, source: str, target: str) -> str:
        """The model for two languages."""
        return self.model.replace("{source}", source).replace("{target}", target)

    def carry(self, pieces: Sequence[Piece], source: str, target: str, *, back: bool) -> None:
        """Translate pieces; each notes what became of it."""
        if pieces:
            seeds = [piece.rng.child("back" if back else "there").seed() for piece in pieces]
            self._carry(pieces, source, target, seeds)

    def _carry(self, pieces: Sequence[Piece], source: str, target: str, seeds: Sequence[int]) -> None:
        raise NotImplementedError


class Translate(Engine):
    """A translation model."""

    backend = "translator"

    def _carry(self, pieces: Sequence[Piece], source: str, target: str, seeds: Sequence[int]) -> None:
        model = translator(self.name(source, target), revision=self.revision, runtime=self.runtime)
        texts = [piece.text for piece in pieces]
        found = model.translate(texts, target=target, source=source, seeds=seeds, sampling=self.sampling)
        for piece, translation in zip(pieces, found, strict=True):
            piece.arrive(translation.text, translation.flags)


class Chat(Engine):
    """A language model; it is told the languages by their English names."""

    backend = "language_model"

    def _carry(self, pieces: Sequence[Piece], source: str, target: str, seeds: Sequence[int]) -> None:
        template = PromptTemplate(shipped("translate"), ("text", "source", "into", "row"), "BackTranslate")
        names = {"source": english_name(source), "into": english_name(target)}
        prompts = [as_prompt(template.messages({**names, "text": piece.text})) for piece in pieces]
        model = language_model(self.name(source, target), revision=self.revision, runtime=self.runtime)
        found = model.generate(prompts, seeds=seeds, sampling=self.sampling, max_new_tokens=_MAX_NEW_TOKENS)
        for piece, answer in zip(pieces, found, strict=True):
            piece.arrive(cleaned(answer.text, piece.text), (answer.flag,) if answer.flag else ())
