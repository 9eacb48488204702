"""The rows of another builder as Arrow tables, in parts that can be read one by one and without any decoder.

The builders that come with `datasets` know all file formats and folder conventions; they are driven here, not copied.
What they yield as examples is stored by hand, because `datasets` wants torchcodec merely to note the path of a sound.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from datasets import ClassLabel, Features, LargeList, List, Value
from datasets.table import table_cast

from hfaug.builders.embedding import is_media
from hfaug.builders.parts import Part, base_name, divided, select
from hfaug.errors import RecipeError

__all__ = ["Reader"]

_EXAMPLES = 256
"""Examples in one table."""


class Reader:
    """Reads the rows of a builder.

    Args:
        builder: Any builder that makes examples or tables.
        split: What of it is wanted, such as ``train`` or ``train[:500]``; all splits when left out.
        encode: Columns whose values are names of classes, to be read as a ``ClassLabel``.
    """

    def __init__(self, builder: Any, *, split: str | None = None, encode: Sequence[str] = ()) -> None:
        self.builder = builder
        self.split = split
        self.encode = tuple(encode)
        self._classes: dict[str, list[str]] = {}

    @property
    def identity(self) -> str:
        """What the rows follow from: the builder, its files as they are now, and what is wanted of them."""
        return repr([self.builder._relative_data_dir(), self.split, self.encode])

    @property
    def known_features(self) -> Features | None:
        """What the columns are, where the builder says so; known once `parts` was called."""
        return self.builder.info.features

    def parts(self, manager: Any) -> dict[str, list[Part]]:
        """The parts of every split, in the order of their rows.

        Args:
            manager: The download manager, which may be a streaming one.

        Raises:
            RecipeError: There is no such split.
        """
        found = self.builder._split_generators(manager)
        parts = {str(split.name): [Part(arguments) for arguments in divided(split.gen_kwargs)] for split in found}
        if self.split is None:
            return parts
        return {base_name(self.split): select(parts, self.split, None if manager.is_streaming else self._count)}

    def features(self, parts: Mapping[str, list[Part]], *, streaming: bool = False) -> Features:
        """What the columns are: as the builder says, else as its first rows show; with classes where they are wanted.

        Args:
            parts: What `parts` gave.
            streaming: Whether the rows may be read only once.

        Raises:
            RecipeError: A column that names classes is missing, or its classes would have to be found in a stream.
        """
        features = self._stored_features(parts)
        if not self.encode:
            return features
        unknown = [name for name in self.encode if name not in features]
        if unknown:
            raise RecipeError(f"recipe, source.encode: must be among {', '.join(features)}, got {unknown[0]!r}")
        if streaming:
            raise RecipeError(
                "recipe, source.encode: must be left out of a stream, whose classes are not known before its end; "
                "load without streaming=True, or release the dataset with `hfaug build` and stream that"
            )
        names: dict[str, set[str]] = {name: set() for name in self.encode}
        for part in itertools.chain.from_iterable(parts.values()):
            for table in self.tables(part, features):
                for name in self.encode:
                    names[name].update(table[name].cast(pa.string()).unique().drop_null().to_pylist())
        self._classes = {name: sorted(found) for name, found in names.items()}
        return Features({**features, **{name: ClassLabel(names=known) for name, known in self._classes.items()}})

    def _stored_features(self, parts: Mapping[str, list[Part]]) -> Features:
        if self.known_features is not None:
            return Features(self.known_features)
        first: pa.Table | None = None
        for part in itertools.chain.from_iterable(parts.values()):
            table = next(self._all_tables(part), None)
            if table is not None and (first is None or table.num_rows):
                first = table
            if first is not None and first.num_rows:
                break
        return Features({}) if first is None else Features.from_arrow_schema(first.schema)

    def _count(self, part: Part) -> int:
        return sum(table.num_rows for table in self._all_tables(part))

    def tables(self, part: Part, features: Features | None = None) -> Iterator[pa.Table]:
        """The rows of a part.

        Args:
            part: One of `parts`.
            features: What the columns are to be, if they are known.
        """
        at = 0
        for table in self._all_tables(part):
            low = max(0, part.start - at)
            high = table.num_rows if part.stop is None else min(part.stop - at, table.num_rows)
            at += table.num_rows
            if low < high or (table.num_rows == 0 and part.stop is None):
                rows = table.slice(low, high - low)
                yield rows if features is None else _cast(rows, features, self._classes)
            if part.stop is not None and at >= part.stop:
                return

    def _all_tables(self, part: Part) -> Iterator[pa.Table]:
        if hasattr(self.builder, "_generate_tables"):
            made = self.builder._generate_tables(**part.arguments)
            yield from (table for _, table in made)
        else:
            made = self.builder._generate_examples(**part.arguments)
            yield from _stored((example for _, example in made), self.builder.info.features)


def _stored(examples: Iterator[Mapping[str, Any]], features: Features) -> Iterator[pa.Table]:
    """Examples as tables."""
    plain = Features({name: _as_struct(feature) for name, feature in features.items()})
    while batch := list(itertools.islice(examples, _EXAMPLES)):
        rows = [plain.encode_example({name: _named(row.get(name), f) for name, f in features.items()}) for row in batch]
        yield pa.Table.from_pylist(rows, schema=plain.arrow_schema).cast(features.arrow_schema)


def _as_struct(feature: Any) -> Any:
    """A feature with the storage of media in their place."""
    if is_media(feature):
        return {"bytes": Value("binary"), "path": Value("string")}
    if isinstance(feature, Mapping):
        return {name: _as_struct(inner) for name, inner in feature.items()}
    if isinstance(feature, list):
        return [_as_struct(feature[0])]
    if isinstance(feature, (List, LargeList)):
        return dataclasses.replace(feature, feature=_as_struct(feature.feature))
    return feature


def _named(value: Any, feature: Any) -> Any:
    """A value with media in their stored form: bytes, or the path of a file."""
    if value is None:
        return None
    if is_media(feature):
        if isinstance(value, Mapping):
            return {"bytes": value.get("bytes"), "path": value.get("path")}
        return (
            {"bytes": value, "path": None}
            if isinstance(value, (bytes, bytearray))
            else {"bytes": None, "path": str(value)}
        )
    if isinstance(feature, Mapping):
        return {name: _named(value.get(name), inner) for name, inner in feature.items()}
    if isinstance(feature, (list, List, LargeList)):
        inner = feature[0] if isinstance(feature, list) else feature.feature
        return [_named(item, inner) for item in value]
    return value


def _cast(table: pa.Table, features: Features, classes: Mapping[str, list[str]]) -> pa.Table:
    """A table of some features; names of classes become their numbers."""
    for name, known in classes.items():
        numbers = pc.index_in(table[name].cast(pa.string()), value_set=pa.array(known, pa.string())).cast(pa.int64())
        table = table.set_column(table.column_names.index(name), name, numbers)
    schema = features.arrow_schema
    return table_cast(table.select(schema.names) if set(schema.names) <= set(table.column_names) else table, schema)
