"""Which rows share a batch."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from hfaug.backends.batching import bucket, plan_batches

LIMIT = 500
LENGTHS = st.lists(st.integers(1, LIMIT), max_size=200)


def _plan(lengths):
    return plan_batches(lengths, budget=4096, most=64, multiple=16, limit=LIMIT)


@given(LENGTHS)
def test_every_row_is_in_one_batch_and_fits_its_width(lengths):
    plan = _plan(lengths)
    assert sorted(row for batch in plan for row in batch.rows) == list(range(len(lengths)))
    for batch in plan:
        assert 0 < len(batch.rows) <= 64
        assert all(lengths[row] <= batch.width <= LIMIT for row in batch.rows)
        assert len(batch.rows) * batch.width <= max(4096, 16 * batch.width)


@given(LENGTHS, st.integers(1, LIMIT))
def test_the_width_of_a_row_depends_on_its_length_alone(lengths, length):
    plan = _plan([*lengths, length])
    (width,) = [batch.width for batch in plan if len(lengths) in batch.rows]
    assert width == bucket(length, LIMIT)


@given(LENGTHS)
def test_batches_that_are_not_the_last_of_their_width_hold_a_multiple(lengths):
    """So that a matrix product of a full batch needs no fill."""
    plan = _plan(lengths)
    for batch, following in itertools.pairwise(plan):
        if batch.width == following.width:
            assert len(batch.rows) % 16 == 0


def test_a_width_is_a_multiple_of_16_unless_the_model_ends_before():
    assert [bucket(length, 4000) for length in (1, 16, 17, 65, 129, 4000)] == [16, 16, 32, 96, 192, 4000]
    assert bucket(9000, 10_000) == 9000
    assert _plan([]) == []
