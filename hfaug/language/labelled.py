"""What a generated text is stored as: a text, a text with spans, or words with tags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from datasets import ClassLabel, List, Value

from hfaug.language.templates import Filled
from hfaug.language.tokens import tag_names, tagged_words

__all__ = ["Shape", "can_be_placed", "class_name"]


@dataclass(frozen=True)
class Shape:
    """The columns of a generated text.

    Args:
        column: The text column, when it is not words.
        words: Whether it is words with tags.
        types: The type of each slot whose places are noted.
    """

    column: str
    words: bool
    types: tuple[tuple[str, str], ...]

    @property
    def kinds(self) -> list[str]:
        """The types, sorted: class numbers count them."""
        return sorted({kind for _, kind in self.types})

    def features(self) -> dict[str, Any]:
        """The columns and what they hold."""
        if self.words:
            return {"tokens": List(Value("string")), "tags": List(ClassLabel(names=tag_names(self.kinds)))}
        place = {"start": Value("int32"), "end": Value("int32"), "type": ClassLabel(names=self.kinds or ["none"])}
        return {self.column: Value("string"), **({"spans": List(place)} if self.types else {})}

    def values(self, filled: Filled) -> dict[str, Any]:
        """The values of the columns."""
        types, kinds = dict(self.types), self.kinds
        spans = [(start, end, types[name]) for start, end, name in filled.spans]
        if self.words:
            words, tags = tagged_words(filled.text, spans)
            names = tag_names(kinds)
            return {"tokens": words, "tags": [names.index(tag) for tag in tags]}
        stored = [{"start": start, "end": end, "type": kinds.index(kind)} for start, end, kind in spans]
        return {self.column: filled.text, **({"spans": stored} if types else {})}


def class_name(value: Any, feature: Any) -> Any:
    """A value as templates see it: a class by its name."""
    if not isinstance(feature, ClassLabel) or value is None:
        return value
    return feature.names[value] if 0 <= value < len(feature.names) else None


def can_be_placed(feature: Any) -> bool:
    """Whether the values of a column are texts or numbers, so that their place in a text can be noted."""
    if isinstance(feature, Value):
        kind = feature.pa_type
        return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_string(kind)
                    or pa.types.is_large_string(kind))  # fmt: skip
    return isinstance(feature, ClassLabel)
