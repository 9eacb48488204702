"""Several processes from one command: exit codes, signals, and nobody left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hfaug.engine import run, spawn
from hfaug.errors import ParameterError
from tests.engine import toy
from tests.engine.test_world import clean

RANK = "import os, signal, sys, time; rank = int(os.environ['HFAUG_RANK']); "


def tiny(code):
    """A program that needs no import."""
    return [sys.executable, "-c", RANK + code]


def test_three_processes_make_the_bytes_of_one(tmp_path):
    """Each knows its rank without torch, takes its share of the threads, and all report."""
    run(toy.plan()["result"], tmp_path / "alone", progress=False)
    (tmp_path / "all").mkdir()
    assert spawn(3, [str(tmp_path / "all")], command=[sys.executable, "-m", "tests.engine.toy"]) == 0
    assert toy.contents(tmp_path / "all") == toy.contents(tmp_path / "alone")
    assert sorted(path.name[0] for path in (tmp_path / "all" / "reports").iterdir()) == ["0", "1", "2"]


@pytest.mark.parametrize(
    "code, expected",
    [
        ("pass", 0),
        ("sys.exit(3 if rank == 1 else 0)", 3),
        ("sys.exit(3 if rank == 0 else 0)", 3),
        ("os.kill(os.getpid(), signal.SIGKILL) if rank == 1 else time.sleep(0.3)", 0),
        ("os.kill(os.getpid(), signal.SIGKILL) if rank == 0 else None", 137),
        ("os.kill(os.getpid(), signal.SIGKILL) if rank == 0 else sys.exit(2)", 2),
        ("os.kill(os.getpid(), signal.SIGSEGV)", 139),
    ],
)
def test_exit_codes(code, expected):
    """Errors count, lost processes do not as long as the first one comes to its end."""
    assert spawn(2, [], command=tiny(code)) == expected


def test_a_lost_process_is_named(caplog):
    spawn(2, [], command=tiny("os.kill(os.getpid(), signal.SIGKILL) if rank == 1 else time.sleep(0.5)"))
    assert "rank 1 was lost (SIGKILL); the others take over its units" in caplog.text


def test_the_survivors_finish_the_units_of_a_lost_process(tmp_path):
    """One of three is killed by the system; the command ends well and the result is whole."""
    run(toy.plan()["result"], tmp_path / "alone", progress=False)
    root = tmp_path / "all"
    root.mkdir()
    code = (
        "import sys, os; "
        "os.environ.update({'HFAUG_FAILPOINT': 'after_run:2'} if os.environ['HFAUG_RANK'] == '1' else {}); "
        "from tests.engine.toy import work; "
        "work(sys.argv[1], int(os.environ['HFAUG_RANK']), 3, sleep=0.1)"
    )
    assert spawn(3, [str(root)], command=[sys.executable, "-c", code]) == 0
    assert toy.contents(root) == toy.contents(tmp_path / "alone")
    assert sorted(path.name[0] for path in (root / "reports").iterdir()) == ["0", "2"]
    assert max(toy.attempts(root).values()) == 2


def test_less_than_one_process_is_refused():
    with pytest.raises(ParameterError, match="processes must be at least 1, got 0"):
        spawn(0, [])


PARENT = """
import sys
from hfaug.engine import spawn
sys.exit(spawn(2, [], command=[sys.executable, "-c", sys.argv[1]]))
"""


def begin(child, folder):
    """A process that spawns two; returns once both wrote their process ids."""
    path = f"os.path.join({str(folder)!r}, os.environ['HFAUG_RANK'])"
    code = f"import os; open({path}, 'w').write(str(os.getpid())); {child}"
    parent = subprocess.Popen([sys.executable, "-c", PARENT, code], env=clean(), stderr=subprocess.PIPE)
    for rank in "01":
        while not (folder / rank).exists() or not (folder / rank).read_text():
            time.sleep(0.02)
    return parent, [int((folder / rank).read_text()) for rank in "01"]


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(pids):
    deadline = time.monotonic() + 30
    while any(map(is_running, pids)):
        assert time.monotonic() < deadline, "a process is left behind"
        time.sleep(0.05)


@pytest.mark.parametrize("number, code", [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_signals_reach_all(number, code, tmp_path):
    """The command ends with 128 + signal and leaves nobody behind."""
    parent, children = begin("import time; time.sleep(60)", tmp_path)
    os.kill(parent.pid, number)
    parent.communicate(timeout=30)
    assert parent.returncode == code
    wait_until_gone(children)


def test_a_second_signal_ends_those_who_do_not_listen(tmp_path):
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open(__import__('os').path.join("
    stubborn += f"{str(tmp_path)!r}, 'deaf' + __import__('os').environ['HFAUG_RANK']), 'w'); time.sleep(60)"
    parent, children = begin(stubborn, tmp_path)
    while len(list(tmp_path.glob("deaf*"))) < 2:
        time.sleep(0.02)
    os.kill(parent.pid, signal.SIGTERM)
    time.sleep(0.3)
    assert all(map(is_running, children))
    os.kill(parent.pid, signal.SIGTERM)
    parent.communicate(timeout=30)
    wait_until_gone(children)


def test_children_of_a_killed_parent_end_and_give_their_claims_back(tmp_path):
    """Killed without warning, the command leaves processes that notice; what they held is free at once."""
    child = (
        "from hfaug.engine import world; from tests.engine.toy import work; here = world(2); "
        f"work({str(tmp_path / 'root')!r}, here.rank, here.size, sleep=0.3)"
    )
    parent, children = begin(child, tmp_path)
    while len(list(tmp_path.glob("root/stages/grow-*/claims/unit-*"))) < 3:
        time.sleep(0.02)
    parent.kill()
    parent.communicate(timeout=30)
    wait_until_gone(children)
    states = [json.loads(path.read_bytes())["state"] for path in (tmp_path / "root" / "workers").iterdir()]
    assert states == ["failed", "failed"]
    assert toy.finish(toy.start(tmp_path / "root", 1)) == [0]
