"""The settings of the encoders."""

import dataclasses
import json
import pickle

import numpy as np
import pytest

from hfaug.errors import ParameterError
from hfaug.media import Codec


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("jpeg_quality", 0),
        ("jpeg_quality", 101),
        ("jpeg_quality", 90.5),
        ("jpeg_quality", "90"),
        ("jpeg_quality", True),
        ("jpeg_quality", None),
        ("jpeg_quality", float("nan")),
        ("jpeg_subsampling", "4:1:0"),
        ("jpeg_subsampling", 420),
        ("webp_quality", 0),
        ("avif_quality", 200),
        ("png_level", 10),
        ("png_level", -1),
        ("audio_quality", 1.5),
        ("audio_quality", float("inf")),
    ],
)
def test_limits(name, value):
    """A value out of its limits is refused by the field's name."""
    with pytest.raises(ParameterError, match=f"^Codec: {name} must be "):
        Codec(**{name: value})


def test_plain_data():
    """Equal settings are equal, hash and print alike, whatever number type they came as."""
    one = Codec(jpeg_quality=90, audio_quality=1)
    other = Codec(jpeg_quality=np.int64(90), audio_quality=np.float32(1))
    assert one == other
    assert hash(one) == hash(other)
    assert json.dumps(dataclasses.asdict(one), sort_keys=True) == json.dumps(dataclasses.asdict(other), sort_keys=True)
    assert pickle.loads(pickle.dumps(one)) == one
    assert Codec(**json.loads(json.dumps(dataclasses.asdict(one)))) == one


def test_settings_are_given_by_name():
    """No setting can be given by its place."""
    with pytest.raises(TypeError):
        Codec(90)
