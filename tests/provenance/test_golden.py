"""The ids of the golden rows, through everything that stores or moves rows."""

import json

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hfaug.provenance import content_ids
from tests.golden import row_ids as golden
from tests.provenance.layouts import LAYOUTS

TABLES = golden.tables()
EXPECTED = json.loads(golden.PATH.read_text(encoding="utf-8"))

NO_PARQUET = {"intervals", "no fields"}
NO_DATASETS = {"intervals", "no fields", "maps"}
"""What Parquet or `datasets` cannot hold."""
if int(pa.__version__.partition(".")[0]) < 26:
    # Before 26, Arrow could write to Parquet but not read back lists of fixed length some of which are null.
    NO_PARQUET = NO_PARQUET | {"fixed lists", "boxes"}

every = pytest.mark.parametrize("name", TABLES)
in_parquet = pytest.mark.parametrize("name", [name for name in TABLES if name not in NO_PARQUET])
in_streams = pytest.mark.parametrize("name", [name for name in TABLES if name not in NO_DATASETS | NO_PARQUET])
in_datasets = pytest.mark.parametrize("name", [name for name in TABLES if name not in NO_DATASETS])


def test_the_golden_file_has_an_id_for_each_row():
    assert golden.ids_by_name(len) == {name: len(found) for name, found in EXPECTED.items()}


@every
def test_ids_are_those_of_the_file(name):
    """If an id changes, all draws of all datasets change: put it right, or write a new version of the encoding."""
    assert content_ids(TABLES[name]) == EXPECTED[name]


@every
@pytest.mark.parametrize("layout", LAYOUTS, ids=LAYOUTS.index)
def test_in_any_layout(name, layout):
    assert content_ids(layout(TABLES[name])) == EXPECTED[name]


@every
def test_saved_as_arrow(name, tmp_path):
    with pa.OSFile(str(tmp_path / "rows"), "wb") as sink, pa.ipc.new_file(sink, TABLES[name].schema) as writer:
        writer.write_table(TABLES[name], max_chunksize=2)
    with pa.memory_map(str(tmp_path / "rows")) as source:
        assert content_ids(pa.ipc.open_file(source).read_all()) == EXPECTED[name]


@in_parquet
@pytest.mark.parametrize("options", [{}, {"row_group_size": 2, "use_dictionary": False}])
def test_saved_as_parquet(name, options, tmp_path):
    pq.write_table(TABLES[name], tmp_path / "rows.parquet", **options)
    assert content_ids(pq.read_table(tmp_path / "rows.parquet")) == EXPECTED[name]


@pytest.mark.parametrize("name", [name for name in TABLES if name not in NO_PARQUET | {"durations"}])
def test_saved_as_parquet_by_others(name, tmp_path):
    """Without Arrow's own schema: large types, units and fixed lists are forgotten, durations become integers."""
    pq.write_table(TABLES[name], tmp_path / "rows.parquet", store_schema=False)
    assert content_ids(pq.read_table(tmp_path / "rows.parquet")) == EXPECTED[name]


@in_datasets
def test_saved_by_datasets(name, tmp_path):
    """Reordered too: then each row is a chunk."""
    datasets.Dataset(TABLES[name]).save_to_disk(tmp_path / "rows")
    loaded = datasets.load_from_disk(tmp_path / "rows")
    assert content_ids(loaded.with_format("arrow")[:]) == EXPECTED[name]
    backwards = loaded.select(range(loaded.num_rows)[::-1])
    assert content_ids(backwards.with_format("arrow")[:]) == EXPECTED[name][::-1]


@pytest.mark.parametrize("name", [name for name in TABLES if name not in NO_DATASETS | {"large numbers"}])
def test_through_python_and_a_generator(name, tmp_path):
    """`datasets` cannot take integers over 63 bits from Python."""
    rows = TABLES[name].to_pylist()
    features = datasets.Dataset(TABLES[name]).features
    made = datasets.Dataset.from_generator(lambda: iter(rows), features=features, cache_dir=tmp_path)
    assert content_ids(made.with_format("arrow")[:]) == EXPECTED[name]


@in_streams
def test_streamed(name, tmp_path):
    pq.write_table(TABLES[name], tmp_path / "rows.parquet")
    files = str(tmp_path / "rows.parquet")
    stream = datasets.load_dataset("parquet", data_files=files, split="train", streaming=True)
    batches = stream.with_format("arrow").iter(batch_size=2)
    assert [found for batch in batches for found in content_ids(batch)] == EXPECTED[name]
