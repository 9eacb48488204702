"""`edited` is a shorter way to the text that the long way gives, for every op on text that has one."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import hfaug.ops.text
from hfaug.kinds import ArrangeOp, EditOp
from hfaug.moves import Edits
from hfaug.randomness import Streams
from tests.ops.drawing import streams

OPS = [
    cls
    for name in hfaug.ops.text.__all__
    if issubclass(cls := getattr(hfaug.ops.text, name), EditOp) and cls.edited is not EditOp.edited
]

TEXTS = st.text(alphabet=st.one_of(st.sampled_from("ab  \t\n\x1c\x85\u00a0\u2003\u3000é\u0301ß👍"), st.characters()))


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.__name__)
@given(text=TEXTS, share=st.floats(0, 1), key=st.integers(0, 2**64 - 1))
@example(text="", share=1.0, key=0)
@example(text="one two  three", share=1.0, key=0)
def test_both_ways_lead_to_the_same_text(op, text, share, key):
    made = op(share=share)
    one, other = (Streams([key], digest="x")[0] for _ in range(2))
    short = made.edited(text, one)
    assert short == made.edits(text, other).apply(text)
    assert one.random() == other.random()
    assert short is text or short != text


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.__name__)
def test_both_ways_on_real_texts(op, mails):
    for text, one, other in zip(mails["text"][:], streams(len(mails)), streams(len(mails)), strict=True):
        assert op().edited(text, one) == op().edits(text, other).apply(text)


@given(text=TEXTS | st.text(alphabet="aB9 -':.,;$%_@\n"), share=st.floats(0, 1), key=st.integers(0, 2**64 - 1))
@example(text="a a", share=1.0, key=0)
@example(text="3;4 x-y $5, 20%. don't (or)", share=1.0, key=1)
def test_both_ways_of_swapping_words_lead_to_the_same_text(text, share, key):
    made = hfaug.ops.text.SwapWords(share=share)
    one, other = (Streams([key], digest="x")[0] for _ in range(2))
    short = made.edited(text, one)
    assert short == ArrangeOp.edited(made, text, other)
    assert one.random() == other.random()


def test_both_ways_of_swapping_words_on_real_texts(mails):
    op = hfaug.ops.text.SwapWords()
    for text, one, other in zip(mails["text"][:], streams(len(mails)), streams(len(mails)), strict=True):
        assert op.edited(text, one) == ArrangeOp.edited(op, text, other)


def test_an_op_with_parts_or_an_order_of_its_own_does_not_inherit_the_shorter_way():
    class Letters(hfaug.ops.text.SwapWords):
        """Parts of its own."""

        def parts(self, text):
            return [(at, at + 1) for at in range(len(text))]

    class Backwards(hfaug.ops.text.SwapWords):
        """An order of its own."""

        def order(self, count, rng):
            return range(count)[::-1]

    assert Backwards().edit_column(["one, two; three", None], streams(2), ["x", "y"]) == ["three, two; one", None]
    assert {len(text) for text in Letters(share=1).edit_column(["abcd"] * 20, streams(20), ["x"] * 20)} == {4}
    assert len(set(Letters(share=1).edit_column(["abcd"] * 20, streams(20), ["x"] * 20))) > 3


def test_an_op_with_edits_of_its_own_does_not_inherit_the_shorter_way():
    """It would do what its parent does."""

    class Shout(hfaug.ops.text.SwapChars):
        """Edits of its own."""

        def edits(self, text, rng):
            return Edits([(0, len(text), text.upper())])

    class Whisper(Shout):
        """Both of its own."""

        def edited(self, text, rng):
            return text.lower()

    def made(op):
        return op.edit_column(["Ab", None], streams(2), ["x", "y"])

    assert made(Shout()) == ["AB", None]
    assert made(Whisper()) == ["ab", None]
