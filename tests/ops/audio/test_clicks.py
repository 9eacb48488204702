"""Time labels against clicks: put at known moments in silence and in speech, found again after ops, at 8 to 96 kHz."""

import numpy as np
import pyarrow as pa
import pytest
from datasets import Audio, Dataset, Features, List, Value

from hfaug import Chain, media
from hfaug.ops.audio import ChangeSpeed, Crop, Loop, Pad, Reverse, Shift, ShiftPitch, StretchTime, Trim
from hfaug.testing import storage

RATES = [8_000, 16_000, 22_050, 44_100, 48_000, 96_000]
MOMENTS_S = (0.2, 0.45, 0.9, 1.3, 1.75)
FEATURES = Features(
    {
        "audio": Audio(),
        "clicks": List({"time": Value("float64"), "name": Value("int32")}),
        "spans": {"start": List(Value("float64")), "duration": List(Value("float64")), "name": List(Value("int32"))},
    }
)
EXACT = {
    "crop": Crop(length=(0.6, 0.8)),
    "reverse": Reverse(),
    "roll": Shift(),
    "shift": Shift(edge="silence"),
    "pad": Pad(silence_s=(0.3, 0.7)),
    "loop": Loop(),
    "trim": Trim(),
    "crop, reverse, pad, roll": Chain(Crop(length=(0.7, 0.8)), Reverse(), Pad(), Shift()),
}
STRETCHED = {
    "speed": ChangeSpeed(factor=(0.8, 1.25)),
    "stretch": StretchTime(factor=(0.7, 1.5)),
    "stretch, trim, reverse": Chain(StretchTime(factor=(0.8, 1.25)), Trim(), Reverse()),
    "crop, stretch, pitch, reverse": Chain(
        Crop(length=(0.7, 0.8)), StretchTime(factor=(0.8, 1.25)), ShiftPitch(semitones=(-3, 3)), Reverse()
    ),
    "reverse, speed, pad": Chain(Reverse(), ChangeSpeed(), Pad()),
}
CLOSE_S = 0.0021
"""How far a click may be from its label after a stretch: two thousandths of a second, and half a sample of rounding."""


def row(rate, backdrop, subtype="PCM_16"):
    """Clicks of falling height over silence or speech, and where they are."""
    samples = np.zeros((1, round(2.0 * rate)), np.float32) if backdrop is None else backdrop.copy()
    places = [round(moment * rate) for moment in MOMENTS_S]
    for number, place in enumerate(places):
        samples[0, place] += 0.9 - 0.1 * number
    like = media.Clip(samples, rate, "WAV", subtype, 1)
    at = [(place + 0.5) / rate for place in places]  # in the middle of its sample
    return {
        "audio": {"bytes": media.encode_audio(samples, like=like), "path": None},
        "clicks": [{"time": moment, "name": number} for number, moment in enumerate(at)],
        "spans": {"start": [m - 0.02 for m in at], "duration": [0.04] * len(at), "name": list(range(len(at)))},
    }


def results(op, rate, backdrop=None, copies=6):
    """Samples and labels of some copies of a row."""
    rows = Dataset(pa.Table.from_pylist([row(rate, backdrop)], schema=FEATURES.arrow_schema))
    bound = op.on(segments=("clicks", "spans")).times(copies)
    for done in bound(storage(rows)).to_pylist():
        clip = media.decode_audio(done["audio"]["bytes"])
        yield clip.samples[0], done


def errors_in_samples(samples, done, rate, reach_s):
    """How far each labelled click is from the highest sample near it, and how many clicks no label tells of."""
    heights = np.abs(samples)
    found = []
    for click in done["clicks"]:
        place = click["time"] * rate - 0.5
        low, high = max(0, int(place - reach_s * rate)), int(place + reach_s * rate) + 2
        found.append(low + int(heights[low:high].argmax()) - place)
    return found


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("name", EXACT)
def test_exact_moves_keep_clicks_on_their_sample(name, rate):
    """Every click is where its label is, to the sample; no click is left without a label."""
    for samples, done in results(EXACT[name], rate):
        errors = errors_in_samples(samples, done, rate, 0.002)
        assert all(abs(error) < 1e-3 for error in errors), errors
        assert len(errors) == np.count_nonzero(np.abs(samples) > 0.3)
        for moment in done["clicks"]:
            held = [s for s, d, n in zip(*(done["spans"][k] for k in ("start", "duration", "name")), strict=True)
                    if n == moment["name"] and s - 1e-9 <= moment["time"] <= s + d + 1e-9]  # fmt: skip
            assert held, "a span that holds a click lost it"


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("name", STRETCHED)
def test_stretches_keep_clicks_near_their_label(name, rate):
    """In silence: the error is told in samples."""
    errors = []
    for samples, done in results(STRETCHED[name], rate):
        errors += errors_in_samples(samples, done, rate, 0.02)
    print(f"{name}, {rate} Hz: median {np.median(np.abs(errors)):.1f}, largest {np.abs(errors).max():.1f} samples")
    limit = 1.0 if "stretch" not in name else CLOSE_S * rate
    assert np.abs(errors).max() <= limit


@pytest.mark.parametrize("rate", [8_000, 48_000])
@pytest.mark.parametrize("name", ["reverse", "crop, reverse, pad, roll", "stretch", "crop, stretch, pitch, reverse"])
def test_clicks_in_speech(speech, name, rate):
    """Over spoken digits, a tenth as loud as the clicks."""
    files = storage(speech.select(range(6)))["audio"].to_pylist()
    spoken = np.concatenate([media.decode_audio(file["bytes"]).samples[0] for file in files])
    places = np.linspace(0, 2 * 8_000 - 1, 2 * rate)
    backdrop = 0.05 * np.interp(places, np.arange(len(spoken)), spoken / np.abs(spoken).max())[None].astype(np.float32)
    errors = []
    for samples, done in results({**EXACT, **STRETCHED}[name], rate, backdrop):
        errors += errors_in_samples(samples, done, rate, 0.02)
    print(f"{name} in speech, {rate} Hz: largest {np.abs(errors).max():.1f} samples")
    assert np.abs(errors).max() <= (1e-3 if name in EXACT else CLOSE_S * rate)
