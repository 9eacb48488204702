"""Labels follow every op on text: on real tweets and questions, on odd texts, in every unit of offsets."""

from collections import Counter
from difflib import SequenceMatcher

import pytest
from datasets import ClassLabel, Dataset, Features, List, Value

import hfaug
from hfaug.errors import LabelError
from hfaug.kinds import EditOp
from hfaug.moves import Edits, from_code_points, to_code_points
from hfaug.moves.chunks import entities
from tests.ops.texts import text_ops


@pytest.fixture(params=list(text_ops()))
def text_op(request):
    """One op on text after the other."""
    return text_ops()[request.param]


SPAN = {"start": Value("int32"), "end": Value("int32"), "type": ClassLabel(names=["name", "part", "all"])}
ODD = [
    "Cafe\u0301 Zu\u0308rich, nai\u0308ve! Ge\u0301rard left. He took 12 days.",
    "The 👩‍🔬 and 👨‍👩‍👧‍👦 walk\r\nto Rome.\r\nThey don't know 🏳️‍🌈 flags; we are late.",
    "נועה אמרה שלום לדני. הוא הלך הביתה, Sam too.",
    "Ada Lovelace saw Ada. Ada! It is March 5, 2024 and she writes quickly.",
    "我喜欢北京。小明明天去东京，好吗？是的。",
    "مرحبا بك في القاهرة. كيف حالك يا سامي؟",
    "𝔄𝔡𝔞 met 𝒮am at 𐍈𐍉. One 🙂 two 🙂🙂 three.",
]


def spans_of(text):
    """Words as names; overlapping, nested, adjacent and empty spans among them, and one around everything."""
    words, at = [], 0
    for word in text.split():
        start = text.index(word, at)
        at = start + len(word)
        words.append((start, at))
    found = [(*words[0], 0), (words[0][0], words[1][1], 1), (words[1][0], words[2][1], 1)] if len(words) > 2 else []
    found += [(start, start + 1, 0) for start, _ in words[3:5]] + [(start + 1, end, 0) for start, end in words[3:5]]
    found += [(words[-1][0], words[-1][0], 0), (0, len(text), 2), (len(text), len(text), 0)]
    return [{"start": start, "end": end, "type": kind} for start, end, kind in found]


def odd_rows(unit="code_point"):
    """The odd texts with their spans in a unit."""
    rows = []
    for text in ODD:
        spans = spans_of(text)
        places = from_code_points(text, [(span["start"], span["end"]) for span in spans], unit)
        moved = [{**span, "start": a, "end": b} for span, (a, b) in zip(spans, places, strict=True)]
        rows.append({"text": text, "spans": moved, "number": len(rows)})
    return Dataset.from_list(
        rows, features=Features({"text": Value("string"), "spans": List(SPAN), "number": Value("int32")})
    )


def valid_bio(tags):
    return all(
        tag == "O" or tag[0] == "B" or (number and tags[number - 1][2:] == tag[2:]) for number, tag in enumerate(tags)
    )


def named(words, tags):
    """The entities of a row: type and words."""
    found = {}
    for number, tag, word in zip(entities(tags), tags, words, strict=True):
        if number:
            found.setdefault(number, (tag[2:], []))[1].append(word)
    return [(kind, " ".join(words)) for kind, words in found.values()]


def alike(one, other):
    """How much of a text is left, whatever its case and spacing."""
    one, other = ("".join(text.casefold().split()) for text in (one, other))
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def test_tweets_keep_their_entities(text_op, ner):
    """Each tag sequence is valid, and each entity that is left is one of before, in name or nearly."""
    names = ner.features["tags"].feature.names
    done = hfaug.augment(ner, text_op.on(id=None), keep=False, provenance=True)
    by_parent = {}
    for row in done:
        by_parent[row["provenance"]["parents"][0]] = row
    ids = [row["provenance"]["id"] for row in hfaug.with_ids(ner)]
    met = near = 0
    for key, before in zip(ids, ner, strict=True):
        after = by_parent.get(key)
        if after is None:
            continue  # rejected
        tags = [names[tag] for tag in after["tags"]]
        assert len(tags) == len(after["tokens"])
        assert all(after["tokens"])
        assert valid_bio(tags)
        old = named(before["tokens"], [names[tag] for tag in before["tags"]])
        for kind, name in named(after["tokens"], tags):
            met += 1
            assert any(k == kind for k, _ in old)
            near += max(alike(name, other) for k, other in old if k == kind) > 0.5
    assert met > 40
    assert near > 0.9 * met


