"""Sound goes there and back in its own format, and what cannot be heard rightly is refused."""

import io
import struct
import sys

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from hfaug.errors import MediaError, MissingExtra
from hfaug.media import Clip, Codec, audio_info, counts, decode_audio, encode_audio
from tests.media.files import heard, sound, tone

EXACT = [
    ("WAV", "PCM_16"),
    ("WAV", "PCM_24"),
    ("WAV", "PCM_U8"),
    ("WAV", "FLOAT"),
    ("WAV", "DOUBLE"),
    ("WAVEX", "PCM_16"),
    ("WAVEX", "PCM_24"),
    ("WAVEX", "FLOAT"),
    ("FLAC", "PCM_16"),
    ("FLAC", "PCM_24"),
    ("FLAC", "PCM_S8"),
    ("AIFF", "PCM_16"),
    ("AIFF", "PCM_24"),
]
LOSSY = [("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")]
OTHERS = [
    ("AU", "PCM_16"),
    ("CAF", "PCM_24"),
    ("W64", "PCM_16"),
    ("RF64", "PCM_16"),
    ("WAV", "ULAW"),
    ("WAV", "PCM_32"),
]


@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize(("form", "subtype"), [*EXACT, *LOSSY[:2], *OTHERS])
def test_decodes_as_libsndfile_does(form, subtype, channels):
    """Samples are those of libsndfile, bit for bit; the header tells length, rate and channels."""
    content = sound(tone(channels=channels), form, subtype)
    clip = decode_audio(content)
    expected, rate = heard(content)
    assert (clip.format, clip.subtype, clip.rate, clip.channels) == (form, subtype, rate, channels)
    assert (clip.samples.dtype, clip.samples.shape) == (np.float32, (channels, 4000))
    assert clip.samples.flags.c_contiguous
    np.testing.assert_array_equal(clip.samples, expected)
    assert audio_info(content) == (4000, 16000, channels)


@pytest.mark.parametrize(("form", "subtype"), EXACT)
def test_untouched_samples_come_back(form, subtype):
    """Decoded and encoded again, every sample is what it was, and container and sample type are kept."""
    content = sound(tone(channels=2), form, subtype)
    clip = decode_audio(content)
    again = decode_audio(encode_audio(clip.samples, like=clip))
    np.testing.assert_array_equal(again.samples, clip.samples)
    kept = "WAV" if (form, subtype) == ("WAVEX", "FLOAT") else form
    assert (again.format, again.subtype, again.rate) == (kept, subtype, clip.rate)


def test_every_sixteen_bit_value_comes_back():
    """All 65536 values, as whole numbers."""
    values = np.arange(-32768, 32768, dtype=np.int16)[None]
    content = sound(values)
    clip = decode_audio(content)
    counts.reset()
    written = encode_audio(clip.samples, like=clip)
    np.testing.assert_array_equal(heard(written, "int16")[0], values)
    assert written == content
    assert counts["audio.clipped"] == 0


@pytest.mark.parametrize(
    ("form", "subtype", "target"),
    [
        ("AU", "PCM_16", "PCM_16"),
        ("CAF", "PCM_24", "PCM_24"),
        ("AU", "ULAW", "ULAW"),
        ("AIFF", "FLOAT", "FLOAT"),
        ("W64", "PCM_16", "PCM_16"),
        ("RF64", "PCM_24", "PCM_24"),
        ("CAF", "ALAC_16", "FLOAT"),
        ("AU", "PCM_S8", "PCM_U8"),
        ("AIFF", "PCM_S8", "PCM_U8"),
    ],
)
def test_other_containers_become_wav(form, subtype, target):
    """What cannot be written alike twice becomes a WAV with the same samples."""
    clip = decode_audio(sound(tone(), form, subtype))
    again = decode_audio(encode_audio(clip.samples, like=clip))
    assert (again.format, again.subtype) == ("WAV", target)
    np.testing.assert_array_equal(again.samples, clip.samples)


@pytest.mark.parametrize("frames", [1, 2, 100, 1151, 1152, 1153, 40_000])
@pytest.mark.parametrize(("form", "subtype"), LOSSY)
def test_lossy_formats_keep_length_and_time(form, subtype, frames):
    """A lossy format keeps the number of samples, and nothing is shifted in time."""
    samples = tone(frames, channels=2)
    like = Clip(samples, 16000, form, subtype, 2)
    content = encode_audio(samples, like=like)
    clip = decode_audio(content)
    assert (clip.format, clip.subtype, clip.rate) == (form, subtype, 16000)
    assert clip.samples.shape == samples.shape
    assert audio_info(content) == (frames, 16000, 2)
    if frames == 40_000:
        middle = slice(10_000, 30_000)
        lags = range(-20, 21)
        match = [float(np.dot(clip.samples[0, 10_000 + lag : 30_000 + lag], samples[0, middle])) for lag in lags]
        assert lags[int(np.argmax(match))] == 0


