"""Does it help? Spoken digits: trained on some speakers with and without augmentation, tested on the others."""

import itertools
import math

import numpy as np
import pytest

import hfaug
from hfaug import Chain, media
from hfaug.ops.audio import AddNoise, ChangeSpeed, Equalize, Shift, ShiftPitch, StretchTime
from hfaug.testing import storage

COPIES, FRAMES, BANDS = 8, 24, 24
OP = Chain(
    StretchTime(factor=(0.8, 1.25)),
    ShiftPitch(semitones=(-3, 3)),
    ChangeSpeed(factor=(0.9, 1.1)).sometimes(0.5),
    Shift(shift=(-0.1, 0.1), edge="silence"),
    Equalize(gain_db=(-6, 6)),
    AddNoise(snr_db=(15, 40)),
)


def features(clip):
    """Log-mel levels of so many moments spread over the sound, each band less its mean."""
    samples, rate = clip.samples[0], clip.rate
    size = 256
    starts = np.linspace(0, max(len(samples) - size, 0), FRAMES).astype(int)
    padded = np.pad(samples, (0, size))
    spectrum = np.abs(np.fft.rfft([padded[s : s + size] * np.hanning(size) for s in starts], axis=1)) ** 2
    mel = np.log1p(np.fft.rfftfreq(size, 1 / rate) / 700)
    edges = np.linspace(mel[1], mel[-1], BANDS + 2)
    rise = (mel[None] - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - mel[None]) / (edges[2:] - edges[1:-1])[:, None]
    levels = np.log(spectrum @ np.clip(np.minimum(rise, fall), 0, None).T + 1e-7)
    return (levels - levels.mean(axis=0)).ravel()


def table(rows):
    """Features, digits and speakers."""
    held = storage(rows)
    clips = [media.decode_audio(value["bytes"]) for value in held["audio"].to_pylist()]
    return np.array(list(map(features, clips))), np.array(held["digit"]), np.array(held["speaker"])


def accuracies(rows, trained=3):
    """Shares of digits of unheard speakers told right: for each choice of speakers, without and with copies."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    plain, more = table(rows), table(hfaug.augment(rows, OP, copies=COPIES))
    found = []
    for some in itertools.combinations(sorted(set(plain[2])), trained):
        unheard = ~np.isin(plain[2], some)
        right = []
        for values, digits, speakers in (plain, more):
            heard = np.isin(speakers, some)
            model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=2000))
            model.fit(values[heard], digits[heard])
            right.append(model.score(plain[0][unheard], plain[1][unheard]))
        found.append(right)
    return np.array(found)


def report(found):
    """Both figures with their spread over the choices of speakers, and the difference with its own."""
    gain = found[:, 1] - found[:, 0]
    means, spreads = found.mean(axis=0), found.std(axis=0, ddof=1)
    return (
        f"without {means[0]:.3f} (sd {spreads[0]:.3f}), with {means[1]:.3f} (sd {spreads[1]:.3f}), difference "
        f"{gain.mean():+.3f} (sd {gain.std(ddof=1):.3f}, better in {np.mean(gain > 0):.0%} of {len(gain)} choices)"
    )


@pytest.mark.slow
def test_spoken_digits_of_unheard_speakers(speech):
    """Both figures are printed, whatever they say; that they are better than chance is all that is asked."""
    found = accuracies(speech)
    print(report(found))
    assert len(found) == math.comb(6, 3)
    assert found.mean(axis=0).min() > 0.15
