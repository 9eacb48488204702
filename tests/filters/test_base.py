"""Filters of one row: the same verdict by `of` and as a function for `Dataset.filter`, on values as they are stored."""

import dataclasses

import pytest
from datasets import Dataset
from datasets.fingerprint import Hasher

from hfaug.errors import ParameterError, RoleError
from hfaug.fields import Natural
from hfaug.filters import BatchFilter, DatasetFilter, RowFilter


@dataclasses.dataclass(frozen=True, kw_only=True)
class Small(RowFilter):
    """Keeps rows of few bytes or letters."""

    most: Natural = 3

    def reason(self, row):
        value = row["image"]["bytes"] if "image" in row else row["text"]
        if value is None:
            return "nothing there"
        return None if len(value) <= self.most else "too large"


ROWS = Dataset.from_dict({"text": ["a", "abcd", None, "abc"]})


def test_reasons_come_row_by_row():
    assert Small().reasons(ROWS.with_format("arrow").iter(2)) == [None, "too large", "nothing there", None]


@pytest.mark.parametrize("num_proc", [None, 2])
def test_it_is_a_function_for_filter_too(num_proc):
    assert (
        ROWS.filter(Small(), batched=True, num_proc=num_proc)["text"][:] == Small().of(ROWS)["text"][:] == ["a", "abc"]
    )
    assert Small()({"text": ["a", "abcd"]}) == [True, False]


def test_rows_that_come_one_by_one_are_judged_so():
    """A list of one verdict would be true whatever it says, and keep every row."""
    texts = ["a", "abc"]
    assert ROWS.filter(Small())["text"][:] == texts
    assert [row["text"] for row in ROWS.to_iterable_dataset().filter(Small())] == texts
    assert [row["text"] for row in ROWS.to_iterable_dataset().filter(Small(), batched=True)] == texts


def test_media_are_judged_as_they_are_stored(digits):
    """Not decoded: that would cost far more, and could not be weighed."""
    small = digits.select(range(30))
    sizes = [len(row["image"]["bytes"]) for row in small.with_format("arrow")[:].to_pylist()]
    middle = sorted(sizes)[15]
    kept = small.filter(Small(most=middle), batched=True)
    assert kept.with_format("arrow")[:] == Small(most=middle).of(small).with_format("arrow")[:]
    assert len(kept) == sum(size <= middle for size in sizes)


def test_filters_are_equal_by_their_fields():
    assert Small(most=3) == Small() != Small(most=4)
    assert Hasher.hash(Small(most=3)) == Hasher.hash(Small()) != Hasher.hash(Small(most=4))
    with pytest.raises(ParameterError, match="most must lie from 0"):
        Small(most=-1)


def test_a_missing_column_is_told_before_any_row():
    """By the filter itself, from the features alone."""

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Named(Small):
        def needs(self):
            return ("text",)

        def reason(self, row):
            raise AssertionError

    Named().check(ROWS.features)
    with pytest.raises(RoleError, match="Named: columns must be among words, got text"):
        Named().of(ROWS.rename_column("text", "words"))


class Forgetful(BatchFilter):
    """Judges one row, whatever it is given."""

    def judge(self, rows):
        return [None]


class Brief(DatasetFilter):
    """Sees less than all rows, and judges less than what it sees."""

    def extract(self, rows):
        return rows.slice(0, 2)

    def compare(self, rows, before=()):
        return [None]


class Careless(Brief):
    """Sees all."""

    def extract(self, rows):
        return rows


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        (Forgetful(), "Forgetful: judge must return one entry a row, returned 1 for 4"),
        (Brief(), "Brief: extract must return one entry a row, returned 2 for 4"),
        (Careless(), "Careless: compare must return one entry a row, returned 1 for 4"),
    ],
)
def test_a_filter_that_says_nothing_of_some_rows_is_an_error(chosen, told):
    """Those rows would be lost, and others judged in their place."""
    with pytest.raises(ParameterError, match=told):
        chosen.of(ROWS)
