"""Balance: every class has as many rows as the target says, and which rows those are does not depend on their order."""

import logging
import random
from collections import Counter

import pytest
from datasets import ClassLabel, Dataset, Features, Value

from hfaug.augment import augment
from hfaug.balance import balance, resample
from hfaug.errors import ParameterError, RoleError
from hfaug.op import Reject, RowOp
from hfaug.ops.mix import MixUp
from hfaug.ops.text import SwapChars

MANY = Dataset.from_dict(
    {"text": [f"text number {number} of some" for number in range(30)], "label": ["a"] * 20 + ["b"] * 7 + ["c"] * 3}
)


def counts(dataset, column="label"):
    return dict(Counter(dataset[column][:]))


@pytest.mark.parametrize(
    "target, drop, expected",
    [
        ("most", True, {"a": 20, "b": 20, "c": 20}),
        ("least", True, {"a": 3, "b": 3, "c": 3}),
        (8, True, {"a": 8, "b": 8, "c": 8}),
        (8, False, {"a": 20, "b": 8, "c": 8}),
        (100, True, {"a": 100, "b": 100, "c": 100}),
    ],
)
def test_classes_meet_their_target(target, drop, expected):
    assert counts(balance(MANY, "label", target=target, drop=drop)) == expected


def test_rows_that_stay_come_first_and_as_they_were():
    done = balance(MANY, "label")
    assert done.remove_columns("provenance").select(range(30)).with_format("arrow")[:] == MANY.with_format("arrow")[:]
    assert {row["origin"] for row in done["provenance"][:30]} == {"source"}
    assert {row["origin"] for row in done["provenance"][30:]} == {"augmented"}


def test_every_row_of_a_class_is_copied_equally_often():
    """To one copy more or less."""
    done = balance(MANY, "label", target=24)
    for label, rows in (("b", 7), ("c", 3)):
        often = Counter(row["text"] for row in done if row["label"] == label)
        assert len(often) == rows
        assert max(often.values()) - min(often.values()) <= 1


@pytest.mark.parametrize("num_proc", [None, 2])
def test_copies_are_all_different_when_an_op_makes_them(num_proc):
    done = balance(MANY, "label", op=SwapChars(share=1), num_proc=num_proc)
    assert counts(done) == {"a": 20, "b": 20, "c": 20}
    ids = [row["id"] for row in done["provenance"]]
    assert len(set(ids)) == len(ids)
    third = [row["text"] for row in done if row["label"] == "c"]
    assert len(set(third)) > 15


def test_the_order_of_the_rows_does_not_matter():
    expected = {row["provenance"]["id"]: row["text"] for row in balance(MANY, "label", target=9, op=SwapChars())}
    for seed in range(3):
        order = random.Random(seed).sample(range(30), 30)
        done = balance(MANY.select(order), "label", target=9, op=SwapChars())
        assert {row["provenance"]["id"]: row["text"] for row in done} == expected


def test_more_rows_wanted_leave_the_first_copies_as_they_were():
    few, many = (
        {row["provenance"]["id"]: row["text"] for row in balance(MANY, "label", target=n, op=SwapChars(), drop=False)}
        for n in (8, 12)
    )
    assert few.items() <= many.items()


def test_rows_without_a_class_stay():
    """A null, and the number below 0 that stands for no class."""
    features = Features({"text": Value("string"), "label": ClassLabel(names=["a", "b"])})
    rows = Dataset.from_dict({"text": list("uvwxyz"), "label": [0, 0, 0, 1, None, -1]}, features=features)
    done = balance(rows, "label", target="most")
    assert Counter(done["label"][:]) == {0: 3, 1: 3, None: 1, -1: 1}
    assert Counter(balance(rows, "label", target=1)["label"][:]) == {0: 1, 1: 1, None: 1, -1: 1}


def test_columns_that_an_op_adds_are_filled_in_every_row(digits):
    """Also in those that stay, and where nothing had to be copied."""
    labels = digits["label"][:]
    rows = digits.select([labels.index(0) + number for number in range(6)] + [labels.index(1), labels.index(1) + 1])
    done = balance(rows, "label", op=MixUp(), target=20)
    assert counts(done) == {0: 20, 1: 20}
    assert all(sum(row["label_weights"]) == pytest.approx(1) for row in done)
    fewer = balance(rows, "label", op=MixUp(), target="least")
    assert fewer.features == done.features
    assert all(max(row["label_weights"]) == 1 for row in fewer)


class Fussy(RowOp):
    """Refuses some rows."""

    def apply(self, row, rng):
        return Reject("fussy") if rng.random() < 0.5 else row


def test_copies_that_an_op_rejects_are_counted(caplog):
    with caplog.at_level(logging.WARNING, logger="hfaug"):
        done = balance(MANY, "label", op=Fussy())
    missing = 60 - len(done)
    assert f"rejected {missing} of 30 copies: {{'fussy': {missing}}}" in caplog.text
    assert 5 < missing < 25


@pytest.mark.parametrize("form", ["torch", "numpy", "arrow"])
def test_the_format_stays(form):
    rows = Dataset.from_dict({"text": list("abc"), "label": [0, 0, 1]})
    done = balance(rows.with_format(form), "label")
    assert done.format["type"] == form
    assert done.with_format(None)["label"][:] == [0, 0, 1, 1]


def test_a_balanced_dataset_is_left_as_it_is():
    rows = Dataset.from_dict({"text": list("abcd"), "label": [0, 1, 0, 1]})
    assert balance(rows, "label")["text"][:] == list("abcd")
    assert len(balance(rows.select([]), "label")) == 0


def test_wrong_calls_say_so():
    with pytest.raises(RoleError, match="column must be one of text, label, got 'class'"):
        balance(MANY, "class")
    for target in ("all", 0, -3):
        with pytest.raises(ParameterError, match="target must be 'most', 'least', a number of rows from 1 up, or"):
            balance(MANY, "label", target=target)


def test_the_plan_is_plain_data():
    """One row of class a falls, three copies of class b are made: of one row two, of the other one."""
    plan = resample(["a"] * 6 + ["b"] * 2, list("stuvwxyz"), 5)
    assert (len(plan.kept), sorted(plan.extra), sorted(plan.copies)) == (7, sorted(plan.extra), [0, 0, 1])
    assert set(plan.extra) == {6, 7}
    assert resample([], [], "most").kept == []
    assert resample([None, None], ["x", "y"]).kept == [0, 1]


def test_an_op_that_was_there_before_makes_other_copies():
    """After `augment` with the same op, and after `balance` with the same target raised; plain repeats too."""
    op = SwapChars(share=1)
    for before in (augment(MANY, op, copies=2), balance(MANY, "label", op=op), balance(MANY, "label")):
        for again in (op, None):
            done = balance(before, "label", op=again, target=80)
            assert counts(done) == {"a": 80, "b": 80, "c": 80}
            ids = [row["id"] for row in done["provenance"]]
            assert len(set(ids)) == len(ids)
            assert {row["id"] for row in before["provenance"]} <= set(ids)
