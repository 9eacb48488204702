"""WAV files of every build: chunks in odd order, odd lengths, writers to a pipe, cut-off files."""

import struct

import numpy as np
import pytest
import soundfile

from hfaug.errors import MediaError
from hfaug.media import audio_info, decode_audio, wave
from tests.media.files import heard, sound, tone

VALUES = (tone(500, channels=2) * 32767).astype("<i2")
BODY = VALUES.T.tobytes()
FORMAT = struct.pack("<HHIIHH", 1, 2, 16000, 64000, 4, 16)
ID_TAIL = bytes.fromhex("000000001000800000aa00389b71")


def riff(*chunks, size=None):
    """A WAV of named chunks; a chunk may lie about its size."""
    body = b"WAVE"
    for name, content, *stated in chunks:
        body += name + struct.pack("<I", stated[0] if stated else len(content)) + content + b"\0" * (len(content) & 1)
    return b"RIFF" + struct.pack("<I", len(body) if size is None else size) + body


def agrees(content):
    """The clip has the samples that libsndfile reads, and was read directly."""
    assert wave.parse(content) is not None
    np.testing.assert_array_equal(decode_audio(content).samples, heard(content)[0])
    assert audio_info(content)[0] == decode_audio(content).samples.shape[1]


@pytest.mark.parametrize(
    "content",
    [
        riff((b"fmt ", FORMAT), (b"data", BODY)),
        riff((b"LIST", b"INFOISFT\x05\0\0\0odd!\0"), (b"fmt ", FORMAT), (b"junk", b"123"), (b"data", BODY)),
        riff((b"fmt ", FORMAT + b"\0\0"), (b"fact", b"\xf4\1\0\0"), (b"data", BODY), (b"LIST", b"INFO")),
        riff((b"fmt ", FORMAT), (b"data", BODY + b"\1")),
        riff((b"fmt ", FORMAT), (b"data", BODY + b"\1\2\3")),
        riff((b"fmt ", FORMAT), (b"data", b"")),
        riff((b"fmt ", FORMAT), (b"data", BODY), size=0),
        riff((b"fmt ", FORMAT), (b"data", BODY), size=0xFFFFFFFF),
        riff((b"fmt ", FORMAT), (b"data", BODY, 0xFFFFFFFF), size=0xFFFFFFFF),
        riff((b"fmt ", FORMAT), (b"data", BODY, 0x7FFFFFFF), size=0x7FFFFFFF),
        riff((b"fmt ", FORMAT), (b"data", BODY)) + b"trailing rubbish",
        riff((b"fmt ", struct.pack("<HHIIHH", 3, 1, 8000, 32000, 4, 32)), (b"data", tone(99).astype("<f4").tobytes())),
        riff(
            (b"fmt ", struct.pack("<HHIIHHHHIH", 0xFFFE, 2, 16000, 64000, 4, 16, 22, 16, 3, 1) + ID_TAIL),
            (b"data", BODY),
        ),
    ],
)
def test_every_build_is_read_as_by_libsndfile(content):
    """Extra chunks, padding, part of a frame at the end, unknown lengths, the extensible kind."""
    agrees(content)


def test_a_file_that_was_never_closed():
    """A length of 0 before samples is refused, which libsndfile takes for an empty file; before a chunk it is empty."""
    for content in (riff((b"fmt ", FORMAT), (b"data", BODY, 0), size=0), riff((b"fmt ", FORMAT), (b"data", b"123", 0))):
        assert heard(content)[0].shape[1] == 0
        with pytest.raises(MediaError, match="states 0 bytes of samples before"):
            decode_audio(content)
    assert decode_audio(riff((b"fmt ", FORMAT), (b"data", b""), (b"LIST", b"INFO"))).samples.shape == (2, 0)


@pytest.mark.parametrize("form", [("PCM_16"), ("PCM_24"), ("FLOAT"), ("ULAW")])
def test_cut_off_is_refused(form):
    """A data chunk longer than the file is refused, with both lengths; libsndfile reads it without a word."""
    content = sound(tone(3000), "WAV", form)
    for length in (len(content) - 1, len(content) // 2, 60):
        with pytest.raises(MediaError, match=r"must be a whole WAV file, (holds \d+ of \d+ bytes|has no samples)"):
            decode_audio(content[:length])
        with pytest.raises(MediaError, match="must be a whole WAV file"):
            audio_info(content[:length])


@pytest.mark.parametrize("content", [riff(), riff((b"fmt ", FORMAT)), riff((b"fmt ", FORMAT[:9])), b"RIFF\0\0\0\0WAVE"])
def test_without_samples_is_refused(content):
    """A WAV without a data chunk has no samples."""
    with pytest.raises(MediaError, match="has no samples"):
        decode_audio(content)


@pytest.mark.parametrize(
    "form",
    [
        struct.pack("<HHIIHH", 1, 0, 16000, 64000, 4, 16),
        struct.pack("<HHIIHH", 1, 2, 16000, 64000, 3, 16),
        struct.pack("<HHIIHH", 77, 2, 16000, 64000, 4, 16),
        struct.pack("<HHIIHH", 1, 2, 16000, 64000, 4, 17),
        struct.pack("<HHIIHH", 0xFFFE, 2, 16000, 64000, 4, 16),
        FORMAT[:10],
    ],
)
def test_odd_formats_are_left_to_the_library(form):
    """What is not plainly 16 bits or float is libsndfile's to judge: its samples, or a MediaError."""
    content = riff((b"fmt ", form), (b"data", BODY))
    assert wave.parse(content) is None
    try:
        clip = decode_audio(content)
    except MediaError:
        return
    np.testing.assert_array_equal(clip.samples, heard(content)[0])


def test_flipped_bits_in_the_header():
    """A damaged header gives what libsndfile reads, or a MediaError, and never asks for all memory."""
    draws = np.random.default_rng(3)
    for subtype in ("PCM_16", "PCM_24", "FLOAT"):
        content = sound(tone(400), "WAV", subtype)
        for _ in range(300):
            damaged = bytearray(content)
            for place in draws.integers(0, 60, draws.integers(1, 3)):
                damaged[place] ^= 1 << draws.integers(0, 8)
            try:
                clip = decode_audio(bytes(damaged))
            except MediaError:
                continue
            try:
                expected, rate = heard(bytes(damaged))
            except soundfile.LibsndfileError:  # it minds damage in chunks that do not matter
                expected, rate = heard(content)
            assert clip.rate == rate
            np.testing.assert_array_equal(clip.samples, expected)


def test_too_long_is_refused():
    """A file over 4 GiB is no WAV; nothing is allocated to find out."""
    samples = np.broadcast_to(np.float32(0), (1 << 16, 1))
    with pytest.raises(MediaError, match="holds up to 4 GiB"):
        wave.write(samples, 48000, "FLOAT")
