"""Global random states come back as they were."""
# ruff: noqa: NPY002  (the legacy global generator is what is tested)

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest

from hfaug.errors import CallError
from hfaug.randomness import isolated_globals, seed_globals


def draw():
    return random.random(), float(np.random.standard_normal()), float(np.random.random())


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


def test_what_is_drawn_after_is_what_would_have_been_drawn():
    """Also the spare number that NumPy keeps of a pair of normals."""
    np.random.seed(0)
    np.random.standard_normal()
    random_state, numpy_state = random.getstate(), np.random.get_state()
    expected = draw()
    random.setstate(random_state)
    np.random.set_state(numpy_state)
    with isolated_globals():
        seed_globals(1)
        draw()
        np.random.standard_normal()
    assert draw() == expected


def test_the_states_come_back_after_an_error():
    before = random.getstate()
    with contextlib.suppress(KeyError), isolated_globals():
        seed_globals(1)
        raise KeyError
    assert random.getstate() == before


def test_seeding_gives_the_same_numbers_again_and_others_for_other_seeds():
    drawn = []
    for seed in (0, 2**64 - 1, 2**32, 1, 0):
        with isolated_globals():
            seed_globals(seed)
            drawn.append(draw())
    assert drawn[0] == drawn[-1]
    assert len({numbers[0] for numbers in drawn}) == len({numbers[1] for numbers in drawn}) == 4


def test_seeding_outside_is_refused():
    """The caller's state would be lost."""
    with pytest.raises(CallError, match="with isolated_globals"):
        seed_globals(1)


def test_seeding_from_another_thread_than_the_one_inside_is_refused():
    caught = []

    def seed():
        try:
            seed_globals(1)
        except CallError as error:
            caught.append(error)

    with isolated_globals():
        thread = threading.Thread(target=seed)
        thread.start()
        thread.join()
    assert len(caught) == 1


def test_blocks_nest_and_the_inner_one_restores_the_outer():
    with isolated_globals():
        seed_globals(1)
        expected = draw()
        seed_globals(1)
        with isolated_globals():
            seed_globals(2)
            draw()
        assert draw() == expected
        seed_globals(3)


def test_threads_wait_for_each_other():
    """Each seeds, lets the others run, and still draws its own numbers."""
    barrier, wrong = threading.Barrier(4), []

    def work(seed):
        expected = random.Random(seed).random()
        barrier.wait()
        for _ in range(50):
            with isolated_globals():
                seed_globals(seed)
                threading.Event().wait(0.0001)
                if random.random() != expected:
                    wrong.append(seed)

    before = random.getstate()
    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert random.getstate() == before


def test_torch_comes_back_too(torch):
    before = torch.get_rng_state()
    with isolated_globals():
        seed_globals(5)
        first = torch.rand(3)
        seed_globals(5)
        assert torch.equal(first, torch.rand(3))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.gpu
def test_cuda_comes_back_too(torch):
    torch.rand(1, device="cuda")
    before = torch.cuda.get_rng_state_all()
    with isolated_globals():
        seed_globals(5)
        first = torch.rand(3, device="cuda")
        seed_globals(5)
        assert torch.equal(first, torch.rand(3, device="cuda"))
    assert all(map(torch.equal, before, torch.cuda.get_rng_state_all()))


FRESH = """
import sys
from hfaug.randomness import isolated_globals, seed_globals
with isolated_globals():
    seed_globals(1)
    assert "torch" not in sys.modules, "importing or isolating brought torch in"
    import torch
    seed_globals(2)
    torch.rand(3)
state = torch.get_rng_state()
assert torch.equal(state, torch.Generator().get_state()), "torch does not look freshly imported"
"""


def test_torch_that_is_first_imported_inside_is_left_as_after_a_fresh_import(torch):
    """And neither importing hfaug.randomness nor isolating imports it."""
    subprocess.run([sys.executable, "-c", FRESH], check=True)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_fork_while_another_thread_is_inside_does_not_hang():
    """`map(num_proc=...)` forks; the child has no thread that would ever leave the block."""
    inside, leave = threading.Event(), threading.Event()

    def hold():
        with isolated_globals():
            inside.set()
            leave.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    inside.wait()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons warn of what is tested here
        pid = os.fork()
    if pid == 0:
        signal.alarm(10)  # a child that hangs ends, and the test fails
        code = 1
        try:
            with isolated_globals():
                seed_globals(1)
            code = 0
        finally:
            os._exit(code)
    leave.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