def test_tweets_whose_words_change_places_keep_every_entity(ner):
    """Nothing is lost and nothing torn apart where words or sentences only change places."""
    names = ner.features["tags"].feature.names
    for op in (hfaug.ops.text.SwapWords(share=1), hfaug.ops.text.ShuffleSentences()):
        changed = 0
        for before, after in zip(ner, hfaug.augment(ner, op, keep=False), strict=True):
            old, new = (Counter(named(row["tokens"], [names[tag] for tag in row["tags"]])) for row in (before, after))
            assert old == new
            assert Counter(before["tokens"]) == Counter(after["tokens"])
            changed += before["tokens"] != after["tokens"]
        assert changed > 25


def test_every_answer_stands_at_its_offset(text_op, qa):
    """Each of 135 questions keeps its answer, which is that of before or nearly."""
    done = hfaug.augment(qa, text_op, keep=False)
    before = {row["id"]: row for row in qa}
    assert len(done) == len(qa)
    changed = near = 0
    for row in done:
        old = before[row["id"]]["answers"]
        assert len(row["answers"]["text"]) == len(old["text"])
        for part, start, was in zip(row["answers"]["text"], row["answers"]["answer_start"], old["text"], strict=True):
            assert part
            assert row["context"][start : start + len(part)] == part
            near += alike(part, was) > 0.5
        changed += row["context"] != before[row["id"]]["context"]
    assert near > 0.9 * len(qa)  # numbers in words look like no figures
    assert changed >= (0 if "Dates" in repr(text_op) else 16)


@pytest.mark.parametrize("unit", ["byte", "utf16"])
def test_offsets_in_bytes_and_utf16_units_say_the_same(text_op, unit):
    """Texts are those of code points, and spans name the same places, in their own unit."""
    plain, counted = odd_rows(), odd_rows(unit)
    for number in range(len(ODD)):
        one = plain.select([number]).map(text_op.on(spans="spans", id="number"), batched=True)[0]
        other = counted.select([number]).map(text_op.on(spans="spans", id="number", offsets=unit), batched=True)[0]
        assert one["text"] == other["text"]
        places = to_code_points(other["text"], [(span["start"], span["end"]) for span in other["spans"]], unit)
        assert places == [(span["start"], span["end"]) for span in one["spans"]]
        assert [span["type"] for span in one["spans"]] == [span["type"] for span in other["spans"]]


def owners(text, edits):
    """For each character after some edits: its place before, or the places that it replaces."""
    found, at = [], 0
    for start, end, replacement in edits:
        found += [(place, place + 1) for place in range(at, start)]
        found += [(start, end)] * len(replacement)
        at = end
    return [*found, *((place, place + 1) for place in range(at, len(text)))]


def test_odd_spans_cover_exactly_what_they_covered(text_op, monkeypatch):
    """Character by character: what a span covers comes from what it covered, and nothing of that stands elsewhere."""
    made = []
    apply = Edits.apply
    monkeypatch.setattr(Edits, "apply", lambda self, text: made.append((text, self)) or apply(self, text))
    rows, tried = odd_rows(), 0
    for number in range(12 * len(ODD)):
        row = rows.select([number % len(ODD)])
        made.clear()
        op = text_op.on(spans="spans", id="number", seed=number)
        after, before = row.map(op, batched=True)[0], row[0]
        if len(made) != 1 or made[0][0] != before["text"]:
            continue  # unchanged, rejected, or a chain
        tried += 1
        origin = owners(*made[0])
        moved = made[0][1].spans([(span["start"], span["end"]) for span in before["spans"]])
        kept = [span for span, place in zip(before["spans"], moved, strict=True) if place is not None]
        assert len(kept) == len(after["spans"])
        for old, new in zip(kept, after["spans"], strict=True):
            inside, (low, high) = range(new["start"], new["end"]), (old["start"], old["end"])
            for place, (start, end) in enumerate(origin):
                if start < end:
                    assert (place in inside) == (low <= start and end <= high)
                elif low < start < high:
                    assert place in inside  # put in, not at a border
    assert tried or not isinstance(text_op, EditOp) or "Dates" in repr(text_op)


def test_odd_spans_lie_in_their_texts(text_op):
    """After any op and chain: no span outside, none of an untouched text lost, one around everything stays so."""
    rows = odd_rows()
    for row in rows.map(text_op.times(4).on(spans="spans", id="number"), batched=True):
        before = rows[row["number"]]
        assert all(0 <= span["start"] <= span["end"] <= len(row["text"]) for span in row["spans"])
        if row["text"] == before["text"]:
            assert row["spans"] == before["spans"]
        assert sum(span["type"] == 2 for span in row["spans"]) == 1


