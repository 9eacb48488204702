"""Parts of texts that must not change: found, hidden, and put back only where all of them are there."""

import json
from pathlib import Path

import pytest
from hypothesis import given, strategies

from hfaug.language.protection import protect

ALL = ("url", "email", "mention", "number", "name")
MAILS = Path(__file__).parents[1] / "data" / "mail" / "mail.jsonl"


@given(strategies.text(strategies.sampled_from("aX0 .,@#:/-$\u0301é\n5T"), max_size=40))
def test_what_was_hidden_comes_back(text):
    """Whatever the text: without a model in between, it is what it was."""
    found = protect(text, ALL)
    assert found.restored(found.text) == text or not found.intact(found.text)
    assert len(found.parts) == len(found.stand_ins)


def test_addresses_and_numbers_of_real_mails_come_back():
    for line in MAILS.read_text(encoding="utf-8").splitlines():
        text = json.loads(line)["text"]
        found = protect(text, ALL)
        assert found.restored(found.text) == text


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("See https://a.org/b?c=d,e. Then", ["https://a.org/b?c=d,e"]),
        ("(ftp://a.org/x)", ["ftp://a.org/x"]),
        ("v1.2.3 and a1", []),
        ("3,000 to 4.5", ["3,000", "4.5"]),
        ("on 5 may 2002", ["5", "2002"]),
        ("I met Ann Lee. She met Bob.", ["Ann Lee", "Bob"]),
        ("We met. Ann was there.", []),
    ],
)
def test_parts_are_found(text, parts):
    assert list(protect(text, ALL).parts) == parts


def test_a_text_of_fixed_parts_alone_says_nothing_else():
    assert protect("10:30, 11:30!", ALL).bare
    assert not protect("10:30 am", ALL).bare
