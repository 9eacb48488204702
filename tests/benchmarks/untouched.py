"""Rows that no op touched, against handing Arrow batches through `map`; and whether their bytes are the same."""

from __future__ import annotations

from datasets import Dataset, DatasetDict

import hfaug
from tests.benchmarks.albums import CHAIN
from tests.benchmarks.photos import stored, stored_bytes
from tests.benchmarks.report import Line, at_most, exactly
from tests.benchmarks.timing import Case, Ratio, interleave

ROWS, ROUNDS = 1200, 5
TWICE = at_most(2)


def measure() -> list[Line]:
    """Images that stay as they are: in a map, as originals of `augment`, in a split that is not augmented."""
    rows = stored(ROWS)
    splits = DatasetDict(train=rows.select(range(1)), test=rows)
    cases = [
        Case("arrow", lambda: _passed(rows), ROWS),
        Case("map", lambda: rows.map(CHAIN.sometimes(0), batched=True), ROWS),
        Case("originals", lambda: hfaug.augment(rows, CHAIN.sometimes(0)), ROWS * 2),
        Case("split", lambda: hfaug.augment(splits, CHAIN), ROWS),
    ]
    times = interleave(cases, ROUNDS)
    before = stored_bytes(rows)
    same = [
        stored_bytes(rows.map(CHAIN.sometimes(0), batched=True)) == before,
        stored_bytes(hfaug.augment(rows, CHAIN))[:ROWS] == before,
        stored_bytes(hfaug.augment(splits, CHAIN)["test"]) == before,
    ]
    share = sum(same) / len(same)
    mapped, kept, split = (times.ratio(name, "arrow") for name in ("map", "originals", "split"))
    return [
        Line("untouched", "rows that drew no op: map / Arrow pass-through", mapped, TWICE),
        Line("untouched", "originals and as many unchanged copies: augment / pass-through", kept, TWICE),
        Line("untouched", "a split that is not augmented: augment / pass-through", split, TWICE),
        Line("untouched", "share of the three whose bytes are the same", Ratio(share, share), exactly(1), ""),
    ]


def _passed(rows: Dataset) -> Dataset:
    """What `datasets` itself takes for rows that stay as they are."""
    return rows.with_format("arrow").map(lambda table: table, batched=True)
