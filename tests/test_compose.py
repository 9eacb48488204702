"""Ops made of ops: what is drawn, in which order, and under which binding."""

from collections import Counter

import pytest
from datasets import Dataset, Features, Image, List, Value

from hfaug import Chain, OneOf, Sometimes, Times
from hfaug.config import from_json
from hfaug.errors import ParameterError, UnboundColumnError
from hfaug.ops.image import Flip, JitterColor, Rotate
from hfaug.ops.text import DeleteWords, SwapChars
from hfaug.testing import results, storage

TEXT = SwapChars(share=1)
ROWS = Dataset.from_dict({"text": [f"a sentence of many words, number {i}" for i in range(600)]})


def texts(op, rows=ROWS):
    """The texts that an op makes."""
    return op(storage(rows))["text"].to_pylist()


def test_chains_take_ops_by_position_and_by_name():
    assert Chain(Flip(), Rotate()) == Chain(ops=[Flip(), Rotate()])
    assert OneOf(Flip(), Rotate(), weights=[1, 2]) == OneOf(ops=(Flip(), Rotate()), weights=(1.0, 2.0))


@pytest.mark.parametrize(
    "make,said",
    [
        (Chain, "must hold at least one op"),
        (lambda: Chain(ops=Flip()), "ops must be a list of ops"),
        (lambda: Chain("flip"), "ops must be a Op, got 'flip'"),
        (lambda: Chain(Flip(), chance=1), "must not have the field 'chance'"),
        (lambda: OneOf(Flip(), weights=(1, 2)), "one number an op"),
        (lambda: OneOf(Flip(), Rotate(), weights=(0, 0)), "not all zero"),
        (lambda: OneOf(Flip(), Rotate(), weights=(1, -1)), "weights must lie from 0 up"),
        (lambda: Flip().sometimes(1.5), "chance must lie from 0 to 1"),
        (lambda: Flip().times(0), "copies must lie from 1 up"),
        (lambda: Flip().times(2.5), "copies must be a whole number"),
    ],
)
def test_wrong_compositions_say_so(make, said):
    with pytest.raises(ParameterError, match=said):
        make()


def test_plain_data_and_back():
    op = Chain(OneOf(Flip(), Rotate().sometimes(0.3), weights=(1, 3)), JitterColor().times(2, keep=True))
    assert from_json(op.spec()) == op
    with pytest.raises(ParameterError, match="must have only its fields chance, op, got chanse; remove it"):
        from_json({"op": "sometimes", "fields": {"chanse": 1}})
    with pytest.raises(ParameterError, match="name the op"):
        from_json({"fields": {}})


def test_shares_are_met():
    """A third of the rows, within what chance allows."""
    changed = sum(a != b for a, b in zip(texts(TEXT.sometimes(1 / 3)), ROWS["text"], strict=True))
    assert abs(changed / len(ROWS) - 1 / 3) < 0.08


def test_weights_need_not_sum_to_one():
    """One in ten deletes everything but a word, the others leave the row alone."""
    op = OneOf(DeleteWords(share=1), SwapChars(share=0), weights=(1, 9))
    short = sum(len(text.split()) == 1 for text in texts(op))
    assert abs(short / len(ROWS) - 0.1) < 0.05


def test_copies_stand_behind_their_row():
    """Row by row: the row itself, then its copies, whatever the batch."""
    done = Times(op=TEXT, copies=2, keep=True)(storage(ROWS.select(range(5))))
    found = [row["parents"][0] if row["parents"] else row["id"] for row in done["provenance"].to_pylist()]
    assert list(Counter(found).values()) == [3] * 5
    assert found == sorted(found, key=found.index)
    assert done["text"].to_pylist()[::3] == ROWS["text"][:5]


def test_groups_keep_their_places():
    """Branches that make different numbers of rows do not mix them up."""
    op = OneOf(TEXT.times(3), DeleteWords(share=0.5))
    done = op(storage(ROWS.select(range(40))))["provenance"].to_pylist()
    parents = [row["parents"][0] for row in done]
    assert parents == sorted(parents, key=parents.index)
    assert set(Counter(parents).values()) == {1, 3}


def test_copies_of_copies_are_all_different():
    op = Chain(TEXT.times(3), TEXT.times(3))
    done = op(storage(ROWS.select([0])))
    assert (done.num_rows, len(results(done))) == (9, 9)
    assert len(set(done["text"].to_pylist())) > 5


def test_more_copies_leave_the_first_as_they_are():
    few, many = (results(TEXT.times(n)(storage(ROWS.select(range(10))))) for n in (2, 5))
    assert few.items() <= many.items()


def test_the_outer_binding_reaches_inside_and_the_inner_one_wins():
    rows = Dataset.from_dict({"a": ["one red car"], "b": ["two blue cars"], "keep_me": ["x"]})
    table = storage(rows)
    outer = Chain(TEXT, TEXT).on(text="a")(table)
    assert (outer["a"].to_pylist() != ["one red car"], outer["b"].to_pylist()) == (True, ["two blue cars"])
    mixed = Chain(TEXT, TEXT.on(text="b")).on(text="a")(table)
    assert mixed["a"].to_pylist() != ["one red car"]
    assert mixed["b"].to_pylist() != ["two blue cars"]


def test_what_holds_for_the_whole_row_is_said_outside():
    op = Chain(Flip(), Rotate().on(jpeg_quality=50))
    with pytest.raises(ParameterError, match=r"codec holds for all ops of a composition.*outermost op"):
        op.features(Features({"image": Image()}))
    assert Chain(Flip(), Rotate().on(seed=3)).features(Features({"image": Image()}))


def test_every_branch_must_move_the_labels():
    """A branch that is never drawn could break a label as well."""
    features = Features({"image": Image(), "boxes": List(List(Value("float32"), length=4))})
    op = Sometimes(op=Flip(), chance=0)
    with pytest.raises(UnboundColumnError, match="column 'boxes'"):
        op.features(features)
    assert OneOf(JitterColor(), Flip().on(keep="boxes")).features(features)


def test_equal_ops_of_one_chain_draw_apart_and_order_counts():
    (once,), (twice,) = texts(Chain(TEXT), ROWS.select([0])), texts(Chain(TEXT, TEXT), ROWS.select([0]))
    assert once != twice
    assert Chain(TEXT, DeleteWords()).stream_digest != Chain(DeleteWords(), TEXT).stream_digest
