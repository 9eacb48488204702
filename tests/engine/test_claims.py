"""Claims: one winner, whoever tries; a takeover only from the dead; clocks of other machines do not matter."""

import json
import subprocess
import sys
import threading
import time

import pytest

from hfaug.engine.claims import Claim, ClaimRecord, Claims, Held, claim_records, finishers
from hfaug.engine.store import LocalStore, open_store
from hfaug.engine.units import unit_name
from hfaug.engine.workers import Worker
from hfaug.engine.world import World
from tests.engine.toy import finish, processes

ELSEWHERE = "another machine"


def never():
    return False


def worker(store, rank=0, lease_s=60.0):
    started = Worker(store, World(rank, 8, rank, 8), lease_s=lease_s)
    started.start()
    return started


def pretend(store, started, **changes):
    """Rewrite what a worker says about itself, as if it ran elsewhere."""
    record = {**started.summary(), "machine": ELSEWHERE, **changes}
    store.put(f"workers/{started.who.token}.json", json.dumps(record).encode())


@pytest.fixture(params=["links", "no links", "memory"])
def store(request, tmp_path):
    if request.param == "memory":
        return open_store(f"memory://claims-{tmp_path.name}")
    return LocalStore(tmp_path, hard_links=request.param == "links")


def test_first_claim_wins_and_the_second_hears_who_has_it(store):
    """The loser is told rank, process and host."""
    first, second = worker(store, 0), worker(store, 1)
    assert Claims(store, "stages/a", first).take("unit-00000", never) == Claim("unit-00000", 1)
    held = Claims(store, "stages/a", second).take("unit-00000", never)
    assert isinstance(held, Held)
    assert str(first.who) == held.owner
    for each in (first, second):
        each.end("ended")


def test_a_claim_is_taken_again_by_its_own_process(store):
    """A process that had to mend an input first goes on with the claim it has."""
    me = worker(store)
    claims = Claims(store, "stages/a", me)
    assert claims.take("unit-00000", never) == claims.take("unit-00000", never) == Claim("unit-00000", 1)
    assert len(list(claim_records(store, "stages/a"))) == 1
    me.end("ended")


