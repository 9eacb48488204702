"""Releases to a folder: there whole or not at all, whatever kills the process, and loadable."""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

import pyarrow as pa
import pytest
from datasets import (
    Array2D,
    Audio,
    Dataset,
    Features,
    Image,
    List,
    Translation,
    Value,
    concatenate_datasets,
    load_dataset,
)

import hfaug
from hfaug.engine.failpoints import VARIABLE
from hfaug.errors import CallError, LeakError, ParameterError, ReleaseError, RowIdError, VerifyError
from hfaug.publishing.targets import as_target
from hfaug.release import RunRecord, diff, release, verify, versions
from hfaug.release.marker import MARKER
from tests.release.conftest import RECORD, mails, rows


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_version_is_a_folder_that_load_dataset_reads(tmp_path):
    """Same layout as on the Hub: shards, card, recipe, record, marker; rows and columns come back as they were."""
    done = release(mails(), tmp_path / "mails", version="1.0.0", record=RECORD)
    place = tmp_path / "mails" / "v1.0.0"
    assert done.target == str(place)
    assert (done.tag, done.commit, done.rows) == (None, None, 44)
    assert {"README.md", "recipe.yaml", MARKER, ".hfaug/run.json", "data/test-00000-of-00001.parquet"} <= set(
        files(place)
    )
    back = load_dataset(str(place), cache_dir=str(tmp_path / "cache"))
    assert {split: part.to_list() for split, part in back.items()} == {
        split: part.to_list() for split, part in mails().items()
    }
    assert back["train"].features == mails()["train"].features
    stream = load_dataset(str(place), split="test", streaming=True)
    assert [row["text"] for row in stream] == mails()["test"]["text"]
    assert os.listdir(tmp_path / "mails") == ["v1.0.0"]


def test_media_and_odd_columns_come_back_bit_identical(tmp_path):
    """Every column that `datasets` can hold leaves and returns with the same values, media with the same bytes."""
    features = Features(
        {
            "image": Image(),
            "sound": Audio(),
            "pages": List({"scan": Image(), "words": List(Value("string"))}),
            "grid": Array2D((2, 2), "float32"),
            "said": Translation(languages=["de", "en"]),
            "when": Value("timestamp[us, tz=UTC]"),
            "raw": Value("large_binary"),
            "none": Value("null"),
            "box": List(Value("float64"), 4),
        }
    )
    jpeg, wav = b"\xff\xd8\xff\xe0 not quite a picture", b"RIFF....WAVE"
    media = {"bytes": jpeg, "path": "a.jpg"}
    row = {
        "image": media,
        "sound": {"bytes": wav, "path": None},
        "pages": [{"scan": media, "words": ["a", None]}, {"scan": None, "words": []}],
        "grid": [[1.0, 2.0], [3.0, 4.0]],
        "said": {"de": "ja", "en": "yes"},
        "when": datetime(2026, 1, 2, tzinfo=timezone.utc),
        "raw": b"\x00\x01",
        "none": None,
        "box": [0.0, 1.0, 2.0, 3.0],
    }
    empty = dict.fromkeys(features) | {"box": [1.0] * 4, "grid": [[0.0, 0.0], [0.0, 0.0]]}
    schema = pa.schema([(name, features.arrow_schema.field(name).type) for name in features])
    storage = pa.schema([(field.name, getattr(field.type, "storage_type", field.type)) for field in schema])
    table = pa.Table.from_pylist([row, empty], schema=storage).cast(schema)
    release(
        Dataset(table.replace_schema_metadata(features.arrow_schema.metadata)), tmp_path, version="1.0.0", license="mit"
    )
    back = load_dataset(str(tmp_path / "v1.0.0"), split="train", cache_dir=str(tmp_path / "cache"))
    assert back.features == features
    assert back.with_format("arrow")[:].to_pylist() == [row, empty]


