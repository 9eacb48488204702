"""An op, tried on some rows of a dataset."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
from datasets import Dataset, DatasetDict, Features, IterableDataset, IterableDatasetDict

from hfaug import provenance
from hfaug.binding import Binding
from hfaug.errors import CallError, ParameterError
from hfaug.fields import canonical
from hfaug.ids import with_lineage
from hfaug.op import Op
from hfaug.plan import Plan
from hfaug.preview.cells import Cell, Note, strip
from hfaug.preview.look import Look
from hfaug.preview.sheet import Section, Sheet
from hfaug.preview.steps import op_line, op_name

__all__ = ["one_split", "preview", "spread", "tried"]

Judge: TypeAlias = Callable[[pa.Table], tuple[Mapping[str, str], Sequence[str]]]


def preview(
    dataset: Any, op: Op, *, rows: int = 6, copies: int = 3, seed: int | None = None, title: str | None = None
) -> Sheet:
    r"""Try an op on some rows: a sheet of each row beside its copies, with labels drawn in and edits marked.

    The copies are those that `hfaug.augment` makes of these rows, only fewer.

    Args:
        dataset: A dataset, or splits of which ``train``, else the first, is taken. Of a stream the first rows are
            tried, else rows from everywhere.
        op: What to try. One that learns from a dataset learns from the whole split.
        rows: How many rows, from 1 up.
        copies: Copies of each, from 1 up.
        seed: As in `hfaug.augment`.
        title: Heading; the op by default.

    Returns:
        The sheet: ``.png``, ``.html``, ``.save("out/preview")``.

    Raises:
        RoleError: A column is missing or in doubt.
        LabelError: A label would not move.

    >>> import hfaug
    >>> from datasets import Dataset
    >>> sheet = hfaug.preview(Dataset.from_dict({"text": ["a red car is here"]}), hfaug.ops.text.SwapChars(share=1))
    >>> sheet.png[:4], "copy 2" in sheet.html
    (b'\x89PNG', True)
    """
    return tried(dataset, op, rows=rows, copies=copies, seed=seed, title=title)


def tried(
    dataset: Any, op: Op, *, rows: int, copies: int, seed: int | None, title: str | None, judge: Judge | None = None
) -> Sheet:
    """As `preview`; where there is a judge, it is said of each made row that would fall why it would.

    Args:
        dataset: See `preview`.
        op: See `preview`.
        rows: See `preview`.
        copies: See `preview`.
        seed: See `preview`.
        title: See `preview`.
        judge: From made rows to why some would fall, by their ids, and what is to be said of all.
    """
    for name, value in (("rows", rows), ("copies", copies)):
        if canonical(value, int, "preview", name) < 1:
            raise ParameterError(f"preview: {name} must be from 1 up, got {value}; change {name}")
    split = one_split(dataset)
    binding = dataclasses.replace(op.binding.merged(Binding(seed=seed)), provenance=None)
    op = dataclasses.replace(op, binding=binding)
    table, features, total = _chosen(split, rows)
    if not op.ready:
        if not isinstance(split, Dataset):
            raise CallError(f"preview: {op_name(op.spec())} learns from a whole split, got a stream; do not stream it")
        op = op.fit(split)
    table, features = _with_lineage(table, features, binding.id)
    made, rejects = op.times(copies, keep=True).run_table(table, features)
    fallen, told = judge(_made(made, table)) if judge is not None else ({}, ())
    bindings = [binding, *(leaf.binding for leaf in Plan(op, features).leaves)]
    look = Look.of(Features(op.features(features)), bindings)
    strips = [_cells(group, look, copies, op, fallen) for group in _families(made.to_pylist(), table)]
    what = "requests" if _asks(op) else "rows"
    counted = f"{len(strips)} of {total} {what}, {copies} {'copies' if copies > 1 else 'copy'} of each"
    notes = (op_line(op.spec()), counted, *_left_out(rejects), *told)
    section = Section(title or op_name(op.spec()), notes, tuple(strips))
    return Sheet((section,), "Before and after")


def one_split(dataset: Any) -> Any:
    """The dataset itself, or the split to look at.

    Raises:
        CallError: It is no dataset, or holds no split.
    """
    if isinstance(dataset, (DatasetDict, IterableDatasetDict)) and dataset:
        return dataset["train"] if "train" in dataset else dataset[next(iter(dataset))]
    if not isinstance(dataset, (Dataset, IterableDataset)):
        raise CallError(f"preview: dataset must be a Dataset or splits of it, got {type(dataset).__name__}; load it")
    return dataset


def spread(count: int, wanted: int) -> list[int]:
    """Places all over a sequence, the first among them.

    >>> spread(100, 4), spread(2, 4)
    ([0, 25, 50, 75], [0, 1])
    """
    wanted = min(count, wanted)
    return [number * count // wanted for number in range(wanted)]


def _chosen(split: Any, rows: int) -> tuple[pa.Table, Features, str]:
    """The rows to try, as they are stored."""
    if isinstance(split, Dataset):
        plain = split.with_format("arrow")
        table = plain.select(spread(len(split), rows))[:] if len(split) else split.features.arrow_schema.empty_table()
        return table, Features(split.features), f"{len(split):,}"
    if split.features is None:
        raise CallError("preview: the features of a stream must be known, these are not; load it with features=...")
    pieces = list(islice(split.with_format("arrow").iter(1), rows))
    table = pa.concat_tables(pieces) if pieces else split.features.arrow_schema.empty_table()
    return table.cast(split.features.arrow_schema), Features(split.features), "many"


def _with_lineage(table: pa.Table, features: Features, id_column: str | None) -> tuple[pa.Table, Features]:
    """Rows that have an id each, equal ones too."""
    if provenance.COLUMN in features:
        return table, features
    ids = provenance.number_repeats(provenance.row_ids(table, id_column), {})
    table = table.append_column(provenance.COLUMN, provenance.source_lineage(ids))
    return table, with_lineage(features)


def _families(rows: Sequence[Mapping[str, Any]], table: pa.Table) -> Iterator[list[Mapping[str, Any]]]:
    """Rows in groups that each begin with one of the table's rows."""
    originals = {item["id"] for item in table[provenance.COLUMN].to_pylist()}
    group: list[Mapping[str, Any]] = []
    for row in rows:
        if row[provenance.COLUMN]["id"] in originals and group:
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _made(rows: pa.Table, table: pa.Table) -> pa.Table:
    """The rows that are none of the table's."""
    ids = (pc.struct_field(part[provenance.COLUMN], "id") for part in (rows, table))
    return rows.filter(pc.invert(pc.is_in(next(ids), value_set=next(ids).combine_chunks())))