@pytest.mark.parametrize(("form", "subtype"), [*EXACT, *LOSSY, *OTHERS])
def test_equal_samples_give_equal_bytes(form, subtype):
    """Written twice, and from another memory order, the file is the same: no clock, no chance in it."""
    samples = tone(9000, channels=2)
    like = Clip(samples, 48000, form, subtype, 2)
    first = encode_audio(samples, like=like)
    assert encode_audio(samples.copy(), like=like) == first
    assert encode_audio(np.asfortranarray(samples), like=like) == first


def test_quality_decides_size():
    """Better quality takes more bytes, in each lossy format."""
    samples = tone(48000)
    for form, subtype in LOSSY:
        like = Clip(samples, 48000, form, subtype)
        low, high = (len(encode_audio(samples, like=like, codec=Codec(audio_quality=q))) for q in (0.1, 1.0))
        assert low < high, form


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32"])
def test_rounding_rule(subtype):
    """A sample becomes the nearest whole number, halves go to the even one."""
    bits = {"PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}[subtype]
    steps = np.array([[0.5, 1.5, 2.5, -0.5, -1.5, 0.4, 0.6, -0.6, 100.0]])
    samples = (steps / 2 ** (bits - 1)).astype(np.float32)
    content = encode_audio(samples, like=Clip(samples, 8000, "WAV", subtype))
    values = heard(content, "int32")[0] >> (32 - bits)
    np.testing.assert_array_equal(values, [[0, 2, 2, 0, -2, 0, 1, -1, 100]])


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "ULAW"])
def test_clipping_is_counted(subtype):
    """Samples over full scale are cut to it and counted; full scale itself is no clipping."""
    samples = np.array([[0.0, 1.0, -1.0, 1.5, -2.0, 0.999, 300.0]], np.float32)
    counts.reset()
    values = heard(encode_audio(samples, like=Clip(samples, 8000, "WAV", subtype)), "float64")[0][0]
    assert counts["audio.clipped"] == 3
    assert values.max() <= 1
    assert values.min() >= -1
    assert np.sign(values).tolist() == np.sign(samples[0]).tolist()
    if subtype != "ULAW":
        assert values[3] == values[6] == values[1] == values.max()
        assert values[4] == values[2] == -1


@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
def test_float_is_not_clipped(subtype):
    """A float file holds what is over full scale."""
    samples = np.array([[1.5, -300.0]], np.float32)
    counts.reset()
    content = encode_audio(samples, like=Clip(samples, 8000, "WAV", subtype))
    np.testing.assert_array_equal(decode_audio(content).samples, samples)
    np.testing.assert_array_equal(heard(content)[0], samples)
    assert counts["audio.clipped"] == 0


@pytest.mark.parametrize(("form", "subtype"), [*EXACT, *LOSSY, ("WAV", "ULAW")])
def test_empty_clips(form, subtype):
    """A clip without samples can be written, for every source, and read."""
    content = encode_audio(
        np.zeros((2, 0), np.float32), like=Clip(np.zeros((2, 0), np.float32), 16000, form, subtype, 2)
    )
    clip = decode_audio(content)
    assert clip.samples.shape == (2, 0)
    assert (clip.rate, clip.duration_s) == (16000, 0)
    assert audio_info(content) == (0, 16000, 2)


@pytest.mark.parametrize(("form", "subtype"), EXACT)
def test_one_sample(form, subtype):
    """A clip of one sample goes there and back."""
    clip = decode_audio(sound(np.array([[0.25]], np.float32), form, subtype))
    assert clip.samples.tolist() == [[0.25]]
    assert decode_audio(encode_audio(clip.samples, like=clip)).samples.tolist() == [[0.25]]


@pytest.mark.parametrize("frames", [1, 2, 3, 101])
@pytest.mark.parametrize(("form", "subtype"), [*EXACT, *OTHERS, ("AIFF", "PCM_S8")])
def test_odd_lengths(form, subtype, frames):
    """The number of samples written is the number given, where a sample takes one byte or three as well."""
    samples = tone(frames)
    assert audio_info(encode_audio(samples, like=Clip(samples, 16000, form, subtype))) == (frames, 16000, 1)


def test_many_channels_at_a_high_rate():
    """Eight channels at 96 kHz, 24 bits."""
    for form in ("WAV", "WAVEX", "FLAC"):
        clip = decode_audio(sound(tone(2000, channels=8), form, "PCM_24", 96000))
        again = decode_audio(encode_audio(clip.samples, like=clip))
        assert (again.samples.shape, again.rate, again.channels) == ((8, 2000), 96000, 8)
        np.testing.assert_array_equal(again.samples, clip.samples)


