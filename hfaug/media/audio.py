"""Sound bytes to samples and back, in the source's own format, sample rate and bit depth."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hfaug.errors import MediaError, MissingExtra
from hfaug.media import mp3, ogg, wave
from hfaug.media.codec import Codec
from hfaug.media.counters import counts
from hfaug.media.sources import checked_bytes
from hfaug.media.whole import check_whole

__all__ = ["Clip", "Samples", "audio_info", "checked_samples", "decode_audio", "encode_audio"]

Samples = npt.NDArray[np.float32]

BLOCK = 1 << 16
MOST_IN_A_BYTE = 1 << 14
UNKNOWN = 1 << 62
WRITABLE = ("WAV", "WAVEX", "FLAC", "OGG", "MP3", "AIFF")
PCM_BITS = {"PCM_U8": 8, "PCM_S8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}
# Compressed kinds that are made from 16-bit samples.
FROM_16_BITS = ("ULAW", "ALAW", "IMA_ADPCM", "MS_ADPCM", "GSM610")
LOSSY = ("VORBIS", "OPUS", "MPEG_LAYER_III")
# Kinds of file that libsndfile cannot read, by a mark at an offset.
FOREIGN = {
    (4, b"ftyp"): "MP4 or M4A",
    (0, b"\x1aE\xdf\xa3"): "Matroska or WebM",
    (0, b"0&\xb2u"): "WMA",
    (0, b"#!AMR"): "AMR",
}


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """Samples with the facts of the source that encoding needs.

    Args:
        samples: Shape (channels, n), float32, full scale is -1..1.
        rate: Samples a second of one channel.
        format: The source's container by libsndfile's name: "WAV", "FLAC", "OGG", "MP3" ...
        subtype: The source's sample type by libsndfile's name: "PCM_16", "PCM_24", "FLOAT", "VORBIS" ...
        channels: Channels of the source.

    >>> Clip(np.zeros((1, 8000), np.float32), 16000).duration_s
    0.5
    """

    samples: Samples
    rate: int
    format: str = "WAV"
    subtype: str = "PCM_16"
    channels: int = 1

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return float(self.samples.shape[1] / self.rate)


def decode_audio(data: bytes) -> Clip:
    """Decode one sound file; its content, not its name, says what it is.

    WAV with 16-bit or float samples is read directly, bit for bit as libsndfile reads it; all else through libsndfile:
    WAV of every kind, FLAC, Ogg Vorbis and Opus, MP3, AIFF, AU, CAF. Whole numbers become ``value / 2**(bits - 1)``,
    which float32 holds exactly up to 24 bits.

    Returns:
        The clip: samples (channels, n) float32, owned by the caller.

    Raises:
        MediaError: The bytes are empty, no sound file, cut off or damaged, or hold NaN or infinity. Damage inside an
            MP3 or in plain samples cannot be told from sound.
        MissingExtra: The file needs `soundfile`, which is not installed.

    >>> clip = decode_audio(encode_audio(np.zeros((2, 3), np.float32), like=Clip(np.zeros((2, 0), np.float32), 8000)))
    >>> clip.samples.shape, clip.rate, clip.subtype
    ((2, 3), 8000, 'PCM_16')
    """
    data = checked_bytes(data, "audio")
    form = wave.parse(data)
    if form is not None:
        clip = Clip(wave.read(data, form), form.rate, form.format, form.subtype, form.channels)
    else:
        clip = _decode_sndfile(data)
    if clip.subtype in ("FLOAT", "DOUBLE") and not np.isfinite(clip.samples).all():
        raise MediaError(f"audio: samples must be finite, the {clip.format} holds NaN or infinity; drop the row")
    counts.add("audio.decode")
    return clip


def audio_info(data: bytes) -> tuple[int, int, int]:
    """(samples of one channel, samples a second, channels) from the header alone.

    Raises:
        MediaError: The bytes are empty, no sound file, or cut off.
        MissingExtra: The file needs `soundfile`, which is not installed.

    >>> audio_info(encode_audio(np.zeros((2, 3), np.float32), like=Clip(np.zeros((2, 0), np.float32), 8000)))
    (3, 8000, 2)
    """
    data = checked_bytes(data, "audio")
    form = wave.parse(data)
    if form is not None:
        return form.frames, form.rate, form.channels
    with open_sound(data) as file:
        return int(file.frames), int(file.samplerate), int(file.channels)


def soundfile_module() -> Any:
    """The binding to libsndfile."""
    try:
        import soundfile
    except ImportError as error:
        raise MissingExtra.for_extra("audio", "soundfile") from error
    return soundfile


class _File(io.BytesIO):
    """Bytes as a file in which a senseless place, as damaged headers name it, is stayed away from."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move, or stay where the place lies before the start."""
        try:
            return super().seek(offset, whence)
        except ValueError:
            return self.tell()


