"""ShuffleGrid: whole tiles in another order, nothing else; and no label of a place goes with it."""

from collections import Counter

import numpy as np
import pytest
from datasets import Features, Image, List, Value

from hfaug.errors import UnboundColumnError
from hfaug.ops.image import ShuffleGrid
from tests.ops.drawing import streams


def numbered(height, width, channels=3):
    """Every pixel is another."""
    return np.arange(height * width * channels, dtype=np.uint16).reshape(height, width, channels)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_tiles_are_moved_whole(channels):
    """Each tile is found once, as it was, also where sides are no multiples; the rest stays."""
    array = numbered(20, 31, channels)
    for rng in streams(30):
        done = ShuffleGrid(rows=3, columns=4).pixels(array, rng)
        assert (done[18:] == array[18:]).all()
        assert (done[:, 28:] == array[:, 28:]).all()
        tiles = [
            [one[y : y + 6, x : x + 7].tobytes() for y in (0, 6, 12) for x in (0, 7, 14, 21)] for one in (array, done)
        ]
        assert sorted(tiles[0]) == sorted(tiles[1])


def test_all_orders_are_as_likely():
    array = numbered(2, 4, 1)
    orders = Counter(
        tuple(ShuffleGrid(rows=1, columns=4).pixels(array, rng)[0, :, 0].tolist()) for rng in streams(2400)
    )
    assert len(orders) == 24
    assert max(abs(count - 100) for count in orders.values()) < 50


def test_tiles_are_pixels_where_there_are_few():
    array = numbered(2, 3)
    for rng in streams(20):
        done = ShuffleGrid(rows=50, columns=50).pixels(array, rng)
        assert sorted(map(tuple, done.reshape(-1, 3).tolist())) == sorted(map(tuple, array.reshape(-1, 3).tolist()))
    assert ShuffleGrid(rows=1, columns=1).pixels(array, rng) is array


def test_labels_of_places_are_refused():
    """Boxes would be torn; a class may stay."""
    label = {"image": Image(), "label": Value("int64")}
    assert set(ShuffleGrid().features(Features(label))) >= {"image", "label"}
    with pytest.raises(UnboundColumnError, match="boxes"):
        ShuffleGrid().features(Features({**label, "boxes": List(List(Value("float32"), length=4))}))
