"""The steps of a recipe while data are loaded: what can be done row by row, and in which passes over the rows."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import xxhash
from datasets import Features

from hfaug.builders.embedding import media_columns
from hfaug.errors import RecipeError

if TYPE_CHECKING:
    from hfaug.recipe.schema import Augment, Balance, FilterRows, Synthesise

    Step = Augment | Balance | FilterRows | Synthesise

__all__ = ["Line", "RowSteps", "named_rows"]

_BATCH_BYTES = 32_000_000
_MOST_ROWS = 1000
_MOST_MEDIA = 64


@dataclasses.dataclass(frozen=True)
class Line:
    """One pass over the rows of a split: what is done to them in turn.

    Attributes:
        stages: Ops, each with the features of the rows it gets, and filters.
        copies: How many rows become of one, at most.
    """

    stages: tuple[tuple[Any, Features], ...] = ()
    copies: int = 1

    def then(self, stage: Any, features: Features, copies: int = 1) -> Line:
        """The line with one more stage."""
        return Line((*self.stages, (stage, features)), self.copies * copies)

    def run(self, rows: pa.Table, counts: Counter[str]) -> pa.Table:
        """What becomes of some rows.

        Args:
            rows: Rows with their lineage, no more than `slices` says.
            counts: Counts the rejected rows by reason.
        """
        from hfaug.filters import RowFilter

        for stage, before in self.stages:
            if isinstance(stage, RowFilter):
                reasons = stage.reasons([rows])
                counts.update(reason for reason in reasons if reason is not None)
                rows = rows.filter(pa.array([reason is None for reason in reasons], pa.bool_()))
            elif rows.num_rows:
                rows, rejects = stage.run_table(rows, before)
                counts.update(rejects)
            else:
                rows = stage.features(before).arrow_schema.empty_table()
        return rows

    def slices(self, table: pa.Table, features: Features) -> Iterator[tuple[int, int]]:
        """Ranges of rows to run together: few where rows are large; the result does not depend on it.

        Args:
            table: Rows.
            features: What they are.
        """
        size = max(1, table.nbytes // max(1, table.num_rows))
        most = _MOST_MEDIA if media_columns(features) else _MOST_ROWS
        step = max(1, min(most // self.copies, _BATCH_BYTES // (size * self.copies)))
        for start in range(0, table.num_rows, step):
            yield start, min(start + step, table.num_rows)


@dataclasses.dataclass(frozen=True)
class RowSteps:
    """Steps that each look at one row at a time.

    Attributes:
        steps: Augmentations and row filters.
        provenance: Whether the result has the lineage column.
    """

    steps: tuple[Augment | FilterRows, ...]
    provenance: bool = True

    @classmethod
    def of(
        cls, steps: Sequence[Step], *, copies: int | None = None, keep: bool | None = None, seed: int | None = None,
        splits: Sequence[str] | None = None, whole: bool = False,
    ) -> RowSteps:  # fmt: skip
        """The steps of a recipe, with other numbers where some are given.

        Args:
            steps: The recipe's.
            copies: Copies of each row, in every augmentation.
            keep: Whether the rows themselves stay.
            seed: Another seed gives other draws.
            splits: Splits that are augmented.
            whole: All rows are at hand, so an op may learn from them and a filter compare them.

        Raises:
            RecipeError: A step has to see the whole dataset, or there is no augmentation that the numbers could be for.
        """
        from hfaug.recipe.schema import Augment, FilterRows

        if copies is not None and copies < 1:
            raise RecipeError(f"recipe: copies must be from 1 up, got {copies}")
        said: dict[str, Any] = {"copies": copies, "keep": keep, "splits": _as_tuple(splits)}
        said = {name: value for name, value in said.items() if value is not None}
        if (said or seed is not None) and not any(isinstance(step, Augment) for step in steps):
            names = ", ".join([*said, *(["seed"] if seed is not None else [])])
            raise RecipeError(f"recipe: must augment where {names} is given, has no such step; leave {names} out")
        found: list[Augment | FilterRows] = []
        provenance = True
        for number, step in enumerate(steps):
            _check(number, step, whole)
            if isinstance(step, FilterRows):
                found.append(step)
            elif isinstance(step, Augment):
                op = step.op if seed is None else step.op.on(seed=seed)
                provenance = provenance and op.binding.provenance is not False
                op = dataclasses.replace(op, binding=dataclasses.replace(op.binding, provenance=None))
                found.append(dataclasses.replace(step, op=op, **said))
        return cls(tuple(found), provenance)

    @property
    def digest(self) -> str:
        """32 hex digits over everything that the rows follow from: ops, their versions and models, numbers, splits."""
        from hfaug.config import OUTPUT_VERSION
        from hfaug.recipe.schema import Augment

        parts: list[Any] = [OUTPUT_VERSION, self.provenance]
        for step in self.steps:
            if isinstance(step, Augment):
                parts.append([step.op.fingerprint, step.op.model_digest(), step.copies, step.keep, sorted(step.splits)])
            else:
                chosen, splits = step.filter, None if step.splits is None else sorted(step.splits)
                parts.append([chosen.fingerprint, chosen.model_digest(), splits])
        return xxhash.xxh3_128_hexdigest(repr(parts).encode())

    @property
    def id_column(self) -> str | None:
        """The column that names a row, if the recipe binds one."""
        from hfaug.recipe.schema import Augment

        return next((step.op.binding.id for step in self.steps if isinstance(step, Augment)), None)

    def lines(self, split: str, features: Features, *, together: bool) -> tuple[list[Line], Features]:
        """The passes over the rows of a split, and the features of the result.

        Args:
            split: Its name.
            features: Its features, lineage included.
            together: One pass, in which each row is followed by its copies; else rows come before all copies of them.

        Raises:
            RoleError: A column is missing or in doubt.
            LabelError: A label would not move.
        """
        from hfaug.augment import Untouched
        from hfaug.lineage import id_digest, unused
        from hfaug.recipe.schema import FilterRows

        lines = [Line()]
        earlier: set[str] = set()
        for step in self.steps:
            if isinstance(step, FilterRows):
                if step.splits is None or split in step.splits:
                    step.filter.check(features)
                    lines = [line.then(step.filter, features) for line in lines]
                continue
            after = step.op.features(features)
            rest = [line.then(Untouched.around(step.op), features) if after != features else line for line in lines]
            if split not in step.splits:
                lines = rest
                features = after
                continue
            beside = together and step.keep
            op = unused(step.op, earlier.__contains__).times(step.copies, keep=beside)
            earlier.add(id_digest(op))
            copied = [line.then(op, features, step.copies + beside) for line in lines]
            lines = [*(rest if step.keep and not together else []), *copied]
            features = after
        return lines, features

    def check_splits(self, splits: Sequence[str]) -> None:
        """See that the splits that are augmented or filtered are there.

        Raises:
            RecipeError: One is not.
        """
        for number, step in enumerate(self.steps):
            unknown = [name for name in step.splits or () if name not in splits]
            if unknown:
                raise RecipeError(
                    f"recipe, steps[{number}]: splits must be among {', '.join(splits)}, got {', '.join(unknown)}; "
                    "correct splits"
                )

    def finished(self, table: pa.Table) -> pa.Table:
        """A table as it is handed out: without the lineage where it was not wanted."""
        from hfaug import provenance

        return table if self.provenance else table.drop_columns([provenance.COLUMN])


def named_rows(table: pa.Table, ids: pa.Array | None, id_column: str | None, features: Features) -> pa.Table:
    """Rows with the lineage column.

    Args:
        table: Rows, with or without it.
        ids: The ids, where they are known.
        id_column: The column that names a row, if there is one.
        features: What the result is.
    """
    from hfaug import provenance

    if not provenance.has_lineage(table):
        found = provenance.row_ids(table, id_column) if ids is None else ids.to_pylist()
        table = table.append_column(provenance.COLUMN, provenance.source_lineage(found))
    elif ids is not None:
        lineage = table[provenance.COLUMN].combine_chunks()
        lineage = pa.concat_arrays(lineage.chunks) if isinstance(lineage, pa.ChunkedArray) else lineage
        names = [field.name for field in lineage.type]
        arrays = [ids if name == "id" else pc.struct_field(lineage, name) for name in names]
        column = pa.StructArray.from_arrays(arrays, fields=list(lineage.type))
        table = table.set_column(table.column_names.index(provenance.COLUMN), provenance.COLUMN, column)
    schema = features.arrow_schema
    return table.select(schema.names).cast(schema)


def _as_tuple(splits: Sequence[str] | None) -> tuple[str, ...] | None:
    return (splits,) if isinstance(splits, str) else None if splits is None else tuple(splits)


def _check(number: int, step: Step, whole: bool) -> None:
    """See that a step can be done row by row, or with all rows at hand."""
    from hfaug.filters import RowFilter
    from hfaug.recipe.schema import Augment, FilterRows

    if isinstance(step, Augment) and (whole or step.op.ready):
        return
    if isinstance(step, FilterRows) and (whole or isinstance(step.filter, RowFilter)):
        return
    kind, what = _words(step)
    raise RecipeError(
        f"recipe, steps[{number}].{kind}: must work on one row at a time while data are loaded, {what}; "
        "run the recipe with `hfaug build`, and load what it releases"
    )


def _words(step: Any) -> tuple[str, str]:
    from hfaug.filters import BatchFilter
    from hfaug.recipe.schema import Augment, Balance, FilterRows

    if isinstance(step, Augment):
        names = ", ".join(op.op_name() for op in step.op.walk() if not op.children() and not op.ready)
        return "augment", f"{names} first learns from all rows"
    if isinstance(step, FilterRows):
        name = step.filter.op_name()
        if not step.filter.ready:
            return "filter", f"{name} first learns from all rows"
        return "filter", f"{name} {'looks at many' if isinstance(step.filter, BatchFilter) else 'compares all'} rows"
    if isinstance(step, Balance):
        return "balance", "balance counts all rows"
    return "synthesise", "a generator adds rows of its own"
