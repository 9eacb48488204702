"""Small tables of images, and what ops make of them."""

import cv2
import numpy as np
import pyarrow as pa
from datasets import Dataset, Features, Image, List, Value

import hfaug
from hfaug import media

LABELS = {"boxes": "objects.bbox", "box_format": "pascal_voc", "keypoints": "keypoints", "keypoint_origin": "center"}
"""How the labels of the photographs are bound."""


BOX = List(Value("float64"), length=4)

_RNG = np.random.default_rng(0)


def noise(*shape, dtype=np.uint8):
    """Levels at random."""
    return _RNG.integers(0, np.iinfo(dtype).max + 1, shape).astype(dtype)


def stored(dataset):
    """The rows as they are stored."""
    return dataset.with_format("arrow")[:].to_pylist()


def once(dataset, op, **more):
    """The rows, each changed once."""
    return stored(hfaug.augment(dataset, op, keep=False, **more))


def png(array):
    """An image as it is stored; colours are RGB."""
    order = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}
    code = order.get(array.shape[2] if array.ndim == 3 else 1)
    return {
        "bytes": cv2.imencode(".png", array if code is None else cv2.cvtColor(array, code))[1].tobytes(),
        "path": None,
    }


def pixels(value):
    """The array of a stored image."""
    return media.decode_image(value["bytes"]).array


def images(arrays, **columns):
    """A table of images and of columns, each given as its feature and its values."""
    features = Features({"image": Image(), **{name: feature for name, (feature, _) in columns.items()}})
    values = {"image": [png(array) for array in arrays], **{name: value for name, (_, value) in columns.items()}}
    return Dataset(pa.Table.from_pydict(values, schema=features.arrow_schema))
