"""Checks of what is drawn: anew for each copy, alike for each replay; and of the lineage that says so."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

import pyarrow as pa

from hfaug import config, provenance
from hfaug.testing.case import Case, content, copies_of, must, results

__all__ = ["check_copies", "check_lineage", "check_replay"]

_COPIES = 6


def check_copies(case: Case) -> None:
    """Copies of a row have draws of their own, when the op draws at all; more of them leave the first as they are."""
    if case.op(case.table).num_rows != case.table.num_rows:
        return
    few, many = (copies_of(case.op, copies)(case.table) for copies in (_COPIES - 1, _COPIES))
    by_id = {row[provenance.COLUMN]["id"]: content(row) for row in many.to_pylist()}
    for row in few.to_pylist():
        must(by_id.get(row[provenance.COLUMN]["id"]) == content(row), "a copy changes when there are more of them")
    if not _is_random(case):
        return
    versions: dict[Any, set[str]] = defaultdict(set)
    for row in many.to_pylist():
        lineage = row.pop(provenance.COLUMN)
        versions[lineage["parents"][0]].add(content(row))
    most = max(map(len, versions.values()), default=0)
    must(most > 1, f"{_COPIES} copies are equal in every row, although another seed gives others")


def _is_random(case: Case) -> bool:
    """Whether another seed gives other rows."""
    contents = set()
    for seed in range(4):
        rows = case.op.on(seed=seed)(case.table).drop_columns([provenance.COLUMN])
        contents.add(content(rows.to_pylist()))
    return len(contents) > 1


def check_lineage(case: Case) -> None:
    """Every result has an id of its own, its parents, its origin and its steps; a second pass adds to them."""
    once = case.op(case.table)
    twice = case.op(once)[provenance.COLUMN].to_pylist()
    sources = set(provenance.row_ids(case.table))
    first = [row["id"] for row in once[provenance.COLUMN].to_pylist()]
    must(len(set(first)) == len(first), "two results have one id")
    for row in twice:
        steps = json.loads(row["steps"])
        must(row["origin"] in provenance.ORIGINS, f"the origin {row['origin']!r} is none of {provenance.ORIGINS}")
        must(set(map(_root, row["parents"])) <= sources, f"a parent of {row['id']} is none of the rows")
        must(len(steps) == 2 or sources & set(first), f"two passes left {len(steps)} steps")
    if not sources & set(first):  # a row that is kept gets the same copies again, by right
        second = [row["id"] for row in twice]
        changed = [row["id"] for row in twice if "rejected" not in json.loads(row["steps"])[-1]]
        must(len(set(second)) == len(second), "two results of a second pass have one id")
        must(not set(first) & set(changed), "ids of two passes meet")


def _root(row_id: str) -> str:
    return row_id.split("/", maxsplit=1)[0]


def check_replay(case: Case) -> None:
    """A result can be made again from its lineage and its source row alone; a model in a folder must be at hand too."""
    if case.op.published_json != case.op.canonical_json:
        return
    made = copies_of(case.op, 2)(case.table)
    ids = {row_id: place for place, row_id in enumerate(provenance.row_ids(case.table))}
    for row in made.to_pylist()[:: max(1, made.num_rows // 6)]:
        lineage = row[provenance.COLUMN]
        step = json.loads(lineage["steps"])[-1]
        if "rejected" in step:
            continue
        source = case.table.slice(ids[lineage["parents"][0]], 1)
        must(_replayed(step, source, lineage["id"]) == content(row), f"row {lineage['id']} cannot be made again")


def _replayed(step: dict[str, Any], source: pa.Table, row_id: str) -> str | None:
    """The content of one result, made from what its last step says."""
    op = config.from_json(step)
    path = step["copy"]
    for _ in range(len(path) + 1):
        found = results(op(source))
        if row_id in found:
            return found[row_id]
        op = copies_of(op, max(path) + 1, keep=True)
    return None
