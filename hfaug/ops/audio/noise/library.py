"""Sounds that ops add to others, opened per process."""

from __future__ import annotations

import functools
from bisect import bisect_left

import xxhash

from hfaug import media
from hfaug.assets import Asset
from hfaug.kinds import Samples
from hfaug.rows import Sound, resampled

__all__ = ["digest_of", "draw_sound"]


def draw_sound(asset: Asset, point: int, own: str | None, rate: int) -> Samples | None:
    """The sound from a point on the ring of content digests on, at a sampling rate.

    Args:
        asset: What `gather_sounds` gave.
        point: Drawn from 0 to 2**53 - 1.
        own: Digest of a sound that is left out, if any.
        rate: Samples a second.

    Returns:
        Shape (channels, n); None where there is no other sound.
    """
    names = _names(asset)
    start = bisect_left(names, f"{point << 75:032x}")
    for step in range(min(2, len(names))):
        place = (start + step) % len(names)
        if names[place] != own:
            return _decoded(asset, place, rate)
    return None


def digest_of(sound: Sound) -> str | None:
    """What a sound goes by in an asset."""
    data = sound.stored_bytes
    return None if data is None else xxhash.xxh3_128_hexdigest(data)


@functools.lru_cache(maxsize=8)
def _names(asset: Asset) -> list[str]:
    names: list[str] = asset.table()["id"].to_pylist()
    return names


@functools.lru_cache(maxsize=32)
def _decoded(asset: Asset, place: int, rate: int) -> Samples:
    clip = media.decode_audio(asset.table()["bytes"][place].as_py())
    count = clip.samples.shape[1]
    samples = (
        clip.samples if clip.rate == rate else resampled(clip.samples, round(count * rate / clip.rate), clip.rate, rate)
    )
    samples.flags.writeable = False
    return samples