def test_one_dimension_means_one_channel():
    """Samples of shape (n,) are one channel; other float types are taken."""
    like = Clip(tone(), 16000)
    assert decode_audio(encode_audio(np.zeros(7), like=like)).samples.shape == (1, 7)


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.array([[0.0, np.nan]]), "must be finite"),
        (np.array([[0.0, np.inf]]), "must be finite"),
        (np.array([[1e300, 0.0]]), "must be finite"),
        (np.zeros((1, 4), np.int16), "must be float of shape"),
        (np.zeros((1, 2, 3)), "must be float of shape"),
        (np.zeros((0, 3)), "must be float of shape"),
        ("sound", "must be float of shape"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow")
def test_no_sound_is_refused(samples, message):
    """NaN, infinity, whole numbers and odd shapes are refused with what was given."""
    for form, subtype in (("WAV", "PCM_16"), ("WAV", "FLOAT"), ("FLAC", "PCM_16")):
        with pytest.raises(MediaError, match=message):
            encode_audio(samples, like=Clip(tone(), 16000, form, subtype))


@pytest.mark.parametrize(
    ("form", "subtype", "rate", "channels"),
    [
        ("MP3", "MPEG_LAYER_III", 96000, 1),
        ("MP3", "MPEG_LAYER_III", 44100, 6),
        ("OGG", "OPUS", 44100, 1),
        ("FLAC", "PCM_16", 16000, 9),
    ],
)
def test_what_a_format_cannot_hold_is_refused(form, subtype, rate, channels):
    """A rate or a number of channels that a format has not is a clear error."""
    samples = tone(500, channels)
    with pytest.raises(MediaError, match=f"{form} {subtype} cannot hold {channels} channels at {rate} Hz"):
        encode_audio(samples, like=Clip(samples, rate, form, subtype, channels))


def test_nan_in_a_file_is_refused():
    """A float file with NaN is refused when it is read."""
    content = sound(np.array([[0.0, np.nan]], np.float32), "WAV", "FLOAT")
    with pytest.raises(MediaError, match="must be finite, the WAV holds NaN"):
        decode_audio(content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has 0 bytes"),
        (b"hello", "must be a WAV, FLAC, OGG, MP3 or AIFF file, starts with b'hello'"),
        (b"\0\0\0\x20ftypM4A \0\0\0\0", "looks like MP4 or M4A"),
        (b"\x1aE\xdf\xa3\1\0\0\0", "looks like Matroska or WebM"),
        (None, "must be the bytes of a file, is NoneType"),
    ],
)
def test_no_sound_file_is_refused(content, message):
    """What is no sound file is named so, for samples and for the header."""
    for function in (decode_audio, audio_info):
        with pytest.raises(MediaError, match=message):
            function(content)


def test_content_decides_not_the_name(tmp_path):
    """An MP3 under the name of a WAV is an MP3, and is written back as one."""
    path = tmp_path / "speech.wav"
    path.write_bytes(sound(tone(20_000), "MP3", "MPEG_LAYER_III"))
    clip = decode_audio(path.read_bytes())
    assert (clip.format, clip.samples.shape) == ("MP3", (1, 20_000))
    assert decode_audio(encode_audio(clip.samples, like=clip)).format == "MP3"


def test_mp3_inside_wav():
    """A WAV whose samples are MP3 is read, and what is written holds them as MP3."""
    samples = tone(20_000)
    try:
        content = sound(samples, "WAV", "MPEG_LAYER_III")
    except soundfile.LibsndfileError:
        content = None
    clip = decode_audio(content) if content else Clip(samples, 16000, "WAV", "MPEG_LAYER_III")
    again = decode_audio(encode_audio(samples, like=clip))
    assert again.subtype == "MPEG_LAYER_III"
    assert again.samples.shape == samples.shape


def test_long_clips():
    """Ten minutes of Ogg Vorbis, which overflow the stack of its writer in one piece, are written."""
    samples = np.tile(tone(8000, rate=8000), (1, 600))
    like = Clip(samples, 8000, "OGG", "VORBIS")
    assert audio_info(encode_audio(samples, like=like, codec=Codec(audio_quality=0.1))) == (4_800_000, 8000, 1)


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 4), st.integers(0, 60), st.integers(0, 2**32 - 1), st.sampled_from(["PCM_16", "FLOAT"]))
def test_own_writer_and_reader_agree_with_libsndfile(channels, frames, seed, subtype):
    """What is written directly is read by libsndfile to the same bits, and the other way round."""
    draws = np.random.default_rng(seed)
    samples = draws.integers(-32768, 32768, (channels, frames)).astype(np.float32) / 32768
    like = Clip(samples, 11025, "WAV", subtype, channels)
    own = encode_audio(samples, like=like)
    np.testing.assert_array_equal(heard(own)[0], samples)
    np.testing.assert_array_equal(decode_audio(sound(samples, "WAV", subtype, 11025)).samples, samples)
    assert soundfile.info(io.BytesIO(own)).subtype == subtype
    assert struct.unpack_from("<I", own, 4)[0] == len(own) - 8


def test_plain_wav_needs_no_library(monkeypatch):
    """16-bit and float WAV go without `soundfile`; all else says how to install it."""
    flac = sound(tone(), "FLAC")
    monkeypatch.setitem(sys.modules, "soundfile", None)
    for subtype in ("PCM_16", "FLOAT"):
        content = encode_audio(tone(), like=Clip(tone(), 16000, "WAV", subtype))
        assert decode_audio(content).samples.shape == (1, 4000)
    with pytest.raises(MissingExtra, match=r'pip install "hfaug\[audio\]"'):
        decode_audio(flac)
    with pytest.raises(MissingExtra, match="soundfile"):
        encode_audio(tone(), like=Clip(tone(), 16000, "FLAC", "PCM_16"))