def test_of_eight_threads_one_wins_each_of_many_claims(tmp_path):
    """Eight contenders race for 200 claims; every claim has exactly one winner."""
    store = LocalStore(tmp_path)
    workers = [worker(store, rank) for rank in range(8)]
    won = [[] for _ in workers]
    ready = threading.Barrier(8)

    def race(rank):
        claims = Claims(store, "stages/a", workers[rank])
        ready.wait()
        for number in range(200):
            if isinstance(claims.take(str(number), never), Claim):
                won[rank].append(number)

    threads = [threading.Thread(target=race, args=(rank,)) for rank in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(number for each in won for number in each) == list(range(200))
    for each in workers:
        each.end("ended")


def contend(root, rank, dead):
    """Take over what a dead process held; append what was won."""
    store = LocalStore(root)
    me = worker(store, rank)
    claims = Claims(store, "stages/a", me)
    won = [key for key in dead if isinstance(claims.take(key, never), Claim)]
    store.put(f"won/{rank}.json", json.dumps(won).encode())
    while len(store.list("won")) < 8:  # nobody leaves before all have tried: the claims of who left are free again
        time.sleep(0.01)
    me.end("ended")


def test_of_eight_processes_that_take_over_one_wins(tmp_path):
    """Fifty claims of a dead process, eight heirs: every claim goes to exactly one."""
    store = LocalStore(tmp_path)
    dead = worker(store)
    keys = [f"unit-{number:05d}" for number in range(50)]
    claims = Claims(store, "stages/a", dead)
    assert all(isinstance(claims.take(key, never), Claim) for key in keys)
    dead.end("ended")
    started = [processes().Process(target=contend, args=(str(tmp_path), rank, keys)) for rank in range(8)]
    for process in started:
        process.start()
    assert finish(started) == [0] * 8
    won = [key for rank in range(8) for key in json.loads(store.read(f"won/{rank}.json"))]
    assert sorted(won) == keys
    assert all(record.attempt <= 2 for record in claim_records(store, "stages/a"))


def test_a_silent_process_elsewhere_is_dead_after_its_lease_and_not_before(tmp_path):
    """The lease runs on the observer's clock, from the moment it first saw the beat."""
    store = LocalStore(tmp_path)
    silent, heir = worker(store, 0, lease_s=30.0), worker(store, 1)
    Claims(store, "stages/a", silent).take("unit-00000", never)
    pretend(store, silent, lease_s=0.2)
    claims = Claims(store, "stages/a", heir)
    assert isinstance(claims.take("unit-00000", never), Held)
    time.sleep(0.3)
    assert claims.take("unit-00000", never) == Claim("unit-00000", 2)
    for each in (silent, heir):
        each.end("ended")


def test_a_beating_process_keeps_its_claim_beyond_the_lease_whatever_its_clock_says(tmp_path):
    """Beats count, times do not: the file's own time lies a year back and a year ahead."""
    import os

    store = LocalStore(tmp_path)
    alive, other = worker(store, 0), worker(store, 1)
    Claims(store, "stages/a", alive).take("unit-00000", never)
    claims = Claims(store, "stages/a", other)
    year = 365 * 86400
    for beat in range(6):
        pretend(store, alive, lease_s=0.4, beat=100 + beat)
        stamp = time.time() + (year if beat % 2 else -year)
        os.utime(tmp_path / "workers" / f"{alive.who.token}.json", (stamp, stamp))
        assert isinstance(claims.take("unit-00000", never), Held)
        time.sleep(0.15)
    for each in (alive, other):
        each.end("ended")


def test_a_killed_process_of_this_machine_is_known_to_be_dead_at_once(tmp_path):
    """No lease is waited for when the process can be looked up."""
    code = (
        "import os, sys\n"
        "from hfaug.engine.claims import Claims\n"
        "from hfaug.engine.store import LocalStore\n"
        "from hfaug.engine.workers import Worker\n"
        "from hfaug.engine.world import World\n"
        "store = LocalStore(sys.argv[1]); worker = Worker(store, World()); worker.start()\n"
        "Claims(store, 'stages/a', worker).take('unit-00000', lambda: False)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == -9
    store = LocalStore(tmp_path)
    heir = worker(store, 1)
    assert Claims(store, "stages/a", heir).take("unit-00000", never) == Claim("unit-00000", 2)
    heir.end("ended")


def test_a_process_id_used_again_does_not_keep_a_claim_alive(tmp_path):
    """Same process id, another start: another process."""
    store = LocalStore(tmp_path)
    gone, heir = worker(store, 0), worker(store, 1)
    Claims(store, "stages/a", gone).take("unit-00000", never)
    store.put(f"workers/{gone.who.token}.json", json.dumps({**gone.summary(), "started": "1"}).encode())
    assert Claims(store, "stages/a", heir).take("unit-00000", never) == Claim("unit-00000", 2)
    for each in (gone, heir):
        each.end("ended")


def test_nothing_is_taken_over_when_the_dead_had_finished(store):
    """Published, then died: there is no second claim, so the record does not say it was computed twice."""
    dead, heir = worker(store, 0), worker(store, 1)
    Claims(store, "stages/a", dead).take("unit-00000", never)
    dead.end("ended")
    assert Claims(store, "stages/a", heir).take("unit-00000", lambda: True) is None
    assert [record.attempt for record in claim_records(store, "stages/a")] == [1]
    heir.end("ended")


def test_a_claim_cut_off_before_it_had_a_name_runs_out(store):
    """A crash between creating and writing a claim, where links are not to be had, does not block the unit for good."""
    store.put("stages/a/claims/unit-00000.1", b"")
    heir = worker(store, lease_s=0.2)
    claims = Claims(store, "stages/a", heir)
    assert isinstance(claims.take("unit-00000", never), Held)
    time.sleep(0.3)
    assert claims.take("unit-00000", never) == Claim("unit-00000", 2)
    heir.end("ended")


def test_the_record_names_who_did_what(store):
    """Rank, process and host of every claim, by unit and attempt."""
    me = worker(store, 3)
    Claims(store, "stages/a", me).take("unit-00007", never)
    (record,) = claim_records(store, "stages/a")
    assert (record.key, record.attempt, record.rank) == ("unit-00007", 1, 3)
    assert (record.token, record.host, record.pid) == (me.who.token, me.who.host, me.who.pid)
    me.end("ended")


def test_failures_reach_the_others_and_old_ones_stop_nobody(store):
    """A failure is heard by who was there; who comes later starts afresh."""
    first, second = worker(store, 0, lease_s=0.6), worker(store, 1, lease_s=0.6)
    first.fail("grow-1", "unit 3", ValueError("bad"))
    second.wait(20)
    assert second.failure is not None
    assert (second.failure.stage, second.failure.unit, second.failure.error) == ("grow-1", "unit 3", "ValueError: bad")
    assert first.failure is None
    later = worker(store, 2, lease_s=0.6)
    later.wait(0.5)
    assert later.failure is None
    for each in (first, second, later):
        each.end("ended")


def test_a_heartbeat_that_cannot_be_written_does_not_end_the_work(tmp_path, caplog, monkeypatch):
    """A network share that is away for a while costs a warning, once."""
    store = LocalStore(tmp_path)
    me = worker(store, lease_s=0.3)

    def broken(*_):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(store, "put", broken)
        time.sleep(0.6)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert me._thread.is_alive()
    me.end("ended")


def test_only_units_count_as_finished():
    """Plans and indexes are claimed too; of a unit that was begun twice the last claim counts."""
    first = [ClaimRecord(key, 1, "t", 0, "h", 1) for key in ("index", "manifest", unit_name(0), unit_name(1))]
    again = [*first, ClaimRecord(unit_name(1), 2, "u", 1, "h", 2)]
    assert finishers([first, again]) == ({0: 3, 1: 1}, 1)
