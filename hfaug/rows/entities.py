"""Named entities of a row: stretches of tagged words, or spans with a type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from datasets import ClassLabel, Features, LargeList, List

from hfaug.errors import LabelError, RowError, add_context
from hfaug.moves import joined, to_code_points
from hfaug.moves.chunks import OUTSIDE, entities, is_chunked
from hfaug.roles import Roles, feature_at
from hfaug.rows.words import class_names, complete, tag_names

__all__ = ["Entity", "each_entities", "entity_types", "read_entities"]

Entity = tuple[int, int, str]
"""Start and end in code points of the text, and the type."""

_TYPE_FIELDS = ("label", "type", "entity", "tag", "category")


def read_entities(row: Any, features: Features, roles: Roles) -> tuple[str, list[Entity]]:
    """The text of a row and its typed entities, in no order.

    Args:
        row: A row, or a dictionary of its columns.
        features: What the columns are.
        roles: Which columns hold the text with its spans, or the words with their tags.

    Raises:
        LabelError: Tags do not fit the words, or spans have no type.
    """
    column = roles.one("text")
    if column is not None:
        text = row[column] or ""
        unit = roles.binding.offsets or "code_point"
        paths = roles.all("spans")
        return text, [entity for path in paths for entity in _placed(text, unit, row[path], path, features)]
    words = row[roles.all("tokens")[0]] or []
    complete(words, roles.all("tokens")[0], "words")
    text, spans = joined(words)
    return text, [entity for path in roles.all("tags") for entity in _stretches(row[path], path, features, spans)]


def each_entities(rows: Iterable[Any], features: Features, roles: Roles) -> Iterator[tuple[str, list[Entity]]]:
    """What `read_entities` finds in each of some rows; its errors name the row by its place.

    Args:
        rows: Dictionaries of columns.
        features: What the columns are.
        roles: As for `read_entities`.
    """
    for number, row in enumerate(rows):
        try:
            yield read_entities(row, features, roles)
        except LabelError as error:
            add_context(error, f"in row {number}, counted from 0")
            raise


def entity_types(features: Features, roles: Roles) -> set[str] | None:
    """The types that entities can have, where they are classes; None where they are any text."""
    found: set[str] = set()
    for role, types in (("tags", _types_of_tags), ("spans", _types_of_spans)):
        for path in roles.all(role):
            some = types(features, path)
            if some is None:
                return None
            found.update(some)
    return found or None


def _types_of_tags(features: Features, path: str) -> Sequence[str] | None:
    names = class_names(features, path)
    return None if names is None else [tag.partition("-")[2] for tag in names if tag != OUTSIDE]


def _types_of_spans(features: Features, path: str) -> Sequence[str] | None:
    return _type_field(features, path)[1]


def _placed(text: str, unit: Any, value: Any, path: str, features: Features) -> Iterator[Entity]:
    """The entities of spans, counted in code points."""
    found = list(_typed_spans(value, path, features))
    try:
        places = to_code_points(text, [(start, end) for start, end, _ in found], unit)
    except RowError as error:
        raise LabelError(f"column {path!r}: {error}") from error
    for (start, end), (_, _, kind) in zip(places, found, strict=True):
        yield start, end, kind


def _stretches(
    value: Sequence[Any] | None, path: str, features: Features, spans: Sequence[tuple[int, int]]
) -> Iterator[Entity]:
    """The entities of tagged words, in BIO and its relatives."""
    if value is None:
        return
    if len(value) != len(spans):
        raise LabelError(
            f"column {path!r}: must hold one tag a word, holds {len(value)} for {len(spans)}; correct the row"
        )
    tags = tag_names(value, class_names(features, path), path, nameless=OUTSIDE)
    if not is_chunked(tags):
        return
    bounds: dict[int, tuple[int, int, str]] = {}
    for number, tag, (start, end) in zip(entities(tags), tags, spans, strict=True):
        if number:
            first, _, _ = bounds.get(number, (start, end, ""))
            bounds[number] = (first, end, tag.partition("-")[2])
    yield from bounds.values()


def _typed_spans(value: Any, path: str, features: Features) -> Iterator[Entity]:
    """The entities of spans with a field for their type; empty spans name nothing, and no class no type."""
    if not value:
        return
    name, names = _type_field(features, path)
    parts: Iterable[Any] = ((item["start"], item["end"], item[name]) for item in value)
    if isinstance(value, Mapping):
        parts = zip(value["start"], value["end"], value[name], strict=True)
    for start, end, of in parts:
        if start is None or end is None:
            raise LabelError(
                f"column {path!r}: spans must have a start and an end, got ({start}, {end}); fill them in, "
                "or drop the span"
            )
        typed = of is not None and (names is None or 0 <= of < len(names))
        if typed and start < end:
            yield start, end, names[of] if names else str(of)


def _type_field(features: Features, path: str) -> tuple[str, Sequence[str] | None]:
    """The field of spans that holds their type, and the names of its classes."""
    feature = feature_at(features, path)
    fields = feature.feature if isinstance(feature, (List, LargeList)) else feature
    name = next((name for name in _TYPE_FIELDS if isinstance(fields, Mapping) and name in fields), None)
    if name is None:
        raise LabelError(
            f"column {path!r}: spans must have a type to be entities, in one of the fields {', '.join(_TYPE_FIELDS)}, "
            "have none; rename yours"
        )
    kind = fields[name]
    kind = kind.feature if isinstance(kind, (List, LargeList)) else kind
    return name, kind.names if isinstance(kind, ClassLabel) else None
