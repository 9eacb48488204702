"""DeleteWords: each word goes with the same chance, with the white space that belongs to it, and never all of them."""

import math
import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfaug.ops.text import DeleteWords
from hfaug.randomness import Streams
from tests.ops.drawing import stream, streams

WORDS = [f"w{number}" for number in range(30)]


def done(text, rng=None, share=0.1):
    return DeleteWords(share=share).edits(text, rng or stream()).apply(text)


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.9])
def test_the_rate_is_that_of_the_paper(share):
    """Every word with the same chance, wherever it stands."""
    gone = Counter()
    for rng in streams(3000):
        gone.update(set(WORDS) - set(done(" ".join(WORDS), rng, share).split()))
    sigma = math.sqrt(3000 * share * (1 - share))
    assert all(abs(gone[word] - 3000 * share) < 5 * sigma for word in WORDS)


def test_words_go_apart_from_each_other():
    """How many go is binomial: its variance is that of independent draws."""
    counts = [30 - len(done(" ".join(WORDS), rng, 0.2).split()) for rng in streams(3000)]
    mean = sum(counts) / 3000
    variance = sum((count - mean) ** 2 for count in counts) / 2999
    assert abs(variance - 30 * 0.2 * 0.8) < 5 * 4.8 * math.sqrt(2 / 3000)


def test_what_stays_keeps_its_order_and_one_blank_between():
    for rng in streams(300):
        left = done(" ".join(WORDS), rng, 0.5)
        assert left == " ".join(word for word in WORDS if word in left.split())


@pytest.mark.parametrize(
    "text, left",
    [
        ("one", {"one"}),
        ("one two", {"one", "two"}),
        ("  one\ttwo \n", {"  one \n", "  two \n"}),
        ("", {""}),
        (" \n ", {" \n "}),
    ],
)
def test_one_word_always_stays(text, left):
    """Which one is drawn; white space before the first and behind the last word stays."""
    assert {done(text, rng, 1) for rng in streams(50)} == left


@pytest.mark.parametrize("share", [0.0, 5e-324, 1e-320, 1e-300])
def test_no_chance_means_no_change(share):
    for rng in streams(50):
        assert len(DeleteWords(share=share).edits("a b c", rng)) == 0


def test_the_smallest_draw_is_no_accident():
    """The logarithm of the smallest uniform number times an infinite scale is not a number."""
    rng = stream()
    rng._values, rng._next, rng._end = [0.0, 1 - 2.0**-53], 0, 2
    assert len(DeleteWords(share=5e-324).edits("a b c", rng)) == 0


def test_a_long_text_may_lose_every_word_but_one():
    text = " ".join(["word"] * 20_000)
    assert done(text, share=1) == "word"
    assert len(done(text, share=0.999999).split()) >= 1


@given(st.text(alphabet="ab \t\n\u00a0\u3000é", max_size=40), st.floats(0, 1), st.integers(0, 2**64 - 1))
def test_any_text_becomes_some_of_its_words(text, share, key):
    before = re.findall(r"\S+", text)
    after = re.findall(r"\S+", done(text, Streams([key], digest="x")[0], share))
    places = iter(before)
    assert all(word in places for word in after)
    assert bool(after) == bool(before)


@given(st.integers(0, 2**64 - 1))
def test_names_in_other_scripts_change_nothing_for_the_rest(key):
    """Words between blanks go with a blank; those of Chinese alone."""
    text = "The hotel in 東京 is big and the staff of 我喜欢中国菜。 were friendly. OK"
    left = done(text, Streams([key], digest="x")[0], 0.5)
    assert left == " ".join(left.split())


@pytest.mark.parametrize("text", ["我喜欢中国菜。", "我喜欢 中国菜", "東京 is"])
def test_words_without_blanks_go_alone(text):
    for rng in streams(50):
        left = done(text, rng, 0.7)
        assert left.strip() == left != ""
        assert "  " not in left
