"""The images that a generator is fitted to, with their classes: checked once, then batches by number."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import xxhash
from datasets import ClassLabel, Dataset, DatasetDict, Image

from hfaug import media
from hfaug.binding import Binding
from hfaug.classes import classes_of
from hfaug.errors import CallError, ParameterError, RoleError, RowError, add_context
from hfaug.roles import resolve

__all__ = ["Pixels", "TrainingImages", "read_images"]

_HELD_BYTES = 1 << 31
"""Pixels that are held in memory at most; more are decoded for each batch anew."""

_AT_ONCE = 4096
"""Images that are queued together while all are looked at."""

Pixels = npt.NDArray[np.uint8]


@dataclasses.dataclass(frozen=True, eq=False)
class TrainingImages:
    """Square images of one size, with their classes.

    Args:
        classes: The names of the classes, by number.
        labels: The class of each image.
        size: Height and width in pixels.
        channels: 1 grey, 3 RGB.
        digest: ``xxh3:`` and 32 hexadecimal digits of the files and classes, in order.
        rows: The images, as they are stored, and the column of their classes.
        column: The column of the images.
        label: The column of their classes.
        held: All pixels, uint8, (images, channels, size, size); None where they are too many to be held.
    """

    classes: tuple[str, ...]
    labels: npt.NDArray[np.int64]
    size: int
    channels: int
    digest: str
    rows: Dataset = dataclasses.field(repr=False)
    column: str
    label: str
    held: Pixels | None = dataclasses.field(repr=False)

    def __len__(self) -> int:
        return len(self.labels)

    def pixels(self, numbers: npt.NDArray[np.int64]) -> Pixels:
        """Images by number, (images, channels, size, size)."""
        if self.held is not None:
            found: Pixels = self.held[numbers]
            return found
        return self.squares(self.whole(numbers))

    def whole(self, numbers: npt.NDArray[np.int64]) -> list[Pixels]:
        """Images by number as they are stored, each (height, width, 1 or 3)."""
        stored = self.rows[numbers.tolist()][self.column]
        with ThreadPoolExecutor() as pool:
            return list(pool.map(_decoded, stored, numbers.tolist()))

    def squares(self, images: Sequence[Pixels]) -> Pixels:
        """Images of any size and shape as one array, (images, channels, size, size)."""
        return np.stack([_square(image, self.size, self.channels) for image in images])

    @property
    def counts(self) -> dict[str, int]:
        """How many images each class has."""
        found = Counter(self.labels.tolist())
        return {name: found[number] for number, name in enumerate(self.classes)}


def read_images(
    data: Dataset | DatasetDict,
    *,
    who: str,
    size: int,
    image: str | None = None,
    label: str | None = None,
    split: str = "train",
) -> TrainingImages:
    """Read the images of a dataset and their classes.

    Args:
        data: A dataset; of several splits one is read.
        who: Who asks, for errors.
        size: Height and width in pixels: the shorter side is brought to it, then the middle is cut out.
        image: The image column, where there are several.
        label: The column of the class, where there are several.
        split: The split to read.

    Raises:
        RoleError: A column is missing or in doubt.
        CallError: There are no images, or some have no class.
        RowError: An image cannot be read or has transparent pixels or more than 8 bits.
    """
    data = _split(data, split, who)
    said = {name: column for name, column in (("image", image), ("label", label)) if column is not None}
    images, named = _columns(data, Binding.of(**said), who)
    if not len(data):
        raise CallError(f"{who}: needs images to learn from, the dataset has no rows; give the training split")
    labels, classes = _classes(data, named, who)
    rows = data.with_format(None).select_columns([images, named]).cast_column(images, Image(decode=False))
    channels, digest, held = _scan(rows, images, size)
    digest.update("\0".join(classes).encode() + labels.tobytes())
    return TrainingImages(classes, labels, size, channels, f"xxh3:{digest.hexdigest()}", rows, images, named, held)


def _columns(data: Dataset, said: Binding, who: str) -> tuple[str, str]:
    """The columns of the images and of their classes; errors advise the arguments, since here nothing has ``on``."""
    try:
        roles = resolve(data.features, said, who=who, needs=("image", "label"), shifts=(), moves=())
    except RoleError as error:
        raise RoleError(re.sub(r"\.on\((\w+=\.\.\.)\)", r"\1", str(error))) from None
    return roles.all("image")[0], roles.all("label")[0]


def _split(data: Dataset | DatasetDict, split: str, who: str) -> Dataset:
    if isinstance(data, DatasetDict):
        if split not in data:
            raise ParameterError(f"{who}: split must be among {', '.join(data)}, got {split!r}; say split=...")
        return data[split]
    if not isinstance(data, Dataset):
        raise CallError(
            f"{who}: needs a Dataset or DatasetDict, got {type(data).__name__}; load it without streaming, since the "
            "images are read many times"
        )
    return data


def _classes(data: Dataset, column: str, who: str) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    feature = data.features[column]
    values = classes_of(data.select_columns([column]).with_format("arrow")[:][column].to_pylist(), feature)
    missing = values.count(None)
    if missing:
        raise CallError(
            f"{who}: each image needs a class, {missing} of {len(values)} have none in {column!r}; drop these rows: "
            f"ds.filter(lambda row: row[{column!r}] is not None)"
        )
    if isinstance(feature, ClassLabel):
        return np.asarray(values, np.int64), tuple(feature.names)
    names = tuple(sorted({str(value) for value in values}))
    places = {name: number for number, name in enumerate(names)}
    return np.asarray([places[str(value)] for value in values], np.int64), names


def _scan(rows: Dataset, column: str, size: int) -> tuple[int, Any, Pixels | None]:
    """Look at every image once: how many channels they have together, their digest, and all pixels if they fit."""
    digest, channels = xxhash.xxh3_128(), 1
    fits = len(rows) * 3 * size * size <= _HELD_BYTES
    held = np.empty((len(rows), 3, size, size), np.uint8) if fits else None

    def seen(number: int) -> tuple[bytes, int]:
        data = _bytes(rows[number][column], number)
        array = _pixels(data, number)
        if held is not None:
            held[number] = _square(array, size, 3)
        return xxhash.xxh3_128_digest(data), array.shape[2]

    with ThreadPoolExecutor() as pool:
        for start in range(0, len(rows), _AT_ONCE):
            for found, own in pool.map(seen, range(start, min(start + _AT_ONCE, len(rows)))):
                digest.update(found)
                channels = max(channels, own)
    return channels, digest, held if held is None or channels == 3 else np.ascontiguousarray(held[:, :channels])


def _decoded(value: Any, number: int) -> Pixels:
    return _pixels(_bytes(value, number), number)


def _bytes(value: Any, number: int) -> bytes:
    data = media.read_media(value)
    if data is None:
        raise RowError(f"image {number}: must be there, is null; drop the row")
    return data


def _pixels(data: bytes, number: int) -> Pixels:
    try:
        array = media.decode_image(data).array
    except RowError as error:
        add_context(error, f"image {number} of the dataset")
        raise
    if array.dtype != np.uint8:
        raise RowError(f"image {number}: must have 8 bits a sample, has 16; convert the images first")
    if array.shape[2] == 4:
        if array[..., 3].min() < 255:
            raise RowError(f"image {number}: must have no transparent pixels, has some; paint a ground behind them")
        array = array[..., :3]
    return array


def _square(array: Pixels, size: int, channels: int) -> Pixels:
    """The middle of an image, its shorter side brought to a size; (channels, size, size)."""
    import cv2

    height, width = array.shape[:2]
    short = min(height, width)
    top, left = (height - short) // 2, (width - short) // 2
    array = array[top : top + short, left : left + short]
    if short != size:
        way = cv2.INTER_AREA if short > size else cv2.INTER_LINEAR
        array = np.asarray(cv2.resize(array, (size, size), interpolation=way), np.uint8).reshape(size, size, -1)
    if array.shape[2] < channels:
        array = np.repeat(array, channels, axis=2)
    return np.ascontiguousarray(array.transpose(2, 0, 1))
