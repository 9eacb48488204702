"""Spans, answers and tags through whole ops, against characters that remember where they came from."""

import dataclasses
import itertools
import random
from typing import ClassVar

import pytest
from datasets import ClassLabel, Dataset, Features, List, Value

from hfaug import Chain
from hfaug.augment import augment
from hfaug.kinds import EditOp
from hfaug.moves import Edits
from hfaug.ops.text import DeleteWords, SwapChars
from tests.contract.references import edited, kept_edits, moved_span, traced_characters

DRAWN = {}
"""The edits that were drawn for each text."""

ALPHABETS = (
    "abc def ghi",
    "e\u0301o\u0308 u\u0323\u0302x",
    "🙂 👩‍🔬🇫🇷 x",
    "שלום עולם",
    "مرحبا بالعالم",
    "\u200f\u200eab \u00adc",
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scribble(EditOp):
    """Random edits of every kind, noted for the reference."""

    most: int = 4
    fills: ClassVar = ("", "", "x", "yz ", " ", "🙂", "ש")

    def edits(self, text, rng):
        items, at = [], 0
        for _ in range(rng.integers(0, self.most + 1)):
            start = rng.integers(at, len(text) + 1)
            end = min(len(text), start + rng.integers(0, 6))
            items.append((start, end, rng.choice(self.fills)))
            at = end
        DRAWN[text] = [item for item in items if item[0] != item[1] or item[2]]
        return Edits(items)


def texts(count, seed):
    """Different random texts of many scripts."""
    rng = random.Random(seed)
    for number in range(count):
        letters = rng.choice(ALPHABETS)
        yield "".join(rng.choice(letters) for _ in range(rng.randrange(1, 30))) + f"{number}"


def some_spans(text, rng, *, most=6, empty=True):
    """Spans that overlap, lie in each other, are equal, are empty."""
    found = []
    for _ in range(rng.randrange(most + 1)):
        low, high = sorted((rng.randrange(len(text) + 1), rng.randrange(len(text) + 1)))
        if low < high or empty:
            found.append((low, high))
    return found + found[:1]


SPANS = Features(
    {"text": Value("string"), "spans": List({"start": Value("int32"), "end": Value("int32"), "n": Value("int8")})}
)


def test_spans_follow_their_characters():
    """3,000 texts: the edits that would cut a span are left out, each other span holds what it held."""
    rng = random.Random(1)
    rows = [{"text": text, "spans": some_spans(text, rng)} for text in texts(3000, seed=2)]
    listed = [[{"start": a, "end": b, "n": n} for n, (a, b) in enumerate(row["spans"])] for row in rows]
    dataset = Dataset.from_list(
        [{**row, "spans": said} for row, said in zip(rows, listed, strict=True)], features=SPANS
    )
    done = augment(dataset, Scribble().on(spans="spans"), keep=False)
    gone = 0
    for row, after in zip(rows, done, strict=True):
        edits = kept_edits(DRAWN[row["text"]], row["spans"], [])
        assert after["text"] == edited(row["text"], edits)
        expected = [moved_span(row["text"], edits, span) for span in row["spans"]]
        got = {item["n"]: (item["start"], item["end"]) for item in after["spans"]}
        assert got == {n: span for n, span in enumerate(expected) if span is not None}
        gone += sum(span is None for span in expected)
    assert gone > 30


ANSWERS = Features(
    {
        "context": Value("string"),
        "question": Value("string"),
        "answers": {"text": List(Value("string")), "answer_start": List(Value("int32"))},
    }
)


def test_answers_stand_where_they_say():
    """2,000 contexts: no answer is lost, cut or misplaced."""
    rng = random.Random(3)
    found = [(text, some_spans(text, rng, most=3, empty=False)) for text in texts(2000, seed=4)]
    answers = [{"text": [t[a:b] for a, b in spans], "answer_start": [a for a, _ in spans]} for t, spans in found]
    rows = [
        {"context": text, "question": f"{number}?", "answers": some}
        for number, ((text, _), some) in enumerate(zip(found, answers, strict=True))
    ]
    done = augment(Dataset.from_list(rows, features=ANSWERS), Scribble(), keep=False)
    for (text, spans), after in zip(found, done, strict=True):
        edits = kept_edits(DRAWN[text], [], spans)
        assert after["context"] == edited(text, edits)
        expected = [moved_span(text, edits, span) for span in spans]
        starts, parts = after["answers"]["answer_start"], after["answers"]["text"]
        assert [(a, a + len(part)) for a, part in zip(starts, parts, strict=True)] == expected
        assert all(after["context"][a : a + len(part)] == part for a, part in zip(starts, parts, strict=True))


@pytest.mark.parametrize("form", ["dict of lists", "pairs"])
def test_spans_in_other_forms(form):
    """Spans may be stored as lists of starts and ends, or as pairs with more behind them."""
    text, spans = "the red car in Rome", [(4, 7), (15, 19)]
    stored, feature = {
        "dict of lists": (
            {"start": [4, 15], "end": [7, 19], "kind": ["colour", "place"]},
            {"start": List(Value("int32")), "end": List(Value("int32")), "kind": List(Value("string"))},
        ),
        "pairs": ([[4, 7, 0], [15, 19, 1]], List(List(Value("int32")))),
    }[form]
    dataset = Dataset.from_list(
        [{"text": text, "spans": stored}], features=Features({"text": Value("string"), "spans": feature})
    )
    op = DeleteWords(share=0.4).on(spans="spans")
    for seed in range(20):
        after = augment(dataset, op, keep=False, seed=seed)[0]
        found = after["spans"]
        if form == "pairs":
            kinds = [item[2] for item in found]
            pairs = [(item[0], item[1]) for item in found]
        else:
            kinds = [("colour", "place").index(kind) for kind in found["kind"]]
            pairs = list(zip(found["start"], found["end"], strict=True))
        held = [text[a:b] for a, b in spans]
        assert [after["text"][a:b] for a, b in pairs] == [held[kind] for kind in kinds]
        assert all((held[kind] in after["text"]) == (kind in kinds) for kind in range(2))


TAGS = ("O", "B-x", "I-x", "B-y", "I-y")


def sentences(count, seed):
    """Words of many scripts with valid entity tags; every word is another one."""
    rng = random.Random(seed)
    for number in range(count):
        words, tags = [], []
        while len(words) < rng.randrange(1, 7):
            letters = rng.choice(ALPHABETS).replace(" ", "")
            words.append("".join(rng.choice(letters) for _ in range(rng.randrange(1, 6))) + f"{number}w{len(words)}")
            last = tags[-1] if tags else "O"
            inside = [f"I-{last[2:]}"] * 2 if last != "O" else []
            tags.append(rng.choice(["O", "B-x", "B-y", *inside]))
        yield words, tags


def entities(tags):
    """Number and kind of the entity of each word, None outside."""
    found, number = [], 0
    for tag in tags:
        number += tag[0] == "B"
        found.append(None if tag == "O" else (number, tag[2:]))
    return found


@pytest.mark.parametrize("names", [True, False], ids=["names", "numbers"])
def test_words_keep_their_tags(names):
    """1,500 sentences: some of the edits were made, each word that is left has the kind it had, entities stay whole."""
    rows = list(sentences(1500, seed=6))
    tag = Value("string") if names else ClassLabel(names=list(TAGS))
    stored = [{"tokens": words, "tags": tags if names else [TAGS.index(t) for t in tags]} for words, tags in rows]
    dataset = Dataset.from_list(stored, features=Features({"tokens": List(Value("string")), "tags": List(tag)}))
    done = augment(dataset, Scribble(), keep=False)
    whole = 0
    for (words, tags), after in zip(rows, done, strict=True):
        text = " ".join(words)
        drawn = DRAWN.get(text, [])
        got = after["tags"] if names else [TAGS[number] for number in after["tags"]]
        assert len(after["tokens"]) == len(got)
        assert all(t[0] != "I" or (n and got[n - 1] != "O" and got[n - 1][2:] == t[2:]) for n, t in enumerate(got))
        made = made_edits(text, drawn, after["tokens"])
        assert made is not None, f"{after['tokens']} is not {text!r} after some of {drawn}"
        whole += len(made) == len(drawn)
        check_tags(text, words, tags, made, after["tokens"], got)
    assert whole > 600


def made_edits(text, drawn, tokens):
    """The largest part of the edits after which the text is cut into these words."""
    parts = [some for k in range(len(drawn), -1, -1) for some in itertools.combinations(drawn, k)]
    return next((list(some) for some in parts if edited(text, some).split() == " ".join(tokens).split()), None)


def check_tags(text, words, tags, made, tokens, got):
    """Each new word against the old words that its characters came from."""
    home, at = {}, 0
    for number, word in enumerate(words):
        home.update(dict.fromkeys(range(at, at + len(word)), number))
        at += len(word) + 1
    after, traced = edited(text, made), traced_characters(made, len(text))
    old, new, start = entities(tags), entities(got), 0
    pairs = []
    for number, token in enumerate(tokens):
        start = after.index(token, start)
        sources = {home[origin] for origin in traced[start : start + len(token)] if origin in home}
        start += len(token)
        kinds = {old[source] for source in sources}
        assert len(kinds) <= 1, f"{token!r} is made of words of {kinds}"
        for kind in kinds:
            assert (kind and kind[1]) == (new[number] and new[number][1]), f"{token!r} is {got[number]}, was {kind}"
            pairs.append((kind, new[number]))
    for (a, c), (b, d) in itertools.combinations(pairs, 2):
        if a and b:
            assert (a == b) == (c == d), "an entity was cut or joined to another"


def test_own_ops_on_mixed_texts():
    """The library's own ops through a chain: spans hold whole words of what they held."""
    rng = random.Random(9)
    rows = []
    for text in texts(400, seed=10):
        words = [(m, m + len(w)) for m, w in _words(text)]
        rows.append({"text": text, "spans": [{"start": a, "end": b, "n": n} for n, (a, b) in enumerate(words)]})
    rng.shuffle(rows)
    op = Chain(DeleteWords(share=0.3), SwapChars(share=0.8)).on(spans="spans")
    for before, after in zip(rows, augment(Dataset.from_list(rows, features=SPANS), op, keep=False), strict=True):
        old = {item["n"]: before["text"][item["start"] : item["end"]] for item in before["spans"]}
        for item in after["spans"]:
            assert sorted(after["text"][item["start"] : item["end"]]) == sorted(old[item["n"]])


def _words(text):
    at = 0
    for word in text.split():
        at = text.index(word, at)
        yield at, word
        at += len(word)
