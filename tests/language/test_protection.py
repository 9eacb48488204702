"""Parts of texts that must not change: found, hidden, and put back only where all of them are there."""

import json
import time
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
        ("v1.2.3 and a1", ["v1.2.3", "a1"]),
        ("5kg at 10:30am, -5 or .5, 20°C", ["5kg", "10:30am", "-5", ".5", "20°C"]),
        ("+44 20 7946 0958 for $5 or 6€, ½ off", ["+44 20 7946 0958", "$5", "6€", "½"]),
        ("the film,5 dogs and co-19", ["5", "19"]),
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


@pytest.mark.parametrize(
    ("said", "made"),
    [("5kg", "6kg"), ("10:30am", "10:45am"), ("20mg", "200mg"), ("3pm", "8pm"), ("v1.2.3", "v1.2.4"), ("B2", "B3")],
)
def test_a_number_that_touches_letters_is_kept_and_one_that_is_made_up_is_noticed(said, made):
    found = protect(f"It is {said} now.", ("number",))
    assert found.parts == (said,)
    assert found.restored("Now X0X, it is.") == f"Now {said}, it is."
    assert not found.intact(f"It is X0X now, {made}.")
    assert not found.intact(f"It is {made} now.")


@pytest.mark.parametrize(
    "text",
    ["1" * 10_000 + "a", "1" * 10_000 + "a b", "a" * 10_000, "1 " * 10_000 + "a", "a1." * 5_000 + "é", "a." * 10_000,
     "a-" * 10_000, "foo " + "A" * 10_000, "foo " + "Aa " * 5_000, "x@" + "a-" * 5_000 + ".", "3, " * 10_000],
)  # fmt: skip
def test_the_time_grows_with_the_length(text):
    """A pattern that can read a text in many ways takes for ever: 45 digits and a letter once did."""
    began = time.process_time()
    found = protect(text, ALL)
    assert found.intact(found.text)
    assert time.process_time() - began < 3
