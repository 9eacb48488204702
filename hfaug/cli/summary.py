"""What a build came to, on one screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hfaug.cli.options import OUT, folder_name
from hfaug.preview.steps import op_line

if TYPE_CHECKING:
    from hfaug.engine import RunReport
    from hfaug.recipe import Recipe
    from hfaug.recipe.build import Build, Stages
    from hfaug.release import RunRecord

__all__ = ["build_summary", "plan_lines", "shares", "table", "units_line"]

_ORIGINS = {"source": "original", "augmented": "augmented", "synthetic": "synthetic"}


def build_summary(built: Build) -> Iterator[str]:
    """Rows by split and origin, what was left out and why, what is still missing, and who computed what.

    Args:
        built: A finished build.
    """
    yield from table(["split", "rows", *_ORIGINS.values()], list(_rows(built.splits)))
    left_out = [(step.title, reason, f"{count:,}") for step, reason, count in _rejects(built.record)]
    if left_out:
        yield ""
        yield from table(["left out by", "reason", "rows"], left_out)
    missing = [(step.title, name, f"{rows:,}") for step in built.record.steps for name, rows in step.missing.items()]
    if missing:
        yield ""
        yield from table(["still missing by", "class", "rows"], missing)
    yield ""
    yield units_line(built.report)


def _rows(splits: Mapping[str, Any]) -> Iterator[list[str]]:
    from hfaug.release.counts import count_rows, totals

    for name, split in splits.items():
        counts = totals(count_rows(split))
        yield [name, f"{len(split):,}", *(f"{counts.get(origin, 0):,}" for origin in _ORIGINS)]


def _rejects(record: RunRecord) -> Iterator[tuple[Any, str, int]]:
    for step in record.steps:
        for reason, count in step.rejects.items():
            yield step, reason, count


def units_line(report: RunReport) -> str:
    """Units by the rank that finished them, and how many had to be begun more than once."""
    from hfaug.engine.claims import finishers

    finished, twice = finishers(report.claims(stage.name) for stage in report.stages)
    total = sum(stage.units for stage in report.stages)
    found = sum(stage.found for stage in report.stages) if report.world.size == 1 else 0
    before = f" ({found:,} were there before)" if found else ""
    return f"units  {total:,} in {len(report.stages)} stages{before}: {shares(finished, twice)}"


def shares(finished: Mapping[int, int], twice: int) -> str:
    """Who finished how many units.

    >>> shares({0: 12, 1: 9}, 1)
    'rank 0: 12, rank 1: 9; computed twice: 1'
    """
    ranks = ", ".join(f"rank {rank}: {finished[rank]:,}" for rank in sorted(finished))
    return f"{ranks or 'none'}; computed twice: {twice:,}"


def table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines of a plain table; columns of numbers are aligned to the right.

    >>> list(table(["split", "rows"], [["train", "1,200"], ["test", "90"]]))
    ['split   rows', 'train  1,200', 'test      90']
    """
    rows = [list(heads), *map(list, lines)]
    widths = [max(len(row[number]) for row in rows) for number in range(len(heads))]
    numeric = [bool(lines) and all(_is_number(line[number]) for line in lines) for number in range(len(heads))]
    for row in rows:
        cells = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ]
        yield "  ".join(cells).rstrip()


def _is_number(text: str) -> bool:
    return text.replace(",", "").isdigit()


def plan_lines(recipe: Recipe, stages: Stages) -> Iterator[str]:
    """What a recipe would do, from its stages.

    Args:
        recipe: The recipe.
        stages: Its stages, checked against the source.
    """
    yield f"{recipe.name} {recipe.version} from {recipe.source.path}"
    yield ""
    columns = {name: ", ".join(split.features) for name, split in stages.splits.items()}
    yield from table(["split", "rows", "columns"], [[n, f"{len(s):,}", columns[n]] for n, s in stages.splits.items()])
    yield ""
    yield from table(["step", "kind", "what"], [[str(n), *_step(step)] for n, step in enumerate(recipe.steps, 1)])
    yield ""
    before = {column for split in stages.splits.values() for column in split.features}
    added = sorted({column for features in stages.features.values() for column in features} - before)
    yield f"adds   {', '.join(added)}"
    yield f"to     {recipe.release.to or f'./{OUT}/{folder_name(recipe.name)}'}"
    yield f"under  {_licence(recipe)}"


def _licence(recipe: Recipe) -> str:
    """The licence of a release, or why there would be none: that stops no build."""
    from hfaug.errors import LicenseError
    from hfaug.release.of_recipe import check_release

    try:
        return check_release(recipe).license
    except LicenseError as error:
        return f"no licence yet, and so no release: {str(error).removeprefix('licence: ')}"


def _step(step: Any) -> tuple[str, str]:
    """Kind and description of a step."""
    kind = {"Augment": "augment", "FilterRows": "filter", "Balance": "balance", "Synthesise": "synthesise"}
    from hfaug.filters import Filter
    from hfaug.recipe.schema import parts_of

    parts = parts_of(step)
    said = op_line(parts[0].spec()) if parts else "repeats"
    if hasattr(step, "copies"):
        said = f"{step.copies} x {said}"
    elif hasattr(step, "count"):
        said = f"{step.count} of each class by {said}"
    elif hasattr(step, "target"):
        said = f"{' and '.join(step.columns)} to {step.target} by {said}"
    filters = [part for part in parts[1:] if isinstance(part, Filter)]
    if filters:
        said = f"{said}, held to {', '.join(op_line(one.spec()) for one in filters)}"
    return kind[type(step).__name__], said
