"""Arrangement: parts change places, and everything is found again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfaug.errors import ParameterError
from hfaug.moves import Arrangement, glued

TEXT = "".join(chr(0x100 + number) for number in range(40))  # no character twice: each is its own mark


@st.composite
def arrangements(draw):
    borders = sorted(draw(st.sets(st.integers(0, 40), min_size=2, max_size=12)))
    parts = list(zip(borders[::2], borders[1::2], strict=False))
    return parts, draw(st.permutations(range(len(parts))))


spans = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda pair: tuple(sorted(pair))), max_size=6)


@given(arrangements(), spans)
def test_no_label_is_torn_or_lost(drawn, together):
    """Glued parts move, and each span covers the very characters that it covered before."""
    parts, _ = drawn
    whole = glued(parts, together)
    for order in (list(range(len(whole)))[::-1], [*range(1, len(whole)), 0][: len(whole)]):
        arrangement = Arrangement(whole, order)
        after = arrangement.apply(TEXT)
        assert sorted(after) == sorted(TEXT)
        for low, high in together:
            moved = arrangement.span((low, high))
            assert moved is not None
            covered = after[moved[0] : moved[1]]
            outer = bool(whole) and low <= whole[0][0] and high >= whole[-1][1]
            assert sorted(covered) == sorted(TEXT[low:high]) if outer else covered == TEXT[low:high]


@given(arrangements(), spans)
def test_parts_come_in_the_order_that_was_drawn(drawn, asked):
    parts, order = drawn
    arrangement = Arrangement(parts, order)
    after = arrangement.apply(TEXT)
    places = [arrangement.span(part) for part in parts]
    if len(parts) > 1:
        assert [TEXT[start:end] for start, end in parts] == [after[start:end] for start, end in places]
        assert sorted(range(len(parts)), key=lambda number: places[number]) == list(order)
    for low, high in asked:
        moved = arrangement.span((low, high))
        if moved is not None and not (parts and low <= parts[0][0] and high >= parts[-1][1]):
            assert after[slice(*moved)] == TEXT[low:high]


def test_gaps_keep_their_places_and_empty_spans_stay_with_what_follows():
    arrangement = Arrangement([(0, 3), (5, 8), (9, 10)], [2, 0, 1])
    assert arrangement.apply("one, two c!") == "c, one two!"
    assert arrangement.span((5, 5)) == (7, 7)
    assert arrangement.span((3, 5)) == (1, 3)
    assert arrangement.span((10, 11)) == (10, 11)


def test_a_label_that_grows_a_part_is_looked_at_again():
    """(0, 2) touches no part until (1, 4) has drawn one to it."""
    assert glued([(3, 5), (7, 9)], [(0, 2), (1, 4)]) == [(0, 5), (7, 9)]


def test_what_is_no_order_is_refused():
    for parts, order in (([(0, 2), (1, 3)], [0, 1]), ([(0, 1)], [1]), ([(2, 1)], [0])):
        with pytest.raises(ParameterError, match="Arrangement: parts must be in order"):
            Arrangement(parts, order)
