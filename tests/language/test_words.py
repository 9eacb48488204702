"""Words are those of Unicode's rules, in every script; addresses are none."""

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hfaug.language.scripts import script_of, unknown_script
from hfaug.language.words import (
    _tied,
    address_spans,
    bears_mark,
    cut_words,
    is_unspaced,
    whole_pieces,
    whole_words,
    word_spans,
)
from hfaug.ops.text import (
    AddPhoneticErrors,
    ContractWords,
    DeleteWords,
    ExpandContractions,
    InsertSynonyms,
    ReplaceSynonyms,
    RewordDates,
    RewordNumbers,
    SplitWords,
    SwapWords,
)
from tests import lexicons
from tests.ops.drawing import stream

lexicons.install()


OPS = [
    AddPhoneticErrors(share=1),
    ContractWords(share=1),
    DeleteWords(share=0.5),
    ExpandContractions(share=1),
    InsertSynonyms(share=0.1, lexicon="tiny-en:1"),
    ReplaceSynonyms(share=1, lexicon="tiny-en:1"),
    RewordDates(share=1),
    RewordNumbers(share=1),
    SplitWords(share=1),
    SwapWords(share=0.1),
]


def seconds(op, text):
    """Processor time of an op on one text, the least of three."""
    found = []
    for _ in range(3):
        start = time.process_time()
        op.edits(text, stream()) if hasattr(op, "edits") else op.parts(text)
        found.append(time.process_time() - start)
    return min(found)


def parts(text, cut=word_spans):
    return [text[start:end] for start, end in cut(text)]


@pytest.mark.parametrize(
    "text, words",
    [
        ("Don't pay 3.50 or 1,000", ["Don't", "pay", "3.50", "or", "1,000"]),
        ("e.g. U.S. snake_case _x_ __", ["e.g", "U.S", "snake_case", "_x_"]),
        ("L'été, c'est-à-dire", ["L'été", "c'est", "à", "dire"]),
        ("z.B. Straße", ["z.B", "Straße"]),
        ("我喜欢中国菜。", ["我", "喜欢", "中国", "菜"]),
        ("東京タワーに行く", ["東京タワー", "に", "行く"]),
        ("สวัสดีครับ", ["สวัสดี", "ครับ"]),
        ("مرحبا، كيف حالك؟", ["مرحبا", "كيف", "حالك"]),
        ("cafe\u0301 नमस्ते", ["cafe\u0301", "नमस्ते"]),
        ("👩‍🔬 𝔄𝔡𝔞 x👍🏽y", ["𝔄𝔡𝔞", "x", "y"]),
        ("a\r\nb", ["a", "b"]),
        ("", []),
    ],
)  # fmt: skip
def test_words_of_many_scripts(text, words):
    assert parts(text) == words


@given(st.text(alphabet=st.characters(max_codepoint=127), max_size=30))
@example("a.b")
@example("1.a'1,2;3_4")
@example("__a__ ___")
@example("a:b")
def test_the_shorter_way_for_ascii_gives_what_icu_gives(text):
    from icu4py.breakers import WordBreaker

    pieces, at = [], 0
    for piece in WordBreaker(text, "en"):
        if any(map(str.isalnum, piece)):
            pieces.append((at, at + len(piece)))
        at += len(piece)
    assert word_spans(text) == pieces


@given(
    st.text(alphabet=st.sampled_from("aZ0195 -':/.,&+*=~$#%;()!\n_@w") | st.characters(max_codepoint=127), max_size=12)
)
@example("a-b;c 3;4-5")
@example("$-5% .$a")
@example("1.;2 a,-")
@example("www.a-b c_d e-f")
def test_whole_words_of_ascii_are_those_that_are_tied_one_by_one(text):
    """And the pieces between and within them make up the text."""
    assert whole_words(text) == _tied(text)
    pieces = whole_pieces(text)
    if pieces is not None:
        assert "".join(pieces) == text
        assert pieces[1::2] == parts(text, whole_words)


@given(st.text(max_size=30))
def test_offsets_count_code_points(text):
    """Also beyond the first plane, where ICU counts two units."""
    last = 0
    for start, end in word_spans(text):
        assert last <= start < end <= len(text)
        assert any(map(str.isalnum, text[start:end]))
        last = end


def test_addresses_hold_no_words():
    text = "Mail a.b@example.org, see HTTPS://example.org/a-b or www.example.org, @ada!"
    assert parts(text, cut_words) == ["Mail", "see", "or"]


@given(st.text(alphabet="a @.:/w东\n", max_size=40))
def test_addresses_are_those_of_a_slow_search(text):
    """Which looks at each stretch between white space."""
    expected = []
    for run in re.finditer(r"\S+", text):
        mark = re.search(r"://|@|www\.", run[0], re.IGNORECASE)
        if mark and any(part in text for part in ("://", "@", "www.")):
            whole = mark[0] != "www." or run[0][mark.end() :].strip() == run[0]
            expected.append((run.start() + (0 if whole else mark.start()), run.end()))
    assert address_spans(text) == expected
    assert [span for span in word_spans(text) if all(span[1] <= low or span[0] >= high for low, high in expected)] == (
        cut_words(text)
    )


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize(
    "text", ["In 5 days we paid 20 to a.b@c.d for a car. ", "a@b.de 我喜欢中国菜", "x-y 3 ", "is not it. "]
)
def test_the_time_grows_with_the_text(op, text):
    """Ten times the text takes some ten times as long; a hundred times if each word looked at all others."""
    seconds(op, text * 10)
    assert seconds(op, text * 3000) < 30 * max(seconds(op, text * 300), 2e-4)


def test_scripts():
    assert [script_of(letter) for letter in "aжΩعא字あ한1 "] == [
        "latin", "cyrillic", "greek", "arabic", "hebrew", "cjk", "hiragana", "hangul", "", ""
    ]  # fmt: skip
    assert unknown_script("Привет", ("latin", "greek")) == "no latin or greek letters"
    assert unknown_script("ok Привет", ("latin",)) is None
    assert [is_unspaced(text) for text in ("ครับ", "한국 漢", "한국어 привет")] == [True, True, False]
    assert [bears_mark(text, 0) for text in ("e\u0301", "👩\u200d🔬", "ab")] == [True, True, False]
