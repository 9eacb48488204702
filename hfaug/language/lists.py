"""Word lists as plain text, which reads better than quoted words."""

from __future__ import annotations

__all__ = ["word_set"]


def word_set(text: str) -> frozenset[str]:
    """The words of a text, by the white space between them.

    >>> sorted(word_set("a an the"))
    ['a', 'an', 'the']
    """
    return frozenset(text.split())
