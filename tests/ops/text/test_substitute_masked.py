"""Words by context: labels follow or are spared, names stay, case is kept, a row is itself alone."""

import json
from typing import ClassVar

import pytest
from datasets import ClassLabel, Dataset, Features, List, Value

from hfaug.backends import Candidate, Filled, override
from hfaug.ops.text import SubstituteMasked
from hfaug.ops.text.models.places import draw_places
from hfaug.randomness import Streams
from tests import lexicons, tiny_chat
from tests.fakes import FakeMaskedModel

lexicons.install()
SPANS = Features({"text": Value("string"), "spans": List({"start": Value("int32"), "end": Value("int32")})})


def offering(*words):
    """A model that offers given words for every place, the first as the likeliest."""

    class Model(FakeMaskedModel):
        requests: ClassVar = []

        def _one(self, request, top_k):
            self.requests.append(request)
            return Filled((tuple(Candidate(word, 0.5 / (n + 1)) for n, word in enumerate(words)),))

    return Model


def made(rows, model, bound=None, **fields):
    """The rows after it, and the rejects."""
    op = SubstituteMasked(**{"model": "fake", "share": 1, **fields})
    op = op.on(**bound) if bound else op
    with override("masked_model", model):
        table, rejects = op.run_table(rows.with_format("arrow")[:], rows.features)
    return table.to_pylist(), rejects


def texts(found):
    return [row["text"] for row in found[0]]


def test_words_are_replaced_in_their_case():
    """Names, numbers, short words and words that hold the sentence together stay; requests show the place."""
    model = offering("meal")
    rows = Dataset.from_dict({"text": ["Dinner with Ann was not bad at 8 pm. GREAT food, see www.food.org"]})
    assert texts(made(rows, model)) == ["Meal with Ann was not meal at 8 pm. GREAT meal, meal www.food.org"]
    hidden = [request.text[slice(*request.places[0])] for request in model.requests]
    assert hidden == ["Dinner", "bad", "food", "see"]
    assert texts(made(Dataset.from_dict({"text": ["GREAT FOOD"]}), model)) == ["MEAL MEAL"]


def test_words_are_put_in_before_words():
    model = offering("green")
    rows = Dataset.from_dict({"text": ["A dog. The cat"]})
    assert texts(made(rows, model, action="insert")) == ["A green dog. The green cat"]
    assert all(start == end for request in model.requests for start, end in request.places)


@pytest.mark.parametrize(
    ("labels", "after", "end"), [("spare", "the red dog was meal", 11), ("change", "the meal meal was meal", 13)]
)
def test_spans_are_spared_or_follow(labels, after, end):
    """By default what a label covers stays; else the span covers the new words."""
    rows = Dataset.from_dict({"text": ["the red dog was fast"], "spans": [[{"start": 4, "end": 11}]]}, features=SPANS)
    found, _ = made(rows, offering("meal"), {"spans": "spans"}, labels=labels)
    assert (found[0]["text"], found[0]["spans"]) == (after, [{"start": 4, "end": end}])


def test_words_with_tags_and_answers_follow():
    tokens = Dataset.from_dict({"tokens": [["see", "green", "Rome"]], "tags": [["O", "O", "B-loc"]]})
    found, _ = made(tokens, offering("sunny"))
    assert (found[0]["tokens"], found[0]["tags"]) == (["sunny", "sunny", "Rome"], ["O", "O", "B-loc"])
    answers = Dataset.from_dict(
        {"context": ["nice food in Rome"], "answers": [{"text": ["Rome"], "answer_start": [13]}]}
    )
    found, _ = made(answers, offering("lovely"))
    assert found[0]["context"] == "lovely lovely in Rome"
    assert found[0]["answers"] == {"text": ["Rome"], "answer_start": [17]}


def test_forbidden_words_and_classes_are_neither_put_in_nor_replaced():
    rows = Dataset.from_dict(
        {"text": ["this spam tastes fine"], "label": [0]},
        features=Features({"text": Value("string"), "label": ClassLabel(names=["spam", "ham"])}),
    )
    model = offering("ham", "fine", "food")
    assert texts(made(rows, model, forbid=("fine",))) == ["this spam food fine"]


@pytest.mark.parametrize("word", ["##ing", "x", "food", "Rome", "not", "2002", "ab!", "食物"])
def test_words_that_will_not_do_are_never_put_in(word):
    """Parts of words, the word itself, names where none was, negations, numbers, another script."""
    rows = Dataset.from_dict({"text": ["some food"]})
    assert texts(made(rows, offering(word))) == ["some food"]


def test_opposites_are_left_out():
    """By a wordnet, in every form of the word."""
    rows = Dataset.from_dict({"text": ["they were quicker"]})
    assert texts(made(rows, offering("slower", "bigger"), antonyms="tiny-en:1")) == ["they were bigger"]


def test_unlikely_words_are_not_drawn():
    rows = Dataset.from_dict({"text": ["some food"]})
    assert texts(made(rows, offering("meal"), floor=0.6)) == ["some food"]
    assert texts(made(rows, offering("meal"), floor=0.4)) == ["some meal"]


def test_a_text_too_long_for_the_model_is_rejected_and_long_ones_are_cut_around_the_word():
    rows = Dataset.from_dict({"text": ["a " * 60 + "film", "word and " * 400]})
    model = offering("meal")
    assert len(made(rows.select([1]), model)[0]) == 1
    assert max(len(request.text) for request in model.requests) <= 804
    assert all(request.text[slice(*request.places[0])] == "word" for request in model.requests)
    assert made(rows.select([0]), FakeMaskedModel)[1] == {"too_long": 1}


def test_places_are_drawn_by_the_row_at_the_share():
    text = "house garden window table " * 250
    found = draw_places(text, Streams([1], digest="x")[0], 0.2, frozenset(), insert=False)
    assert 150 < len(found) < 250
    assert [place.start for place in found] == sorted(place.start for place in found)


def test_a_row_depends_on_itself_alone_with_a_real_model():
    """A small random model on the CPU: the same texts in batches of 1, 3 and 7."""
    _, folder = tiny_chat.build()
    op = SubstituteMasked(model=str(folder), share=0.6, floor=0)
    rows = Dataset.from_dict({"text": [f"the film was long {n} and the green garden sleeps" for n in range(7)]})
    found = [rows.map(op, batched=True, batch_size=size)["text"][:] for size in (1, 3, 7)]
    assert found[0] == found[1] == found[2] != rows["text"][:]
    assert json.dumps(op.models()[0]["determinism"]) == '"row"'