def test_configs_are_loaded_by_name(tmp_path):
    """Each config has its folder and its entry in the card."""
    release({"de": mails(4), "fr": rows(3)}, tmp_path, version="1.0.0", record=RECORD)
    back = load_dataset(str(tmp_path / "v1.0.0"), "fr", cache_dir=str(tmp_path / "cache"))
    assert {split: len(part) for split, part in back.items()} == {"train": 3}


def test_the_same_again_is_fine_and_other_content_is_not(tmp_path):
    """A released version never changes, and a second run of its command changes nothing."""
    release(mails(), tmp_path, version="1.0.0", record=RECORD)
    before = files(tmp_path)
    assert release(mails(), tmp_path, version="1.0.0", record=RECORD).existed
    with pytest.raises(ReleaseError, match=r"v1\.0\.0 is released with other content"):
        release(mails(21), tmp_path, version="1.0.0", record=RECORD)
    assert files(tmp_path) == before


def test_two_runs_make_the_same_bytes(tmp_path):
    """Nothing of the machine or the moment is in a release."""
    for name in ("a", "b"):
        release(mails(), tmp_path / name / "mails", version="1.0.0", record=RECORD, extra_files={"assets/x.png": b"1"})
    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_a_damaged_version_is_noticed(tmp_path):
    """Running the command on a version that was changed since says so and does not touch it."""
    release(mails(), tmp_path, version="1.0.0", record=RECORD)
    shard = tmp_path / "v1.0.0" / "data" / "test-00000-of-00001.parquet"
    shard.write_bytes(shard.read_bytes()[:-1] + b"x")
    with pytest.raises(VerifyError, match="SHA-256"):
        release(mails(), tmp_path, version="1.0.0", record=RECORD)
    with pytest.raises(VerifyError):
        verify(tmp_path, "1.0.0")


def test_a_folder_of_somebody_else_is_left_alone(tmp_path):
    """What stands where the version should go and is no release stops the release before any work."""
    (tmp_path / "v1.0.0").mkdir()
    (tmp_path / "v1.0.0" / "mine.txt").write_text("x")
    with pytest.raises(ReleaseError, match="is something else"):
        release(mails(), tmp_path, version="1.0.0", record=RECORD)
    assert files(tmp_path) == {"v1.0.0/mine.txt": b"x"}


def test_versions_and_their_differences(tmp_path):
    """A folder lists its versions in their order and compares any two."""
    for version, data in (("1.2.0", mails(4)), ("1.10.0", mails(6)), ("1.10.0-rc.1", mails(5))):
        release(data, tmp_path, version=version, record=RECORD)
    assert versions(tmp_path) == ["1.2.0", "1.10.0-rc.1", "1.10.0"]
    found = diff(tmp_path, "1.2.0", "1.10.0")
    assert found.lines == ["train: 4 rows added"]
    assert found.counts["default", "train", "augmented", "ham"] == (2, 3)
    with pytest.raises(ReleaseError, match=r"must hold version 9\.9\.9, holds 1\.2\.0"):
        diff(tmp_path, "1.2.0", "9.9.9")


def test_a_dry_run_leaves_no_trace(tmp_path):
    """Not even the folder is made."""
    done = release(mails(), tmp_path / "mails", version="1.0.0", record=RECORD, dry_run=True)
    assert "Nothing was written" in done.text
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("ada/digits", str),
        ("hf://datasets/ada/digits", str),
        ("./out/x", Path),
        ("../x", Path),
        ("/x/y", Path),
        ("~/x", Path),
        (".", Path),
        (Path("ada/digits"), Path),
    ],
)
def test_what_is_a_repo_and_what_a_folder(target, kind):
    """One rule, by the first characters."""
    assert isinstance(as_target(target), kind)


