"""`check_op` for other people's ops: what it runs, what it says, what it needs to be told."""

import dataclasses
from typing import ClassVar

import pytest
from datasets import Dataset

import hfaug
from hfaug.errors import ContractError, ParameterError
from hfaug.kinds import EditOp
from hfaug.moves import Edits
from hfaug.op import RowOp
from hfaug.ops.text import SwapChars
from hfaug.testing import CHECKS, cases, check_op
from hfaug.testing.samples import SAMPLES, sample

QUICK = [name for name in CHECKS if name not in {"processes", "storage"}]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Hesitate(EditOp):
    """Put a filler word in front, as speakers do.

    Args:
        word: The filler.

    Moves: text, spans, answers, words with their tags.
    Rejects: nothing.
    Source: folklore.

    >>> Hesitate().word
    'well'
    """

    word: str = "well"

    def edits(self, text, rng):
        return Edits([(0, 0, f"{self.word}, ")] if text and rng.random() < 0.5 else [])


@dataclasses.dataclass(frozen=True, kw_only=True)
class Picky(RowOp):
    """Needs a column that no sample has."""

    needs: ClassVar = ("text",)

    def apply(self, row, rng):
        return row.replace(text=f"{row['tone']}: {row.text}")

    def plan(self, plan):
        if "tone" not in plan.features:
            raise ParameterError("Picky: needs a column 'tone'")
        super().plan(plan)


def test_an_op_of_somebody_else_passes():
    """On every kind of text that it takes."""
    done = check_op(Hesitate(), only=QUICK)
    assert [name.rpartition("-")[2] for name in done] == ["sentences", "words", "questions", "plain"]
    assert hfaug.check_op is check_op


def test_rows_of_ones_own():
    rows = Dataset.from_dict({"text": ["one red car", "two blue cars"], "tone": ["loud", "soft"]})
    with pytest.raises(ContractError, match="no built-in sample fits; give check_op rows"):
        check_op(Picky())
    assert check_op(Picky().on(text="text"), rows, only=["batches", "order", "lineage", "originals"]) == (
        f"{Picky.op_name()}-rows",
    )


def test_a_broken_promise_names_op_rows_and_check():
    with pytest.raises(ContractError, match=r"Picky-rows: must keep the promise 'docstring' \(The docstring says"):
        check_op(Picky().on(text="text"), Dataset.from_dict({"text": ["a"], "tone": ["b"]}), only=["docstring"])


def test_an_unknown_check_is_named():
    with pytest.raises(ParameterError, match="got colour"):
        check_op(SwapChars(), only=["colour"])


def test_every_check_says_what_it_promises():
    assert all(check.__doc__ and check.__doc__.splitlines()[0].endswith(".") for check in CHECKS.values())


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_hold_different_rows(name):
    """Equal rows would have equal ids."""
    tried = sample(name)
    ids = {row["id"] for row in hfaug.with_ids(tried.rows)["provenance"]}
    assert len(ids) == len(tried.rows) >= 6
    assert not any("~" in row_id for row_id in ids)
    assert tried.odd.features == tried.rows.features


def test_ops_get_the_samples_that_they_take():
    assert [case.sample for case in cases(hfaug.ops.image.Flip())] == ["instances", "objects", "pictures", "videos"]
    assert [case.sample for case in cases(hfaug.ops.audio.ChangeGain())] == ["sounds"]
    assert [case.sample for case in cases(hfaug.ops.mix.MixUp())] == ["pictures"]
