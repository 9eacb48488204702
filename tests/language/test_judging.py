"""What is wrong with texts that models write, told apart from what people write."""

import json
from pathlib import Path

import pytest

from hfaug.language.identify import base_code, english_name, in_other_language
from hfaug.language.judging import copies, echoes, loops, names_one, refuses, similarity

MAILS = [
    json.loads(line)["text"]
    for line in (Path(__file__).parents[1] / "data" / "mail" / "mail.jsonl").read_text(encoding="utf-8").splitlines()
]


def test_mails_of_people_are_neither_loops_nor_refusals_nor_foreign():
    """Of 300 real mails none is taken for what a model got wrong."""
    assert not [text for text in MAILS if refuses(text) or in_other_language(text, "en")]
    assert not [text for text in MAILS if loops(text, text)]
    assert len([text for text in MAILS if loops(text)]) <= 3


@pytest.mark.parametrize(
    "text",
    [
        "http:///////////////////////",
        "so so so so so so so so so so",
        "I like it. I like it. I like it. I like it. I like it.",
        "ha" * 12,
        "好的好的好的好的好的好的好的好的",
        "a cat and the dog and a cat and the dog and a cat and the dog, a cat and the dog and a cat and the dog",
    ],
)
def test_loops_are_found(text):
    assert loops(text)
    assert not loops(text, text)


@pytest.mark.parametrize("text", ["", "no", "Wow!!!! Hahaha, very very good.", "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12"])
def test_what_people_repeat_is_no_loop(text):
    assert not loops(text)


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't assist with that request.",
        "I cannot help with rewriting this text.",
        "As an AI language model, I do not have opinions.",
        "Sorry, I am unable to provide that.",
        "Es tut mir leid, aber ich kann Ihnen dabei nicht helfen.",
        "Désolé, je ne peux pas répondre.",
        "对不起，我不能这样做。",
    ],
)
def test_refusals_are_found(text):
    assert refuses(text)


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry I was late.",
        "I cannot wait to see you!",
        "We are unable to come.",
        "Sorry for the delay.",
        "As an aid to you",
        "Ich kann morgen nicht.",
        "Je ne peux pas venir.",
    ],
)
def test_people_may_be_sorry(text):
    assert not refuses(text)


def test_similarity_is_one_for_copies_and_symmetrical():
    assert similarity("The film was long!", "the film was long") == 1
    assert similarity("a b c", "c b a") == similarity("c b a", "a b c") < 1
    assert copies("", " ")


def test_echoes_and_names():
    """Eight words in a row are a copy, unless the source has them; a class name counts as a word."""
    prompt = "Keep the language of the text and keep names as they are."
    assert echoes(f"Sure. {prompt}", [prompt])
    assert not echoes(f"Sure. {prompt}", [prompt], source=prompt)
    assert names_one("Is it not-spam?", ["not spam"])
    assert not names_one("Spam it is", ["spam"], source="spam")


@pytest.mark.parametrize(
    ("name", "code", "english"),
    [
        ("eng_Latn", "en", "English"),
        ("zho_Hans", "zh", "Chinese"),
        ("fr_XX", "fr", "French"),
        ("Swedish", "sv", "Swedish"),
        ("nob_Latn", "no", "Norwegian"),
        ("tlh", "tlh", "tlh"),
    ],
)
def test_languages_by_whatever_code(name, code, english):
    assert (base_code(name), english_name(name)) == (code, english)


def test_of_a_language_that_nobody_knows_nothing_is_sure():
    assert not in_other_language("Der Film war lang, aber er hat mir gut gefallen.", "tlh")
