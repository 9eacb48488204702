"""Run lengths of masks, against pycocotools, which invented them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco

from hfaug.errors import MediaError
from hfaug.media.runs import decode_runs, encode_runs, pack_counts, unpack_counts

# pycocotools asks NumPy for arrays in the way of its first version.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")


@st.composite
def masks(draw):
    """From empty to full, of any size."""
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return rng.random((height, width)) < draw(st.sampled_from([0, 0.02, 0.5, 0.98, 1]))


@given(masks())
def test_runs_are_those_of_pycocotools(mask):
    """The same text from the same mask, and the same mask from the same text."""
    theirs = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    runs = encode_runs(mask)
    assert pack_counts(runs).encode() == theirs["counts"]
    assert unpack_counts(theirs["counts"]) == runs
    assert (decode_runs(theirs["counts"].decode(), mask.shape) == mask).all()
    assert (decode_runs(runs, mask.shape) == mask).all()
    uncompressed = coco.frPyObjects({"counts": runs, "size": list(mask.shape)}, *mask.shape)
    assert (coco.decode(uncompressed).astype(bool) == mask).all()


@given(st.lists(st.integers(0, 2**31), max_size=30))
def test_numbers_of_any_length_come_back(counts):
    assert unpack_counts(pack_counts(counts)) == counts


@pytest.mark.parametrize("text", ["5", "04o", "é", " 1", "0~"])
def test_texts_that_are_none_are_refused(text):
    with pytest.raises(MediaError, match="rle: "):
        decode_runs(text, (2, 2))


@pytest.mark.parametrize("runs", [[5], [1, -1, 4], [], [4, 1]], ids=str)
def test_runs_must_fill_the_mask(runs):
    with pytest.raises(MediaError, match="fill the 2x2"):
        decode_runs(runs, (2, 2))


def test_nothing_has_no_runs():
    assert encode_runs(np.zeros((0, 3))) == []
    assert decode_runs([], (0, 3)).shape == (0, 3)
