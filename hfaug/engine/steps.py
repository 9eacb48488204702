"""Ready steps: rows in ranges, everything at once, rows from a dataset, rows written out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from hfaug.engine.units import Sizes, UnitResult, UnitRule, plan_ranges, row_bytes
from hfaug.engine.views import View

if TYPE_CHECKING:
    import datasets

__all__ = ["MapStep", "RowsStep", "WholeStep", "copy_step"]

FeaturesOf = Callable[..., "datasets.Features"]


@dataclass(frozen=True, eq=False)
class MapStep:
    """A function over ranges of the first input's rows.

    Args:
        name: For people.
        digest: Everything the function's result follows from, besides the rows.
        function: Called with a table and the views of the other inputs; returns a table or a ``UnitResult``. Any number
            of rows may come out.
        result: From the inputs' features to those of the result; None when they stay as they are.
        rule: Size of a unit.
        columns: What the function reads of the first input; None for all.
    """

    name: str
    digest: str
    function: Callable[..., UnitResult | pa.Table]
    result: FeaturesOf | None = None
    rule: UnitRule = field(default_factory=UnitRule)
    columns: Sequence[str] | None = None

    def features(self, inputs: Sequence[datasets.Features]) -> datasets.Features:
        return inputs[0] if self.result is None else self.result(*inputs)

    def units(self, inputs: Sequence[View]) -> list[dict[str, Any]]:
        return [{"rows": [start, stop]} for start, stop in plan_ranges(inputs[0].row_sizes(), self.rule)]

    def run(self, unit: dict[str, Any], inputs: Sequence[View]) -> UnitResult:
        start, stop = unit["rows"]
        return _result(self.function(inputs[0].read(start, stop, self.columns), *inputs[1:]))


@dataclass(frozen=True, eq=False)
class WholeStep:
    """A function over all rows at once: a scan, a fit, a decision. It is one unit, done by one process.

    Args:
        name: For people.
        digest: Everything the function's result follows from, besides the rows.
        function: Called with the views of the inputs; returns a table or a ``UnitResult``. It should read in batches.
        result: From the inputs' features to those of the result.
    """

    name: str
    digest: str
    function: Callable[..., UnitResult | pa.Table]
    result: FeaturesOf
    rule: UnitRule = field(default_factory=UnitRule)

    def features(self, inputs: Sequence[datasets.Features]) -> datasets.Features:
        return self.result(*inputs)

    def units(self, inputs: Sequence[View]) -> list[dict[str, Any]]:
        return [{}]

    def run(self, unit: dict[str, Any], inputs: Sequence[View]) -> UnitResult:
        return _result(self.function(*inputs))


@dataclass(frozen=True, eq=False)
class RowsStep:
    """The rows of a dataset, with the bytes of files it only points to, so that no path of this machine goes further.

    Args:
        name: For people.
        digest: What the rows follow from: path, revision and arguments, or the dataset's fingerprint.
        load: Returns the dataset; called once in each process that needs it.
        rule: Size of a unit.
    """

    name: str
    digest: str
    load: Callable[[], datasets.Dataset]
    rule: UnitRule = field(default_factory=UnitRule)

    @cached_property
    def _dataset(self) -> datasets.Dataset:
        return self.load().with_format("arrow")

    def features(self, inputs: Sequence[datasets.Features]) -> datasets.Features:
        return self._dataset.features

    def units(self, inputs: Sequence[View]) -> list[dict[str, Any]]:
        return [{"rows": [start, stop]} for start, stop in plan_ranges(self._sizes(), self.rule)]

    def run(self, unit: dict[str, Any], inputs: Sequence[View]) -> UnitResult:
        from datasets.table import embed_table_storage

        schema = self._dataset.features.arrow_schema
        start, stop = unit["rows"]
        return UnitResult(embed_table_storage(self._dataset[start:stop].cast(schema)).cast(schema))

    def _sizes(self) -> Iterator[Sizes]:
        for start in range(0, len(self._dataset), 1000):
            table: pa.Table = self._dataset[start : start + 1000]
            yield row_bytes(table) + _file_bytes(table)


def copy_step(name: str, rule: UnitRule | None = None) -> MapStep:
    """A step that writes its input's rows out as they are: for a ``Pick`` or ``Take`` that is read again and again.

    Args:
        name: For people.
        rule: Size of a unit.
    """
    return MapStep(name, "copy", lambda table: table, rule=rule or UnitRule())


def _result(made: UnitResult | pa.Table) -> UnitResult:
    return UnitResult(made) if isinstance(made, pa.Table) else made


def _file_bytes(table: pa.Table) -> Sizes:
    """Bytes of the files that media columns point to instead of holding them; 0 for those not on this machine."""
    import os

    import numpy as np

    total = np.zeros(table.num_rows, dtype=np.int64)
    for column in table.columns:
        kind = column.type
        if pa.types.is_struct(kind) and {"bytes", "path"} <= {kind.field(n).name for n in range(kind.num_fields)}:
            held = column.combine_chunks()
            pointed = zip(held.field("bytes").is_null().to_pylist(), held.field("path").to_pylist(), strict=True)
            for row, (empty, path) in enumerate(pointed):
                if empty and path and os.path.isfile(path):
                    total[row] += os.path.getsize(path)
    return total