def open_sound(data: bytes) -> Any:
    """Open through libsndfile."""
    soundfile = soundfile_module()
    check_whole(data)
    try:
        file = soundfile.SoundFile(_File(mp3.with_length(data)))
    except soundfile.LibsndfileError as error:
        kind = next((name for (at, mark), name in FOREIGN.items() if data.startswith(mark, at)), None)
        what = f"looks like {kind}" if kind else f"starts with {data[:8]!r} ({error.error_string})"
        raise MediaError(
            f"audio: must be a WAV, FLAC, OGG, MP3 or AIFF file, {what}; convert it first, or fetch the file again"
        ) from error
    if file.frames >= UNKNOWN:
        raise MediaError(f"audio: must state its length, the {file.format} was written to a pipe; write it to a file")
    return file


def _decode_sndfile(data: bytes) -> Clip:
    """Decode through libsndfile."""
    with open_sound(data) as file:
        damaged = MediaError(
            f"audio: must be a whole {file.format} file, is cut off or damaged; fetch the file again or drop the row"
        )
        # A damaged header may state any length; even of silence a byte holds fewer samples than this.
        if file.frames * file.channels > MOST_IN_A_BYTE * len(data):
            raise damaged
        try:
            frames = file.read(file.frames, dtype="float32", always_2d=True)  # GSM cannot seek for its end
        except RuntimeError as error:
            raise damaged from error
        if len(frames) != file.frames:
            raise damaged
        return Clip(np.ascontiguousarray(frames.T), file.samplerate, file.format, file.subtype, file.channels)


def encode_audio(samples: Samples, like: Clip, codec: Codec | None = None) -> bytes:
    """Encode samples in the format, sample type and rate of their source; equal samples give equal bytes.

    Whole-number types are written as ``round(sample * 2**(bits - 1))``, halves to even, so samples that were only
    decoded come back unchanged (up to 24 bits). What is over full scale is cut to it and counted in
    ``counts["audio.clipped"]``. MP3, Vorbis and Opus are written at ``codec.audio_quality``, with their length kept.
    What cannot be written, or not the same way twice, becomes WAV: AU, CAF, float AIFF, and an empty clip of any
    format. Tags and markers are left behind.

    Args:
        samples: Shape (channels, n) or (n,), float, full scale is -1..1.
        like: The decoded source; its samples are not looked at.
        codec: Settings; the defaults when left out.

    Raises:
        MediaError: The samples are no sound (shape, NaN, infinity), or the format cannot hold them.
        MissingExtra: The format needs `soundfile`, which is not installed.
    """
    samples = checked_samples(samples)
    data = _encode(samples, like, codec or Codec())
    counts.add("audio.encode")
    return data


def checked_samples(samples: Any) -> Samples:
    """The samples as (channels, n) float32; refuses what is no sound."""
    samples = np.asarray(samples)
    samples = samples[None] if samples.ndim == 1 else samples
    if samples.ndim != 2 or not samples.shape[0] or not np.issubdtype(samples.dtype, np.floating):
        raise MediaError(
            f"audio: samples must be float of shape (channels, n), are {samples.dtype} of shape {samples.shape}; "
            "return such an array"
        )
    narrow: Samples = samples.astype(np.float32, copy=False)
    if not np.isfinite(narrow).all():
        raise MediaError("audio: samples must be finite, hold NaN or infinity; check the op that made them")
    return narrow


