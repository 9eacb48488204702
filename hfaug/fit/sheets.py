"""Samples of a generator as one picture, a row for each class."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["draw_samples", "save_samples"]

_COLUMNS, _CLASSES, _GAP = 8, 16, 2


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
    numbers = sorted(pipe.labels.values())[:_CLASSES]
    rows = []
    for number in numbers:
        generators = [torch.Generator("cpu").manual_seed(1000 * number + place) for place in range(_COLUMNS)]
        found = pipe([number] * _COLUMNS, generator=generators, output_type="np", **options).images
        rows.append((np.nan_to_num(found) * 255).round().astype(np.uint8))
    size, channels = rows[0].shape[1], rows[0].shape[3]
    step = size + _GAP
    sheet = np.full((len(rows) * step - _GAP, _COLUMNS * step - _GAP, channels), 127, np.uint8)
    for y, row in enumerate(rows):
        for x, image in enumerate(row):
            sheet[y * step : y * step + size, x * step : x * step + size] = image
    return sheet


def save_samples(pipe: Any, path: Path) -> None:
    """Write samples of a generator as PNG."""
    sheet = draw_samples(pipe)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part.png")
    cv2.imwrite(os.fspath(temporary), sheet[..., ::-1] if sheet.shape[2] == 3 else sheet)
    os.replace(temporary, path)
