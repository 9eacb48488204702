"""Wrong arguments are refused at once, each with what to write instead."""

import pytest
from datasets import Dataset

import hfaug
from hfaug.errors import ParameterError
from hfaug.ops.image import Flip
from hfaug.ops.text import SwapChars

ROWS = Dataset.from_dict({"text": ["a red car"]})


def double(row):
    """No op."""
    return row


@pytest.mark.parametrize("call", [hfaug.augment, hfaug.online], ids=["augment", "online"])
@pytest.mark.parametrize(
    "op,said",
    [
        (Flip, r"got the class Flip; did you mean Flip\(\)\?"),
        ([Flip()], r"got a list; write hfaug.Chain"),
        (double, r"got double, which is no op; make it one with hfaug.wrap"),
        ("flip", r"got 'flip'; ops of hfaug are in hfaug.ops"),
        (None, r"got NoneType; give an op"),
    ],
)
def test_what_is_no_op(call, op, said):
    with pytest.raises(ParameterError, match=said):
        call(ROWS, op)


@pytest.mark.parametrize(
    "dataset,said",
    [
        ("imdb", r"got 'imdb'; load it first"),
        ([1, 2], r"got list; .*Dataset.from_list"),
        ({"text": ["a"]}, r"got a dict; .*Dataset.from_dict"),
        (None, r"got NoneType"),
    ],
)
def test_what_is_no_dataset(dataset, said):
    with pytest.raises(ParameterError, match=said):
        hfaug.augment(dataset, SwapChars())
    with pytest.raises(ParameterError, match=said):
        hfaug.with_ids(dataset)


@pytest.mark.parametrize("num_proc", ["2", 0, -1, 1.5])
def test_what_is_no_number_of_processes(num_proc):
    with pytest.raises(ParameterError, match="num_proc must"):
        hfaug.augment(ROWS, SwapChars(), num_proc=num_proc)
    with pytest.raises(ParameterError, match="num_proc must"):
        hfaug.with_ids(ROWS, num_proc=num_proc)
