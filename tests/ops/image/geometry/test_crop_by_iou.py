"""CropByIou: some box overlaps the window by the drawn share, or the image stays whole."""

import types

import numpy as np
import pytest
from datasets import Features, Image

from hfaug.errors import ParameterError, RoleError
from hfaug.ops.image import CropByIou
from tests.ops.drawing import streams

BOXES = np.array([[10, 10, 60, 50], [70, 20, 95, 75.0]])


def scene(boxes=BOXES, size=(80, 100)):
    return types.SimpleNamespace(size=size, boxes=np.asarray(boxes, dtype=float).reshape(-1, 4))


def window(move):
    """x1, y1, x2, y2 in the image before."""
    left, top = -move.matrix[0, 2], -move.matrix[1, 2]
    return np.array([left, top, left + move.size[1], top + move.size[0]])


def overlap(one, other):
    """Pixel by pixel: areas in tenths of pixels."""
    planes = np.zeros((2, 800, 1000), bool)
    for plane, (x1, y1, x2, y2) in zip(planes, np.rint(np.array([one, other]) * 10).astype(int), strict=True):
        plane[y1:y2, x1:x2] = True
    return planes.all(axis=0).sum() / planes.any(axis=0).sum()


@pytest.mark.parametrize("least", [0.1, 0.5, 0.7])
def test_some_box_overlaps_by_the_share(least):
    """Or nothing was cut; and windows differ."""
    sizes = set()
    for rng in streams(40):
        move = CropByIou(iou=(least,)).move_of(scene(), rng)
        if move.size != (80, 100):
            assert max(overlap(window(move), box) for box in BOXES) >= least - 1e-9
        sizes.add(move.size)
    assert len(sizes) > 8


def test_nothing_and_all():
    """A share of 0 asks for nothing, with boxes or without; a share of 1, and what cannot be had, cut nothing."""
    for boxes in (BOXES, []):
        free = [CropByIou(iou=(0,)).move_of(scene(boxes), rng).size for rng in streams(100)]
        assert len(set(free)) > 60
        assert all(0.09 <= height * width / 8000 <= 1 and 0.45 <= width / height <= 2.1 for height, width in free)
    assert CropByIou(iou=(1,)).move_of(scene(), next(iter(streams(1)))).is_identity
    assert all(CropByIou(iou=(0.3,)).move_of(scene([]), rng).is_identity for rng in streams(5))
    tiny = scene([[3, 3, 4, 4]])
    assert all(CropByIou(iou=(0.9,)).move_of(tiny, rng).is_identity for rng in streams(5))


def test_each_share_is_drawn():
    """Half of them ask for everything."""
    whole = [CropByIou(iou=(0, 1)).move_of(scene(), rng).is_identity for rng in streams(400)]
    assert abs(np.mean(whole) - 0.5) < 0.125


def test_what_it_needs():
    with pytest.raises(RoleError, match="CropByIou: needs one boxes column"):
        CropByIou().features(Features({"image": Image()}))
    with pytest.raises(ParameterError, match="iou must name at least one overlap, is empty"):
        CropByIou(iou=())
