"""Images whose every object has a colour of its own, so that a picture itself tells where each is to be seen."""

import numpy as np
import pyarrow as pa
from datasets import ClassLabel, Dataset, Features, Image, List, Value
from pycocotools import mask as coco

from hfaug import media
from tests.contract import figures

NUMBER = Value("float64")
OBJECT = {
    "bbox": List(NUMBER, length=4),
    "category": ClassLabel(num_classes=64),
    "area": NUMBER,
    "segmentation": List(List(NUMBER)),
    "rle": {"size": List(Value("int64")), "counts": Value("string")},
    "keypoints": List(NUMBER, length=3),
    "number": Value("int64"),
}
FEATURES = Features(
    {"image": Image(), "instance_mask": Image(), "objects": [OBJECT], "label": ClassLabel(num_classes=16)}
)
BOUND = {
    "boxes": "objects.bbox",
    "box_format": "coco",
    "areas": "objects.area",
    "polygons": "objects.segmentation",
    "rle": "objects.rle",
    "keypoints": "objects.keypoints",
    "keypoint_origin": "corner",
    "keypoint_format": "coco",
    "mask_ids": "objects.number",
}


def colour(category):
    """Of one object in all images; no two of them blend into a third."""
    return np.random.default_rng(1000 + category).integers(40, 256, 3).astype(np.uint8)


def _shapes(rng, size):
    """Rectangles that do not touch: two in the left half, one in the right."""
    height, width = size
    for low, high, left, right in ((0, 0.45, 0, 0.45), (0.5, 1, 0, 0.45), (0, 1, 0.5, 1)):
        y0, x0 = int((low + rng.uniform(0, 0.15)) * height), int((left + rng.uniform(0, 0.15)) * width)
        y1, x1 = int((high - rng.uniform(0, 0.15)) * height), int((right - rng.uniform(0, 0.15)) * width)
        yield y0, max(y1, y0 + 2), x0, max(x1, x0 + 2)


def painted(count=6, sizes=None, seed=0):
    """Rows of three objects each; the categories of all objects differ."""
    rng = np.random.default_rng(seed)
    rows = []
    for place in range(count):
        size = (sizes or [(40, 50)])[place % len(sizes or [1])]
        picture, numbers = np.zeros((*size, 3), np.uint8), np.zeros((*size, 1), np.uint8)
        objects = []
        for number, (y0, y1, x0, x1) in enumerate(_shapes(rng, size), start=1):
            category = 3 * place + number - 1
            picture[y0:y1, x0:x1] = colour(category)
            numbers[y0:y1, x0:x1] = number
            drawn = (numbers[..., 0] == number).astype(np.uint8)
            objects.append(
                {
                    "bbox": [x0, y0, x1 - x0, y1 - y0],
                    "category": category,
                    "area": drawn.sum(),
                    "segmentation": [[x0, y0, x1, y0, x1, y1, x0, y1]],
                    "rle": {"size": size, "counts": coco.encode(np.asfortranarray(drawn))["counts"].decode()},
                    "keypoints": [(x0 + x1) / 2, (y0 + y1) / 2, 2],
                    "number": number,
                }
            )
        image = media.encode_image(picture, like=media.Picture(picture), codec=media.Codec())
        mask = media.encode_mask(numbers, like=media.Picture(numbers, mode="L"))
        rows.append(
            {
                "image": {"bytes": image, "path": None},
                "instance_mask": {"bytes": mask, "path": None},
                "objects": objects,
                "label": place,
            }
        )
    return Dataset(pa.Table.from_pylist(rows, schema=FEATURES.arrow_schema))


def pixels(row):
    return media.decode_image(row["image"]["bytes"]).array


def numbers_of(row):
    return media.decode_mask(row["instance_mask"]["bytes"]).array[..., 0]


def run_mask(item):
    return coco.decode({"size": item["rle"]["size"], "counts": item["rle"]["counts"].encode()}).astype(bool)


def outline(item, size):
    return figures.drawn([np.reshape(ring, (-1, 2)) for ring in item["segmentation"]], size)


def seen(picture, category):
    """The pixels that show the pure colour of an object."""
    return (picture == colour(category)).all(axis=2)


def near(mask, reach=1, *, outside=False):
    """A mask with all pixels around it; what lies outside of the image may count as belonging to it."""
    padded = np.pad(mask, reach, constant_values=outside)
    height, width = mask.shape
    shifts = [padded[dy : dy + height, dx : dx + width] for dy in range(2 * reach + 1) for dx in range(2 * reach + 1)]
    return np.any(shifts, axis=0)
