"""Which class a row has, where the class column says so: null and numbers below 0 mean that there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from datasets import ClassLabel, Features

__all__ = ["NO_CLASS", "class_column", "class_name", "class_names_of", "class_title", "classes_of", "combined_classes"]

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


def class_title(names: Sequence[str]) -> str:
    """A class, or a combination of classes, as people read it; no two are written alike.

    >>> class_title(["n/a"]), class_title(["cat", "black"]), class_title(["cat", "n/a"])
    ('n/a', 'cat / black', "cat / 'n/a'")
    """
    return names[0] if len(names) == 1 else " / ".join(repr(name) if "/" in name else name for name in names)


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


def combined_classes(rows: Mapping[str, Sequence[Any]], features: Features, columns: Sequence[str]) -> list[Any]:
    """The class of each row by one column, or the combination of its classes by several; None for a row without one.

    Args:
        rows: Values by column.
        features: What the columns are.
        columns: At least one class column.

    >>> from datasets import Value
    >>> kinds = Features({"label": ClassLabel(names=["cat", "dog"]), "colour": Value("string")})
    >>> rows = {"label": [0, 1, -1], "colour": ["red", "blue", "red"]}
    >>> combined_classes(rows, kinds, ["label"]), combined_classes(rows, kinds, ["label", "colour"])
    ([0, 1, None], [(0, 'red'), (1, 'blue'), None])
    """
    each = [classes_of(rows[column], features[column]) for column in columns]
    return each[0] if len(each) == 1 else [None if None in row else row for row in zip(*each, strict=True)]


def class_names_of(
    rows: Mapping[str, Sequence[Any]], features: Features, columns: Sequence[str]
) -> list[tuple[str, ...] | None]:
    """As `combined_classes`, but by names, and as a tuple also where there is one column.

    >>> class_names_of({"label": [1, None]}, Features({"label": ClassLabel(names=["cat", "dog"])}), ["label"])
    [('dog',), None]
    """
    named = []
    for column in columns:
        feature, labels = features[column], classes_of(rows[column], features[column])
        names = feature.names if isinstance(feature, ClassLabel) else None
        named.append([None if one is None else names[one] if names else str(one) for one in labels])
    return [None if None in row else row for row in zip(*named, strict=True)]
