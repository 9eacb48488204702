"""The short way for texts gives what the long way gives, and is not taken where an op does more than edit texts."""

import dataclasses

import pytest
from datasets import Dataset, Value

import hfaug
from hfaug import texts
from hfaug.augment import with_ids
from hfaug.kinds import EditOp
from hfaug.moves import Edits
from hfaug.op import Op, Reject
from hfaug.ops.text import DeleteWords, SwapChars, SwapEntities
from tests.told import told

OPS = {
    "an op": SwapChars(share=0.5),
    "a chain": hfaug.Chain(SwapChars(share=0.5), DeleteWords(), SwapChars(share=0.5)),
    "a chain of chains": hfaug.Chain(hfaug.Chain(DeleteWords(share=0.5)), SwapChars()),
    "without lineage": hfaug.Chain(SwapChars(), DeleteWords()).on(provenance=False),
    "another seed": SwapChars(share=0.5).on(seed=7),
}


@pytest.fixture
def long_way(monkeypatch):
    """Calls an op row by row."""

    def call(op, table):
        with monkeypatch.context() as patch:
            patch.setattr("hfaug.op.edit_texts", lambda *_: None)
            return op(table)

    return call


@pytest.fixture
def table(mails):
    """Texts with nulls, empty ones and equal ones, between columns that nobody touches."""
    some = mails.select(range(60))
    rows = {"before": list(range(64)), "text": [*some["text"][:], None, "", "", " \n"], "after": [["x"]] * 64}
    return Dataset.from_dict(rows).with_format("arrow")[:]


@pytest.mark.parametrize("name", OPS)
def test_both_ways_give_the_same_table(name, table, long_way):
    op = OPS[name]
    short = op(table)
    assert short.equals(long_way(op, table), check_metadata=True)
    assert short["text"] != table["text"]
    assert short["text"].null_count == 1


@pytest.mark.parametrize("name", OPS)
def test_slices_and_single_rows_too(name, table):
    op = OPS[name]
    whole = op(table).to_pylist()
    assert [row for start in range(64) for row in op(table.slice(start, 1)).to_pylist()] == whole
    assert op(table.slice(0, 0)).schema == op(table).schema


def taken(op, dataset):
    """Whether the short way was taken."""
    plan = op._plan(dataset.features)
    return bool(plan.editors)


TEXT = Dataset.from_dict({"text": ["some words"], "more": ["other words"], "n": [1]})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Picky(SwapChars):
    """Looks at a row before it edits its text."""

    def apply(self, row, rng):
        return Reject("small") if row["n"] < 2 else super().apply(row, rng)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Loud(EditOp):
    """Edits of its own."""

    def edits(self, text, rng):
        return Edits([(0, len(text), text.upper())])


@pytest.mark.parametrize(
    "op, short",
    [
        (SwapChars(), True),
        (Loud(), True),
        (hfaug.Chain(SwapChars(), Loud()), True),
        (Picky(), False),
        (SwapChars().sometimes(0.5), False),
        (hfaug.OneOf(SwapChars(), DeleteWords()), False),
        (hfaug.Chain(SwapChars(), Picky()), False),
        (hfaug.Chain(SwapChars().on(text="text"), DeleteWords().on(text="more")), False),
        (hfaug.Chain(SwapChars(), hfaug.wrap(lambda row: {}, reads="row", adds={"m": Value("int64")})), False),
        (hfaug.wrap(str.upper, reads="text"), False),
        (SwapChars().times(2), False),
    ],
    ids=lambda value: value if isinstance(value, bool) else value.op_name(),
)
def test_it_is_taken_for_texts_alone(op, short):
    assert taken(op, TEXT) is short


def test_labels_and_lineage_take_the_long_way(ner, qa):
    assert not taken(SwapChars(), ner)
    assert not taken(SwapChars(), qa)
    assert not taken(SwapEntities().fit(ner), ner)
    rows = with_ids(TEXT.select_columns(["text"]))
    assert texts.edit_texts(SwapChars(), open_batch(rows), SwapChars()._plan(rows.features)) is None
    twice = hfaug.augment(hfaug.augment(TEXT, SwapChars(share=1).on(text="text")), SwapChars(share=1).on(text="text"))
    assert max(row["steps"].count('"op"') for row in twice["provenance"]) == 2


def open_batch(rows):
    from hfaug.media import Codec
    from hfaug.rows import ArrowBatch

    return ArrowBatch(rows.with_format("arrow")[:], rows.features, Codec(), None)


def test_every_op_can_say_that_it_edits_texts():
    assert Op.editors(SwapChars()) == ()


def test_an_error_names_op_and_row():
    class Fails(SwapChars):
        """Fails on the second text."""

        def edits(self, text, rng):
            return 1 / (len(text) - 2)

    rows = Dataset.from_dict({"text": ["abc", "ab", "abc"], "name": ["x", "y", "z"]})
    with pytest.raises(AttributeError) as raised:
        Fails().on(id="name", text="text")(rows.with_format("arrow")[:1])
    assert "row 'x'" in told(raised.value)
    with pytest.raises(ZeroDivisionError) as raised:
        Fails().on(id="name", text="text")(rows.with_format("arrow")[1:])
    assert "in Fails, row 'y'" in told(raised.value)
