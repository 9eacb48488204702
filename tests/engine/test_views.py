"""Views: any range and any index, over any combination, equal to the same on one table in memory."""

import pickle
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from datasets import Dataset, Features, Image, List, Value
from hypothesis import given, settings
from hypothesis import strategies as st

from hfaug.engine import Concat, LocalStore, Pick, RowsStep, Stage, Take, UnitRule, copy_step, open_store, run
from hfaug.engine.units import DamagedUnitError
from hfaug.errors import StageError

FEATURES = Features({"id": Value("string"), "words": List(Value("string")), "n": Value("int64")})
ROWS = pa.table(
    {
        "id": [f"r{n}" for n in range(53)],
        "words": [["w"] * (n % 4) if n % 5 else None for n in range(53)],
        "n": list(range(53)),
    }
).cast(FEATURES.arrow_schema)


def source(rule=None, rows=ROWS):
    rule = rule or UnitRule(rows=8)
    return Stage(RowsStep("source", f"v1 {len(rows)}", lambda: Dataset(rows), rule))


def indices(name, rows):
    table = pa.table({"row": pa.array(rows, pa.int64())})
    return Stage(RowsStep(name, f"{name} {rows}", lambda: Dataset(table), UnitRule(rows=5)))


@pytest.fixture(scope="module", params=["folder", "memory"])
def store(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("views")
    return LocalStore(path) if request.param == "folder" else open_store(f"memory://{path.name}")


@pytest.fixture(scope="module")
def views(store):
    """Each view with the table it must equal."""
    picks = [7, 7, 52, 0, 31, 30, 29, 8, 9, 10]
    stage = source()
    nodes = {
        "stage": (stage, ROWS),
        "empty": (source(rows=ROWS.slice(0, 0)), ROWS.slice(0, 0)),
        "concat": (Concat((stage, Take(stage, 11, 3), stage)), pa.concat_tables([ROWS, ROWS.slice(3, 8), ROWS])),
        "take": (Take(stage, 40, 5), ROWS.slice(5, 35)),
        "take more than there is": (Take(stage, 400, 50), ROWS.slice(50)),
        "pick": (Pick(stage, indices("picks", picks)), ROWS.take(pa.array(picks))),
        "pick nothing": (Pick(stage, indices("none", [])), ROWS.slice(0, 0)),
        "all of it": (
            Take(Concat((Pick(stage, indices("picks", picks)), stage)), 60, 2),
            pa.concat_tables([ROWS.take(pa.array(picks)), ROWS]).slice(2, 58),
        ),
    }
    report = run({name: node for name, (node, _) in nodes.items()}, store, progress=False)
    return {name: (report[name], table) for name, (_, table) in nodes.items()}


NAMES = ["stage", "empty", "concat", "take", "take more than there is", "pick", "pick nothing", "all of it"]


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_ranges_and_indices_equal_those_of_the_table(views, name, data):
    """With and without a choice of columns."""
    view, table = views[name]
    assert len(view) == table.num_rows
    columns = data.draw(st.sampled_from([None, ["n"], ["words", "id"]]))
    wanted = table if columns is None else table.select(columns)
    start = data.draw(st.integers(0, table.num_rows))
    stop = data.draw(st.integers(start, table.num_rows))
    assert view.read(start, stop, columns).equals(wanted.slice(start, stop - start))
    if table.num_rows:
        chosen = data.draw(st.lists(st.integers(0, table.num_rows - 1), max_size=20))
        assert view.take(chosen, columns).equals(wanted.take(pa.array(chosen, pa.int64())))


@pytest.mark.parametrize("name", NAMES)
def test_whole_views_batches_sizes_and_datasets(views, name):
    """Everything at once, in batches, by size, as a dataset, and as a dataset in another process."""
    view, table = views[name]
    assert view.read().equals(table)
    assert view.schema == table.schema
    batches = list(view.batches(7, columns=["n"]))
    assert max((batch.num_rows for batch in batches), default=0) <= 7
    assert [n for batch in batches for n in batch["n"].to_pylist()] == table["n"].to_pylist()
    assert sum(len(piece) for piece in view.row_sizes()) == table.num_rows
    dataset = view.dataset()
    assert dataset.features == FEATURES
    assert dataset[:] == Dataset(table)[:]
    assert pickle.loads(pickle.dumps(dataset))[:] == dataset[:]
    assert view.dataset()._fingerprint == dataset._fingerprint == view.key


@pytest.mark.parametrize("name", NAMES)
def test_rows_that_do_not_exist_are_refused(views, name):
    view, table = views[name]
    with pytest.raises(IndexError, match="rows must lie within"):
        view.read(0, table.num_rows + 1)
    for wrong in (-1, table.num_rows):
        with pytest.raises(IndexError, match="indices must lie within"):
            view.take([wrong])


def test_keys_differ_where_rows_may_differ(views):
    keys = [view.key for view, _ in views.values()]
    assert len(set(keys)) == len(keys)


def test_a_mapped_dataset_is_not_read_into_memory(tmp_path):
    """Its tables are maps of the unit files, also after it went to another process."""
    view = run(source(), tmp_path, progress=False).view
    files = {entry["filename"] for entry in view.dataset().cache_files}
    assert files == {str(path) for path in (tmp_path / "stages" / view.folder.split("/")[1]).glob("unit-*.arrow")}
    assert len(pickle.dumps(view.dataset())) < 50_000


def test_copying_a_pick_writes_its_rows_out(tmp_path):
    node = Stage(copy_step("kept", UnitRule(rows=2)), (Pick(source(), indices("picks", [3, 1, 50])),))
    view = run(node, tmp_path, progress=False).view
    assert view.read()["n"].to_pylist() == [3, 1, 50]
    assert [unit.rows for unit in view.units] == [2, 1]


def test_media_files_are_embedded_and_weighed(tmp_path):
    """Bytes of files go into the stage; the path of this machine does not; size limits see the files."""
    import cv2

    paths = []
    for number in range(4):
        path = tmp_path / f"{number}.png"
        cv2.imwrite(str(path), np.random.default_rng(number).integers(0, 255, (40, 40, 3), dtype=np.uint8))
        paths.append(str(path))
    dataset = Dataset.from_dict({"image": paths}, features=Features({"image": Image()}))
    step = RowsStep("images", "v1", lambda: dataset, UnitRule(rows=100, bytes=10_000))
    view = run(Stage(step), tmp_path / "run", progress=False).view
    assert [unit.rows for unit in view.units] == [2, 2]
    rows = view.read()["image"].to_pylist()
    assert [row["bytes"] for row in rows] == [Path(path).read_bytes() for path in paths]
    assert all(str(tmp_path).encode() not in path.read_bytes() for path in (tmp_path / "run").rglob("*.arrow"))


@pytest.mark.parametrize("columns", [None, ["n"]])
def test_a_cut_unit_is_found_on_any_read_and_removed(tmp_path, columns):
    """The next run has something to compute, and computes just that."""
    view = run(source(), tmp_path, progress=False).view
    path = tmp_path / view.folder / "unit-00002.arrow"
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DamagedUnitError, match=r"unit 2: .*unit-00002.arrow must be as it was written, but it must be"):
        view.read(columns=columns)
    assert not path.exists()
    report = run(source(), tmp_path, progress=False)
    assert report.stages[0].computed == (2,)
    assert report.view.read().equals(ROWS)


def test_a_changed_byte_is_found_when_the_whole_rows_are_read(tmp_path):
    view = run(source(), tmp_path, progress=False).view
    path = tmp_path / view.folder / "unit-00002.arrow"
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(StageError, match="does not match its digest"):
        view.read()


def test_a_damaged_unit_that_cannot_be_removed_is_named(tmp_path, monkeypatch):
    view = run(source(), tmp_path, progress=False).view
    path = tmp_path / view.folder / "unit-00001.arrow"
    path.write_bytes(b"x")

    def refuse(*_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(LocalStore, "remove", refuse)
    with pytest.raises(StageError, match=r"could not be removed .*Read-only"):
        view.read()
    with pytest.raises(StageError, match=r"could not be removed .*Read-only"):
        run(source(), tmp_path, progress=False)


def test_many_units_are_read_with_few_of_them_open(tmp_path):
    """Each unit is read again and again in an order that fits no cache."""
    view = run(source(UnitRule(rows=1), ROWS), tmp_path, progress=False).view
    for _ in range(3):
        assert view.take(list(range(52, -1, -1)))["n"].to_pylist() == list(range(52, -1, -1))
    assert len(view._open) <= 64
