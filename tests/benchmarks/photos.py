"""Photographs as rows: 512x512 JPEG, cut from those that scikit-image carries. Noise would cost a codec far more."""

from __future__ import annotations

import functools
import math
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import datasets
import numpy as np
import numpy.typing as npt
import pyarrow as pa

__all__ = ["QUALITY", "SIDE", "decode", "encode", "jpegs", "psnr", "stored", "stored_bytes"]

SIDE, QUALITY = 512, 90

Pixels = npt.NDArray[np.uint8]


def decode(data: bytes) -> Pixels:
    """RGB of a JPEG, as the bare loop does it."""
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)


def encode(array: Pixels) -> bytes:
    """JPEG of RGB, as the bare loop does it."""
    done = cv2.imencode(".jpg", cv2.cvtColor(array, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return bytes(done[1])


@functools.cache
def jpegs(count: int) -> tuple[bytes, ...]:
    """That many photographs; each is used once before one is used again."""
    found = tuple(encode(window) for photo in _photos() for window in _windows(photo))
    # By turns through the photographs, so that a short list is as mixed as a long one.
    order = sorted(range(len(found)), key=lambda number: (number % _WINDOWS, number))
    return tuple(found[order[number % len(found)]] for number in range(count))


_WINDOWS = 4


def _photos() -> list[Pixels]:
    from skimage import data

    left, right, _ = data.stereo_motorcycle()
    colour = (data.astronaut, data.chelsea, data.coffee, data.rocket, data.retina, data.immunohistochemistry)
    return [*(photo() for photo in colour), data.hubble_deep_field(), left, right]


def _windows(photo: Pixels) -> list[Pixels]:
    """The corners of a photograph, enlarged a little where there would be only one place for the window."""
    height, width = photo.shape[:2]
    scale = max(1.0, 1.15 * SIDE / min(height, width))
    if scale > 1:
        size = (math.ceil(width * scale), math.ceil(height * scale))
        photo = cv2.resize(photo, size, interpolation=cv2.INTER_CUBIC)
    bottom, right = photo.shape[0] - SIDE, photo.shape[1] - SIDE
    corners = ((0, 0), (bottom, right), (0, right), (bottom, 0))
    return [np.ascontiguousarray(photo[y : y + SIDE, x : x + SIDE]) for y, x in corners]


def stored(count: int) -> datasets.Dataset:
    """The photographs as a dataset on disk, where a user's is: ``image``, ``label``."""
    features = datasets.Features({"image": datasets.Image(), "label": datasets.Value("int64")})
    images = [{"bytes": data, "path": None} for data in jpegs(count)]
    table = pa.Table.from_pydict({"image": images, "label": list(range(count))}, schema=features.arrow_schema)
    return on_disk(datasets.Dataset(table))


def on_disk(rows: datasets.Dataset) -> datasets.Dataset:
    """The same rows, written to a file and mapped from it."""
    folder = Path(tempfile.mkdtemp(dir=os.environ["HF_HOME"])) / "rows"
    rows.save_to_disk(folder)
    return datasets.load_from_disk(folder)


def stored_bytes(rows: datasets.Dataset, column: str = "image") -> list[bytes]:
    """The bytes of a media column as they stand in storage."""
    return [value["bytes"] for value in rows.with_format("arrow")[:][column].to_pylist()]


def psnr(ones: Iterable[bytes], others: Sequence[bytes]) -> float:
    """Peak signal-to-noise ratio between two lists of images, in dB, over all pixels; infinite for equal bytes."""
    ones = list(ones)
    if ones == list(others):
        return math.inf
    errors = [_error(decode(a), decode(b)) for a, b in zip(ones, others, strict=True)]
    return 10 * math.log10(255**2 / float(np.mean(errors)))


def _error(a: Pixels, b: Pixels) -> float:
    return float(np.square(a.astype(np.float64) - b).mean())
