"""Ops on pixels that are tried on arrays, and arrays to try them on."""

import functools
from pathlib import Path

import numpy as np

from hfaug import media
from hfaug.kinds import PixelOp
from hfaug.ops.image.policies.canvas import Canvas
from tests.ops.drawing import stream

PHOTOS = Path(__file__).parents[2] / "data" / "photos"
KINDS = [(channels, kind) for channels in (1, 3, 4) for kind in (np.uint8, np.uint16)]
SHAPES = [(1, 1), (1, 40), (33, 1), (2, 3), (37, 53)]


def applied(op, array, rng=None):
    """What an op makes of an array."""
    rng = stream() if rng is None else rng
    if isinstance(op, PixelOp):
        return op.pixels(array, rng)
    canvas = Canvas(array)
    op.change(canvas, rng)
    return canvas.array


@functools.cache
def photo(name="astronaut"):
    """A colour photograph of 256x256."""
    array = media.decode_image((PHOTOS / f"{name}.jpg").read_bytes()).array
    array.flags.writeable = False
    return array


def noise(shape, kind=np.uint8, seed=0):
    """Random levels, read-only as decoded images are."""
    array = np.random.default_rng(seed).integers(0, np.iinfo(kind).max + 1, shape).astype(kind)
    array.flags.writeable = False
    return array


def ramp(kind=np.uint8, channels=3):
    """Every level once, in each channel."""
    levels = np.arange(np.iinfo(kind).max + 1).astype(kind)
    return np.repeat(levels.reshape(16, -1, 1), channels, axis=2)


def top(array):
    """White."""
    return np.iinfo(array.dtype).max
