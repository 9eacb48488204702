"""Runs in trouble: full disks, wrong folders, damaged files, signals, frozen processes."""

import errno
import json
import os
import signal
import subprocess
import time

import pyarrow as pa
import pytest

from hfaug.engine import (
    LocalStore,
    open_store,
    run,
)
from hfaug.errors import StageError
from tests.engine import toy
from tests.engine.small import double, mapped, ranks, source, values
from tests.engine.test_store import BucketFileSystem, registered  # noqa: F401

# ---- places


@pytest.mark.parametrize("scheme", ["memory", "bucket", "plain", "file"])
def test_three_workers_over_fsspec_make_the_same_bytes_as_one_in_a_folder(scheme, tmp_path):
    """Conditional PUTs or not; each unit is made once where creation is exclusive.

    A store without conditional writes can look and then write, no more, so two that look at once both make the unit.
    """
    run(toy.plan(), tmp_path / "alone", progress=False)
    base = f"/{tmp_path.name}" if scheme == "memory" else f"{tmp_path}/shared"
    store = open_store(f"{scheme}://{base}")
    store.poll_s = (0.01, 0.1)
    reports = ranks(3, store, lambda _: toy.plan())
    assert [type(report).__name__ for report in reports] == ["RunReport"] * 3
    alone = run(toy.plan(), tmp_path / "alone", progress=False)
    for name in ("result", "rounds"):
        assert reports[0][name].read().equals(alone[name].read())
        assert reports[0][name].dataset()[:] == alone[name].dataset()[:]
    for stage in reports[0].stages:
        units = [
            unit for report in reports for each in report.stages if each.name == stage.name for unit in each.computed
        ]
        assert sorted(set(units) if scheme == "plain" else units) == list(range(stage.units))
        for name in alone.root.list(f"stages/{stage.name}"):
            assert store.read(f"stages/{stage.name}/{name}") == alone.root.read(f"stages/{stage.name}/{name}")
    if scheme == "bucket":
        published = [name for name in BucketFileSystem.puts if name.endswith(".arrow")]
        assert len(published) == sum(stage.units for stage in alone.stages)


def test_a_full_disk_is_named_and_finished_units_stay(tmp_path, monkeypatch):
    """Folder, unit, reason and what to do; a later run goes on."""
    real, written = LocalStore._write, []

    def write(self, temp, parts, *, durable):
        if "unit-" in temp.name and durable and "step-" in str(temp):
            written.append(temp)
            if len(written) > 2:
                raise OSError(errno.ENOSPC, "No space left on device")
        return real(self, temp, parts, durable=durable)

    with monkeypatch.context() as patch:
        patch.setattr(LocalStore, "_write", write)
        with pytest.raises(StageError) as error:
            run(mapped(double), tmp_path, progress=False)
    text = str(error.value)
    assert f"{tmp_path}/stages/step-" in text
    assert "unit 2" in text
    assert "the disk is full: [Errno 28] No space left on device; free space there and run again" in text
    assert "2 finished units are kept" in text
    assert run(mapped(double), tmp_path, progress=False).stages[-1].computed == (2, 3)


def test_a_really_full_disk(tmp_path):
    """A file system of 300 kB, where this user may mount one; else the largest file a process may write."""
    disk = tmp_path / "disk"
    disk.mkdir()
    big = mapped(lambda t: pa.table({"n": pa.array(range(60_000), pa.int64())}), rows=10)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(disk)], check=False, capture_output=True
    )
    if mounted.returncode:
        import resource

        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))
    try:
        with pytest.raises(StageError, match=r"Stage 'step-.*' unit 0: .*(disk is full|File too large)"):
            run(big, disk, progress=False)
        assert not list(disk.rglob(".unit*"))
    finally:
        if mounted.returncode:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        else:
            subprocess.run(["umount", "--lazy", str(disk)], check=True)  # the error holds the maps of some units


