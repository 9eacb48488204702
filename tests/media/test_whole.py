"""Sound files that are cut off or damaged: the right samples or a MediaError, never anything else."""

import io

import numpy as np
import pytest
import soundfile

from hfaug.errors import MediaError
from hfaug.media import audio_info, decode_audio, ogg
from tests.media.files import heard, sound, tone

KINDS = [
    ("FLAC", "PCM_16"),
    ("OGG", "VORBIS"),
    ("OGG", "OPUS"),
    ("MP3", "MPEG_LAYER_III"),
    ("AIFF", "PCM_16"),
    ("AU", "PCM_16"),
    ("CAF", "PCM_16"),
    ("RF64", "PCM_16"),
    ("W64", "PCM_16"),
]
CHECKED = [kind for kind in KINDS if kind[0] in ("FLAC", "OGG")]


@pytest.mark.parametrize(("form", "subtype"), KINDS)
def test_cut_off_is_refused(form, subtype):
    """Half a file is refused wherever it ends; libsndfile reads most of them without a word."""
    content = sound(tone(8000), form, subtype)
    assert decode_audio(content).samples.shape == (1, 8000)
    for length in np.linspace(1, len(content) - 1, 60).astype(int):
        with pytest.raises(MediaError):
            decode_audio(content[:length])


@pytest.mark.parametrize(("form", "subtype"), KINDS)
def test_flipped_bits(form, subtype):
    """Flipped bits give the whole sound, what libsndfile reads, or a MediaError; never another exception."""
    content = sound(tone(8000), form, subtype)
    whole = heard(content)[0]
    draws = np.random.default_rng(5)
    for _ in range(150):
        damaged = bytearray(content)
        damaged[draws.integers(0, len(content))] ^= 1 << draws.integers(0, 8)
        try:
            clip = decode_audio(bytes(damaged))
        except MediaError:
            continue
        # soundfile.read would start with a seek, after which the MP3 reader rounds the last bit in another way.
        expected = whole if (form, subtype) in CHECKED else heard(bytes(damaged))[0]
        np.testing.assert_array_equal(clip.samples, expected)


@pytest.mark.parametrize(("form", "subtype"), KINDS)
def test_flipped_bits_in_the_header(form, subtype):
    """The length, rate and channels of a damaged file are numbers or a MediaError."""
    content = sound(tone(8000), form, subtype)
    draws = np.random.default_rng(6)
    for _ in range(150):
        damaged = bytearray(content)
        damaged[draws.integers(0, 200)] ^= 1 << draws.integers(0, 8)
        try:
            audio_info(bytes(damaged))
        except MediaError:
            continue


def test_ogg_pages_keep_their_checksums():
    """Under another serial number every page is still sound, and the sound is the same."""
    content = sound(tone(30_000), "OGG", "VORBIS")
    changed = ogg.with_serial(content, 77)
    ogg.check_pages(changed)
    assert changed != content
    assert ogg.with_serial(changed, int.from_bytes(content[14:18], "little")) == content
    np.testing.assert_array_equal(heard(changed)[0], heard(content)[0])


def test_ogg_trailer():
    """Bytes after the last page do no harm; bytes between pages are damage."""
    content = sound(tone(30_000), "OGG", "VORBIS")
    assert decode_audio(content + b"TAG" + bytes(125)).samples.shape == (1, 30_000)
    second = content.index(b"OggS", 4)
    with pytest.raises(MediaError, match="must be a whole OGG file"):
        decode_audio(content[:second] + b"rubbish" + content[second:])


def test_unknown_lengths_are_taken():
    """AU and CAF files from a writer to a pipe do not know their length."""
    au = bytearray(sound(tone(8000), "AU"))
    au[8:12] = b"\xff" * 4
    assert decode_audio(bytes(au)).samples.shape == (1, 8000)


def test_warnings_of_the_reader_do_not_pass_for_sound():
    """An MP3 that lost its end is refused by the length in its first frame."""
    content = sound(tone(40_000), "MP3", "MPEG_LAYER_III")
    assert soundfile.info(io.BytesIO(content)).frames == 40_000
    with pytest.raises(MediaError, match="MP3"):
        decode_audio(content[: len(content) * 3 // 4])
