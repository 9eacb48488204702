"""A call that an op does not take is refused in the words of the op: with its fields, or with what to write."""

import dataclasses

import pytest

import hfaug
from hfaug.config import Config
from hfaug.errors import HfaugError, ParameterError
from hfaug.ops.image import Crop, Erase, Flip, Resize, Rotate, TextToImage
from hfaug.ops.text import SwapChars

WRONG = {
    "Rotate: must not have the field 'limit'; did you mean 'degrees'?": lambda: Rotate(limit=30),
    "Rotate: must not have the field 'degres'; did you mean 'degrees'?": lambda: Rotate(degres=(1, 2)),
    "Flip: must not have the field 'p'; for a chance write .sometimes(chance)": lambda: Flip(p=0.5),
    "Flip: must not have the field 'limit'; its fields are axis": lambda: Flip(limit=3),
    "Rotate: fields must be given by name, got 30; write Rotate(degrees=...)": lambda: Rotate(30),
    "Resize: must not have the field 'size'; did you mean 'height' and 'width'?": lambda: Resize(size=(3, 3)),
    "Chain: must not have the field 'p'; for a chance": lambda: hfaug.Chain(Flip(), p=0.5),
    "OneOf: must not have the field 'weight'; did you mean 'weights'?": lambda: hfaug.OneOf(Flip(), weight=(1,)),
    "Sometimes: must be given op, got nothing; write Sometimes(op=...)": lambda: hfaug.Sometimes(chance=1),
    "sometimes: must not have the argument 'p'; write .sometimes(chance=...)": lambda: Flip().sometimes(p=0.5),
    "sometimes: must get its arguments": lambda: Flip().sometimes(),
    "times: must not have the argument 'n'; write .times(copies=..., keep=...)": lambda: Flip().times(n=3),
    "on: must not have 'box'; did you mean 'boxes'?": lambda: Flip().on(box="objects.bbox"),
    "Rotate: degrees must be (low, high), got 30; write (-30, 30)": lambda: Rotate(degrees=30),
    "Erase: fill must be a tuple, got 114; write (114, 114, 114)": lambda: Erase(fill=114),
    "Erase: holes must be (low, high), got 3; write (3, 3)": lambda: Erase(holes=3),
    "Crop: height must be a number, got 'a'": lambda: Crop(height="a"),
    "SwapChars: must not have the field 'shar'; did you mean 'share'?": lambda: SwapChars(shar=1),
}


@pytest.mark.parametrize("said", WRONG)
def test_the_message(said):
    with pytest.raises(ParameterError) as caught:
        WRONG[said]()
    assert str(caught.value).startswith(said)


def test_constructors_of_ones_own_keep_their_arguments():
    """Also by place, as `Chain` takes ops; what they leave out is still refused."""

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Half(Config):
        share: float = 0.0

        def __init__(self, whole, *, parts=2):
            object.__setattr__(self, "share", whole / parts)
            self.__post_init__()

    assert Half(3).share == 1.5
    assert Half(3, parts=4).share == 0.75
    with pytest.raises(ParameterError, match="Half: must be given whole"):
        Half()
    with pytest.raises(ParameterError, match="Half: must not have the field 'part'; did you mean 'parts'"):
        Half(3, part=4)


@pytest.mark.parametrize("op", [TextToImage, Flip, hfaug.Chain])
def test_a_wrong_call_is_never_a_type_error(op):
    with pytest.raises(HfaugError):
        op(nothing_like_this=1)
