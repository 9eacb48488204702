"""ChangeGain: every sample times one factor, and what leaves full scale is counted."""

import numpy as np
import pytest

import hfaug
from hfaug import media
from hfaug.ops.audio import ChangeGain
from tests.ops.drawing import stream, streams

TONE = np.sin(np.arange(4000) / 7, dtype=np.float32)[None] * np.float32(0.5)


@pytest.mark.parametrize("gain_db, factor", [(6.0206, 2.0), (-20, 0.1), (0, 1.0)])
def test_the_gain_is_exact(gain_db, factor):
    done = ChangeGain(gain_db=(gain_db, gain_db)).wave(TONE, 8000, stream())
    np.testing.assert_allclose(done, TONE * factor, rtol=1e-5)
    assert done.dtype == np.float32


def test_gains_fill_their_range_in_decibels():
    drawn = [
        20 * np.log10(ChangeGain(gain_db=(-12, 6)).wave(TONE, 8000, rng).max() / TONE.max()) for rng in streams(600)
    ]
    assert -12.001 <= min(drawn) < -11.8
    assert 5.8 < max(drawn) <= 6.001
    assert abs(np.mean(drawn) + 3) < 5 * 18 / np.sqrt(12 * 600)


def test_channels_get_the_same_gain():
    stereo = np.concatenate([TONE, -TONE / 3])
    done = ChangeGain().wave(stereo, 8000, stream())
    np.testing.assert_allclose(done[1], -done[0] / 3, rtol=1e-5)


def test_what_leaves_full_scale_is_cut_and_counted(speech):
    """A hundred times as loud: 16 bits cannot hold it."""
    media.counts.reset()
    row = (
        hfaug.augment(speech.select([0]), ChangeGain(gain_db=(40, 40)), keep=False).with_format("arrow")[:].to_pylist()
    )
    before = media.decode_audio(speech.with_format("arrow")[:1].to_pylist()[0]["audio"]["bytes"]).samples
    after = media.decode_audio(row[0]["audio"]["bytes"]).samples
    loud = np.rint(before * np.float32(100) * 32768)
    assert media.counts["audio.clipped"] == int((np.abs(loud) > 32768).sum()) > 0
    np.testing.assert_array_equal(after, (loud.clip(-32768, 32767) / 32768).astype(np.float32))


def test_silence_and_nothing_stay():
    for samples in (np.zeros((1, 50), np.float32), np.zeros((2, 0), np.float32)):
        np.testing.assert_array_equal(ChangeGain().wave(samples, 8000, stream()), samples)


def test_the_array_that_came_in_is_left_alone():
    held = TONE.copy()
    ChangeGain(gain_db=(3, 3)).wave(held, 8000, stream())
    np.testing.assert_array_equal(held, TONE)
