"""The sounds of rows, as filters hear them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hfaug import media
from hfaug.backends import Heard

__all__ = ["heard"]


def heard(value: Any) -> Heard | None:
    """The sound in an audio column, channels averaged; None where there is none.

    Args:
        value: As it is stored, or decoded.

    Raises:
        MediaError: It is no sound.
    """
    if value is None:
        return None
    stored = isinstance(value, (bytes, str)) or (isinstance(value, Mapping) and "bytes" in value)
    data = media.read_media(value) if stored else None
    clip = media.decode_audio(data) if data is not None else media.clip_from(value)
    return Heard(clip.samples.mean(axis=0), clip.rate)