def _cells(
    rows: Sequence[Mapping[str, Any]], look: Look, copies: int, op: Op, fallen: Mapping[str, str]
) -> tuple[Cell, ...]:
    """A row and its copies; a copy that was rejected leaves its place empty, and one that would fall says why."""
    numbers = [_number(row) for row in rows[1:]]
    name = op_name(op.spec())
    titles = [("request" if _asks(op) else "original", ""), *((f"copy {number}", name) for number in numbers)]
    first, *made = strip(rows, look, titles, before=rows[0])
    made = [_judged(cell, fallen.get(row[provenance.COLUMN]["id"])) for cell, row in zip(made, rows[1:], strict=True)]
    by_number = dict(zip(numbers, made, strict=True))
    missing = Note("left out: the op rejected this row", changed=True)
    return (first, *(by_number.get(number, Cell(f"copy {number}", notes=(missing,))) for number in range(copies)))


def _asks(op: Op) -> bool:
    """Whether the rows that an op is given are requests, not rows that it changes."""
    return op.origin_of("source") == "synthetic"


def _judged(cell: Cell, why: str | None) -> Cell:
    """A cell that says first why its row would fall."""
    notes = () if why is None else (Note(f"would be dropped by {why}", changed=True),)
    return dataclasses.replace(cell, notes=(*notes, *cell.notes))


def _number(row: Mapping[str, Any]) -> int:
    """Which copy a row is: the last part of its id."""
    return int(row[provenance.COLUMN]["id"].rpartition(".")[2])


def _left_out(rejects: Mapping[str, int]) -> Iterator[str]:
    for reason, count in Counter(rejects).most_common():
        yield f"{count} {'copies' if count > 1 else 'copy'} left out: {reason}"
