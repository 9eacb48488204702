"""The length of an MP3 is exact, whether the file states it or not."""

import io
import struct

import numpy as np
import pytest
import soundfile

from hfaug.errors import MediaError
from hfaug.media import audio_info, decode_audio, mp3
from tests.media.files import heard, tone


def mp3_file(samples, rate, mode="CONSTANT", level=0.5):
    """An MP3 of samples, with its tag frame first."""
    out = io.BytesIO()
    options = {"bitrate_mode": mode, "compression_level": level}
    with soundfile.SoundFile(out, "w", rate, len(samples), "MPEG_LAYER_III", format="MP3", **options) as file:
        file.write(samples.T)
    return out.getvalue()


def starts(content):
    """Where the frames start, the tag's first, found by stepping from one to the next."""
    first = mp3._frame(content, 0)
    return [pos for pos, _ in mp3._frames(content, 0, first)]


def without_tag(content):
    """The same sound in a file that does not state its length."""
    return content[starts(content)[1] :]


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000])
@pytest.mark.parametrize("mode", ["CONSTANT", "AVERAGE", "VARIABLE"])
def test_length_is_counted_where_it_is_not_stated(mode, rate, channels):
    """Without the tag every frame is still read: half of them loud, half silent, so that a guess would be far off."""
    samples = np.concatenate([tone(30_000, channels, rate), np.zeros((channels, 30_000), np.float32)], axis=1)
    stated = mp3_file(samples, rate, mode)
    content = without_tag(stated)
    clip = decode_audio(content)
    frame = 1152 if rate >= 32000 else 576
    assert clip.samples.shape == (channels, (len(starts(stated)) - 1) * frame)
    assert audio_info(content) == (clip.samples.shape[1], rate, channels)
    whole = decode_audio(stated).samples
    assert whole.shape == samples.shape
    # With the tag a reader leaves out the delay of encoder (576) and decoder (529); without it, it cannot.
    np.testing.assert_allclose(clip.samples[:, 6105:26_105], whole[:, 5000:25_000], atol=1e-5)


def test_stated_lengths_are_believed():
    """A file with its tag is left as it is."""
    content = mp3_file(tone(20_000), 16000)
    assert mp3.with_length(content) is content
    assert mp3.with_length(b"RIFF....WAVE") == b"RIFF....WAVE"
    assert mp3.with_length(b"") == b""


@pytest.mark.parametrize("mode", ["CONSTANT", "VARIABLE"])
def test_what_is_read_anyway_is_the_same(mode):
    """Stating the length changes no sample that is read without it; where the bitrate varies, it is not all of them."""
    samples = np.concatenate([tone(30_000, 2), np.zeros((2, 30_000), np.float32)], axis=1)
    content = without_tag(mp3_file(samples, 16000, mode))
    before, after = heard(content)[0], decode_audio(content).samples
    assert before.shape[1] < 0.9 * after.shape[1] if mode == "VARIABLE" else before.shape == after.shape
    np.testing.assert_allclose(before, after[:, : before.shape[1]], atol=1e-6)


@pytest.mark.parametrize("tagged", [True, False])
def test_tags_before_and_behind(tagged):
    """ID3 in front, with what looks like a frame in it, and ID3, APE or zeros behind change nothing."""
    content = mp3_file(tone(20_000), 16000)
    content = content if tagged else without_tag(content)
    picture = b"\xff\xfb\x90\x00" * 300
    front = b"ID3\x03\0\0" + bytes([0, 0, len(picture) >> 7, len(picture) & 127]) + picture
    expected = decode_audio(content).samples
    ape = b"APETAGEX" + b"\xff\xfb\x90\x00" + bytes(90)
    fronts, ends = (front, front + front), (b"TAG" + bytes(125), bytes(3000), ape)
    for changed in (*(extra + content for extra in fronts), *(content + extra for extra in ends)):
        np.testing.assert_array_equal(decode_audio(changed).samples, expected)


@pytest.mark.parametrize("tagged", [True, False])
def test_cut_off_is_refused(tagged):
    """A last frame that is not whole is refused, and with the tag every missing frame is."""
    content = mp3_file(tone(20_000), 16000)
    content = content if tagged else without_tag(content)
    places = starts(content)
    for length in (len(content) - 1, places[-1] + 4, places[len(places) // 2] + 50):
        with pytest.raises(MediaError, match="MP3 file"):
            decode_audio(content[:length])
    if tagged:
        for place in places[2:]:
            with pytest.raises(MediaError, match="MP3 file"):
                decode_audio(content[:place])


def test_two_files_in_one_are_refused():
    """A second file behind the first, which readers leave out without a word, is refused."""
    content = mp3_file(tone(20_000), 16000)
    with pytest.raises(MediaError, match=r"states \d+ frames and holds"):
        decode_audio(content + content)


def test_rubbish_between_frames():
    """Frames behind rubbish are found; the sound is all there or refused, never short."""
    content = without_tag(mp3_file(tone(20_000), 16000))
    place = starts(content)[9]
    whole = decode_audio(content).samples.shape[1]
    try:
        found = decode_audio(content[:place] + b"rubbish" * 40 + content[place:]).samples.shape[1]
    except MediaError:
        return
    assert found == whole


def test_the_tag_is_a_frame():
    """The frame that is put in front has the length that its own header says, in all kinds of MP3."""
    for rate in (8000, 16000, 44100):
        for channels in (1, 2):
            content = without_tag(mp3_file(tone(20_000, channels, rate), rate, level=0.9))
            stated = mp3.with_length(content)
            frame = mp3._frame(stated, 0)
            silent = mp3._frame(stated, frame.length)
            assert stated[frame.length + silent.length :] == content
            assert struct.unpack_from(">I", stated, stated.index(b"Info") + 8) == (len(starts(content)) + 1,)


def test_other_layers_and_free_bitrates_are_left_alone():
    """What is not layer III of a stated bitrate is the library's to judge."""
    for head in ("fffd9000", "fffb0000", "fffbf000", "fffb9c00", "ffeb9000"):
        content = bytes.fromhex(head) + bytes(500)
        assert mp3.with_length(content) is content
