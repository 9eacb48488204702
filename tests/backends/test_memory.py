"""Running out of memory: batches are halved, the results stay complete, and it is written down."""

import pytest
import torch

from hfaug.backends import Halving
from hfaug.backends.memory import run_batches
from hfaug.errors import ModelError


class Device:
    """Has room for some rows at a time."""

    def __init__(self, room, error=None):
        self.room, self.tried = room, []
        self.error = error or torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    def __call__(self, rows):
        self.tried.append(len(rows))
        if len(rows) > self.room:
            raise self.error
        return [row * 10 for row in rows]


PLAN = [range(8), range(8, 16), range(16, 20)]


def _run(device, **options):
    seen = []
    return run_batches(PLAN, device, on_halve=seen.append, **options), seen


def test_what_fits_is_worked_on_as_planned():
    device = Device(8)
    results, halvings = _run(device)
    assert results == {row: row * 10 for row in range(20)}
    assert device.tried == [8, 8, 4]
    assert halvings == []


@pytest.mark.parametrize("room", [1, 2, 3, 5, 7])
def test_what_does_not_fit_is_halved_until_it_does_and_recorded(room):
    device = Device(room)
    results, halvings = _run(device)
    assert results == {row: row * 10 for row in range(20)}
    assert halvings[0] == Halving(rows=8, of=20)


def test_memory_that_ctranslate2_lacks_is_memory():
    results, halvings = _run(Device(4, RuntimeError("CUDA failed with error out of memory")))
    assert (len(results), len(halvings)) == (20, 2)


def test_a_later_batch_as_costly_is_not_tried_again():
    """A batch can run for minutes before memory ends."""
    device = Device(4)
    _, halvings = _run(device)
    assert device.tried == [8, 4, 4, 4, 4, 4]
    assert len(halvings) == 2


def test_the_cost_decides_what_is_as_costly():
    """Four long rows may cost what eight short ones do."""
    device = Device(4)
    _run(device, cost=lambda rows: len(rows) * (3 if rows[0] >= 16 else 1))
    assert device.tried == [8, 4, 4, 4, 4, 1, 1, 1, 1]


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")]
)
def test_the_memory_of_a_cpu_counts_too(error):
    results, halvings = _run(Device(4, error))
    assert len(results) == 20
    assert halvings


def test_a_row_that_does_not_fit_alone_is_an_error_that_says_so():
    with pytest.raises(ModelError, match="row 0 of 20"):
        _run(Device(0))


def test_other_errors_pass():
    with pytest.raises(RuntimeError, match="shapes"):
        _run(Device(4, RuntimeError("shapes cannot be multiplied")))
