"""See a picture at an angle."""

from __future__ import annotations

import dataclasses
from typing import Annotated, ClassVar

import numpy as np

from hfaug.errors import ParameterError
from hfaug.fields import Limit
from hfaug.kinds import Size
from hfaug.moves import Warp, perspective
from hfaug.ops.image.geometry.filled import FilledOp
from hfaug.randomness import Stream

__all__ = ["Perspective"]

# From 0.236 on, some windows throw a corner of the image behind the horizon; from 1/3 on, some have a dent.
_LARGEST_WINDOWED = 0.23


@dataclasses.dataclass(frozen=True, kw_only=True)
class Perspective(FilledOp):
    """See a picture at an angle, as a page or a wall that is not photographed from straight ahead.

    A four-cornered window is drawn whose corners lie inwards of those of the image, each by shares of its own. The
    window is stretched to the whole canvas, or the other way round.

    Args:
        distortion: Range of the share of width and height by which each corner lies inwards, 0..0.23, or 0..0.32 with
            ``keep_whole``; drawn for each corner and axis.
        keep_whole: False stretches the window to the canvas, so that no fill shows; True moves the corners of the image
            to those of the window, so that all of it stays to be seen, fill around it, on a canvas of the same size.
        fill: See `FilledOp`: RGB value outside the image, 0..255.
        mask_fill: See `FilledOp`.
        border: See `FilledOp`.
        interpolation: See `FilledOp`.

    Moves: image, mask, boxes, keypoints.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.image.Perspective(keep_whole=True).keep_whole
    True
    """

    may_change: ClassVar[tuple[str, ...]] = ("lengths and angles that mean something",)

    distortion: Annotated[tuple[float, float], Limit(0, 0.32, ordered=True)] = (0, 0.12)
    keep_whole: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.keep_whole and self.distortion[1] > _LARGEST_WINDOWED:
            raise ParameterError(
                f"Perspective: distortion must not exceed {_LARGEST_WINDOWED} when a window is stretched, "
                f"is {self.distortion}; make it smaller, or set keep_whole"
            )

    @property
    def keeps_size(self) -> bool:
        """True."""
        return True

    def warp(self, size: Size, rng: Stream) -> Warp:
        """Draw how far each corner lies inwards, across and down."""
        height, width = size
        corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], dtype=np.float64)
        inwards = np.array([[rng.uniform(*self.distortion) for _ in range(2)] for _ in corners])
        frame, window = corners * (width, height), (corners + inwards * (1 - 2 * corners)) * (width, height)
        matrix = perspective(frame, window) if self.keep_whole else perspective(window, frame)
        return Warp(matrix, size, **self._style)
