"""How many images go through a model together: as many as this machine gives the same bits in any company."""

import numpy as np
import pytest

from hfaug.backends.exact import images_together


def _drawn(change=lambda images, _seeds: images):
    """A model that makes an image of each seed, and whatever goes wrong between them."""

    def draw(seeds):
        calls.append(len(seeds))
        return change(np.array([np.full((2, 2, 1), seed, np.float32) for seed in seeds]), list(seeds))

    calls = []
    draw.calls = calls
    return draw


def _by_place(images, _seeds):
    return images + np.arange(len(images), dtype=np.float32)[:, None, None, None] * 1e-6


def _by_neighbour(images, _seeds):
    return images + np.roll(images, 1, axis=0) * 1e-6


def _exact_in_fours(images, _seeds):
    return _by_place(images, _seeds) if len(images) > 4 else images


def _all_black(images, _seeds):
    return images * 0


@pytest.mark.parametrize(
    ("change", "together"),
    [
        (lambda images, _seeds: images, 8),
        (_by_place, 1),
        (_by_neighbour, 1),
        (_exact_in_fours, 4),
        (_all_black, 1),  # as a safety checker paints them: they are equal whatever the model does
    ],
)
def test_images_that_feel_their_company_go_alone(change, together):
    assert images_together(_drawn(change), (32, 32)) == together


@pytest.mark.parametrize(("size", "together"), [((32, 32), 8), ((64, 64), 4), ((64, 96), 2), ((128, 128), 1)])
def test_the_larger_they_are_the_fewer(size, together):
    draw = _drawn()
    assert images_together(draw, size) == together
    assert set(draw.calls) == ({together} if together > 1 else set())  # large ones cost no trial
