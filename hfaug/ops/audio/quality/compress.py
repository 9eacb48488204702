"""Compress a sound and unpack it again."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import ClassVar, Literal

import numpy as np

from hfaug import media
from hfaug.fields import ShareRange
from hfaug.kinds import Samples, WaveOp
from hfaug.randomness import Stream
from hfaug.rows import resampled

__all__ = ["Compress"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Compress(WaveOp):
    """Compress a sound and unpack it again, so that it has the faults of a codec; the file keeps its own format.

    Args:
        codec: ``mp3``, ``vorbis``, ``opus``, or the telephone's ``mu_law``, ``a_law`` and ``adpcm``.
        quality: Range of the quality, 0..1, for the first three: 0 is the smallest file.

    Moves: samples only; every time label stays: a codec's delay is taken back.
    Rejects: nothing. A sound of more channels than the codec holds is compressed channel by channel.
    Source: audiomentations, Mp3Compression; by libsndfile, in memory, without the package that it needs.

    >>> import hfaug
    >>> hfaug.ops.audio.Compress(codec="opus").quality
    (0.0, 0.4)
    """

    may_change: ClassVar[tuple[str, ...]] = ("fine sounds, where the quality is low",)

    codec: Literal["mp3", "vorbis", "opus", "mu_law", "a_law", "adpcm"] = "mp3"
    quality: ShareRange = (0, 0.4)

    def wave(self, samples: Samples, rate: int, rng: Stream) -> Samples:
        """Draw the quality."""
        settings = media.Codec(audio_quality=rng.uniform(*self.quality))
        form, subtype, rates = _KINDS[self.codec]
        coded_rate = rate if rates is None or rate in rates else _nearest(rate, rates)
        count = samples.shape[1]
        length = count if coded_rate == rate else max(1, round(count * coded_rate / rate))
        given = samples if coded_rate == rate else resampled(samples, length, rate, coded_rate)
        like = functools.partial(media.Clip, rate=coded_rate, format=form, subtype=subtype)
        done = np.concatenate([_through(channel[None], like, settings) for channel in given])
        done = np.pad(done[:, :length], ((0, 0), (0, max(0, length - done.shape[1]))))
        return done if coded_rate == rate else resampled(done, count, coded_rate, rate)


_MP3 = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_KINDS: dict[str, tuple[str, str, tuple[int, ...] | None]] = {
    "mp3": ("MP3", "MPEG_LAYER_III", _MP3),
    "vorbis": ("OGG", "VORBIS", tuple(rate for rate in _MP3)),
    "opus": ("OGG", "OPUS", (8_000, 12_000, 16_000, 24_000, 48_000)),
    "mu_law": ("WAV", "ULAW", None),
    "a_law": ("WAV", "ALAW", None),
    "adpcm": ("WAV", "IMA_ADPCM", None),
}


def _nearest(rate: int, rates: tuple[int, ...]) -> int:
    """The lowest rate that holds all that a sound holds, else the highest."""
    return min((each for each in rates if each >= rate), default=max(rates))


def _through(samples: Samples, like: Callable[..., media.Clip], codec: media.Codec) -> Samples:
    """One channel, compressed and unpacked."""
    return media.decode_audio(media.encode_audio(samples, like=like(samples[:, :0], channels=1), codec=codec)).samples
