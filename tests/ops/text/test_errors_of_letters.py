"""Typing, reading and spelling errors, and look-alikes: how many, where, and which."""

import math
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfaug.errors import ParameterError
from hfaug.language.homoglyphs import lookalikes
from hfaug.language.keyboards import LAYOUTS, neighbours
from hfaug.language.ocr import MISREAD
from hfaug.language.phonetics import misspellings
from hfaug.ops.text import AddOcrErrors, AddPhoneticErrors, AddTypos, ReplaceHomoglyphs
from hfaug.randomness import Streams
from tests.ops.drawing import streams

PROSE = "the quick brown fox jumps over several lazy dogs while engineers measure performance carefully " * 3
LETTERS = (AddTypos, AddOcrErrors, ReplaceHomoglyphs)


def results(op, text, count=200):
    return {op.edited(text, rng) for rng in streams(count)}


@pytest.mark.parametrize("op", LETTERS)
@pytest.mark.parametrize("share", [0.05, 0.3])
def test_as_many_errors_as_the_share_of_words_says(op, share):
    """Errors that find no place, or meet another, are given up: a few in a hundred."""
    wanted = share * (PROSE.count(" ") + 1)
    counts = [len(op(share=share, most=100).edits(PROSE, rng)) for rng in streams(600)]
    assert 0.85 * wanted < sum(counts) / 600 <= wanted + 5 / math.sqrt(600)
    assert max(len(op(share=1, most=4).edits(PROSE, rng)) for rng in streams(100)) == 4


@pytest.mark.parametrize("op", LETTERS)
@given(text=st.text(max_size=40), key=st.integers(0, 2**64 - 1))
def test_any_text_can_be_edited(op, text, key):
    made = op(share=1)
    edits = made.edits(text, Streams([key], digest="x")[0])
    assert edits.apply(text) == made.edited(text, Streams([key], digest="x")[0])
    for start, end, _ in edits:
        behind = text[end : end + 1]
        assert start == end or not behind or unicodedata.category(behind)[0] != "M"


def test_a_typo_is_one_of_four_slips_of_a_neighbouring_key():
    """g lies beside f, h, t, y, v, b; hit instead, hit with it, hit twice, or left out."""
    near = set("fhtyvb")
    expected = {f"a{key}m" for key in near} | {f"ag{key}m" for key in near} | {"aggm", "am"}
    seen = {text for text in results(AddTypos(share=1), "agm", 2000) if text[0] == "a" and text.endswith("m")}
    assert (
        expected <= seen <= expected | {"agm", "agmm", "aagm", "agjm", "agkm", "agnm", "aqgm", "awgm", "asgm", "azgm"}
    )


@pytest.mark.parametrize(
    "layout, key, near",
    [("qwerty", "z", "asx"), ("qwertz", "z", "67tughj"), ("azerty", "a", "é&qz"), ("jcuken", "п", "акермн")],
)
def test_keyboards_differ(layout, key, near):
    """What lies around a key on a real keyboard; signs are left out."""
    found = set(neighbours(layout)[key])
    assert found <= set(near) | set("ghи")
    assert len(found) >= 2
    assert all(key in neighbours(layout)[other] for other in found if other in neighbours(layout))


def test_every_letter_of_a_layout_has_neighbours_in_its_case():
    for layout, rows in LAYOUTS.items():
        for key in "".join(rows):
            if key.isalpha():
                assert neighbours(layout)[key]
            if key.isalpha() and len(key.upper()) == 1:
                assert all(not other.islower() or len(other.upper()) > 1 for other in neighbours(layout)[key.upper()])


def test_a_single_letter_is_never_left_out():
    assert "" not in results(AddTypos(share=1), "a")
    assert all(len(text.split()) == 3 for text in results(AddTypos(share=1), "I a b"))


def test_what_a_scanner_misreads():
    assert results(AddOcrErrors(share=1), "rn") == {"m", "rri", "ru"}
    assert "l0" in results(AddOcrErrors(share=1), "10") | {"l0"}
    assert all(read != printed for printed, some in MISREAD.items() for read in some)


def test_homoglyphs_look_alike_and_are_others():
    assert results(ReplaceHomoglyphs(share=1, scripts=("cyrillic",)), "a") == {"а"}
    assert results(ReplaceHomoglyphs(share=1, scripts=("latin",)), "а") == {"a"}
    assert results(ReplaceHomoglyphs(share=1, scripts=("greek",)), "b") == {"b"}
    for letter, others in lookalikes(("latin", "cyrillic", "greek")).items():
        assert letter not in others
        assert all((letter.isupper(), letter.islower()) == (other.isupper(), other.islower()) for other in others)
    with pytest.raises(ParameterError, match="scripts must be among"):
        ReplaceHomoglyphs(scripts=("klingon",))


@pytest.mark.parametrize(
    "language, text, some",
    [
        ("en", "Their", {"There", "They're"}),
        ("en", "receive", {"recieve", "reseive"}),
        ("en", "PHONE", {"FONE"}),
        ("de", "dass", {"das"}),
        ("de", "Straße", {"Strasse"}),
        ("de", "fahren", {"faren"}),
        ("fr", "et", {"est"}),
        ("fr", "chanté", {"chanter"}),
    ],
)
def test_words_are_misspelt_as_they_sound(language, text, some):
    assert some <= results(AddPhoneticErrors(share=1, language=language), text)


def test_only_the_letters_that_differ_are_replaced():
    """So that a span that ends within a word can follow."""
    ((start, end, new),) = AddPhoneticErrors(share=1).edits("knight", streams(3)[0])
    assert (start, end, new) in {(0, 1, ""), (3, 6, "te"), (3, 5, "")} or "knight"[:start] + new + "knight"[end:] in {
        "night", "knite"
    }  # fmt: skip
    assert misspellings("a", "en") == ()


@pytest.mark.parametrize("op", [AddTypos(), AddOcrErrors(), ReplaceHomoglyphs(), AddPhoneticErrors()], ids=repr)
def test_other_scripts_are_refused_and_texts_without_letters_are_not(op):
    assert op.refuses("我喜欢中国菜") == op.refuses("你好")
    assert op.refuses("你好").startswith("no latin")
    assert op.refuses("你好 ok") is op.refuses("3.14 !") is op.refuses("") is None


def test_russian_is_typed_on_a_russian_keyboard():
    op = AddTypos(layout="jcuken", share=1)
    assert op.refuses("Привет") is None
    assert op.refuses("hello") == "no cyrillic letters"
    assert all(set(text) <= set("".join(LAYOUTS["jcuken"])) | {"П"} for text in results(op, "привет"))
