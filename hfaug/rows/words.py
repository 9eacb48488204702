"""Words and their tags as a row holds them, checked: nobody can say what a null among them stands for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from datasets import ClassLabel

from hfaug.columns import feature_at
from hfaug.errors import LabelError

__all__ = ["class_names", "complete", "tag_names"]


def class_names(features: Mapping[str, Any], path: str) -> list[str] | None:
    """The names behind the class numbers of a list; None where its tags are names themselves.

    Args:
        features: What the columns are.
        path: The list.
    """
    feature = feature_at(features, path).feature
    return feature.names if isinstance(feature, ClassLabel) else None


def complete(values: Sequence[Any] | None, path: str, what: str) -> None:
    """See that no null stands among some values.

    Args:
        values: Words or tags.
        path: The column they stand in.
        what: What they are, for errors.

    Raises:
        LabelError: One does.
    """
    if values is not None and None in values:
        place = next(number for number, value in enumerate(values) if value is None)
        raise LabelError(
            f"column {path!r}: {what} must all be there, number {place + 1} of {len(values)} is null; "
            "fill it in, or drop the row"
        )


def tag_names(
    tags: Sequence[Any], names: Sequence[str] | None, path: str, *, nameless: str | None = None
) -> Sequence[str]:
    """The tags of words by name.

    Args:
        tags: Names or class numbers, one a word.
        names: The names behind the numbers; None where the tags are names.
        path: The column, for errors.
        nameless: What to call a number without a name, such as the -1 and -100 of words that nobody tagged; its digits
            when left out.

    Raises:
        LabelError: A tag is null.

    >>> tag_names([0, -1], ["O", "B-PER"], "tags"), tag_names([0, -1], ["O", "B-PER"], "tags", nameless="O")
    (['O', '-1'], ['O', 'O'])
    """
    complete(tags, path, "tags")
    if names is None:
        return tags
    unnamed = (str(tag) if nameless is None else nameless for tag in tags)
    return [names[tag] if 0 <= tag < len(names) else other for tag, other in zip(tags, unnamed, strict=True)]
