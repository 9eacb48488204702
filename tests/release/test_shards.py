"""Shards are a function of the rows: the same bytes however the table was cut, stable when rows are appended."""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import Audio, Dataset, Features, Image, List, Value, concatenate_datasets, load_dataset
from hypothesis import given, settings
from hypothesis import strategies as st

from hfaug.release.shard_writer import Limits
from hfaug.release.shards import published_features, write_split
from hfaug.release.sizes import row_bytes
from tests.release.conftest import rows

SMALL = Limits(shard_bytes=1500, group_bytes=800)


def digests(dataset, folder, **options):
    folder.mkdir()
    return [(shard.rows, shard.sha256) for shard in write_split(dataset, folder, **options)]


def png(seed: int) -> bytes:
    from PIL import Image as Pillow

    file = io.BytesIO()
    Pillow.fromarray(np.random.default_rng(seed).integers(0, 255, (8, 8, 3), np.uint8)).save(file, "PNG")
    return file.getvalue()


def test_the_bytes_do_not_depend_on_how_the_rows_are_held(tmp_path):
    """In memory, on disk, in many chunks, behind an indices mapping, under another format: the same shards."""
    plain = rows(200)
    plain.save_to_disk(str(tmp_path / "saved"))
    forms = {
        "plain": plain,
        "saved": Dataset.load_from_disk(str(tmp_path / "saved")),
        "chunks": concatenate_datasets(
            [plain.select(range(3)), plain.select(range(3, 90)), plain.select(range(90, 200))]
        ),
        "indices": plain.select(list(range(199, -1, -1))).select(list(range(199, -1, -1))),
        "formatted": plain.with_format("numpy", columns=["label"]),
        "sliced": concatenate_datasets([rows(7, start=5000), plain]).select(range(7, 207)),
    }
    written = {name: digests(form, tmp_path / f"to-{name}", limits=SMALL) for name, form in forms.items()}
    assert len(written["plain"]) > 3
    for name, shards in written.items():
        assert shards == written["plain"], name


@settings(max_examples=25, deadline=None)
@given(number=st.integers(1, 120), more=st.integers(0, 60), shard=st.integers(200, 4000), group=st.integers(50, 2000))
def test_appended_rows_change_the_last_shard_only(tmp_path_factory, number, more, shard, group):
    """Every shard but the last is found again, byte for byte, in the dataset that grew."""
    limits = Limits(shard_bytes=shard, group_bytes=group)
    folder = tmp_path_factory.mktemp("shards")
    before = digests(rows(number), folder / "before", limits=limits)
    after = digests(rows(number + more), folder / "after", limits=limits)
    assert after[: len(before) - 1] == before[:-1]
    assert sum(size for size, _ in after) == number + more


def test_limits_hold_to_the_row(tmp_path):
    """A shard or row group ends with the row that reaches its limit, and also at a number of rows."""
    data = Dataset.from_dict({"n": list(range(100))})
    shards = write_split(data, tmp_path, limits=Limits(shard_bytes=8 * 30, group_bytes=8 * 20, group_rows=7))
    assert [shard.rows for shard in shards] == [30, 30, 30, 10]
    meta = pq.read_metadata(shards[0].local)
    assert [meta.row_group(index).num_rows for index in range(meta.num_row_groups)] == [7, 7, 7, 7, 2]
    assert [shard.path_in_repo for shard in shards][-1] == "data/train-00003-of-00004.parquet"


