"""Every op on sounds with every kind of file: its kind is kept; what is no sound is refused by name."""

import numpy as np
import pyarrow as pa
import pytest
from datasets import Audio, Dataset, Features

from hfaug import media
from hfaug.errors import MediaError
from hfaug.ops import audio
from hfaug.ops.audio import ChangeGain, Reverse, gather_sounds
from hfaug.testing import storage
from hfaug.testing.samples import sample
from tests.told import told

FEATURES = Features({"audio": Audio()})
KINDS = {
    "8 bits": (8_000, 1, "WAV", "PCM_U8", 2000),
    "24 bits, 8 channels, 96 kHz": (96_000, 8, "WAV", "PCM_24", 4801),
    "32 bits": (44_100, 2, "WAV", "PCM_32", 3000),
    "float": (22_050, 1, "WAV", "FLOAT", 2500),
    "double": (16_000, 1, "WAV", "DOUBLE", 900),
    "FLAC": (16_000, 2, "FLAC", "PCM_16", 4000),
    "MP3": (44_100, 2, "MP3", "MPEG_LAYER_III", 5000),
    "Vorbis": (44_100, 1, "OGG", "VORBIS", 5000),
    "Opus": (48_000, 1, "OGG", "OPUS", 5000),
    "mu-law": (8_000, 1, "WAV", "ULAW", 2000),
    "GSM": (8_000, 1, "WAV", "GSM610", 3200),
    "one sample": (8_000, 1, "WAV", "PCM_16", 1),
    "three samples, stereo": (96_000, 2, "FLAC", "PCM_24", 3),
    "empty": (16_000, 2, "WAV", "PCM_16", 0),
}


def ops():
    """Every op on waves, with its defaults and ready; those that ask a model are tried elsewhere."""
    rows = sample("sounds").rows
    for name in audio.__all__:
        cls = getattr(audio, name)
        if name not in {"SpecAugment", "Speak", "Transcribe"}:
            op = cls(responses=gather_sounds(rows)) if name == "Reverberate" else cls()
            yield pytest.param(op if op.ready else op.fit(rows), id=name)


def stored(rate, channels, form, subtype, count, level=0.4):
    time = np.arange(count) / rate
    samples = np.array([level * np.sin(2 * np.pi * (300 + 40 * c) * time + 1) for c in range(channels)], np.float32)
    like = media.Clip(samples[:, :0], rate, form, subtype, channels)
    return {"bytes": media.encode_audio(samples, like=like), "path": None}


def table(*values):
    return storage(Dataset(pa.Table.from_pydict({"audio": list(values)}, schema=FEATURES.arrow_schema)))


@pytest.mark.parametrize("op", list(ops()))
def test_every_kind_of_file_is_kept(op):
    """Container, sample type, channels and rate, by what each file itself says; nulls stay."""
    files = [stored(*kind) for kind in KINDS.values()]
    done = op.on(provenance=False)(table(*files, None))["audio"].to_pylist()
    assert done.pop() is None
    for name, (rate, channels, *_), before, after in zip(KINDS, KINDS.values(), files, done, strict=True):
        old, new = media.decode_audio(before["bytes"]), media.decode_audio(after["bytes"])
        same = (new.format, new.subtype, new.channels) == (old.format, old.subtype, channels)
        # Nothing at all is written as plain WAV, whatever it was.
        assert same or not new.samples.size or not old.samples.size, name
        assert np.isfinite(new.samples).all(), name
        if type(op).__name__ != "Resample":
            assert new.rate == rate, name


SHORTENING = [
    audio.Crop(length=(0.3, 0.3)), audio.ChangeSpeed(factor=(4, 4)), audio.StretchTime(factor=(4, 4)),
    audio.Resample(rates_hz=(1_000,)),
]  # fmt: skip


@pytest.mark.parametrize("op", SHORTENING, ids=lambda op: type(op).__name__)
def test_one_sample_stays_one(op):
    for kind in (("WAV", "PCM_16"), ("FLAC", "PCM_16")):
        (done,) = op(table(stored(8_000, 1, *kind, 1)))["audio"].to_pylist()
        clip = media.decode_audio(done["bytes"])
        assert (clip.samples.shape, clip.format) == ((1, 1), kind[0])


