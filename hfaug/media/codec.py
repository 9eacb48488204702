"""How media are written: the settings that decide the bytes, as plain data."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hfaug.errors import ParameterError

__all__ = ["Codec"]

SUBSAMPLINGS = ("4:4:4", "4:2:2", "4:2:0")
PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")
LEVELS = {
    "jpeg_quality": (1, 100),
    "webp_quality": (1, 100),
    "avif_quality": (1, 100),
    "png_level": (0, 9),
    "video_crf": (0, 51),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Codec:
    """Settings of every encoder, so that equal settings and equal content give equal bytes.

    Only what changed is encoded, and in the format of its source, so these settings never touch an original. The fields
    are plain values: ``json.dumps(dataclasses.asdict(codec), sort_keys=True)`` names the settings.

    Args:
        jpeg_quality: Quality of JPEG, 1..100.
        jpeg_subsampling: Colour resolution of JPEG against its brightness: "4:4:4" (equal), "4:2:2" or "4:2:0" (half).
        webp_quality: Quality of WebP whose source is lossy, 1..100. A lossless source stays lossless.
        avif_quality: Quality of AVIF, 1..100.
        png_level: Effort of PNG, 0..9, for bytes and time only. 1 is fast: on photographs it takes an eighth of the
            time of Pillow's default for 4 % more bytes. 6 and above make the smallest files.
        audio_quality: Quality of MP3, Ogg Vorbis and Opus as a share 0..1. All other sound is written exactly.
        video_crf: Constant rate factor of H.264, 0 (largest file) to 51; the scales of other codecs follow from it. The
            default can hardly be told from the source.
        video_preset: Effort of video encoders by x264's names, "ultrafast" to "veryslow": fewer bytes for more time.

    Raises:
        ParameterError: A field is out of its limits.

    >>> Codec(jpeg_quality=90).jpeg_quality
    90
    """

    jpeg_quality: int = 95
    jpeg_subsampling: str = "4:2:0"
    webp_quality: int = 90
    avif_quality: int = 90
    png_level: int = 1
    audio_quality: float = 0.9
    video_crf: int = 18
    video_preset: str = "veryfast"

    def __post_init__(self) -> None:
        for name, (low, high) in LEVELS.items():
            number = _number(name, getattr(self, name), low, high)
            if number != int(number):
                raise ParameterError(f"Codec: {name} must be a whole number, is {number}; round it")
            object.__setattr__(self, name, int(number))
        object.__setattr__(self, "audio_quality", float(_number("audio_quality", self.audio_quality, 0, 1)))
        for name, known in (("jpeg_subsampling", SUBSAMPLINGS), ("video_preset", PRESETS)):
            if getattr(self, name) not in known:
                raise ParameterError(
                    f"Codec: {name} must be one of {', '.join(known)}, is {getattr(self, name)!r}; choose one of them"
                )


def _number(name: str, value: object, low: float, high: float) -> float:
    """A number within its limits, NumPy's included; a bool is none."""
    number = float(value) if isinstance(value, (int, float, np.number)) and not isinstance(value, bool) else math.nan
    if not low <= number <= high:
        raise ParameterError(f"Codec: {name} must be a number in {low}..{high}, is {value!r}; choose one in it")
    return number
