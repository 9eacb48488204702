"""Processes are killed without warning, anywhere and at any time: equal bytes, and finished work stays."""

import random
import time

import pytest

from hfaug.engine import run
from tests.engine import toy

POINTS = [
    "during_claim",
    "after_claim",
    "before_manifest",
    "after_manifest",
    "after_run",
    "after_temp_write",
    "after_rename",
    "before_index",
    "after_index",
    "during_heartbeat",
]
KILLED = -9


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """What one undisturbed process makes of the whole plan."""
    root = tmp_path_factory.mktemp("expected")
    run(toy.plan(), root, progress=False)
    return toy.contents(root)


def complete(root, expected, size=2):
    """Bring the run to its end and compare."""
    assert toy.finish(toy.start(root, size, target="all")) == [0] * size
    assert toy.contents(root) == expected


@pytest.mark.parametrize("point", POINTS)
def test_killed_alone_at_a_named_place_and_finished_by_others(point, expected, tmp_path):
    """One process, killed the first time and the third time it comes to a place; then two finish."""
    for nth in (1, 3):
        lease = 0.6 if point == "during_heartbeat" else 60.0  # a short lease beats often
        codes = toy.finish(toy.start(tmp_path, 1, target="all", failpoint=f"{point}:{nth}", sleep=0.02, lease_s=lease))
        assert codes == [KILLED]
    complete(tmp_path, expected)


@pytest.mark.parametrize("point", POINTS)
def test_one_of_two_killed_at_a_named_place_while_the_other_goes_on(point, expected, tmp_path):
    """The survivor takes over the claims of the dead without waiting for the lease, and repeats at most one unit."""
    lease = [0.6, 60.0] if point == "during_heartbeat" else 60.0
    started = toy.start(tmp_path, 2, target="all", failpoint=[f"{point}:2", ""], sleep=0.02, lease_s=lease)
    codes = toy.finish(started, timeout_s=30)
    assert codes[1] == 0
    assert codes[0] in (KILLED, 0)  # the other may have been so fast that the place was never reached
    assert toy.contents(tmp_path) == expected
    assert sum(number - 1 for number in toy.attempts(tmp_path).values()) <= 1


@pytest.mark.parametrize("sizes", [(3, 1, 2), (1, 3, 1)])
def test_all_killed_at_once_at_random_times_and_restarted_with_other_numbers(sizes, expected, tmp_path):
    """Everything dies several times, each restart has another world; the last one ends with equal bytes."""
    chance = random.Random(sum(sizes))
    for size in sizes:
        started = toy.start(tmp_path, size, target="all", sleep=0.05)
        time.sleep(chance.uniform(0.05, 0.5))
        for process in started:
            process.kill()
        toy.finish(started)
    complete(tmp_path, expected, size=2)


def test_without_a_kill_no_unit_is_claimed_twice_by_three_processes(expected, tmp_path):
    """Three processes and every unit has one claim, one computation and one file."""
    complete(tmp_path, expected, size=3)
    assert set(toy.attempts(tmp_path).values()) == {1}


def test_nothing_is_computed_again_after_the_end(expected, tmp_path):
    """A second run over finished stages writes nothing at all."""
    run(toy.plan(), tmp_path, progress=False)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    report = run(toy.plan(), tmp_path, progress=False)
    assert [stage.computed for stage in report.stages] == [()] * len(report.stages)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    assert toy.contents(tmp_path) == expected


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(12))
def test_many_random_kills_of_one_and_of_all(seed, expected, tmp_path):
    """Until ten have died: kill one or all of 1 to 3 processes at random times or places, and start others."""
    chance = random.Random(seed)
    kills, root, wasted = 0, tmp_path / "0", 0
    while kills < 10:
        size = chance.choice([1, 2, 3])
        point = chance.choice(["", f"{chance.choice(POINTS)}:{chance.randint(1, 5)}"])
        started = toy.start(root, size, target="all", sleep=0.1, failpoint=[point, *[""] * (size - 1)])
        time.sleep(chance.uniform(0.05, 0.8))
        for process in started if chance.random() < 0.5 else [chance.choice(started)]:
            process.kill()
        codes = toy.finish(started)
        assert set(codes) <= {0, KILLED}
        kills += codes.count(KILLED)
        if 0 in codes:  # it came to its end in spite of the kill
            assert toy.contents(root) == expected
            wasted += sum(number - 1 for number in toy.attempts(root).values())
            root = tmp_path / str(kills)
    complete(root, expected, size=chance.choice([1, 2, 3]))
    wasted += sum(number - 1 for number in toy.attempts(root).values())
    assert wasted <= kills
