"""Columns that say how large or how long an image, a video or a sound is: found by usual names, kept right."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hfaug.columns import is_list, is_number, is_whole, split_path

__all__ = ["MEASURES", "is_size", "measure_of", "measures"]

MEASURES = {
    "image": ("width", "height"),
    "time": ("fps", "num_frames", "duration"),
    "audio": ("duration", "num_samples"),
    "rate": ("sampling_rate", "num_samples"),
}
"""The roles of columns that measure a medium, by what changes them."""

_NAMES = {
    "width": re.compile(r"^((image|img|video|frame)_?)?width(_px)?$", re.IGNORECASE),
    "height": re.compile(r"^((image|img|video|frame)_?)?height(_px)?$", re.IGNORECASE),
    "fps": re.compile(r"^(video_?)?(fps|frame_?rate)$", re.IGNORECASE),
    "num_frames": re.compile(r"^((num|n|total)_?)?frames$|^(num_?)?frame_?count$", re.IGNORECASE),
    "duration": re.compile(r"^((video|audio|clip|sound)_?)?duration(_?(s|sec|secs|seconds))?$", re.IGNORECASE),
    "num_samples": re.compile(r"^((num|n)_?)samples$|^(num_?)?sample_?count$", re.IGNORECASE),
    "sampling_rate": re.compile(r"^(audio_?)?(sampl(e|ing)_?rate|sr)(_?hz)?$", re.IGNORECASE),
}
_SIZE = re.compile(r"^((image|img|video|frame)_?)?(size|shape|resolution)$", re.IGNORECASE)


def measure_of(features: Mapping[str, Any], path: str, feature: Any) -> str:
    """The role that a name and a type suggest together; empty where they suggest none.

    >>> from datasets import Value
    >>> measure_of({"img_width": Value("int32")}, "img_width", Value("int32"))
    'width'
    """
    if not is_number(feature) or is_list(features.get(split_path(features, path)[0])):
        return ""
    name = path.rsplit(".", 1)[-1]
    return next((role for role, names in _NAMES.items() if names.search(name)), "")


def is_size(path: str, feature: Any) -> bool:
    """Whether a column is called a size and holds a list of whole numbers, in an order that nobody knows."""
    return bool(_SIZE.search(path.rsplit(".", 1)[-1])) and is_list(feature) and is_whole(feature.feature)


def measures(columns: Mapping[str, tuple[str, ...]]) -> tuple[tuple[str, str], ...]:
    """Role and path of each column that measures a medium."""
    found = ((role, path) for roles in MEASURES.values() for role in roles for path in columns.get(role, ()))
    return tuple(dict.fromkeys(found))
