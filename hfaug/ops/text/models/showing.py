"""What prompts show of a row, and prompts as backends take them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from datasets import ClassLabel

from hfaug.backends import Message, Prompt
from hfaug.language.schemas import readable
from hfaug.rows import Row

__all__ = ["as_prompt", "class_names", "row_values"]


def as_prompt(messages: Sequence[tuple[str, str]]) -> Prompt:
    """Rendered messages as backends take them: a chat, or one text to go on from."""
    if messages and not messages[0][0]:
        return messages[0][1]
    return tuple(Message(role, content) for role, content in messages)  # type: ignore[arg-type]  # of the template's own headings


def row_values(row: Row, columns: Sequence[str]) -> dict[str, Any]:
    """Some columns of a row as prompts show them; those that an op before has added, as they are stored."""
    features = row.batch.features
    return {name: readable(row[name], features[name]) if name in features else row[name] for name in columns}


def class_names(row: Row) -> list[str]:
    """The names of all classes of a row's columns."""
    return [name for kind in row.batch.features.values() if isinstance(kind, ClassLabel) for name in kind.names]
