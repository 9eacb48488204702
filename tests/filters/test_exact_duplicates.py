"""ExactDuplicates: of equal rows one stays, the same one wherever the rows stand."""

import logging
import random

import pytest
from datasets import Dataset, concatenate_datasets

import hfaug
from hfaug.augment import with_ids
from hfaug.errors import RoleError
from hfaug.filters import ExactDuplicates
from hfaug.ops.text import SwapChars

ROWS = Dataset.from_dict({"text": ["a", "b", "a", None, "b", "a", None], "n": [1, 2, 3, 4, 2, 1, 4]})


def test_rows_that_hold_the_same_in_every_column_fall():
    assert ExactDuplicates().of(ROWS)["n"][:] == [1, 2, 3, 4]


def test_some_columns_may_decide():
    assert ExactDuplicates(columns=("text",)).of(ROWS)["n"][:] == [1, 2, 4]


def test_values_that_only_look_alike_are_different():
    rows = Dataset.from_dict({"x": ["1", "1.0", " 1", "1"], "y": [[], [None], [0], []]})
    assert ExactDuplicates().of(rows)["x"][:] == ["1", "1.0", " 1"]


def test_which_of_the_equal_rows_stays_does_not_depend_on_their_order():
    """Those with an id: the smallest stays."""
    rows = with_ids(ROWS)
    expected = {row["provenance"]["id"] for row in ExactDuplicates().of(rows)}
    for seed in range(5):
        order = random.Random(seed).sample(range(len(rows)), len(rows))
        left = ExactDuplicates().of(rows.select(order))
        assert {row["provenance"]["id"] for row in left} == expected


def test_an_original_stays_before_a_copy_of_it():
    """A copy in which nothing was changed, although it stands first."""
    rows = Dataset.from_dict({"text": ["ab cd"]})
    both = hfaug.augment(rows, SwapChars())
    left = ExactDuplicates().of(both.select([1, 0]))
    assert [row["origin"] for row in left["provenance"]] == ["source"]


def test_images_are_compared_by_their_bytes(digits):
    twice = concatenate_datasets([digits.select(range(20)), digits.select(range(10))])
    assert len(ExactDuplicates().of(twice)) == 20


def test_how_many_fell_is_said(caplog):
    with caplog.at_level(logging.WARNING, logger="hfaug"):
        ExactDuplicates().of(ROWS)
    assert "filter.exact_duplicates: dropped 3 of 7 rows: {'exact duplicate': 3}" in caplog.text


def test_no_rows_are_no_duplicates():
    assert len(ExactDuplicates().of(ROWS.select([]))) == 0


def test_a_column_of_the_lineages_name_that_is_none_counts():
    rows = Dataset.from_dict({"text": ["a", "a"], "provenance": ["shop", "web"]})
    assert len(ExactDuplicates().of(rows)) == 2


def test_a_missing_column_is_named():
    with pytest.raises(RoleError, match="columns must be among text, n, got m"):
        ExactDuplicates(columns=("m",)).of(ROWS)
