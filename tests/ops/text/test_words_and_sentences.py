"""Words split, merged, swapped and deleted; sentences shuffled and deleted: in scripts with blanks and without."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfaug.errors import ParameterError
from hfaug.ops.text import (
    AddEmoji,
    DeleteSentences,
    DeleteWords,
    MergeWords,
    ShuffleSentences,
    SplitWords,
    SwapWords,
)
from hfaug.randomness import Streams
from tests.ops.drawing import stream, streams


@pytest.mark.parametrize("op", [AddEmoji, DeleteSentences, ShuffleSentences])
@pytest.mark.parametrize("language", ["english", "xx", "EN"])
def test_languages_that_are_none(op, language):
    with pytest.raises(ParameterError, match=f"{op.__name__}: language must be an ISO 639-1 code .*got '{language}'"):
        op(language=language)


def results(op, text, count=300):
    return {op.edited(text, rng) for rng in streams(count)}


def test_words_are_split_between_letters_two_from_their_ends():
    assert results(SplitWords(share=1, most=1), "abcdef abc 1234 @abcdef") - {"abcdef abc 1234 @abcdef"} == {
        "ab cdef abc 1234 @abcdef", "abc def abc 1234 @abcdef", "abcd ef abc 1234 @abcdef"
    }  # fmt: skip
    assert results(SplitWords(share=1), "cafés") == {"ca fés", "caf és", "cafés"}
    assert results(SplitWords(share=1), "cafe\u0301s") <= {"ca fe\u0301s", "cafe\u0301s"}
    assert SplitWords().refuses("我喜欢 ok") == "no blanks between words"


def test_two_splits_of_a_word_leave_two_letters_between():
    for after in results(SplitWords(share=1), "running bought"):
        assert min(map(len, after.split())) > 1
    assert SplitWords().refuses("The hotel in 東京 is big") is None
    assert all("東京駅前" in after for after in results(SplitWords(share=1), "hotel 東京駅前"))


def test_blanks_between_words_go():
    assert results(MergeWords(share=1), "one two, three  four\nfive") == {"onetwo, threefour\nfive"}
    assert results(MergeWords(share=0.5), "a b c") == {"a b c", "ab c", "a bc", "abc"}


def test_what_is_written_in_one_moves_as_one():
    text = "paid $3.50 at 9:30 for quatre-vingt-dix"
    assert {tuple(sorted(after.split())) for after in results(SwapWords(share=0.5), text)} == {
        tuple(sorted(text.split()))
    }


def test_words_change_places_and_nothing_else_does():
    assert results(SwapWords(share=0.5), "one, two.") == {"two, one."}
    assert results(SwapWords(share=1 / 3), "我喜欢你。") == {"喜欢我你。", "你喜欢我。", "我你喜欢。"}
    assert results(SwapWords(share=1), "one") == {"one"}
    for rng in streams(50):
        after = SwapWords(share=1).edited("a b, (c) d-e f.", rng)
        assert Counter(after) == Counter("a b, (c) d-e f.")


def test_near_words_change_places():
    """Within reach, as often as said."""
    words = [f"w{number:02d}" for number in range(30)]
    text = " ".join(words)
    moved = [SwapWords(share=1 / 30, reach=2).edited(text, rng).split() for rng in streams(200)]
    for after in moved:
        changed = [number for number in range(30) if after[number] != words[number]]
        assert len(changed) == 2
        assert changed[1] - changed[0] <= 2


@given(text=st.text(alphabet="ab. \n,é好", max_size=40), key=st.integers(0, 2**64 - 1))
def test_what_changes_places_is_all_found_again(text, key):
    for op in (SwapWords(share=1), ShuffleSentences()):
        after = op.edited(text, Streams([key], digest="x")[0])
        assert sorted(after) == sorted(text)
        assert [c.isspace() for c in after.strip()].count(True) == [c.isspace() for c in text.strip()].count(True)


def test_words_without_blanks_are_deleted_too():
    assert results(DeleteWords(share=0.5), "我喜欢北京。") == {
        "我喜欢北京。", "喜欢北京。", "我北京。", "我喜欢。", "北京。", "喜欢。", "我。"
    }  # fmt: skip


TEXT = "Dr. Ada came at 3 p.m. sharp. Was she late?\n\nNo! We left."
SENTENCES = ["Dr. Ada came at 3 p.m. sharp.", "Was she late?", "No!", "We left."]


def test_sentences_come_in_every_order_and_white_space_stays():
    found = results(ShuffleSentences(), TEXT, 600)
    assert len(found) == 24
    for after in found:
        assert "\n\n" in after
        assert all(sentence in after for sentence in SENTENCES)


def test_at_least_one_sentence_stays():
    assert results(DeleteSentences(share=1), TEXT) == {
        SENTENCES[0], SENTENCES[1], SENTENCES[2], SENTENCES[3]
    }  # fmt: skip
    assert results(DeleteSentences(share=0.5), "Go on. Sit down.") == {"Go on. Sit down.", "Go on.", "Sit down."}
    assert DeleteSentences(share=1).edited(" One. ", stream()) == " One. "


@pytest.mark.parametrize(
    "language, text, count",
    [
        ("de", "Am 3. Oktober kam z. B. Dr. Müller. Er ging. Sie blieb!", 6),
        ("fr", "Il est là. Qui ? Moi !", 6),
        ("zh", "我喜欢。你呢？好。", 6),
        ("ja", "行きました！楽しかった。はい。", 6),
        ("ar", "مرحبا بك. كيف حالك؟ أنا بخير.", 6),
    ],
)
def test_sentences_of_other_languages(language, text, count):
    assert len(results(ShuffleSentences(language=language), text)) == count
