"""A null among words, tags, spans or answers is one clear error; a class number without a name is no class."""

import pytest
from datasets import ClassLabel, Dataset, Features, List, Value

import hfaug
from hfaug.errors import LabelError
from hfaug.ops.text import SwapChars, SwapEntities
from tests.told import told

OP = SwapChars(share=1)
WORDS = Features({"tokens": List(Value("string")), "tags": List(ClassLabel(names=["O", "B-PER", "B-LOC"]))})
KIND = ClassLabel(names=["PER", "LOC"])
SPANS = Features(
    {"text": Value("string"), "spans": List({"start": Value("int32"), "end": Value("int32"), "label": KIND})}
)


def words(tokens, tags):
    first = {"tokens": ["Eve"], "tags": [1]}
    return Dataset.from_list([first, {"tokens": tokens, "tags": tags}], features=WORDS)


def spans(*found):
    keys = ("start", "end", "label")
    rows = [{"text": "Ann in Rome", "spans": [dict(zip(keys, span, strict=True)) for span in found]}]
    return Dataset.from_list(rows, features=SPANS)


@pytest.mark.parametrize(
    "tokens,tags,said",
    [
        (["Ann", None, "Rome"], [1, 0, 2], "column 'tokens': words must all be there, number 2 of 3 is null"),
        (["Ann", "in", "Rome"], [1, None, 2], "column 'tags': tags must all be there, number 2 of 3 is null"),
    ],
)
def test_nulls_in_words(tokens, tags, said):
    """The row is named too: by its id where it is changed, by its place where an op learns from it."""
    rows = words(tokens, tags)
    with pytest.raises(LabelError, match=said) as error:
        hfaug.augment(rows, OP)
    assert hfaug.with_ids(rows)["provenance"][1]["id"] in told(error.value)
    with pytest.raises(LabelError, match=said) as error:
        SwapEntities().fit(rows)
    assert "row 1" in told(error.value)


def test_nulls_in_spans():
    rows = spans((None, 3, 0))
    with pytest.raises(LabelError, match=r"column 'spans': spans must have a start and an end, got \(None, 3\)"):
        hfaug.augment(rows, OP.on(text="text", spans="spans"))
    with pytest.raises(LabelError, match=r"column 'spans': spans must have a start and an end"):
        SwapEntities().on(text="text", spans="spans").fit(rows)


def test_nulls_in_answers():
    held = {"text": List(Value("string")), "answer_start": List(Value("int32"))}
    rows = Dataset.from_list(
        [{"context": "Ann in Rome", "answers": {"text": ["Ann"], "answer_start": [None]}}],
        features=Features({"context": Value("string"), "answers": held}),
    )
    with pytest.raises(LabelError, match="column 'answers': starts of answers must all be there"):
        hfaug.augment(rows, OP.on(text="context", answers="answers"))


def test_a_class_without_a_name_is_no_entity():
    """Datasets write -1 where nobody said; it is not the last class."""
    learnt = SwapEntities().fit(words(["Ann", "in", "Rome"], [1, -1, 2])).names.table().to_pylist()
    assert {(row["type"], row["name"]) for row in learnt} == {("PER", "Eve"), ("PER", "Ann"), ("LOC", "Rome")}
    op = SwapEntities().on(text="text", spans="spans")
    learnt = op.fit(spans((0, 3, -1), (7, 11, 1), (4, 6, None))).names.table().to_pylist()
    assert [(row["type"], row["name"]) for row in learnt] == [("LOC", "Rome")]
