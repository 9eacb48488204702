"""SwapEntities: names of one type change places, drawn evenly, and the labels tell the truth afterwards."""

from collections import Counter

import pytest
from datasets import ClassLabel, Dataset, Features, List, Value

import hfaug
from hfaug.errors import CallError, LabelError, ParameterError
from hfaug.moves.chunks import entities
from hfaug.ops.text import SwapEntities

SENTENCES = Dataset.from_dict(
    {
        "tokens": [["Ada", "Lovelace", "met", "Bob", "in", "Rome"], ["Bob", "left", "New", "York"], ["no", "names"]],
        "tags": [["B-per", "I-per", "O", "B-per", "O", "B-loc"], ["B-per", "O", "B-loc", "I-loc"], ["O", "O"]],
    }
)
PEOPLE, PLACES = {"Ada Lovelace", "Bob"}, {"Rome", "New York"}


def named(row):
    """The names in a row, with their type."""
    tags = row["tags"]
    found = {}
    for number, tag, word in zip(entities(tags), tags, row["tokens"], strict=True):
        if number:
            found.setdefault(number, (tag[2:], []))[1].append(word)
    return [(kind, " ".join(words)) for kind, words in found.values()]


def swapped(dataset, copies=1, *, fitted_on=None, **fields):
    op = SwapEntities(**fields).fit(dataset if fitted_on is None else fitted_on)
    return list(hfaug.augment(dataset, op, keep=False, copies=copies))


def test_every_name_becomes_another_of_its_type():
    """With two names a type there is but one choice."""
    first, second, third = swapped(SENTENCES, share=1)
    assert named(first) == [("per", "Bob"), ("per", "Ada Lovelace"), ("loc", "New York")]
    assert first["tokens"] == ["Bob", "met", "Ada", "Lovelace", "in", "New", "York"]
    assert first["tags"] == ["B-per", "O", "B-per", "I-per", "O", "B-loc", "I-loc"]
    assert named(second) == [("per", "Ada Lovelace"), ("loc", "Rome")]
    assert third["tokens"] == ["no", "names"]


def test_the_share_is_that_of_names():
    rows = swapped(SENTENCES, copies=400, share=0.3)
    kept = Counter(name for row in rows[:400] for _, name in named(row))
    assert kept["Rome"] + kept["New York"] == 400
    assert abs(kept["New York"] - 120) < 5 * (400 * 0.3 * 0.7) ** 0.5


def test_other_names_are_drawn_evenly_and_one_that_is_not_in_the_list_too():
    names = [f"Name{number}" for number in range(6)]
    learnt = Dataset.from_dict({"tokens": [[name] for name in names], "tags": [["B-x"]] * 6})
    for own in ("Name2", "Unknown"):
        row = Dataset.from_dict({"tokens": [[own]], "tags": [["B-x"]]})
        drawn = Counter(done["tokens"][0] for done in swapped(row, copies=1200, share=1, fitted_on=learnt))
        assert set(drawn) == set(names) - {own}
        expected = 1200 / len(drawn)
        assert all(abs(count - expected) < 5 * expected**0.5 for count in drawn.values())


def test_a_single_name_of_its_type_stays():
    only = Dataset.from_dict({"tokens": [["Rome"]], "tags": [["B-loc"]]})
    assert swapped(only, share=1)[0]["tokens"] == ["Rome"]


def test_class_numbers_and_all_ways_to_mark_stretches():
    for names, tags in (
        (["O", "B-loc", "I-loc"], [[0, 1], [0, 1, 2]]),
        (["O", "I-loc", "B-loc"], [[0, 1], [0, 1, 1]]),  # IOB1: a stretch begins with I
        (["O", "S-loc", "B-loc", "E-loc"], [[0, 1], [0, 2, 3]]),
    ):
        features = Features({"tokens": List(Value("string")), "tags": List(ClassLabel(names=names))})
        rows = Dataset.from_dict({"tokens": [["in", "Rome"], ["in", "New", "York"]], "tags": tags}, features=features)
        done = swapped(rows, share=1)
        assert [row["tokens"] for row in done] == [["in", "New", "York"], ["in", "Rome"]]
        assert all(entities([names[tag] for tag in row["tags"]])[1:] == [1] * (len(row["tags"]) - 1) for row in done)


