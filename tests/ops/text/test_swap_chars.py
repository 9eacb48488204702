"""SwapChars: neighbouring letters inside words change places, as often as said, and nothing else happens."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfaug.ops.text import SwapChars
from tests.ops.drawing import stream, streams

PROSE = "the quick brown fox jumps over several lazy dogs while engineers measure performance carefully " * 3


def done(text, rng=None, **fields):
    return SwapChars(**fields).edits(text, rng or stream()).apply(text)


def test_the_smallest_case():
    """Of four letters the second can only swap with the third, or the third with the fourth."""
    assert {done("abcd", rng, share=1) for rng in streams(50)} == {"acbd", "abdc"}


def test_letters_stay_in_their_words_and_first_ones_in_their_places():
    for rng in streams(200):
        after = done(PROSE, rng, share=0.5)
        assert len(after) == len(PROSE)
        for old, new in zip(PROSE.split(), after.split(), strict=True):
            assert sorted(old) == sorted(new)
            assert old[0] == new[0]


def test_each_edit_is_one_swap():
    for rng in streams(100):
        for start, end, new in SwapChars(share=1).edits(PROSE, rng):
            assert end == start + 2
            assert new == PROSE[start + 1] + PROSE[start]
            assert new != PROSE[start:end]


@pytest.mark.parametrize("share", [0.05, 0.3])
def test_as_many_swaps_as_the_share_of_words_says(share):
    """Swaps that find no place, or meet another, are given up: a few in a hundred."""
    wanted = share * (PROSE.count(" ") + 1)
    counts = [len(SwapChars(share=share, most=100).edits(PROSE, rng)) for rng in streams(800)]
    assert 0.85 * wanted < sum(counts) / 800 <= wanted + 5 / math.sqrt(800)


def test_never_more_than_most():
    assert max(len(SwapChars(share=1, most=4).edits(PROSE, rng)) for rng in streams(100)) == 4


@pytest.mark.parametrize("text", ["", "a", "ab", "12345 67890", "a b c d", "?!.,;:-", "aaaa bbbb", "it is so"])
def test_where_there_is_no_place_nothing_happens(text):
    for rng in streams(20):
        assert done(text, rng, share=1) == text


def test_digits_marks_and_blanks_stay_where_they_are():
    text = "in 2024, well-known e.g. https://example.org/path?q=value costs $3.50 (don't!)"
    for rng in streams(100):
        after = done(text, rng, share=1)
        assert [c for c in after if not c.isalpha()] == [c for c in text if not c.isalpha()]
        assert [c.isalpha() for c in after] == [c.isalpha() for c in text]


def test_other_scripts_have_letters_too():
    for text in (
        "Съешь же ещё этих мягких французских булок",
        "Falsches Üben von Xylophonmusik quält jeden größeren Zwerg",
    ):
        assert any(done(text, rng, share=1) != text for rng in streams(10))


@pytest.mark.parametrize("text", ["cafe\u0301s re\u0301sume\u0301s", "नमस्ते दुनिया कैसे", "שָׁלוֹם עֲלֵיכֶם"])
def test_marks_stay_on_their_letters(text):
    """An accent or a vowel sign is a code point of its own, and belongs to the letter before it."""

    def clusters(word):
        found = []
        for character in word:
            if not character.isalpha() and found:
                found[-1] += character
            else:
                found.append(character)
        return sorted(found)

    for rng in streams(200):
        after = done(text, rng, share=1)
        assert [clusters(word) for word in after.split()] == [clusters(word) for word in text.split()]


@given(st.text(max_size=60), st.integers(0, 2**64 - 1))
def test_any_text_keeps_its_characters(text, key):
    from hfaug.randomness import Streams

    after = done(text, Streams([key], digest="x")[0], share=1)
    assert sorted(after) == sorted(text)
