"""Long sounds go through block by block, and come out as short ones do."""

import io
import re

import numpy as np
import pyarrow as pa
import pytest
import soundfile
from datasets import Audio, Dataset, Features

from hfaug import Chain, media
from hfaug.ops import audio
from hfaug.ops.audio import (
    AddNoise,
    ChangeGain,
    ChangeSpeed,
    Crop,
    CrushBits,
    FadeGain,
    InvertPolarity,
    NormalizePeak,
    Pad,
    Resample,
    Reverse,
    Shift,
    ShiftPitch,
    StretchTime,
)
from hfaug.plan import Plan, Run
from hfaug.rows import ArrowBatch
from hfaug.rows import sound as rows_sound
from hfaug.rows.flow import can_flow
from hfaug.testing import storage
from hfaug.testing.samples import sample

RATE = 16_000
SAME = {
    "gain": ChangeGain(),
    "noise": AddNoise(),
    "peak": NormalizePeak(),
    "bits": CrushBits(),
    "fade": FadeGain(),
    "crop": Crop(),
    "pad": Pad(silence_s=(5, 9)),
    "late": Shift(shift=(0.2, 0.3), edge="silence"),
    "chain": Chain(Crop(), ChangeGain(), AddNoise(), Pad(silence_s=(5, 6)), InvertPolarity(), NormalizePeak()),
}
KINDS = [("WAV", "PCM_16"), ("WAV", "PCM_24"), ("WAV", "PCM_U8"), ("WAV", "FLOAT"), ("FLAC", "PCM_16"), ("WAV", "ULAW")]


def stored(kind=("WAV", "PCM_16"), channels=2, seconds=70.0):
    rng = np.random.default_rng(1)
    time = np.arange(round(seconds * RATE)) / RATE
    wave = 0.3 * np.sin(2 * np.pi * 220 * time) + 0.02 * rng.standard_normal((channels, len(time)))
    like = media.Clip(wave[:, :0].astype(np.float32), RATE, *kind, channels)
    return {"bytes": media.encode_audio(wave.astype(np.float32), like=like), "path": None}


def both(op, value, monkeypatch):
    """What comes of a sound at once, and block by block."""
    rows = Dataset(pa.Table.from_pydict({"audio": [value]}, schema=Features({"audio": Audio()}).arrow_schema))
    found = []
    for most in (1 << 40, 0):
        monkeypatch.setattr(rows_sound, "LONG", most)
        found.append(op(storage(rows))["audio"][0].as_py()["bytes"])
    return found


@pytest.mark.parametrize("name", SAME)
def test_the_same_samples(name, monkeypatch):
    whole, flown = map(media.decode_audio, both(SAME[name], stored(), monkeypatch))
    np.testing.assert_allclose(flown.samples, whole.samples, atol=2**-15, rtol=0)
    assert (flown.rate, flown.format, flown.subtype) == (whole.rate, whole.format, whole.subtype)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_kind_of_file(kind, monkeypatch):
    """Container, sample type and samples alike."""
    whole, flown = map(media.decode_audio, both(SAME["chain"], stored(kind, 1, 10), monkeypatch))
    np.testing.assert_array_equal(flown.samples, whole.samples)
    assert (flown.format, flown.subtype) == (whole.format, whole.subtype) == kind


@pytest.mark.parametrize("kind", [*KINDS, ("WAV", "DOUBLE"), ("WAVEX", "FLOAT"), ("WAVEX", "PCM_16")], ids="-".join)
def test_the_same_bytes(kind, monkeypatch):
    """A float file bears no time."""
    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", RATE, 2, kind[1], format=kind[0]) as out:
        out.write(media.decode_audio(stored()["bytes"]).samples.T)
    whole, flown = both(ChangeGain(gain_db=(-6, -6)), {"bytes": file.getvalue(), "path": None}, monkeypatch)
    assert whole == flown


@pytest.mark.parametrize("kind", [("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")])
def test_lossy_files_flow_too(kind, monkeypatch):
    whole, flown = map(media.decode_audio, both(ChangeGain(gain_db=(-6, -6)), stored(kind, 1, 10), monkeypatch))
    assert flown.samples.shape == whole.samples.shape
    assert abs(flown.samples - whole.samples).max() < 0.02
    assert (flown.format, flown.subtype) == kind


@pytest.mark.parametrize("op", [ChangeSpeed(), Resample(rates_hz=(22_050,))], ids=["speed", "resample"])
def test_resampling_flows(op, monkeypatch):
    whole, flown = map(media.decode_audio, both(op, stored(), monkeypatch))
    assert (flown.samples.shape, flown.rate) == (whole.samples.shape, whole.rate)
    assert abs(flown.samples - whole.samples).max() < 1e-3


@pytest.mark.parametrize("factor", [0.7, 1.3])
def test_stretches_flow_in_half_minutes(factor, monkeypatch):
    """The same length; clicks stand where they stand at once; no seam is heard in a tone."""
    value = stored(seconds=75.0)
    op = Chain(StretchTime(factor=(factor, factor)), ShiftPitch(semitones=(2, 2)))
    whole, flown = map(media.decode_audio, both(op, value, monkeypatch))
    assert flown.samples.shape == whole.samples.shape
    assert media.counts["audio.stretch"] >= 4
    size = RATE // 20
    for clip in (whole, flown):
        frames = clip.samples[0][: len(clip.samples[0]) // size * size].reshape(-1, size)
        level = np.sqrt(np.square(frames).mean(axis=1))
        assert level[2:-2].min() > 0.5 * np.median(level)
    clicks = np.zeros((1, 75 * RATE), np.float32)
    places = np.arange(5, 75, 5) * RATE + 7
    clicks[0, places] = 0.9
    like = media.Clip(clicks[:, :0], RATE)
    flown = media.decode_audio(both(op, {"bytes": media.encode_audio(clicks, like=like), "path": None}, monkeypatch)[1])
    for place in places / factor:
        near = np.abs(flown.samples[0, int(place) - 400 : int(place) + 400])
        assert abs(near.argmax() - 400) < 0.0021 * RATE


def test_a_long_sound_cut_to_nothing_keeps_a_sample(monkeypatch):
    whole, flown = both(Crop(length=(1e-9, 1e-9)), stored(("FLAC", "PCM_16"), 1, 2.0), monkeypatch)
    assert whole == flown
    assert media.audio_info(flown) == (1, RATE, 1)


def test_what_cannot_flow_is_done_at_once(monkeypatch):
    whole, flown = both(Reverse(), stored(seconds=2.0), monkeypatch)
    assert whole == flown


def test_the_ops_that_flow_are_those_that_the_help_names():
    """Found by what each asks of a sound; the rest holds the whole of it."""
    rows = sample("sounds").rows
    said = re.findall(r"\w+", audio.__doc__.split("of these alone decodes,")[1].split(":")[1].split(".")[0])
    flows = set()
    for name in set(audio.__all__) - {"SpecAugment", "Speak", "Transcribe"}:
        op = getattr(audio, name)(**({"responses": audio.gather_sounds(rows)} if name == "Reverberate" else {}))
        op = (op if op.ready else op.fit(rows)).on(keep=[name for name in rows.column_names if name != "audio"])
        batch = ArrowBatch(rows.with_format("arrow")[:], rows.features, media.Codec(), None)
        done = op.run(batch.rows(0, len(batch)), Run(Plan(op, rows.features)))
        waiting = [sound._todo for row in done for sound in row._sounds.values() if sound._todo]
        if waiting and all(map(can_flow, waiting)):
            flows.add(name)
    assert flows == set(said)
