"""The words that slots of templates can hold: given by hand, or learnt from the columns of a dataset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from hfaug.assets import Asset
from hfaug.errors import LabelError, ParameterError
from hfaug.language.templates import Weighted

__all__ = ["learn_words", "learnt_words", "weighted_words"]


def weighted_words(
    given: Iterable[tuple[str, Sequence[str | tuple[str, float]]]], who: str = "FillTemplates"
) -> dict[str, list[Weighted]]:
    """The words of each slot with their weights.

    Raises:
        ParameterError: A slot has no words, or weights of nothing.

    >>> weighted_words([("city", ("Rome", ("Oslo", 2.0)))])
    {'city': [('Rome', 1.0), ('Oslo', 2.0)]}
    """
    found: dict[str, list[Weighted]] = {}
    for name, words in given:
        found[name] = [(word, 1.0) if isinstance(word, str) else (word[0], word[1]) for word in words]
        weights = [weight for _, weight in found[name]]
        if not name.isidentifier() or min(weights, default=0) < 0 or sum(weights) <= 0:
            raise ParameterError(
                f"{who}: slots must have an identifier as name, words, and weights from 0 up that are not "
                f"all 0, {name!r} has {list(words)!r}; correct slots"
            )
    return found


def learn_words(columns: Mapping[str, Iterable[Any]]) -> Asset:
    """The different texts of some columns, as an asset.

    Raises:
        LabelError: A column holds none.
    """
    found: set[tuple[str, str]] = set()
    for name, values in columns.items():
        words = {value for value in values if isinstance(value, str) and value.strip()}
        if not words:
            raise LabelError(f"FillTemplates: learn must name columns of texts, {name!r} holds none; correct it")
        found.update((name, word) for word in words)
    return Asset.save(pa.Table.from_pylist([{"slot": slot, "word": word} for slot, word in sorted(found)]))


def learnt_words(lists: Asset | None) -> dict[str, list[str]]:
    """The learnt words of each slot."""
    found: dict[str, list[str]] = {}
    for row in lists.table().to_pylist() if lists is not None else ():
        found.setdefault(row["slot"], []).append(row["word"])
    return found
