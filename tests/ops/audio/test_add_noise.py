"""AddNoise: white noise, so much weaker than the sound as the drawn ratio says."""

import numpy as np
import pytest

from hfaug.ops.audio import AddNoise
from tests.ops.drawing import stream, streams

TONE = np.sin(np.arange(20_000) / 7, dtype=np.float32)[None] * np.float32(0.4)


def measured_snr_db(before, after):
    noise = after.astype(np.float64) - before
    return 10 * np.log10((before.astype(np.float64) ** 2).mean() / (noise**2).mean())


@pytest.mark.parametrize("snr_db", [-5, 0, 20, 60])
def test_the_ratio_is_as_drawn(snr_db):
    """Within what 20,000 samples of noise can tell: 0.09 dB are two standard errors."""
    done = AddNoise(snr_db=(snr_db, snr_db)).wave(TONE, 8000, stream())
    assert abs(measured_snr_db(TONE, done) - snr_db) < 0.2


def test_ratios_fill_their_range():
    drawn = [measured_snr_db(TONE, AddNoise(snr_db=(5, 25)).wave(TONE, 8000, rng)) for rng in streams(150)]
    assert 4.8 <= min(drawn) < 6
    assert 24 < max(drawn) <= 25.2


def test_the_noise_is_white_and_normal():
    noise = AddNoise(snr_db=(0, 0)).wave(TONE, 8000, stream())[0].astype(np.float64) - TONE[0]
    assert abs(noise.mean()) < 5 * noise.std() / np.sqrt(noise.size)
    bands = (np.abs(np.fft.rfft(noise)) ** 2)[1:10_001].reshape(10, 1000).mean(axis=1)
    np.testing.assert_allclose(bands / bands.mean(), 1, atol=5 / np.sqrt(1000))
    assert abs(((noise / noise.std()) ** 4).mean() - 3) < 5 * np.sqrt(24 / noise.size)


def test_rows_and_channels_have_noise_of_their_own():
    stereo = np.concatenate([TONE, TONE])
    first, second = (AddNoise(snr_db=(10, 10)).wave(stereo, 8000, rng) - stereo for rng in streams(2))
    for one, other in ((first[0], first[1]), (first[0], second[0])):
        assert abs(np.corrcoef(one, other)[0, 1]) < 5 / np.sqrt(one.size)


def test_the_same_row_has_the_same_noise_whatever_was_drawn_before():
    first = AddNoise().wave(TONE, 8000, stream())
    np.random.default_rng().random(7)
    np.testing.assert_array_equal(first, AddNoise().wave(TONE, 8000, stream()))


def test_silence_and_nothing_stay():
    for samples in (np.zeros((1, 50), np.float32), np.zeros((2, 0), np.float32)):
        assert AddNoise().wave(samples, 8000, stream()) is samples
