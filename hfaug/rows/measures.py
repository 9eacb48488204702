"""What columns that measure an image, a video or a sound hold after it has changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hfaug.rows.places.paths import is_whole_at, read_path, write_path

if TYPE_CHECKING:
    from hfaug.rows.row import Row

__all__ = ["write_measures"]

_NEAR = {"fps": 0.01, "duration": 0.001}
"""By what share a stored number may differ and still be the same: it is often rounded, and so are the times of frames.
"""


def write_measures(row: Row, changed: dict[str, Any], paths: Sequence[tuple[str, str]], content: Any) -> None:
    """Put what an image, a video or a sound measures now into the columns that say so; a null stays unknown.

    Args:
        row: The row.
        changed: Takes the new values of columns.
        paths: Role and path of each column, see `hfaug.measures`.
        content: The scene, the footage or the sound that changed.
    """
    for role, path in paths:
        stored = read_path(row, path, changed)
        value = _measured(role, content)
        if stored is None or value is None or abs(value - stored) <= abs(stored) * _NEAR.get(role, 0.0):
            continue
        write_path(row, changed, path, round(value) if is_whole_at(row, path) else value)


def _measured(role: str, content: Any) -> float | None:
    if role in ("width", "height"):
        return float(content.size[1 if role == "width" else 0])
    if role in ("num_samples", "sampling_rate"):
        return float(content.count if role == "num_samples" else content.rate)
    if hasattr(content, "duration_s"):
        return float(content.duration_s)
    times = getattr(content, "times", None)
    if times is None:
        return None
    if role == "num_frames":
        return float(times.count)
    if role == "duration":
        return float(times.duration_s)
    # The first and the last frame may be cut; what lies between two others is the rate.
    step = float(np.median(np.diff(times.starts_s))) if times.count > 1 else float(times.duration_s)
    return 1.0 / step if step > 0 else None
