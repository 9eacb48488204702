"""Questions with answers whose place is looked up, never believed."""

import pytest
from datasets import Dataset

from hfaug.ops.text import AskQuestions, DeleteWords
from tests.ops.text.test_generate import answering, made

TEXT = "Ada met Bob in Rome. Bob left Rome in 1843; 🙂 Ada stayed on. The artist likes art."


def asked(question, answer, quote="", text=TEXT):
    """The row, or the reason."""
    model = answering(lambda *_: {"question": question, "answer": answer, "quote": quote})
    rows, rejects = made(AskQuestions(model="fake"), Dataset.from_dict({"text": [text]}), model)
    return rows[0] if rows else next(iter(rejects))


@pytest.mark.parametrize(
    ("answer", "quote"),
    [
        ("in 1843", ""),
        ("Ada stayed on", ""),
        ("Rome", "Ada met Bob in Rome."),
        ("Bob", "Bob left Rome in 1843;"),
        ("art", ""),
    ],
)
def test_answers_stand_at_their_place(answer, quote):
    """The only place of the answer in the text, or in the quoted sentence; "art" is not the start of "artist"."""
    row = asked("What is it?", answer, quote)
    (start,) = row["answers"]["answer_start"]
    assert row["answers"]["text"] == [answer] == [TEXT[start : start + len(answer)]]
    assert answer != "art" or start > TEXT.index("likes")
    assert not quote or TEXT.index(quote) <= start < TEXT.index(quote) + len(quote)


@pytest.mark.parametrize(
    ("reason", "question", "answer", "quote"),
    [
        ("answer not found", "Where?", "Paris", ""),
        ("answer not found", "Where?", "rome", ""),
        ("answer not found", "Where?", "Rome", ""),
        ("answer not found", "Where?", "Rome", "A sentence that is not there: Rome"),
        ("question holds its answer", "Did Ada meet Bob in Rome in 1843?", "in 1843", ""),
        ("empty", "", "Rome", ""),
        ("empty", "Where?", " ", ""),
        ("refused", "I cannot create a question for this.", "Rome", ""),
    ],
)
def test_bad_questions_are_rejected_with_their_reason(reason, question, answer, quote):
    assert asked(question, answer, quote) == reason


def test_scripts_without_blanks_work_too():
    row = asked("他们去哪里吃饭？", "饭馆", text="我们今天去饭馆吃饭。")
    assert row["answers"] == {"text": ["饭馆"], "answer_start": [5]}


def test_other_ops_move_the_answers_found():
    """The columns are those of SQuAD, so that edits move them."""
    row = asked("When?", "in 1843")
    rows = Dataset.from_list([{name: row[name] for name in ("text", "question", "answers")}])
    after = rows.map(DeleteWords(share=0.5).on(text="text"), batched=True)[0]
    (start,) = after["answers"]["answer_start"]
    assert after["text"][start:].startswith(after["answers"]["text"][0])