def test_what_is_empty_is_padded():
    empty = stored(8_000, 2, "WAV", "PCM_16", 0)
    (done,) = audio.Pad(silence_s=(0, 0), shortest_s=0.5)(table(empty))["audio"].to_pylist()
    assert media.audio_info(done["bytes"]) == (4000, 8_000, 2)
    (same,) = audio.Pad(silence_s=(0, 0))(table(empty))["audio"].to_pylist()
    assert same["bytes"] == empty["bytes"]


@pytest.mark.parametrize("op", list(ops()))
def test_silence_and_full_scale(op):
    """Silence stays silent where nothing is added; a clipped square wave does not break anything."""
    silence = stored(8_000, 1, "WAV", "FLOAT", 4000, level=0)
    square = np.sign(np.sin(np.arange(4000) / 20, dtype=np.float32))[None]
    loud = {"bytes": media.encode_audio(square, like=media.Clip(square, 8_000)), "path": None}
    quiet, full = (media.decode_audio(one["bytes"]).samples for one in op(table(silence, loud))["audio"].to_pylist())
    assert not quiet.any()
    assert full.any()


@pytest.mark.parametrize(
    "data, message",
    [
        (b"", "has 0 bytes"),
        (b"RIFF\0\0\0\0WAVE", "whole WAV file"),
        (b"no sound at all", "must be a WAV, FLAC, OGG, MP3 or AIFF file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "must be a WAV, FLAC"),
        (b"\0\0\0\x20ftypM4A " + bytes(50), "looks like MP4 or M4A"),
        (stored(8_000, 1, "FLAC", "PCM_16", 4000)["bytes"][:900], "whole FLAC file|cut off"),
        (stored(8_000, 1, "WAV", "FLOAT", 2)["bytes"][:-4] + np.float32(np.nan).tobytes(), "NaN or infinity"),
    ],
    ids=["nothing", "no samples", "text", "image", "M4A", "cut off", "NaN"],
)
@pytest.mark.parametrize("op", [ChangeGain(), Reverse()], ids=["gain", "reverse"])
def test_what_is_no_sound_is_refused_by_name(op, data, message):
    """With the column and the file."""
    with pytest.raises(MediaError, match=message) as error:
        op(table({"bytes": data, "path": "somewhere.wav"}))
    assert "column 'audio'" in told(error.value)
    assert "somewhere.wav" in told(error.value)


def test_the_content_decides_not_the_name(tmp_path):
    """A FLAC called WAV is read and written as FLAC; files are read from paths."""
    path = tmp_path / "wrong.wav"
    path.write_bytes(stored(8_000, 1, "FLAC", "PCM_16", 4000)["bytes"])
    done = ChangeGain(gain_db=(-6, -6))(table({"bytes": None, "path": str(path)}))["audio"][0].as_py()
    assert media.decode_audio(done["bytes"]).format == "FLAC"
    assert done["path"] is None


def test_decoded_sounds_come_back_decoded():
    """As ``{"array", "sampling_rate"}``, one channel flat and several stacked; labels and lengths with them."""
    for shape in ((800,), (2, 800)):
        array = np.linspace(-0.5, 0.5, 1600, dtype=np.float32)[: 800 if len(shape) == 1 else 1600].reshape(shape)
        batch = {"audio": [{"array": array, "sampling_rate": 8_000}], "key": ["a"], "times": [[[0.01, 0.02]]]}
        op = Reverse().on(audio="audio", id="key", segments="times", provenance=False)
        features = Features({**FEATURES, **_times()})
        done = op.run_form(_form(batch, features))
        np.testing.assert_array_equal(done["audio"][0]["array"], array[..., ::-1])
        assert done["audio"][0]["sampling_rate"] == 8_000
        np.testing.assert_allclose(done["times"][0], [[0.08, 0.09]])


def _times():
    from datasets import List, Value

    return {"key": Value("string"), "times": List(List(Value("float64")))}


def _form(batch, features):
    from hfaug.rows import Form

    return Form(table=None, columns=batch, features=features, single=False)
