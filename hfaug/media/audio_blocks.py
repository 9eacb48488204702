"""Long sounds block by block: decoded and encoded in little memory, to the same samples as at once."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from hfaug.errors import MediaError
from hfaug.media import ogg, wave
from hfaug.media.audio import (
    BLOCK,
    LOSSY,
    PCM_BITS,
    Clip,
    checked_samples,
    lossy_options,
    open_sound,
    soundfile_module,
    whole_numbers,
    writable,
)
from hfaug.media.codec import Codec
from hfaug.media.counters import counts

__all__ = ["read_blocks", "sound_kind", "write_blocks"]

Samples = npt.NDArray[np.float32]


def sound_kind(data: bytes) -> Clip:
    """What `decode_audio` would say of a file, without its samples."""
    form = wave.parse(data)
    if form is not None:
        return Clip(np.empty((form.channels, 0), np.float32), form.rate, form.format, form.subtype, form.channels)
    with open_sound(data) as file:
        empty = np.empty((file.channels, 0), np.float32)
        return Clip(empty, file.samplerate, file.format, file.subtype, file.channels)


def read_blocks(data: bytes) -> Iterator[Samples]:
    """The samples of a file, (channels, n) float32 at a time, from the first to the last.

    Raises:
        MediaError: As `hfaug.media.decode_audio`; damage in the middle is met when it is reached.
    """
    form = wave.parse(data)
    counts.add("audio.decode")
    done, count = 0, 0
    if form is not None:
        step = BLOCK * form.channels * np.dtype(wave.DTYPES[form.subtype]).itemsize
        width = step // BLOCK
        for first in range(0, form.frames, BLOCK):
            frames = min(BLOCK, form.frames - first)
            part = wave.Wave(form.format, form.subtype, form.rate, form.channels, form.start + first * width, frames)
            yield _finite(wave.read(data, part))
        return
    with open_sound(data) as file:
        count = file.frames
        while done < count:
            try:
                block = file.read(BLOCK, dtype="float32", always_2d=True)
            except RuntimeError:
                block = np.empty((0, file.channels), np.float32)
            if not len(block):
                raise MediaError(
                    f"audio: must be a whole {file.format} file, is cut off or damaged; "
                    "fetch the file again or drop the row"
                )
            done += len(block)
            yield _finite(np.ascontiguousarray(block.T))


def _finite(samples: Samples) -> Samples:
    if not np.isfinite(samples).all():
        raise MediaError("audio: samples must be finite, the file holds NaN or infinity; drop the row")
    return samples


def write_blocks(blocks: Iterable[Samples], like: Clip, codec: Codec) -> bytes:
    """Encode blocks of samples as `hfaug.media.encode_audio` encodes them at once.

    Args:
        blocks: (channels, n) each.
        like: The decoded source, whose samples are not looked at.
        codec: Settings.
    """
    form, subtype = writable(like, empty=False)
    if subtype in ("FLOAT", "DOUBLE"):  # the library's would bear the time
        data = wave.write_blocks(map(checked_samples, blocks), like.channels, like.rate, subtype)
        counts.add("audio.encode")
        return data
    options = lossy_options(subtype, codec)
    out, kinds = io.BytesIO(), soundfile_module()
    try:
        with kinds.SoundFile(out, "w", like.rate, like.channels, subtype, format=form, **options) as file:
            for block in _of_size(map(checked_samples, blocks), BLOCK):
                file.write(_values(block, subtype).T)
    except (RuntimeError, ValueError, TypeError) as error:
        if isinstance(error, MediaError):
            raise
        raise MediaError(
            f"audio: {form} {subtype} cannot hold {like.channels} channels at {like.rate} Hz ({error}); "
            "make the source WAV or FLAC"
        ) from error
    counts.add("audio.encode")
    return ogg.with_serial(out.getvalue()) if form == "OGG" else out.getvalue()


def _values(block: Samples, subtype: str) -> npt.NDArray[np.generic]:
    """Samples as libsndfile takes them; whole numbers are rounded here."""
    if subtype in LOSSY:
        return block
    bits = PCM_BITS.get(subtype, 16)
    values = whole_numbers(block, bits)
    return values.astype(np.int16) << (16 - bits) if bits <= 16 else values.astype(np.int32) << (32 - bits)


def _of_size(blocks: Iterable[Samples], size: int) -> Iterator[Samples]:
    """The same samples in blocks of one size: what a lossy writer makes of them may depend on it."""
    held: list[Samples] = []
    count = 0
    for block in blocks:
        held.append(block)
        count += block.shape[1]
        if count < size:
            continue
        whole = np.concatenate(held, axis=1)
        for start in range(0, count - size + 1, size):
            yield whole[:, start : start + size]
        held = [whole[:, count // size * size :]]
        count = held[0].shape[1]
    if count:
        yield np.concatenate(held, axis=1)