def test_answers_in_bytes_and_utf16_units():
    """SQuAD's offsets, counted by other tools."""
    context = "Zürich 🙂 is where Ada lives."
    for unit, start in (("byte", 22), ("utf16", 19)):
        rows = Dataset.from_dict(
            {
                "context": [context],
                "question": ["Who?"],
                "answers": [{"text": ["Ada"], "answer_start": [start]}],
            }
        )
        op = hfaug.ops.text.AddEmoji(share=1, emoji=("🙃",)).on(offsets=unit)
        assert rows.map(op, batched=True)[0]["answers"]["answer_start"] == [start]
        shout = hfaug.ops.text.StripAccents(share=1).on(offsets=unit)
        assert rows.map(shout, batched=True)[0]["answers"] == {
            "text": ["Ada"],
            "answer_start": [start - 1 if unit == "byte" else start],
        }


def test_wrong_offsets_are_refused_by_name():
    """A place within a character, or beyond the text, names the column and the way out."""
    from hfaug.errors import LabelError

    rows = Dataset.from_dict({"text": ["é a"], "spans": [[{"start": 1, "end": 2}]]})
    op = hfaug.ops.text.AddTypos(share=1).on(spans="spans", offsets="byte")
    with pytest.raises(LabelError, match=r"column 'spans'.*between two characters"):
        rows.map(op, batched=True)
    beyond = Dataset.from_dict({"text": ["é"], "spans": [[{"start": 0, "end": 2}]]})
    with pytest.raises(LabelError, match=r'offsets="byte"'):
        beyond.map(hfaug.ops.text.StripAccents().on(spans="spans"), batched=True)


def test_texts_in_another_script_are_rejected_with_a_count():
    """Rows stay, copies are left out and counted by reason."""
    from hfaug.op import Form

    rows = Dataset.from_dict({"text": ["good morning", "你好", "...", "مرحبا"]})
    table = rows.with_format("arrow")[:]
    done = Counter()
    op = hfaug.ops.text.AddTypos(share=1)
    kept = op.run_form(Form(table=table, columns=None, features=rows.features, single=False), done)
    assert done == {"no latin letters": 2}
    assert kept["text"].to_pylist()[1:] == ["你好", "...", "مرحبا"]
    assert len(hfaug.augment(rows, op, keep=False)) == 2


@pytest.mark.parametrize(
    "op",
    [
        hfaug.ops.text.ElongateWords(share=1),
        hfaug.ops.text.AddTypos(share=1),
        *(hfaug.ops.text.AddPhoneticErrors(share=1, language=language) for language in ("en", "de", "fr")),
        hfaug.ops.text.AddOcrErrors(share=1),
        hfaug.ops.text.SwapChars(share=1),
    ],
    ids=repr,
)
def test_a_label_on_whole_words_is_on_whole_words_afterwards(op, ner):
    """As text and as words: a letter more at the end of a name belongs to the name."""
    rows = []
    others = "Hören sie ihr zu, ihre Tochter ist da", "Son été a été et ces amis"
    for words in [*ner["tokens"], *(text.split() for text in others)]:
        ends = [sum(map(len, words[: number + 1])) + number for number in range(len(words))]
        spans = [{"start": end - len(word), "end": end} for word, end in zip(words, ends, strict=True)]
        rows.append({"text": " ".join(words), "spans": spans})
    for row in hfaug.augment(Dataset.from_list(rows), op.on(spans="spans"), keep=False):
        for span in row["spans"]:
            before, after = row["text"][: span["start"]][-1:], row["text"][span["end"] :][:1]
            assert (before + after).strip() == "", row["text"][span["start"] : span["end"]]


def test_labels_that_cannot_be_read_say_what_to_do():
    """Offsets in other units, and the numbers of words that nobody tagged."""
    answers = {"text": ["Ada"], "answer_start": [22]}
    rows = Dataset.from_dict({"context": ["Zürich 🙂 is where Ada lives."], "question": ["Who?"], "answers": [answers]})
    op = hfaug.ops.text.AddEmoji(share=1)
    with pytest.raises(LabelError, match=r'\.on\(offsets="byte"\) or "utf16"'):
        rows.map(op, batched=True)
    features = Features({"tokens": List(Value("string")), "tags": List(ClassLabel(names=["O", "B-x"]))})
    rows = Dataset.from_dict({"tokens": [["Ada", "left", "."]], "tags": [[1, -100, 0]]}, features=features)
    with pytest.raises(LabelError, match=r"one is -100; give untagged words a class such as O"):
        rows.map(op, batched=True)