@pytest.mark.parametrize("target", ["digits", "a/b/c", "", "a b/c", "-a/b", "a--b/c", "C:\\data"])
def test_targets_that_are_neither(target):
    """The error tells both forms."""
    with pytest.raises(ParameterError, match=r"repo id like 'ada/digits' or a folder like './out/digits'"):
        release(mails(), target, version="1.0.0", record=RECORD)


def test_bad_input_is_refused_before_any_work(tmp_path):
    """Streams, odd names, splits that differ, taken paths, a bad version: each names what is wrong."""
    two = mails()
    cases = [
        (CallError, "a streamed IterableDataset", {"data": rows(3).to_iterable_dataset()}),
        (CallError, "config 'a'", {"data": {"a": [1]}}),
        (ParameterError, "not 'data'", {"data": {"data": two}}),
        (ParameterError, "named with letters", {"data": {"a/b": two}}),
        (ParameterError, "at least one config", {"data": {}}),
        (
            ReleaseError,
            "'test' and 'train' differ in body, text",
            {"data": {"default": type(two)(train=two["train"], test=two["test"].rename_column("text", "body"))}},
        ),
        (ParameterError, "must look like 1.2.0", {"version": "1.2"}),
        (ParameterError, "path of its own", {"extra_files": {"../x": b""}}),
        (ParameterError, "path of its own", {"extra_files": {"data/x.parquet": b""}}),
        (ParameterError, "path of its own", {"extra_files": {"README.md": b""}}),
    ]
    for kind, message, change in cases:
        options = {"data": two, "version": "1.0.0", "record": RECORD, **change}
        with pytest.raises(kind, match=message):
            release(options.pop("data"), tmp_path, **options)
    assert not list(tmp_path.iterdir())


def test_a_leak_stops_the_release(tmp_path):
    """A copy in test of a row in train."""
    data = mails()
    data["test"] = rows(3, copies=1).select([4])
    with pytest.raises(LeakError, match="'train' and 'test'"):
        release(data, tmp_path, version="1.0.0", record=RECORD)


def test_a_repeated_id_stops_the_release(tmp_path):
    """Said with how often it stands there; numbered, the rows can go."""
    data = mails()
    data["train"] = concatenate_datasets([data["train"], data["train"].select([1, 3]), data["train"].select([1])])
    with pytest.raises(RowIdError, match="'r1' stands in 3 rows of 'train', and 1 more ids") as error:
        release(data, tmp_path, version="1.0.0", record=RECORD)
    assert "hfaug.with_ids" in str(error.value)
    with pytest.raises(RowIdError, match="'r0' stands in 2 rows"):
        release(concatenate_datasets([rows(1), rows(1)]), tmp_path, version="1.0.0", record=RECORD)
    assert not list(tmp_path.glob("v*"))
    data["train"] = hfaug.with_ids(data["train"])
    assert release(data, tmp_path, version="1.0.0", record=RECORD).rows == 47


def test_a_folder_without_rights_and_a_file_in_the_way(tmp_path, monkeypatch):
    """The error names the folder and what to do."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(ReleaseError, match="must be a folder"):
        release(mails(), tmp_path / "file" / "mails", version="1.0.0", record=RECORD)

    def refuse(self, *args, **options):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(ReleaseError, match="must be a folder one may write to"):
        release(mails(), tmp_path / "new", version="1.0.0", record=RECORD)


def test_a_full_disk_is_said_in_words_and_leaves_nothing(tmp_path, monkeypatch):
    """A shard that does not fit leaves no version and no rest."""
    import pyarrow.parquet as pq

    def full(self, *args, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pq.ParquetWriter, "write_table", full)
    with pytest.raises(ReleaseError, match="must have room for the release, the disk is full"):
        release(mails(), tmp_path, version="1.0.0", record=RECORD)
    monkeypatch.undo()
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("mount") is None, reason="only root can mount a small disk")
def test_a_really_full_disk(tmp_path):
    """A tmpfs of 256 kB: the error is the same, and nothing is left."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("this machine mounts nothing")
    try:
        noise = [random.Random(seed).randbytes(1000).hex() for seed in range(1000)]
        with pytest.raises(ReleaseError, match="the disk is full"):
            release(Dataset.from_dict({"text": noise}), place / "big", version="1.0.0", license="mit")
        assert not list((place / "big").iterdir())
    finally:
        subprocess.run(["umount", str(place)], check=True)


