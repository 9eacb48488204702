"""One thread for each image, whoever asks: calls that overlap leave the number of threads as it was."""

import ctypes
import multiprocessing
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from hfaug.backends import ImageRequest
from hfaug.backends.threads_each import on_threads, one_thread_each
from hfaug.wrap.layers import lend_globals


def in_thread(work):
    """What a thread of its own makes; joined by calling what comes back."""
    found = []
    thread = threading.Thread(target=lambda: found.append(work()), daemon=True)
    thread.start()

    def joined():
        thread.join(60)
        return found[0]

    return joined


def test_calls_that_overlap_put_the_number_back(threads):
    """The second begins while the first is at work, in a thread that torch has told 1, and ends after it."""
    threads(3)
    began, waiting = threading.Event(), threading.Event()

    def second():
        assert torch.get_num_threads() == 1
        waiting.set()
        with one_thread_each() as count:
            inside = torch.get_num_threads()
        return count, inside, torch.get_num_threads()

    def first():
        with one_thread_each() as count:
            began.set()
            waiting.wait(60)
            inside = torch.get_num_threads()
        return count, inside, torch.get_num_threads()

    one = in_thread(first)
    began.wait(60)
    other = in_thread(second)
    assert one() == other() == (3, 1, 3)
    assert torch.get_num_threads() == 3
    assert in_thread(torch.get_num_threads)() == 3


def test_transforms_of_torch_take_part(threads):
    """One that begins in a new thread while a model is asked would put back the 1 that torch tells it."""
    threads(3)
    began, waiting = threading.Event(), threading.Event()

    def transform():
        waiting.set()
        with lend_globals():
            inside = torch.get_num_threads()
        return inside, torch.get_num_threads()

    def ask():
        with one_thread_each():
            began.set()
            waiting.wait(60)

    asked = threading.Thread(target=ask, daemon=True)
    asked.start()
    began.wait(60)
    assert in_thread(transform)() == (1, 3)
    asked.join(60)
    assert in_thread(torch.get_num_threads)() == 3


def on_each(count, work):
    """What each of some images makes of a function, where one goes at a time."""

    def run(plan, draw):
        return [found for part in plan for found in draw(part)]

    return on_threads(count, lambda rows: [work() for _ in rows], run, together=1)


def test_work_of_several_callers_is_done_on_one_thread_each(threads):
    threads(2)
    start = threading.Barrier(3)

    def work():
        start.wait(60)
        return on_each(20, torch.get_num_threads)

    callers = [in_thread(work) for _ in range(3)]
    assert [caller() for caller in callers] == [[1] * 20] * 3
    assert torch.get_num_threads() == 2


def test_a_thread_is_alone_from_its_first_work_on(threads):
    """OpenMP has a number of its own for each thread, which torch sets late: a convolution may come before."""
    maps, home = Path("/proc/self/maps"), Path(torch.__file__).parent
    loaded = {Path(line.split()[-1]) for line in maps.read_text().splitlines() if "/" in line} if maps.exists() else ()
    # others have one of their own, such as scikit-learn
    libraries = [path for path in loaded if "libgomp" in path.name and home in path.parents]
    if not libraries:
        pytest.skip("torch runs on another OpenMP here")
    threads(2)
    for library in libraries:
        allowed = ctypes.CDLL(library).omp_get_max_threads
        assert on_each(4, allowed) == [1] * 4


def test_a_call_may_lie_within_a_call(threads):
    """Such as a model that looks at what another one draws, in the same thread or in one of its pool."""
    threads(3)

    def inside():
        with one_thread_each() as outer:
            with one_thread_each() as inner:
                within = torch.get_num_threads()
            return outer, inner, within, torch.get_num_threads(), on_each(2, torch.get_num_threads)

    assert in_thread(inside)() == (3, 3, 1, 1, [1, 1])
    assert in_thread(lambda: on_each(4, lambda: on_each(2, torch.get_num_threads)))() == [[1, 1]] * 4
    assert in_thread(torch.get_num_threads)() == 3


def test_two_calls_at_once_draw_what_each_draws_alone(digits_pipeline, threads):
    threads(2)
    jobs = [[ImageRequest(f"a red {digit}") for digit in range(start, start + 3)] for start in (0, 3)]

    def draw(requests):
        return [image.array for image in digits_pipeline.generate(requests, [1, 2, 3], steps=2)]

    alone = [draw(job) for job in jobs]
    callers = [in_thread(lambda job=job: draw(job)) for job in jobs]
    for expected, caller in zip(alone, callers, strict=True):
        assert all(np.array_equal(one, other) for one, other in zip(expected, caller(), strict=True))
    assert torch.get_num_threads() == 2


def _enter():
    with one_thread_each():
        pass


def test_a_process_that_was_forked_meanwhile_has_its_turn():
    with one_thread_each():
        child = multiprocessing.get_context("fork").Process(target=_enter)
        child.start()
        child.join(60)
    assert child.exitcode == 0
