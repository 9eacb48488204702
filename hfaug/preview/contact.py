"""Rows of a finished dataset beside what they were made from, as their lineage tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import pyarrow.compute as pc
from datasets import Dataset, DatasetDict, Features

from hfaug import provenance
from hfaug.binding import Binding
from hfaug.errors import CallError
from hfaug.preview.cells import Cell, strip
from hfaug.preview.look import Look
from hfaug.preview.sheet import Section, Sheet
from hfaug.preview.steps import bindings_in, op_name, read_steps
from hfaug.preview.trying import one_split, spread

__all__ = ["contact_sheet", "sheet_files"]

Line: TypeAlias = tuple[str, Sequence[str], str]
"""Id, parents and origin of a row."""

_BATCH = 10_000
_SEVERAL_STEPS = 50  # rows whose steps are read to learn about columns and formats


class _Family:
    """Places of a row and of the rows made from it."""

    __slots__ = ("made", "root")

    def __init__(self, root: int | None) -> None:
        self.root = root
        self.made: list[int] = []


def contact_sheet(dataset: Any, *, rows: int = 6, copies: int = 3, title: str | None = None) -> Sheet:
    """A look at a finished dataset: originals beside their copies, and rows that were generated.

    Args:
        dataset: A dataset, or splits of which the first with generated rows is taken.
        rows: How many originals.
        copies: Most copies of each.
        title: Heading.

    Raises:
        CallError: It is no dataset.

    >>> import hfaug
    >>> from datasets import Dataset
    >>> made = hfaug.augment(Dataset.from_dict({"text": ["a red car is here"]}), hfaug.ops.text.SwapChars(share=1))
    >>> "copy 0" in contact_sheet(made).html
    True
    """
    split = _with_made_rows(dataset)
    if not isinstance(split, Dataset):
        raise CallError(f"contact_sheet: dataset must be stored rows, got {type(split).__name__}; do not stream it")
    split = split.with_format(None)
    lineage = list(_lineage(split))
    families, generated = _families(lineage, len(split))
    chosen = [families[place] for place in spread(len(families), rows if not generated else max(1, rows - rows // 3))]
    many = (copies + 1) * max(1, rows // 3) if chosen else (copies + 1) * rows
    shown = [generated[place] for place in spread(len(generated), many)]
    look = _look(split, [family.made[0] for family in chosen if family.made] + shown)
    strips = [_family_cells(split, family, look, copies) for family in chosen]
    strips += [_generated_cells(split, shown[at : at + copies + 1], look) for at in range(0, len(shown), copies + 1)]
    notes = _counted(len(split), lineage)
    if any(family.root is None for family in chosen):
        notes += ("Originals that are not part of the dataset are not shown.",)
    section = Section("Rows beside what they were made from", notes, tuple(strips))
    return Sheet((section,), title or "Before and after")


def sheet_files(dataset: Any, *, rows: int = 6, copies: int = 3) -> dict[str, bytes]:
    """The contact sheet as files of a release: ``preview.png``, ``preview.html``.

    Args:
        dataset: See `contact_sheet`.
        rows: See `contact_sheet`.
        copies: See `contact_sheet`.
    """
    sheet = contact_sheet(dataset, rows=rows, copies=copies)
    return {"preview.png": sheet.png, "preview.html": sheet.html.encode()}


def _with_made_rows(dataset: Any) -> Any:
    if isinstance(dataset, DatasetDict):
        for name in sorted(dataset, key=lambda name: name != "train"):
            if any(origin != "source" for _, _, origin in _lineage(dataset[name])):
                return dataset[name]
    return one_split(dataset)


def _lineage(split: Dataset) -> Iterator[Line]:
    """The lines of all rows, in order."""
    if not provenance.has_lineage(split.features.arrow_schema):
        return
    for table in split.select_columns([provenance.COLUMN]).with_format("arrow").iter(_BATCH):
        # Field by field: the steps are long, and nobody asked for them.
        fields = (pc.struct_field(table[provenance.COLUMN], name).to_pylist() for name in ("id", "parents", "origin"))
        yield from zip(*fields, strict=True)


def _families(lineage: Sequence[Line], count: int) -> tuple[list[_Family], list[int]]:
    """Rows with what was made from them; and the places of those that were made from no row.

    Where nothing was made, every row is a family of its own.
    """
    families: dict[str, _Family] = {}
    roots: dict[str, str] = {}
    generated: list[int] = []
    places = {row_id: place for place, (row_id, _, _) in enumerate(lineage)}
    for place, (row_id, parents, origin) in enumerate(lineage):
        if origin == "synthetic" and not (parents and parents[0] in places):
            generated.append(place)
        elif origin != "source" and parents:
            root = roots[row_id] = _root(parents[0], lineage, places, roots)
            family = families.setdefault(root, _Family(places.get(root)))
            family.made.append(place)
    if not families and not generated:
        return [_Family(place) for place in range(count)], []
    return list(families.values()), generated


def _root(parent: str, lineage: Sequence[Line], places: Mapping[str, int], roots: Mapping[str, str]) -> str:
    """The earliest row that a row goes back to; copies of copies belong to one family."""
    seen: set[str] = set()
    while parent in places and parent not in seen:
        seen.add(parent)
        if parent in roots:
            return roots[parent]
        parents = lineage[places[parent]][1]
        if not parents:
            return parent
        parent = parents[0]
    return parent


def _look(split: Dataset, places: Sequence[int]) -> Look:
    """What the columns are, as the ops that made some rows said."""
    said: list[Binding] = []
    if provenance.has_lineage(split.features.arrow_schema):
        for item in split.select(places[:_SEVERAL_STEPS])[provenance.COLUMN]:
            said.extend(bindings_in(read_steps(item["steps"])))
    return Look.of(Features(split.features), said)


def _rows(split: Dataset, places: Sequence[int]) -> list[Mapping[str, Any]]:
    """Rows as they are stored."""
    found: list[Mapping[str, Any]] = split.with_format("arrow").select(places)[:].to_pylist()
    return found


def _family_cells(split: Dataset, family: _Family, look: Look, copies: int) -> tuple[Cell, ...]:
    """The original, or an empty place for it, and what was made from it."""
    made = [family.made[place] for place in spread(len(family.made), copies)]
    places = [*([] if family.root is None else [family.root]), *made]
    rows = _rows(split, places)
    original = rows[0] if family.root is not None else None
    titles = [*([("original", "")] if original else []), *(_title(row) for row in rows[len(rows) - len(made) :])]
    return tuple(strip(rows, look, titles, before=original))


def _generated_cells(split: Dataset, places: Sequence[int], look: Look) -> tuple[Cell, ...]:
    """Rows that were generated, with what was asked for."""
    rows = _rows(split, places)
    return tuple(strip(rows, look, [("synthetic", _asked(row)) for row in rows]))


def _asked(row: Mapping[str, Any]) -> str:
    """What made a row, and what it was asked for."""
    steps = read_steps(row[provenance.COLUMN]["steps"])
    made_by = ", ".join(op_name(step) for step in steps if "request" not in step)
    prompts = [step["request"].get("prompt") for step in steps if isinstance(step.get("request"), Mapping)]
    return made_by + "".join(f": {prompt}" for prompt in prompts if prompt)


def _title(row: Mapping[str, Any]) -> tuple[str, str]:
    """Which copy a row is, and what was done to it."""
    lineage = row[provenance.COLUMN]
    steps = [step for step in read_steps(lineage["steps"]) if "request" not in step]
    if not steps:
        return str(lineage["origin"]), ""
    copy = ".".join(str(number) for number in steps[-1].get("copy", ())) or "0"
    return f"copy {copy}", ", ".join(op_name(step) for step in steps)


def _counted(count: int, lineage: Sequence[Line]) -> tuple[str, ...]:
    counts = Counter(origin for _, _, origin in lineage)
    parts = [f"{counts[origin]:,} {origin}" for origin in provenance.ORIGINS if origin in counts]
    return (f"{count:,} rows" + (f": {', '.join(parts)}" if parts else ""),)
