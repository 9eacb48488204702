"""Checks that a row has the same result however it comes: in any batch, order, process, storage and format."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from datasets import (
    Audio,
    Dataset,
    IterableDataset,
    Video,
    disable_progress_bars,
    enable_progress_bars,
    load_dataset,
    load_from_disk,
)
from datasets.utils import is_progress_bar_enabled

from hfaug import media, provenance
from hfaug.errors import RoleError
from hfaug.ids import with_ids
from hfaug.streaming import map_stream
from hfaug.testing.case import Case, content, digest, must, results, storage

__all__ = [
    "FORMS",
    "check_batches",
    "check_formats",
    "check_order",
    "check_processes",
    "check_single_rows",
    "check_storage",
    "mapped",
    "quiet",
]

_SIZES = (1, 7, 1000)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without the progress bars of `datasets`."""
    shown = is_progress_bar_enabled()
    disable_progress_bars()
    try:
        yield
    finally:
        if shown:
            enable_progress_bars()


def check_batches(case: Case) -> None:
    """A row has the same result in batches of any size."""
    for size in (1, 3, 7):
        tables = [case.op(case.table.slice(start, size)) for start in range(0, case.table.num_rows, size)]
        _same(results(pa.concat_tables(tables)), case.result, f"in batches of {size}")


def check_order(case: Case) -> None:
    """A row has the same result wherever it stands, and whatever stands beside it."""
    count = case.table.num_rows
    for seed in (1, 2):
        order = np.random.default_rng(seed).permutation(count)
        _same(results(case.op(case.table.take(pa.array(order)))), case.result, f"in the order {order.tolist()}")
    half = case.table.take(pa.array(range(0, count, 2)))
    found = results(case.op(half))
    missing = [name for name, row in found.items() if case.result.get(name) != row]
    must(not missing, f"row {missing[:1]} has another result when every second row is left out")


def check_single_rows(case: Case) -> None:
    """`map` gives the same without ``batched=True``, where the op makes one row of one."""
    if case.op(case.table).num_rows != case.table.num_rows:
        return
    with quiet():
        _same(results(mapped(case, case.rows, batched=False)), case.result, "row by row")


def _saved(rows: Dataset, folder: str) -> Dataset:
    rows.save_to_disk(f"{folder}/saved")
    return load_from_disk(f"{folder}/saved")


def _parquet(rows: Dataset, folder: str, **how: Any) -> Any:
    path = f"{folder}/rows.parquet"
    rows.to_parquet(path)
    return load_dataset("parquet", data_files=path, split="train", cache_dir=folder, features=rows.features, **how)


def _filtered(rows: Dataset, _: str) -> Dataset:
    """Filtered and shuffled, so that rows are reached through indices; as Arrow, so that nothing is decoded for it."""
    kept = rows.with_format("arrow").filter(lambda table: [True] * table.num_rows, batched=True, keep_in_memory=True)
    return kept.with_format(None).shuffle(seed=3, keep_in_memory=True)


def _generated(rows: Dataset, _: str) -> IterableDataset:
    """A stream of Python examples, of which nobody says what types they have in Arrow."""
    return IterableDataset.from_generator(lambda: iter(storage(rows).to_pylist()), features=rows.features)


def _generated_and_filtered(rows: Dataset, folder: str) -> IterableDataset:
    """Media undecoded, since `datasets` encodes anew what it decodes for a filter; sounds cut instead of filtered."""
    stream = _generated(rows, folder)
    if any(isinstance(feature, Audio) for feature in rows.features.values()):  # a filter of them wants torchcodec
        return stream.take(len(rows))
    return stream.decode(False).filter(lambda _: True)


FORMS: dict[str, Callable[[Dataset, str], Any]] = {
    "memory": lambda rows, _: rows,
    "saved": _saved,
    "parquet": _parquet,
    "streamed": lambda rows, folder: _parquet(rows, folder, streaming=True),
    "generated": _generated,
    "generated and filtered": _generated_and_filtered,
    "filtered and shuffled": _filtered,
    "arrow": lambda rows, _: rows.with_format("arrow"),
}
"""The ways in which a dataset can come, as functions of the dataset and a folder."""


def check_storage(case: Case) -> None:
    """In memory, saved, as Parquet, streamed, filtered and shuffled, and in Arrow format, the rows become the same."""
    with quiet(), tempfile.TemporaryDirectory() as folder:
        for name, made in FORMS.items():
            rows = made(case.rows, folder)
            for size in _SIZES if name == "streamed" else _SIZES[1:2]:
                _same(results(mapped(case, rows, batch_size=size)), case.result, f"{name}, in batches of {size}")


def check_processes(case: Case, processes: int = 3) -> None:
    """`map` gives the same rows in one process and in several."""
    with quiet():
        _same(results(mapped(case, case.rows, num_proc=processes)), case.result, f"in {processes} processes")


def check_formats(case: Case) -> None:
    """Decoded objects become the same in batches of any size, when they bring their ids; a refusal is a RoleError."""
    with quiet():
        rows = with_ids(case.rows)
    sounds = [name for name, feature in rows.features.items() if isinstance(feature, Audio)]
    for name in sounds:
        rows = rows.cast_column(name, Audio(decode=False))
    for name in [name for name, feature in rows.features.items() if isinstance(feature, Video)]:
        rows = rows.cast_column(name, Video(decode=False))
    try:
        found = {size: _decoded(case, rows, sounds, size) for size in (len(rows), 1, 5)}
    except RoleError:
        return
    for size, some in found.items():
        must(some == found[1], f"decoded rows differ between batches of 1 and of {size}")
    must(set(found[1]) == set(results(case.op(storage(rows)))), "decoded rows get other ids than stored ones")


def _decoded(case: Case, rows: Dataset, sounds: list[str], size: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for start in range(0, len(rows), size):
        batch = rows[start : start + size]
        for name in sounds:
            clips = [media.decode_audio(value["bytes"]) for value in batch[name]]
            batch[name] = [{"array": clip.samples, "sampling_rate": clip.rate} for clip in clips]
        before = content(batch)
        done = case.op(batch)
        must(content(batch) == before, "decoded objects that came in were changed")
        for place, value in enumerate(done[provenance.COLUMN]):
            found[value["id"]] = content({name: values[place] for name, values in done.items()})
    return found


def mapped(case: Case, rows: Any, **how: Any) -> pa.Table:
    """The result of `map` over rows in any form, as stored."""
    how = {"batched": True, "features": case.op.features(case.rows.features), **how}
    if isinstance(rows, Dataset):
        done = rows.map(case.op, load_from_cache_file=False, **how)
        return done.with_format("arrow")[:]
    if rows._ex_iterable.iter_arrow:  # noqa: SLF001  # what it is made of; datasets offers no question
        done = rows.with_format("arrow").map(case.op, **how)
    else:
        done = map_stream(rows, case.op, how["features"]).with_format("arrow")
    return pa.concat_tables([table.cast(how["features"].arrow_schema) for table in done.iter(batch_size=1000)])


def _same(found: dict[str, str], expected: dict[str, str], where: str) -> None:
    if digest(found) == digest(expected):
        return
    lost, new = sorted(set(expected) - set(found)), sorted(set(found) - set(expected))
    must(
        not (lost or new), f"{where}: {len(lost)} results are missing and {len(new)} are new, such as {(lost + new)[0]}"
    )
    other = next(name for name in expected if found[name] != expected[name])
    must(False, f"{where}: row {other} has another result")