def test_a_folder_that_cannot_be_is_named(tmp_path):
    """A file is in the way of the root."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(
        StageError, match=r"Stage 'numbers-.*: .*file/root/stages/.* must take files, a file is in the way"
    ):
        run(source(), tmp_path / "file" / "root", progress=False)


@pytest.mark.parametrize("code, words", [(errno.EROFS, "it is read-only"), (errno.EACCES, "there is no right to")])
def test_a_folder_without_rights_is_named_but_finished_stages_can_be_read(code, words, tmp_path, monkeypatch):
    """Nothing is written when nothing is to be done."""
    run(source(), tmp_path, progress=False)

    def refuse(*_, **__):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(LocalStore, "_write", refuse)
    assert run(source(), tmp_path, progress=False).view.num_rows == 20
    with pytest.raises(StageError, match=words):
        run(mapped(double), tmp_path, progress=False)


# ---- damage


def damage(root, pattern, cut):
    path = next(root.glob(pattern))
    data = path.read_bytes()
    path.write_bytes(data[:cut] if cut > 0 else data[: len(data) // 3] + b"\x00\xff" + data[len(data) // 3 + 2 :])


@pytest.mark.parametrize("cut", [1, 100, -1])
def test_a_damaged_input_is_mended_on_the_way(cut, tmp_path, caplog):
    """Only the damaged unit is computed again, then the run goes on."""
    run(source(), tmp_path, progress=False)
    damage(tmp_path, "stages/*/unit-00001.arrow", cut)
    report = run(mapped(double), tmp_path, progress=False)
    assert values(report.view) == [2 * n for n in range(20)]
    numbers = next(stage for stage in report.stages if stage.name.startswith("numbers"))
    assert numbers.computed == (1,)
    assert "it is removed and computed again" in caplog.text


def test_two_processes_mend_a_damaged_input_together(tmp_path):
    """Both meet the damage; the result is right and nobody waits for ever."""
    run(source(200, rows=50), tmp_path, progress=False)
    damage(tmp_path, "stages/*/unit-00002.arrow", -1)
    reports = ranks(2, tmp_path, lambda _: mapped(double, source(200, rows=50), rows=10))
    assert [values(report.view) for report in reports] == [[2 * n for n in range(200)]] * 2


def test_a_unit_cut_off_before_its_stage_was_finished_is_found(tmp_path):
    """As after a power cut on a file system that does not keep its promises."""
    run(mapped(double), tmp_path, progress=False)
    expected = toy.contents(tmp_path)
    next(tmp_path.glob("stages/step-*/index.json")).unlink()
    damage(tmp_path, "stages/step-*/unit-00003.arrow", 50)
    report = run(mapped(double), tmp_path, progress=False)
    assert report.stages[-1].computed == (3,)
    assert toy.contents(tmp_path) == expected


@pytest.mark.parametrize("name", ["manifest.json", "index.json"])
def test_a_damaged_manifest_or_index_is_made_again(name, tmp_path):
    run(mapped(double), tmp_path, progress=False)
    expected = toy.contents(tmp_path)
    damage(tmp_path, f"stages/step-*/{name}", 20)
    if name == "manifest.json":  # only read while there is something to do
        next(tmp_path.glob("stages/step-*/unit-00000.arrow")).unlink()
        next(tmp_path.glob("stages/step-*/claims/unit-00000.1")).unlink()
    assert values(run(mapped(double), tmp_path, progress=False).view) == [2 * n for n in range(20)]
    assert toy.contents(tmp_path) == expected


def test_a_mended_unit_must_be_what_it_was(tmp_path):
    """Other versions or another machine would mix two results in one stage."""
    offset = [0]
    stage = mapped(lambda t: pa.table({"n": pa.array([n + offset[0] for n in t["n"].to_pylist()], pa.int64())}))
    run(stage, tmp_path, progress=False)
    next(tmp_path.glob("stages/step-*/unit-00002.arrow")).unlink()
    offset[0] = 1
    with pytest.raises(StageError, match=r"unit 2: computed again it must be what it was"):
        run(stage, tmp_path, progress=False)


# ---- signals and silence


def test_told_to_stop_a_process_gives_its_claims_back(tmp_path):
    """SIGTERM ends it with 143, and others go on at once although the lease is long."""
    (process,) = toy.start(tmp_path, 1, sleep=0.1)
    while not list(tmp_path.glob("stages/grow-*/unit-*")):
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGTERM)
    assert toy.finish([process]) == [143]
    states = [json.loads(path.read_bytes())["state"] for path in (tmp_path / "workers").iterdir()]
    assert states == ["failed"]
    assert not (tmp_path / "failed").exists()
    assert toy.finish(toy.start(tmp_path, 1)) == [0]


def test_a_process_that_was_frozen_loses_its_claims_and_harms_nothing(tmp_path):
    """Stopped for longer than its lease and then woken: others did its unit, its own copy is thrown away."""
    frozen, other = toy.start(tmp_path, 2, sleep=[0.5, 0.05], lease_s=0.6)
    stage = tmp_path / "stages"
    while not [path for path in stage.glob("grow-*/claims/unit-*.1") if b'"rank": 0' in path.read_bytes()]:
        time.sleep(0.01)
    os.kill(frozen.pid, signal.SIGSTOP)
    assert toy.finish([other]) == [0]
    before = toy.contents(tmp_path)
    os.kill(frozen.pid, signal.SIGCONT)
    assert toy.finish([frozen]) == [0]
    assert toy.contents(tmp_path) == before
    assert max(toy.attempts(tmp_path).values()) == 2
