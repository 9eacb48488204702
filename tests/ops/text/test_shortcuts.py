"""`edited` is a shorter way to the text that `edits` gives, for every op on text that has one."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import hfaug.ops.text
from hfaug.kinds import EditOp
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
