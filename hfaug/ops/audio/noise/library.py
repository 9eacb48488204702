"""Sounds that ops add to others: from a folder or from a column of a dataset, kept as an asset, opened per process."""

from __future__ import annotations

import functools
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import xxhash
from datasets import Audio, Dataset

from hfaug import media
from hfaug.assets import Asset
from hfaug.errors import ParameterError, RoleError
from hfaug.kinds import Samples
from hfaug.rows import Sound, resampled

__all__ = ["digest_of", "draw_sound", "gather_sounds"]

_ENDINGS = frozenset({".wav", ".flac", ".mp3", ".ogg", ".opus", ".aiff", ".aif", ".au", ".caf"})


def gather_sounds(source: str | Path | Dataset, column: str | None = None) -> Asset:
    """Keep sounds for ops that add them to others: backgrounds, short noises, the answers of rooms.

    Args:
        source: A folder, whose sound files are taken with those of its subfolders, or a dataset.
        column: The `Audio` column of the dataset; its only one by default.

    Returns:
        What the ops take as ``sounds`` and ``responses``. Equal sounds give an equal asset, whatever their order.

    Raises:
        ParameterError: There are no sounds.
        RoleError: The dataset has no such column, or several without a name given.
    """
    found = _of_dataset(source, column) if isinstance(source, Dataset) else _of_folder(Path(source))
    known = {xxhash.xxh3_128_hexdigest(data): data for data in found}
    if not known:
        raise ParameterError(f"gather_sounds: {source!r} must hold sounds, holds none; name another folder or dataset")
    names = sorted(known)
    schema = pa.schema({"id": pa.string(), "bytes": pa.large_binary()})
    batches = (pa.record_batch([[name], pa.array([known[name]], pa.large_binary())], schema=schema) for name in names)
    return Asset.write(schema, batches, xxhash.xxh3_128_hexdigest("\n".join(names).encode()))


def _of_folder(folder: Path) -> Iterator[bytes]:
    if not folder.is_dir():
        raise ParameterError(f"gather_sounds: must be a folder or a dataset, {str(folder)!r} is none; correct the path")
    yield from (path.read_bytes() for path in sorted(folder.rglob("*")) if path.suffix.lower() in _ENDINGS)


def _of_dataset(dataset: Dataset, column: str | None) -> Iterator[bytes]:
    sounds = [name for name, feature in dataset.features.items() if isinstance(feature, Audio)]
    if column is None and len(sounds) != 1:
        raise RoleError(f"gather_sounds: needs one Audio column, found {sounds}; name it with column=...")
    name = column or sounds[0]
    if name not in sounds:
        raise RoleError(f"gather_sounds: column must be an Audio column, {name!r} is none of {sounds}; correct it")
    for table in dataset.with_format("arrow").iter(100):
        for value in table[name].to_pylist():
            data = media.read_media(value)
            if data:
                yield data


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
    """What a stored sound goes by in an asset; None for one that came decoded."""
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
