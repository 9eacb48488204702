"""Samples of a generator as one picture, a row for each class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["COLUMNS", "MOST_CLASSES", "draw_samples", "joined", "save_picture"]

COLUMNS = 8
MOST_CLASSES = 16
_GAP = 2


def draw_samples(pipe: Any, **options: Any) -> npt.NDArray[np.uint8]:
    """Eight samples of each of the first sixteen classes, from the same noise at every call.

    Args:
        pipe: A pipeline that draws images of classes.
        options: What it is called with besides.

    Returns:
        (height, width, 1 or 3), a row a class.
    """
    import torch

    pipe.set_progress_bar_config(disable=True)
    numbers = sorted(pipe.labels.values())[:MOST_CLASSES]
    rows = []
    for number in numbers:
        generators = [torch.Generator("cpu").manual_seed(1000 * number + place) for place in range(COLUMNS)]
        found = pipe([number] * COLUMNS, generator=generators, output_type="np", **options).images
        rows.append((np.nan_to_num(found) * 255).round().astype(np.uint8))
    return joined(rows)


def joined(rows: Sequence[npt.NDArray[np.uint8]]) -> npt.NDArray[np.uint8]:
    """Rows of images as one picture.

    Args:
        rows: Each (images, height, width, 1 or 3), of one shape.
    """
    count, height, width, channels = rows[0].shape
    down, right = height + _GAP, width + _GAP
    sheet = np.full((len(rows) * down - _GAP, count * right - _GAP, channels), 127, np.uint8)
    for y, row in enumerate(rows):
        for x, image in enumerate(row):
            sheet[y * down : y * down + height, x * right : x * right + width] = image
    return sheet


def save_picture(sheet: npt.NDArray[np.uint8], path: Path) -> None:
    """Write a picture as PNG."""
    import cv2

    _, data = cv2.imencode(".png", sheet[..., ::-1] if sheet.shape[2] == 3 else sheet)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.tobytes())
