"""Ops on samples in their places, against what a tone, a click or a count says of them."""

import numpy as np
import pytest

from hfaug import media
from hfaug.ops import audio
from hfaug.ops.audio.filters.absorb_air import absorption_db
from hfaug.ops.audio.levels.loudness import integrated_lufs
from hfaug.ops.audio.rooms.box import response_of
from hfaug.ops.audio.rooms.response import in_room
from tests.ops.drawing import stream, streams

RATE = 16_000


def tone(hz, rate=RATE, seconds=2.0, level=0.5):
    return (level * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)[None]


def gain_db(op, hz, rate=RATE):
    """What an op does to a tone, away from the ends."""
    before = tone(hz, rate)
    after = op.wave(before, rate, stream())
    inner = slice(rate // 4, -rate // 4)
    return 10 * np.log10(np.mean(after[0, inner] ** 2) / np.mean(before[0, inner] ** 2) + 1e-12)


@pytest.mark.parametrize(
    "op, passes, stops",
    [
        (audio.LowPass(cutoff_hz=(1000, 1000)), (100, 500), (4000, 7000)),
        (audio.HighPass(cutoff_hz=(1000, 1000)), (2500, 7000), (50, 200)),
        (audio.BandPass(center_hz=(1000, 1000), octaves=(2, 2)), (1000,), (100, 7000)),
        (audio.BandStop(center_hz=(1000, 1000), octaves=(2, 2)), (100, 7000), (1000,)),
        (audio.Telephone(low_hz=(300, 300), high_hz=(3400, 3400), mu=0), (800, 1000, 2000), (50, 5000)),
    ],
    ids=["low", "high", "pass", "stop", "telephone"],
)
def test_filters_let_through_what_they_say(op, passes, stops):
    """Within a decibel, and 30 dB down."""
    assert all(abs(gain_db(op, hz)) < 1 for hz in passes)
    assert all(gain_db(op, hz) < -30 for hz in stops)


def test_bands_above_all_that_a_rate_holds_are_left_out():
    """Of sensors and the like; no band at all leaves the samples as they are."""
    before = tone(5, 80, 4.0)
    assert audio.Equalize().wave(before, 80, stream()) is before
    assert audio.Equalize().wave(tone(5, 194), 194, stream()).shape == tone(5, 194).shape


@pytest.mark.parametrize("op", [audio.MaskFrequency(masks=(0, 0)), audio.Clip(share=(0, 0))], ids=["mask", "clip"])
def test_what_changes_nothing_returns_the_very_samples(op):
    before = tone(440)
    assert op.wave(before, RATE, stream()) is before


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 96_000])
@pytest.mark.parametrize(
    "op",
    [
        audio.LowPass(cutoff_hz=(1500, 1500)), audio.HighPass(cutoff_hz=(300, 300)), audio.BandStop(),
        audio.BandPass(center_hz=(1000, 1000), octaves=(3, 3)), audio.Equalize(), audio.AbsorbAir(), audio.Telephone(),
        audio.Compress(quality=(0.5, 0.5)), audio.Compress(codec="vorbis"), audio.Compress(codec="opus"),
        audio.Distort(), audio.CrushBits(), audio.Limit(), audio.CompressDynamics(), audio.FadeGain(),
        audio.MaskFrequency(), audio.NormalizeLoudness(), audio.Clip(share=(0, 0)),
    ],
    ids=lambda op: f"{type(op).__name__} {getattr(op, 'codec', '')}".strip() if isinstance(op, audio.Compress)
    else type(op).__name__ if not isinstance(op, int) else None,
)  # fmt: skip
def test_what_stays_in_time_stays_in_time(op, rate):
    """A short burst of noise is where it was: most alike at no delay, within half a millisecond."""
    rng = np.random.default_rng(0)
    before = np.zeros((1, rate), np.float32)
    before[0, rate // 2 : rate // 2 + rate // 50] = 0.5 * rng.standard_normal(rate // 50)
    after = op.wave(before, rate, stream())
    spectrum = np.fft.rfft(after[0], 2 * rate) * np.conj(np.fft.rfft(before[0], 2 * rate))
    delay = int(np.fft.irfft(spectrum).argmax())
    assert min(delay, 2 * rate - delay) <= max(1, rate // 2000)


def test_loudness_is_that_of_the_standard():
    """A full-scale tone of 997 Hz is -3.01 LUFS, at any rate; what was brought to a loudness has it."""
    for rate in (16_000, 44_100, 48_000, 96_000):
        assert integrated_lufs(tone(997, rate, level=1.0), rate) == pytest.approx(-3.01, abs=0.05)
    done = audio.NormalizeLoudness(loudness_lufs=(-23, -23)).wave(tone(300), RATE, stream())
    assert integrated_lufs(done, RATE) == pytest.approx(-23, abs=0.01)
    stereo = np.repeat(tone(997, 48_000, level=1.0), 2, axis=0)
    assert integrated_lufs(stereo, 48_000) == pytest.approx(0.0, abs=0.05)
    assert integrated_lufs(np.zeros((1, 48_000), np.float32), 48_000) is None


def test_pauses_do_not_count_in_loudness():
    """The gate leaves them out."""
    spoken = np.concatenate([tone(997, 48_000), np.zeros((1, 480_000), np.float32)], axis=1)
    assert integrated_lufs(spoken, 48_000) == pytest.approx(integrated_lufs(tone(997, 48_000), 48_000), abs=0.7)


def test_peaks_are_brought_to_their_level():
    done = audio.NormalizePeak(peak_db=(-6, -6)).wave(tone(300, level=0.1), RATE, stream())
    assert np.abs(done).max() == pytest.approx(10 ** (-6 / 20), rel=1e-5)


def test_fades_go_from_one_gain_to_another():
    one = np.ones((1, 20_000), np.float32)
    for rng in streams(20):
        done = 20 * np.log10(audio.FadeGain(gain_db=(-20, 0), fade_s=(0.1, 0.3)).wave(one, 10_000, rng)[0])
        steps = np.diff(done)
        assert (steps >= -1e-4).all() or (steps <= 1e-4).all()
        assert -20.01 <= done.min() <= done.max() <= 0.01
        assert np.abs(steps).max() < 20 / 1000 + 1e-3


def test_a_share_is_cut_off():
    noise = np.random.default_rng(0).standard_normal((1, 50_000)).astype(np.float32) * 0.1
    done = audio.Clip(share=(0.2, 0.2)).wave(noise, RATE, stream())
    assert np.mean(np.isin(done, (done.min(), done.max()))) == pytest.approx(0.2, abs=0.005)


def test_a_limiter_holds_and_leaves_the_rest():
    sound = np.concatenate([tone(300, level=0.05), tone(300, level=0.8), tone(300, level=0.05)], axis=1)
    done = audio.Limit(threshold_db=(-12, -12)).wave(sound, RATE, stream())
    assert np.abs(done).max() <= 0.8 * 10 ** (-12 / 20) * 1.001
    np.testing.assert_allclose(done[:, : RATE * 3 // 2], sound[:, : RATE * 3 // 2], atol=1e-6)


def test_a_compressor_makes_less_of_differences():
    sound = np.concatenate([tone(300, level=0.05), tone(300, level=0.8)], axis=1)
    done = audio.CompressDynamics(threshold_db=(-30, -30), ratio=(4, 4)).wave(sound, RATE, stream())
    soft, loud = (np.abs(done[0, part]).max() for part in (slice(RATE // 2, RATE), slice(-RATE, None)))
    # 24 dB apart; the soft tone is 6 dB over the threshold and the loud one 30, of which a quarter is left.
    assert 20 * np.log10(loud / soft) == pytest.approx(24 / 4, abs=0.5)
    assert np.abs(done).max() == pytest.approx(0.8, rel=1e-3)


def test_air_takes_what_the_standard_says():
    """ISO 9613-1 and -2 at 20 degrees and 70 %: dB on a kilometre."""
    hz = np.array([125, 250, 500, 1000, 2000, 4000, 8000])
    table = [0.34, 1.1, 2.8, 5.0, 9.0, 22.9, 76.6]
    np.testing.assert_allclose(absorption_db(hz, 20, 0.7) * 1000, table, rtol=0.04)
    op = audio.AbsorbAir(distance_m=(500, 500), temperature_c=(20, 20), humidity=(0.7, 0.7))
    assert gain_db(op, 4000) == pytest.approx(-11.45, abs=0.5)


def test_bits_are_counted():
    done = audio.CrushBits(bits=(3, 3)).wave(tone(300, level=1.0), RATE, stream())
    assert len(np.unique(done)) == 11  # five steps to either side, and none


def test_tones_fold_down():
    """3,000 Hz seen 4,000 times a second is 1,000 Hz."""
    done = audio.Alias(rate_hz=(4000, 4000)).wave(tone(3000), RATE, stream())
    spectrum = np.abs(np.fft.rfft(done[0]))
    assert np.fft.rfftfreq(done.shape[1], 1 / RATE)[spectrum.argmax()] == pytest.approx(1000, abs=2)


def test_seven_bands_by_no_gain_are_nothing():
    before = tone(700)
    np.testing.assert_allclose(audio.Equalize(gain_db=(0, 0)).wave(before, RATE, stream()), before, atol=1e-5)
    assert gain_db(audio.Equalize(gain_db=(6, 6)), 1000) > 3


@pytest.mark.parametrize("slope", [-6.02, -3.01, 0, 3.01])
def test_noise_has_its_colour_and_strength(slope):
    before = tone(440, seconds=8)
    noise = audio.AddColorNoise(snr_db=(10, 10), slope_db=(slope, slope)).wave(before, RATE, stream()) - before
    assert 10 * np.log10(np.mean(before**2) / np.mean(noise.astype(np.float64) ** 2)) == pytest.approx(10, abs=0.01)
    power = np.abs(np.fft.rfft(noise[0])) ** 2
    hz = np.fft.rfftfreq(noise.shape[1], 1 / RATE)
    bands = [10 * np.log10(power[(hz >= low) & (hz < 2 * low)].mean()) for low in (62.5, 125, 250, 500, 1000, 2000)]
    assert np.polyfit(range(6), bands, 1)[0] == pytest.approx(slope, abs=0.5)


def test_masks_silence_their_share():
    done = audio.MaskTime(share=(0.1, 0.1), fade_s=0).wave(np.ones((2, 5000), np.float32), RATE, stream())
    assert (done == 0).sum(axis=1).tolist() == [500, 500]
    assert np.diff(np.flatnonzero(done[0] == 0)).max() == 1


def test_a_band_of_frequencies_goes():
    noise = np.random.default_rng(0).standard_normal((1, 40_000)).astype(np.float32)
    done = audio.MaskFrequency(share=(0.1, 0.1)).wave(noise, RATE, stream())
    ratio = np.abs(np.fft.rfft(done[0])) / np.abs(np.fft.rfft(noise[0]))
    gone = np.fft.rfftfreq(40_000, 1 / RATE)[ratio < 0.01]
    mel = np.log1p(gone / 700) / np.log1p(RATE / 2 / 700)
    assert mel.max() - mel.min() == pytest.approx(0.1, abs=0.01)


def falls_by_60_db(answer, rate, low, high):
    """The time that an answer takes, by the slope of what is still to come between two levels."""
    left = np.cumsum(answer[::-1].astype(np.float64) ** 2)[::-1]
    falls = 10 * np.log10(left / left[0] + 1e-12)
    first, last = np.argmax(falls < low), np.argmax(falls < high)
    slope, _ = np.polyfit(np.arange(first, last) / rate, falls[first:last], 1)
    return -60 / slope


def test_rooms_answer_a_click_at_once_and_then_again():
    size, source, here = np.array([5.0, 4.0, 3.0]), np.array([1.0, 1.0, 1.0]), np.array([3.5, 2.0, 1.5])
    answer = response_of(size, source, here, 0.4, RATE, np.random.default_rng(0))[0]
    direct, floor = np.linalg.norm(here - source), np.linalg.norm(here - source * [1, 1, -1])
    assert answer[0] > answer[1]
    assert answer[round(floor / 343 * RATE) - round(direct / 343 * RATE)] > 0
    click = np.zeros((1, RATE), np.float32)
    click[0, 4000] = 1
    heard = in_room(click, RATE, answer[None], 1.0, direct=0)
    assert np.abs(heard[0]).argmax() == 4000
    assert np.mean(heard**2) == pytest.approx(np.mean(click**2), rel=1e-3)


@pytest.mark.parametrize("rate", [8_000, 48_000])
@pytest.mark.parametrize("echo_s", [0.2, 0.6, 1.5, 4.0])
def test_rooms_echo_as_long_as_drawn(echo_s, rate):
    """Within a tenth, by other stretches of the decay, too; small and flat rooms alike."""
    draws = np.random.default_rng(0)
    for _ in range(6):
        size = np.array([draws.uniform(3, 8), draws.uniform(3, 8), draws.uniform(2.4, 3.5)])
        places = (size * draws.uniform(0.1, 0.9, 3) for _ in range(2))
        answer = response_of(size, *places, echo_s, rate, np.random.default_rng(1))[0]
        assert falls_by_60_db(answer, rate, -5, -35) == pytest.approx(echo_s, rel=0.1)
        assert falls_by_60_db(answer, rate, -10, -45) == pytest.approx(echo_s, rel=0.1 if echo_s > 0.2 else 0.25)


def test_codecs_cost_quality():
    """Less of it at a lower quality."""
    files = np.random.default_rng(0).standard_normal((1, RATE)).astype(np.float32) * 0.1 + tone(500, seconds=1)
    lost = [
        np.mean((audio.Compress(codec="mp3", quality=(quality,) * 2).wave(files, RATE, stream()) - files) ** 2)
        for quality in (0.0, 1.0)
    ]
    assert lost[0] > 2 * lost[1] > 0
    assert media.counts["audio.encode"] > 0


def test_a_click_in_silence_is_clipped_and_not_lost():
    """What is cut off is a share of what is heard; of one sample nothing can be."""
    click = np.zeros((1, 4000), np.float32)
    click[0, 2000] = 0.9
    np.testing.assert_array_equal(audio.Clip(share=(0.4, 0.4)).wave(click, RATE, stream()), click)
    noise = np.zeros((1, 8000), np.float32)
    noise[0, :1000] = np.random.default_rng(0).standard_normal(1000) / 5
    done = audio.Clip(share=(0.2, 0.2)).wave(noise, RATE, stream())
    assert np.count_nonzero(done != noise) == 200


@pytest.mark.parametrize("count", [0, 1, 3, 7])
def test_some_bands_alone_are_equalized(count):
    """As many as asked for; which ones, the row draws."""
    op = audio.Equalize(gain_db=(6, 6), bands=(count, count))
    chosen = [op._chosen(one) for one in streams(8)]
    assert {len(one) for one in chosen} == {count}
    assert len({tuple(sorted(one)) for one in chosen}) > 1 or count in (0, 7)
    gains = [gain_db(op, hz, 44_100) for hz in (50, 110, 250, 550, 1200, 2700, 6200)]
    assert count <= sum(gain > 2 for gain in gains) <= max(2 * count, 0)