@pytest.mark.parametrize("form", ["list", "columns"])
def test_spans_with_a_type(form):
    """As a list of structs, and as one struct of lists."""
    spans = [[(0, 3, "per"), (8, 12, "loc"), (4, 4, "none")], [(0, 9, "loc"), (5, 9, "loc")]]
    texts = ["Ada saw Rome", "Old Delhi is old"]
    fields = ("start", "end", "label")
    lists = [[dict(zip(fields, span, strict=True)) for span in row] for row in spans]
    columns = [{name: [span[at] for span in row] for at, name in enumerate(fields)} for row in spans]
    rows = Dataset.from_dict({"text": texts, "spans": lists if form == "list" else columns})
    op = SwapEntities(share=1).on(spans="spans").fit(rows)
    first, _ = hfaug.augment(rows, op, keep=False)
    held = first["spans"]
    starts, ends = (
        ([span[name] for span in held] for name in ("start", "end")) if form == "list" else (held["start"], held["end"])
    )
    names = [first["text"][start:end] for start, end in zip(starts, ends, strict=True)]
    assert names[0] == "Ada"
    assert names[1] in {"Old Delhi", "elhi"}


def test_the_list_is_learnt_and_known_by_its_content(ner):
    op, again = SwapEntities().fit(ner), SwapEntities().fit(ner.select(range(119, -1, -1)))
    assert op == again
    assert op.names != SwapEntities().fit(ner.select(range(60))).names
    assert set(op.names.table()["type"].to_pylist()) == {
        "corporation", "creative-work", "group", "location", "person", "product"
    }  # fmt: skip


def test_every_name_of_real_tweets_is_one_of_the_list(ner):
    op = SwapEntities(share=1).fit(ner)
    learnt = {(row["type"], row["name"]) for row in op.names.table().to_pylist()}
    names = ner.features["tags"].feature.names
    for before, row in zip(ner, hfaug.augment(ner, op, keep=False), strict=True):
        old, new = (named(one | {"tags": [names[tag] for tag in one["tags"]]}) for one in (before, row))
        assert [kind for kind, _ in old] == [kind for kind, _ in new]
        assert set(new) <= learnt


def test_what_cannot_be_learnt_or_used_says_so():
    with pytest.raises(CallError, match="must be fitted before use"):
        SENTENCES.map(SwapEntities(), batched=True)
    with pytest.raises(LabelError, match="found none in tokens, tags"):
        SwapEntities().fit(SENTENCES.select([2]))
    plain = Dataset.from_dict({"text": ["Ada saw Rome"], "spans": [[{"start": 0, "end": 3}]]})
    with pytest.raises(LabelError, match=r"'spans': spans must have a type .* rename yours"):
        SwapEntities().on(spans="spans").fit(plain)
    short = Dataset.from_dict({"tokens": [["a", "b"]], "tags": [["B-x"]]})
    with pytest.raises(LabelError, match="one tag a word, holds 1 for 2"):
        SwapEntities().fit(short)


SPAN = {"start": Value("int32"), "end": Value("int32"), "type": ClassLabel(names=["loc", "per"])}
CLASSES = [
    {"text": Value("string"), "spans": List(SPAN)},
    {"tokens": List(Value("string")), "tags": List(ClassLabel(names=["O", "B-loc", "I-loc", "B-per"]))},
]


@pytest.mark.parametrize("features", CLASSES)
def test_a_given_type_must_be_one_of_the_data(features):
    said = {"spans": "spans"} if "spans" in features else {}
    assert SwapEntities(given={"loc": ["Rome"]}).on(**said).features(Features(features))
    with pytest.raises(ParameterError, match=r"types of the data \(loc, per\), 'LOC' is none"):
        SwapEntities(given={"LOC": ["Rome"]}).on(**said).features(Features(features))


def test_any_given_type_goes_where_types_are_texts():
    done = hfaug.augment(SENTENCES, SwapEntities(given={"loc": ["Oslo"], "other": ["x"]}, share=1), keep=False)
    assert done[0]["tokens"][-1] == "Oslo"


def test_given_names_are_a_set_and_never_empty():
    one, other = (SwapEntities(given={"x": names}) for names in (["b", "a", "b"], ["a", "b"]))
    assert one == other
    assert one.fingerprint == other.fingerprint
    assert one.stream_digest == other.stream_digest
    for names in ([], [""], ["a", " "]):
        with pytest.raises(ParameterError, match="given must hold names that are not empty, 'x' has"):
            SwapEntities(given={"x": names})


def test_a_span_beyond_its_text_names_the_column():
    rows = Dataset.from_dict({"text": ["Ada"], "spans": [[{"start": 1, "end": 9, "type": "x"}]]})
    with pytest.raises(LabelError, match=r"column 'spans': .* within the 3 code_points of its text, is 9"):
        rows.map(SwapEntities(given={"x": ["Bob"]}, share=1).on(spans="spans"), batched=True)
