"""Noise on the frames of a video: each has its own, all are equally noisy."""

import numpy as np
import pytest

from hfaug.ops.image import AddNoise, AddRain, AddShotNoise, AddSnow, Blur
from tests.ops.drawing import stream

FRAME = np.full((64, 64, 3), 120, np.uint8)


def frames(op, count=6):
    """What an op makes of equal frames."""
    return [op._edited_frame(FRAME, number, stream()) for number in range(count)]


@pytest.mark.parametrize("op", [AddNoise(), AddShotNoise(), AddRain(), AddSnow()], ids=repr)
def test_frames_differ_and_are_alike(op):
    done = frames(op)
    assert len({frame.tobytes() for frame in done}) == len(done)
    spread = [float(frame.std()) for frame in done]
    assert max(spread) < 1.35 * min(spread)


def test_other_ops_do_the_same_to_every_frame():
    assert len({frame.tobytes() for frame in frames(Blur())}) == 1