def test_originals_come_first_and_alone(tmp_path):
    """Generated rows never share a shard with originals, in whatever order they were handed over."""
    ordered, mixed = rows(10, copies=1), rows(10, copies=1)
    mixed = mixed.select([index // 2 + 10 * (index % 2) for index in range(20)])
    first = digests(ordered, tmp_path / "a")
    assert first == digests(mixed, tmp_path / "b")
    assert [size for size, _ in first] == [10, 10]


def test_settings_are_those_of_datasets(tmp_path):
    """Content-defined chunks, page index, media uncompressed and plain, the rest snappy."""
    data = Dataset.from_dict(
        {"image": [{"bytes": png(0), "path": None}], "text": ["a"]},
        features=Features({"image": Image(), "text": Value("string")}),
    )
    meta = pq.read_metadata(write_split(data, tmp_path)[0].local)
    columns = {meta.row_group(0).column(index).path_in_schema: meta.row_group(0).column(index) for index in range(3)}
    assert columns["image.bytes"].compression == "UNCOMPRESSED"
    assert "PLAIN_DICTIONARY" not in columns["image.bytes"].encodings
    assert columns["text"].compression == "SNAPPY"
    assert columns["text"].has_column_index
    assert b"content_defined_chunking" in meta.metadata
    assert b"huggingface" in meta.metadata


def test_files_are_embedded_and_no_path_leaves_the_machine(tmp_path):
    """Bytes of files that media columns name go into the shard, nested ones too; of the path the name stays."""
    for index in range(3):
        (tmp_path / f"{index}.png").write_bytes(png(index))
    paths = [str(tmp_path / f"{index}.png") for index in range(3)]
    features = Features(
        {"image": Image(decode=False), "many": List(Image(decode=False)), "one": {"sound": Audio(decode=False)}}
    )
    table = pa.table(
        {
            "image": [{"bytes": None, "path": path} for path in paths],
            "many": [[{"bytes": None, "path": path}, {"bytes": b"kept", "path": "/secret/x.png"}] for path in paths],
            "one": [{"sound": {"bytes": b"RIFF", "path": path}} for path in paths],
        },
        schema=features.arrow_schema,
    )
    data = Dataset(table)
    shard = write_split(data, tmp_path / "out")[0].local
    assert str(tmp_path).encode() not in shard.read_bytes()
    assert b"secret" not in shard.read_bytes()
    table = pq.read_table(shard)
    assert table["image"].to_pylist()[1] == {"bytes": png(1), "path": "1.png"}
    assert table["many"].to_pylist()[2][1]["bytes"] == b"kept"
    back = load_dataset("parquet", data_files=str(shard), cache_dir=str(tmp_path / "cache"))["train"]
    assert back.features == published_features(features)
    assert back.select_columns(["image"])[1]["image"].size == (8, 8)


def test_an_empty_split_keeps_its_columns(tmp_path):
    """No rows are one shard without rows."""
    shards = write_split(rows(1).select([]), tmp_path)
    assert [shard.rows for shard in shards] == [0]
    assert pq.read_schema(shards[0].local).names == ["text", "label", "provenance"]


def test_memory_stays_flat(tmp_path):
    """What is allocated while writing does not grow with the number of rows."""
    limits = Limits(shard_bytes=8 << 20, group_bytes=1 << 20)
    peaks = []
    for number in (2_000, 16_000):
        Dataset.from_dict({"text": [f"{index}" * 400 for index in range(number)]}).save_to_disk(
            str(tmp_path / f"d{number}")
        )
        data = Dataset.load_from_disk(str(tmp_path / f"d{number}"))
        pool = pa.default_memory_pool()
        pool.release_unused()
        before, highest = pool.bytes_allocated(), 0
        original = pq.ParquetWriter.write_table

        def spy(self, table, *args, _original=original, **options):
            nonlocal highest
            highest = max(highest, pa.default_memory_pool().bytes_allocated())
            return _original(self, table, *args, **options)

        pq.ParquetWriter.write_table = spy
        try:
            write_split(data, tmp_path / f"o{number}", limits=limits)
        finally:
            pq.ParquetWriter.write_table = original
        peaks.append(highest - before)
    assert peaks[1] < peaks[0] * 1.5 + (2 << 20), peaks


@pytest.mark.parametrize(
    "array",
    [
        pa.array([[1, 2], None, [], [3]], pa.list_(pa.int32())),
        pa.array([["ab", "c"], None, [], [None]], pa.large_list(pa.string())),
        pa.array([[1.0, 2.0], None, [3.0, 4.0], [5.0, 6.0]], pa.list_(pa.float64(), 2)),
        pa.array([{"a": "xy", "b": 1}, None, {"a": None, "b": 2}, {"a": "", "b": None}]),
        pa.array(["a", "bb", None, "a"]).dictionary_encode(),
        pa.array([None] * 4, pa.null()),
        pa.array([b"", b"x", None, b"yz"], pa.large_binary()),
    ],
)
def test_row_bytes_do_not_depend_on_slices_and_chunks(array):
    """The size of a row is the same alone, in a slice and in a chunked column."""
    whole = row_bytes(pa.table({"x": array})).tolist()
    apart = [row_bytes(pa.table({"x": array.slice(index, 1)}))[0] for index in range(len(array))]
    chunked = row_bytes(pa.table({"x": pa.chunked_array([array.slice(0, 1), array.slice(1)])})).tolist()
    assert whole == apart == chunked