CHILD = """
import sys
from pathlib import Path
from tests.release.conftest import RECORD, mails
from hfaug.release import Limits, release
limits = Limits(shard_bytes=2000, group_bytes=1000)
release(mails(300), Path(sys.argv[1]), version="1.0.0", record=RECORD, limits=limits)
"""


def child(folder: Path, **environment: str) -> subprocess.Popen:
    """The command in a process of its own."""
    place = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **environment}
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder)], env=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def check_whole_or_absent(folder: Path) -> bool:
    """Either there is no version, or it reads back whole."""
    if not (folder / "v1.0.0").exists():
        return False
    verify(folder, "1.0.0")
    return True


@pytest.mark.parametrize(
    ("point", "there"),
    [("release.staged", False), ("release.folder.written", False), ("release.folder.renamed", True)],
)
def test_kill_at_a_named_point(tmp_path, point, there):
    """Before the rename there is nothing, after it everything; the next run finishes and clears what was left."""
    process = child(tmp_path, **{VARIABLE: point})
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert check_whole_or_absent(tmp_path) is there
    from hfaug.release import Limits

    limits = Limits(shard_bytes=2000, group_bytes=1000)
    assert release(mails(300), tmp_path, version="1.0.0", record=RECORD, limits=limits).existed is there
    assert [entry.name for entry in tmp_path.iterdir()] == ["v1.0.0"]


@pytest.mark.slow
def test_kill_at_any_time(tmp_path):
    """Killed at random moments, many times: never half a version, and in the end the same bytes."""
    from hfaug.release import Limits

    draw = random.Random(0)
    process = child(tmp_path / "whole")
    start = time.perf_counter()
    told = process.communicate(timeout=60)
    assert process.returncode == 0, told
    length = time.perf_counter() - start
    for turn in range(25):
        folder = tmp_path / "killed"
        process = child(folder)
        try:
            process.wait(timeout=length * draw.uniform(0.5, 1.0))
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
        if check_whole_or_absent(folder):
            assert files(folder / "v1.0.0").keys() == files(tmp_path / "whole" / "v1.0.0").keys(), turn
            shutil.rmtree(folder)
    release(mails(300), folder, version="1.0.0", record=RECORD, limits=Limits(shard_bytes=2000, group_bytes=1000))
    shards = {path: data for path, data in files(folder / "v1.0.0").items() if path.endswith(".parquet")}
    assert shards == {path: data for path, data in files(tmp_path / "whole" / "v1.0.0").items() if path in shards}
    assert len(shards) > 20


def test_two_processes_release_the_same_at_once(tmp_path):
    """Both succeed, one of them wrote it."""
    both = [child(tmp_path), child(tmp_path)]
    told = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    verify(tmp_path, "1.0.0")
    assert [entry.name for entry in tmp_path.iterdir()] == ["v1.0.0"]


def test_the_record_round_trips(tmp_path):
    """What is published is what was given, with the counts measured."""
    release(mails(), tmp_path, version="1.0.0", record=RECORD)
    record = RunRecord.from_json((tmp_path / "v1.0.0" / ".hfaug" / "run.json").read_text())
    assert record.sources == RECORD.sources
    assert record.recipe_digest == RECORD.recipe_digest
    assert list(record.counts["default"]) == ["train", "test"]
    with pytest.raises(ReleaseError, match="schema must be 1, is 99"):
        RunRecord.from_json('{"schema": 99}')
    with pytest.raises(ReleaseError, match="must be a JSON object"):
        RunRecord.from_json("[1")
