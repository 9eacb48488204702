"""Counts are exact, under threads too."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from hfaug.errors import MediaError
from hfaug.media import (
    Clip,
    Counts,
    Picture,
    counts,
    decode_audio,
    decode_image,
    decode_mask,
    encode_audio,
    encode_image,
    encode_mask,
    image_size,
)
from tests.media.files import photo, saved, sound, tone

PHOTO = photo()


@pytest.fixture(autouse=True)
def from_zero():
    """Each test counts for itself."""
    counts.reset()


def test_each_kind_is_counted():
    """One call is one count; reading a size is none."""
    picture = decode_image(saved(PHOTO, "JPEG"))
    encode_image(picture.array, like=picture)
    encode_image(picture.array, like=picture)
    image_size(saved(PHOTO, "PNG"))
    mask = decode_mask(saved(PHOTO[..., 0], "PNG"))
    encode_mask(mask.array, like=mask)
    clip = decode_audio(sound(tone()))
    encode_audio(clip.samples, like=clip)
    assert counts.snapshot() == {
        "image.decode": 1,
        "image.encode": 2,
        "image.decode.mask": 1,
        "image.encode.mask": 1,
        "audio.decode": 1,
        "audio.encode": 1,
    }


def test_refused_files_are_not_counted():
    """Only work that was done counts."""
    with pytest.raises(MediaError):
        decode_image(b"text")
    with pytest.raises(MediaError):
        encode_audio(np.zeros((1, 3), int), like=Clip(tone(), 16000))
    assert dict(counts) == {}
    assert len(counts) == counts["image.decode"] == 0


def test_exact_under_threads():
    """No count is lost between threads, and decoding in threads gives what decoding alone gives."""
    content = saved(PHOTO, "JPEG")
    expected = decode_image(content).array
    like = Picture(expected, format="JPEG", lossless=False)
    written = encode_image(expected, like=like)

    def work(_):
        picture = decode_image(content)
        return np.array_equal(picture.array, expected) and encode_image(picture.array, like=like) == written

    counts.reset()
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(200)))
    assert (counts["image.decode"], counts["image.encode"]) == (200, 200)


def test_adding_is_exact():
    """Ten thousand additions from eight threads are ten thousand."""
    tally = Counts()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: tally.add("x"), range(10_000)))
    assert tally["x"] == 10_000
    assert repr(tally) == "Counts({'x': 10000})"
