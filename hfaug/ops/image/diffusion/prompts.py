"""The prompt of each row: a column, or a template that is filled with the row's values and drawn words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from datasets import ClassLabel, Features

from hfaug.errors import LabelError, ParameterError
from hfaug.language.labelled import class_name
from hfaug.language.placed import Unfilled
from hfaug.language.slots import weighted_words
from hfaug.language.templates import Grammar
from hfaug.randomness import Stream
from hfaug.rows import Row

__all__ = ["Attributes", "Prompt", "Prompts"]

Prompt: TypeAlias = str | tuple[str, ...] | tuple[tuple[str, str | tuple[str, ...]], ...]
"""One template, several to draw from, or one or several for each class."""
Attributes: TypeAlias = tuple[tuple[str, tuple[str | tuple[str, float], ...]], ...]
"""The words of each slot."""


class Prompts:
    """The prompts of an op, checked once.

    Args:
        prompt: The templates; None for the column that plays the role ``prompt``.
        attributes: The words of slots.
        negative: The negative prompt, a template too.
        given: Names that the op itself puts in.
        who: Name of the op, for errors.

    Raises:
        ParameterError: A template cannot be read, there is none, or a slot is named by none.
    """

    def __init__(
        self, prompt: Prompt | None, attributes: Attributes, negative: str | None, given: Sequence[str], who: str
    ) -> None:
        self._who, self._given, self._negative = who, tuple(given), negative
        self.by_class = _by_class(prompt)
        alone = (prompt,) if isinstance(prompt, str) else prompt or ()
        self._templates = tuple(text for text in alone if isinstance(text, str))
        if prompt is not None and not (self._templates or (all(self.by_class.values()) and self.by_class)):
            raise ParameterError(f"{who}: prompt must hold a template, for each class that it names, got {prompt!r}")
        slots = weighted_words(attributes, who)
        texts = [*self._templates, *(text for found in self.by_class.values() for text in found)]
        texts += [] if negative is None else [negative]
        self._grammar = Grammar(texts, slots, {}, who)
        if unnamed := sorted(set(slots) - self._grammar.used):
            raise ParameterError(
                f"{who}: attributes must be named in the prompt, {', '.join(unnamed)} is not; write "
                f"{{{{ {unnamed[0]} }}}} where its words belong"
            )

    def check(self, features: Features, label: str | None) -> None:
        """Make sure that a dataset has what the templates name.

        Args:
            features: Its features.
            label: The class column, where there is one.

        Raises:
            ParameterError: A name is none of its columns, or a class none of its classes.
            LabelError: There are prompts by class, and no class column.
        """
        unknown = self._grammar.unknown([*features, *self._given])
        if unknown:
            raise ParameterError(
                f"{self._who}: what the prompt names must be an attribute or one of the columns {', '.join(features)}, "
                f"{', '.join(unknown)} is neither; list its words under attributes"
            )
        if not self.by_class:
            return
        if label is None:
            raise LabelError(f"{self._who}: prompts by class need a class column; say which by .on(label=...)")
        kind = features.get(label)
        strange = sorted(set(self.by_class) - set(kind.names)) if isinstance(kind, ClassLabel) else []
        if strange:
            raise ParameterError(
                f"{self._who}: prompt must name classes of {label!r}, {', '.join(strange)} is none; correct it"
            )

    def of(self, row: Row, rng: Stream, given: Mapping[str, str] | None = None) -> str | None:
        """The prompt of a row, with values for the names that the op itself puts in; None where it has none."""
        templates = self._templates
        if self.by_class:
            column = row.column("label")
            templates = self.by_class.get(str(class_name(row[column], row.batch.features.get(column))), ())
        elif not templates:
            text: str | None = row[row.column("prompt")]
            return text
        if not templates:
            return None
        return self._filled(templates[0] if len(templates) == 1 else rng.choice(templates), row, rng, given)

    def negative(self, row: Row, rng: Stream, given: Mapping[str, str] | None = None) -> str | None:
        """The negative prompt of a row."""
        return None if self._negative is None else self._filled(self._negative, row, rng, given)

    def _filled(self, template: str, row: Row, rng: Stream, given: Mapping[str, str] | None) -> str | None:
        features = row.batch.features
        values = {name: class_name(row[name], features[name]) for name in self._grammar.names if name in features}
        try:
            return self._grammar.fill(template, {**values, **(given or {})}, rng.child("words"), ()).text
        except Unfilled:
            return None


def _by_class(prompt: Prompt | None) -> dict[str, tuple[str, ...]]:
    """The templates of each class, where they are given by class."""
    if prompt is None or isinstance(prompt, str):
        return {}
    pairs = [item for item in prompt if isinstance(item, tuple)]
    return {name: (texts,) if isinstance(texts, str) else texts for name, texts in pairs}
