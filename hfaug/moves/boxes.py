"""Boxes in the forms data sets write them, to and from ``(x0, y0, x1, y1)`` in continuous pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hfaug.errors import ParameterError, RowError

__all__ = ["FORMATS", "box_format", "check_boxes", "clip_boxes", "from_xyxy", "to_xyxy", "wrong_boxes"]

Boxes = NDArray[np.float64]

FORMATS: dict[str, tuple[str, str | None]] = {
    "xyxy": ("xyxy", None),
    "xywh": ("xywh", None),
    "cxcywh": ("cxcywh", None),
    "coco": ("xywh", "pixels"),
    "pascal_voc": ("xyxy", "pixels"),
    "yolo": ("cxcywh", "relative"),
    "albumentations": ("xyxy", "relative"),
}
"""Names of box formats: the order of the four numbers, and the unit where the name says it."""


def box_format(name: str, units: str | None = None) -> tuple[str, str]:
    """The order of the four numbers and their unit behind a format's name.

    Args:
        name: ``xyxy`` (two corners), ``xywh`` (corner and size) or ``cxcywh`` (centre and size), or the name of a
            tool's format: ``coco``, ``pascal_voc``, ``yolo``, ``albumentations``.
        units: ``pixels`` or ``relative`` (shares of width and height); pixels when neither this nor the name says so.

    Raises:
        ParameterError: A name is unknown, or the unit contradicts the format.

    >>> box_format("yolo"), box_format("xywh")
    (('cxcywh', 'relative'), ('xywh', 'pixels'))
    """
    if name not in FORMATS:
        raise ParameterError(f"box_format: must be one of {', '.join(FORMATS)}, is {name!r}; give one of them.")
    order, implied = FORMATS[name]
    if units not in (None, "pixels", "relative"):
        raise ParameterError(f"box_format: units must be 'pixels' or 'relative', is {units!r}; give one of them.")
    if implied and units and units != implied:
        raise ParameterError(
            f"box_format: {name} boxes are in {implied} units, given {units!r}; use {order!r} for the other unit."
        )
    return order, implied or units or "pixels"


def _array(values: Any) -> Boxes:
    try:
        boxes = np.asarray(values, dtype=np.float64)
        return np.empty((0, 4)) if boxes.size == 0 else boxes.reshape(-1, 4)
    except (ValueError, TypeError) as error:
        raise RowError(f"boxes: each must be four numbers, given {str(values)[:80]}; correct the row.") from error


def _scale(units: str, size: Sequence[int] | None) -> Boxes:
    if units == "pixels":
        return np.ones(4)
    if size is None:
        raise ParameterError(
            "boxes: relative ones need the size of their image, none is given; pass size=(height, width)."
        )
    return np.array([size[1], size[0], size[1], size[0]], dtype=np.float64)


def to_xyxy(
    values: Any,
    format: str = "xyxy",  # noqa: A002  # the field's own word
    units: str | None = None,
    size: Sequence[int] | None = None,
) -> Boxes:
    """Boxes as two corners in continuous pixels.

    Args:
        values: N boxes of four numbers.
        format: See `box_format`.
        units: See `box_format`.
        size: ``(height, width)`` of the image in pixels; needed for relative units.

    Returns:
        Nx4 float64 ``(x0, y0, x1, y1)``.

    Raises:
        ParameterError: The format is unknown or the size is missing.
        RowError: A box is not four numbers.

    >>> to_xyxy([[0.5, 0.5, 0.2, 0.4]], "yolo", size=(100, 200)).tolist()
    [[80.0, 30.0, 120.0, 70.0]]
    """
    order, units = box_format(format, units)
    boxes = _array(values) * _scale(units, size)
    if order == "xywh":
        boxes[:, 2:] += boxes[:, :2]
    elif order == "cxcywh":
        middle, half = boxes[:, :2].copy(), boxes[:, 2:] / 2
        boxes[:, :2], boxes[:, 2:] = middle - half, middle + half
    return boxes


def from_xyxy(
    boxes: Any,
    format: str = "xyxy",  # noqa: A002  # as above
    units: str | None = None,
    size: Sequence[int] | None = None,
    *,
    like: Any = None,
    like_size: Sequence[int] | None = None,
) -> Boxes:
    """Boxes in the form they were written in; the inverse of `to_xyxy`.

    Args:
        boxes: Nx4 ``(x0, y0, x1, y1)`` in continuous pixels.
        format: See `box_format`.
        units: See `box_format`.
        size: ``(height, width)`` of the image *after* the move; needed for relative units.
        like: The N boxes as they were written before. One that has not moved is given back digit for digit, where sums
            and differences would change its last one.
        like_size: ``(height, width)`` of the image before; the same as ``size`` when left out.

    Returns:
        Nx4 float64 in the given format.

    >>> from_xyxy([[80, 30, 120, 70]], "coco").tolist()
    [[80.0, 30.0, 40.0, 40.0]]
    """
    order, units = box_format(format, units)
    moved = _array(boxes)
    written = moved.copy()
    if order == "xywh":
        written[:, 2:] -= written[:, :2]
    elif order == "cxcywh":
        written = np.concatenate([(moved[:, :2] + moved[:, 2:]) / 2, moved[:, 2:] - moved[:, :2]], axis=1)
    written /= _scale(units, size)
    if like is not None and len(moved):
        before = _array(like)
        same = (to_xyxy(before, format, units, like_size or size) == moved).all(axis=1)
        if units == "relative" and like_size is not None and tuple(like_size) != tuple(size or ()):
            same[:] = False
        written[same] = before[same]
    return written


def wrong_boxes(boxes: Any, size: Sequence[int], tolerance: float = 0.05) -> list[tuple[int, str]]:
    """Boxes that cannot be right, each with its number and what is wrong.

    Args:
        boxes: Nx4 ``(x0, y0, x1, y1)`` in continuous pixels.
        size: ``(height, width)`` of their image.
        tolerance: Pixels by which a box may stick out, for coordinates that were rounded when written.

    >>> wrong_boxes([[0, 0, 4, 4], [5, 0, 3, 2]], size=(10, 10))
    [(1, 'its right side is left of its left side')]
    """
    x0, y0, x1, y1 = _array(boxes).T
    found = np.full(len(x0), "", dtype=object)
    height, width = size
    outside = (x0 < -tolerance) | (y0 < -tolerance) | (x1 > width + tolerance) | (y1 > height + tolerance)
    for wrong, reason in (
        (outside, f"it sticks out of the image of {width}x{height} pixels"),
        (y1 < y0 - tolerance, "its lower side is above its upper side"),
        (x1 < x0 - tolerance, "its right side is left of its left side"),
        (~np.isfinite(x0 + y0 + x1 + y1), "a number is missing or infinite"),
    ):
        found[wrong] = reason
    return [(int(i), found[i]) for i in np.flatnonzero(found != "")]


def check_boxes(boxes: Any, size: Sequence[int], tolerance: float = 0.05) -> None:
    """Refuse boxes that cannot be right, naming the first; `clip_boxes` mends those that stick out.

    Args:
        boxes: Nx4 ``(x0, y0, x1, y1)`` in continuous pixels.
        size: ``(height, width)`` of their image.
        tolerance: See `wrong_boxes`.

    Raises:
        RowError: A box is outside the image, inside out or not finite.
    """
    wrong = wrong_boxes(boxes, size, tolerance)
    if wrong:
        number, reason = wrong[0]
        cut = "let it be cut to its image by .on(clip_boxes=True), " if "sticks out" in reason else ""
        more = f" ({len(wrong)} boxes of this row are wrong)" if len(wrong) > 1 else ""
        raise RowError(
            f"boxes: each must lie inside its image, box {number} is {_array(boxes)[number].tolist()} in corners and "
            f"pixels and {reason}{more}; correct the row, {cut}"
            "or bind the right box_format."
        )


def clip_boxes(boxes: Any, size: Sequence[int]) -> tuple[Boxes, NDArray[np.float64]]:
    """Boxes cut to their image, and the share 0..1 of each that was inside.

    A box without area counts 1 where it touches the image and 0 elsewhere.

    Args:
        boxes: Nx4 ``(x0, y0, x1, y1)`` in continuous pixels.
        size: ``(height, width)`` of their image.

    >>> clipped, share = clip_boxes([[-2, 0, 2, 4]], size=(10, 10))
    >>> clipped.tolist(), share.tolist()
    ([[0.0, 0.0, 2.0, 4.0]], [0.5])
    """
    given = _array(boxes)
    limits = np.array([size[1], size[0], size[1], size[0]], dtype=np.float64)
    cut = given.clip(0.0, limits)
    before = (given[:, 2] - given[:, 0]) * (given[:, 3] - given[:, 1])
    after = (cut[:, 2] - cut[:, 0]) * (cut[:, 3] - cut[:, 1])
    touches = ((given[:, :2] <= limits[:2]) & (given[:, 2:] >= 0)).all(axis=1)
    return cut, np.where(before > 0, after / np.where(before > 0, before, 1.0), touches.astype(np.float64))
