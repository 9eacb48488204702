"""Erase: as many rectangles as drawn, of the drawn area, in one colour, inside the image."""

import numpy as np
import pytest

import hfaug
from hfaug.ops.image import Erase
from tests.ops.drawing import stream, streams


def covered(op, size, rng):
    """Where a white image became black."""
    return op.pixels(np.full((*size, 1), 255, np.uint8), rng)[..., 0] == 0


def extent(mask):
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1


@pytest.mark.parametrize("size", [(100, 100), (60, 240), (300, 50)])
@pytest.mark.parametrize("area", [(0.02, 0.2), (0.3, 0.9), (0.5, 0.5)])
def test_the_area_is_as_drawn(size, area):
    """Also where a rectangle of the drawn aspect would stick out: it grows on the other side."""
    for rng in streams(60):
        mask = covered(Erase(area=area, aspect=(0.1, 10)), size, rng)
        tall, wide = extent(mask)
        assert mask.sum() == tall * wide
        rounding = (tall + wide) / mask.size
        assert area[0] - rounding <= mask.mean() <= area[1] + rounding


def test_the_aspect_is_as_drawn_where_there_is_room():
    """Width over height, evenly on a logarithmic scale."""
    shapes = [extent(covered(Erase(area=(0.05, 0.05), aspect=(1, 4)), (400, 400), rng)) for rng in streams(400)]
    logs = np.log2([wide / tall for tall, wide in shapes])
    assert logs.min() > -0.05
    assert logs.max() < 2.05
    assert abs(logs.mean() - 1) < 5 * 2 / np.sqrt(12 * 400)


def test_holes_lie_anywhere():
    middle = [np.argwhere(covered(Erase(area=(0.01, 0.01)), (100, 100), rng)).mean(axis=0) for rng in streams(400)]
    np.testing.assert_allclose(np.mean(middle, axis=0), [49.5, 49.5], atol=8)
    assert np.min(middle) < 10
    assert np.max(middle) > 89


def test_as_many_holes_as_drawn():
    """Small ones in a large image rarely meet."""
    counts = []
    for rng in streams(60):
        mask = covered(Erase(holes=(0, 3), area=(0.0001, 0.0001), aspect=(1, 1)), (1000, 1000), rng)
        counts.append(int(mask.sum()) // 100)
    assert set(counts) == {0, 1, 2, 3}


def test_the_colour_is_that_of_the_image():
    fill = (250, 100, 50)
    luma = round(0.299 * 250 + 0.587 * 100 + 0.114 * 50)
    op = Erase(area=(1, 1), fill=fill)
    shape = (4, 5)
    assert op.pixels(np.zeros((*shape, 3), np.uint8), stream())[0, 0].tolist() == [250, 100, 50]
    assert op.pixels(np.zeros((*shape, 4), np.uint8), stream())[0, 0].tolist() == [250, 100, 50, 0]
    assert op.pixels(np.zeros((*shape, 1), np.uint8), stream())[0, 0].tolist() == [luma]
    assert op.pixels(np.zeros((*shape, 3), np.uint16), stream())[0, 0].tolist() == [257 * value for value in fill]


def test_nothing_to_cover_means_the_bytes_that_were(photos):
    for op in (Erase(holes=(0, 0)), Erase(area=(0, 0))):
        done = hfaug.augment(photos, op, keep=False, provenance=False)
        assert done.with_format("arrow")[:] == photos.with_format("arrow")[:]


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (2, 2)])
def test_the_smallest_images_are_covered_or_left(size):
    for rng in streams(30):
        assert covered(Erase(area=(0, 1), aspect=(0.01, 100)), size, rng).shape == size


def test_the_whole_image_can_be_covered():
    assert covered(Erase(area=(1, 1), aspect=(0.3, 3)), (37, 91), stream()).all()


def test_the_array_that_came_in_is_left_alone():
    array = np.full((9, 9, 3), 7, np.uint8)
    Erase(area=(0.5, 1)).pixels(array, stream())
    assert (array == 7).all()


def test_labels_stay(photos):
    done = hfaug.augment(photos, Erase(), keep=False, provenance=False)
    assert done["objects"][:] == photos["objects"][:]


@pytest.mark.parametrize("array", [np.full((40, 60, c), 7, k) for c in (1, 3, 4) for k in (np.uint8, np.uint16)])
def test_a_random_colour_is_drawn_for_each_rectangle(array):
    """One colour a rectangle, another for the next, and none of alpha's business."""
    whole = Erase(area=(1, 1), fill="random")
    made = [whole.pixels(array, rng) for rng in streams(200)]
    assert all((one[..., :3] == one[0, 0, :3]).all() for one in made)
    if array.shape[2] == 4:
        assert all((one[..., 3] == 7).all() for one in made)
    top = np.iinfo(array.dtype).max
    levels = np.array([one[0, 0, 0] for one in made]) / top
    assert abs(levels.mean() - 0.5) < 5 / np.sqrt(12 * 200)
    assert (Erase(holes=(2, 2), area=(0.1, 0.1), fill="random").pixels(array, stream()) != 7).any()


@pytest.mark.parametrize("array", [np.full((90, 80, c), 7, k) for c in (1, 3, 4) for k in (np.uint8, np.uint16)])
def test_noise_is_drawn_for_each_pixel(array):
    """Every level is as likely, also where two holes lie; the places are those of any other fill."""
    made = Erase(area=(1, 1), fill="noise").pixels(array, stream())
    levels = made[..., :3] / np.iinfo(array.dtype).max
    assert abs(levels.mean() - 0.5) < 5 / np.sqrt(12 * levels.size)
    assert abs(levels.std() - 1 / np.sqrt(12)) < 0.01
    some = Erase(holes=(3, 3), area=(0.02, 0.05), fill="noise")
    hidden = some.covered(array.shape[:2], stream())
    changed = (some.pixels(array, stream()) != array)[..., :3].any(axis=2)
    assert not (changed & ~hidden).any()
    assert changed.sum() > 0.98 * hidden.sum()
