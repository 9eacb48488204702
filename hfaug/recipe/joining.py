"""How generated rows come into the columns of the dataset that they join: by name, classes too."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from datasets import ClassLabel, Features, LargeList, List

from hfaug.columns import is_string
from hfaug.engine import UnitResult
from hfaug.errors import RecipeError

__all__ = ["JoinColumns"]


@dataclasses.dataclass(frozen=True)
class JoinColumns:
    """Brings generated rows into the columns of the dataset they join; what was not generated is null.

    Classes keep their names, whatever numbers they have on either side.

    Args:
        who: Who speaks in errors.
        made: The columns of the generated rows.
        asked: The columns of the requests; those that the dataset lacks end here.
        target: The columns of the dataset.

    Raises:
        RecipeError: The dataset has no place for what is made: a column, a class, a type.
    """

    who: str
    made: Features
    asked: Features
    target: Features

    def __post_init__(self) -> None:
        lost = [name for name in self.made if name not in self.target and name not in self.asked]
        if lost:
            raise RecipeError(
                f"{self.who}: what is made must have a column in the dataset, {', '.join(lost)} has none among "
                f"{', '.join(self.target)}; call it as the dataset does, or add the column to the source"
            )
        for name in self._shared():
            if not _fits(self.made[name], self.target[name]):
                raise RecipeError(
                    f"{self.who}: column {name!r} must be made as the dataset holds it, {self.target[name]}, "
                    f"is made as {self.made[name]}; name the classes alike, or make another type"
                )

    def _shared(self) -> list[str]:
        return [name for name in self.target if name in self.made]

    def __call__(self, table: pa.Table) -> UnitResult:
        """The rows of one unit."""
        schema = self.target.arrow_schema
        columns = [self._column(table, field) for field in schema]
        return UnitResult(pa.Table.from_arrays(columns, schema=schema))

    def _column(self, table: pa.Table, field: pa.Field) -> Any:
        if field.name not in self.made:
            return pa.nulls(len(table), field.type)
        have, want = self.made[field.name], self.target[field.name]
        if not _renumbers(have, want):
            return table[field.name].cast(field.type)
        return pa.array([_renumbered(value, have, want) for value in table[field.name].to_pylist()], field.type)


def _fits(have: Any, want: Any) -> bool:
    """Whether values of one feature can be had as another, whatever they are."""
    if isinstance(have, ClassLabel) and isinstance(want, ClassLabel):
        return set(have.names) <= set(want.names)
    if isinstance(have, ClassLabel) or isinstance(want, ClassLabel):
        return isinstance(have, ClassLabel) and is_string(want)
    if isinstance(have, (List, LargeList)) and isinstance(want, (List, LargeList)):
        return _fits(have.feature, want.feature)
    if isinstance(have, Mapping) and isinstance(want, Mapping):
        return have.keys() == want.keys() and all(_fits(have[name], want[name]) for name in have)
    types = [Features({"it": feature}).arrow_schema.field(0).type for feature in (have, want)]
    try:
        pa.nulls(1, types[0]).cast(types[1])
    except pa.ArrowException:
        return False
    return True


def _renumbers(have: Any, want: Any) -> bool:
    """Whether a class has one number here, and another or its name there."""
    if isinstance(have, ClassLabel):
        return is_string(want) or bool(have.names != want.names[: len(have.names)])
    if isinstance(have, (List, LargeList)):
        return _renumbers(have.feature, want.feature)
    return isinstance(have, Mapping) and any(_renumbers(have[name], want[name]) for name in have)


def _renumbered(value: Any, have: Any, want: Any) -> Any:
    if value is None:
        return None
    if isinstance(have, ClassLabel):
        if value < 0:  # nobody said which
            return None if is_string(want) else value
        return have.int2str(value) if is_string(want) else want.str2int(have.int2str(value))
    if isinstance(have, (List, LargeList)):
        return [_renumbered(item, have.feature, want.feature) for item in value]
    if isinstance(have, Mapping):
        return {name: _renumbered(value[name], have[name], want[name]) for name in have}
    return value