def _encode(samples: Samples, like: Clip, codec: Codec) -> bytes:
    """Choose container and sample type, and write."""
    form, subtype = writable(like, empty=not samples.size)
    if subtype in ("FLOAT", "DOUBLE"):
        return wave.write(samples, like.rate, subtype)
    if subtype in LOSSY:
        return _write_sndfile(samples, form, subtype, like.rate, codec)
    bits = PCM_BITS.get(subtype, 16)
    values = whole_numbers(samples, bits)
    if form == "WAV" and subtype == "PCM_16":
        return wave.write(values, like.rate, subtype)
    # libsndfile drops the bits that the type has not. Not 32 bits for all: its u-law turns the lowest of them positive.
    whole = values.astype(np.int16) << (16 - bits) if bits <= 16 else values.astype(np.int32) << (32 - bits)
    return _write_sndfile(whole, form, subtype, like.rate, codec)


def writable(like: Clip, *, empty: bool) -> tuple[str, str]:
    """Container and sample type to write: the source's, or the nearest that can be written."""
    known = like.subtype in PCM_BITS or like.subtype in FROM_16_BITS or like.subtype in LOSSY
    subtype = like.subtype if known or like.subtype == "DOUBLE" else "FLOAT"
    if empty and subtype in (*LOSSY, *FROM_16_BITS):
        subtype = "PCM_16"
    form = like.format if like.format in WRITABLE and not empty else "WAV"
    if form == "WAV" and subtype in LOSSY:
        form = "MP3" if subtype == "MPEG_LAYER_III" else "OGG"
    if subtype == "PCM_S8" and form in ("WAV", "AIFF"):
        # WAV has no signed bytes, and libsndfile writes an odd number of them into AIFF as one more.
        form, subtype = "WAV", "PCM_U8"
    return form, subtype


def whole_numbers(samples: Samples, bits: int) -> npt.NDArray[Any]:
    """Whole numbers within the range of the type, still in a float type; counts what was over full scale."""
    scale = 2.0 ** (bits - 1)
    values = samples * np.float32(scale) if bits <= 24 else samples.astype(np.float64) * scale
    np.rint(values, out=values)
    if values.size and (values.max() >= scale or values.min() < -scale):
        # Full scale itself is one step too much on the positive side; that step is no clipping anyone hears of.
        counts.add("audio.clipped", int(np.count_nonzero((values > scale) | (values < -scale))))
        np.clip(values, -scale, scale - 1, out=values)
    return values


def lossy_options(subtype: str, codec: Codec) -> dict[str, float]:
    """What a lossy writer is told; libsndfile knows no MP3 of the very lowest quality."""
    return {"compression_level": min(1 - codec.audio_quality, 0.999)} if subtype in LOSSY else {}


def _write_sndfile(values: npt.NDArray[Any], form: str, subtype: str, rate: int, codec: Codec) -> bytes:
    """Write through libsndfile, in blocks: one long block overflows the stack of its Vorbis writer."""
    soundfile = soundfile_module()
    options = lossy_options(subtype, codec)
    frames, out = np.ascontiguousarray(values.T), io.BytesIO()
    try:
        with soundfile.SoundFile(out, "w", rate, values.shape[0], subtype, format=form, **options) as file:
            for start in range(0, len(frames), BLOCK):
                file.write(frames[start : start + BLOCK])
    except (RuntimeError, ValueError, TypeError) as error:
        raise MediaError(
            f"audio: {form} {subtype} cannot hold {values.shape[0]} channels at {rate} Hz ({error}); "
            "make the source WAV or FLAC"
        ) from error
    return ogg.with_serial(out.getvalue()) if form == "OGG" else out.getvalue()
