"""Which class a row has, where the class column says so: null and numbers below 0 mean that there is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from datasets import ClassLabel, Features

__all__ = ["NO_CLASS", "class_column", "class_name", "classes_of"]

NO_CLASS = "(none)"
"""What a row is counted under that its class column gives no class."""


def class_column(features: Features) -> str | None:
    """The column that says the class: the one ClassLabel column, or of several the one called label.

    >>> from datasets import Value
    >>> class_column(Features({"text": Value("string"), "spam": ClassLabel(names=["no", "yes"])}))
    'spam'
    """
    names = [name for name, feature in features.items() if isinstance(feature, ClassLabel)]
    usual = [name for name in ("label", "labels") if name in names]
    return (usual or names or [None])[0] if len(names) != 1 else names[0]


def class_name(label: int | None, names: Sequence[str] | None) -> str:
    """The name that a row is counted under; ``""`` where there is no class column.

    Args:
        label: Number of the class.
        names: Names of all classes; None without a class column.

    >>> class_name(1, ["ham", "spam"]), class_name(-1, ["ham", "spam"]), class_name(None, None)
    ('spam', '(none)', '')
    """
    return "" if names is None else NO_CLASS if label is None or label < 0 else names[label]


def classes_of(labels: Sequence[Any], feature: Any) -> list[Any]:
    """The class of each row as the column holds it; None for a row without one.

    Args:
        labels: Values of a class column.
        feature: What the column is; of a ``ClassLabel`` numbers below 0 are no class, as `datasets` writes them where
            nobody labelled.

    >>> classes_of([1, -1, None], ClassLabel(names=["ham", "spam"]))
    [1, None, None]
    """
    if not isinstance(feature, ClassLabel):
        return list(labels)
    return [None if label is None or label < 0 else label for label in labels]
