"""Bend an image like rubber."""

from __future__ import annotations

import dataclasses
import math
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.fields import Limit
from hfaug.kinds import Size
from hfaug.moves import Field
from hfaug.ops.image.geometry.filled import FilledOp
from hfaug.randomness import Stream

__all__ = ["Elastic"]

Floats = npt.NDArray[np.float64]

_PARTS = 4  # nodes a control point: so the kinks between nodes stay far below a pixel
_MOST = 64
_SPREAD = 151 / 315  # what a spline leaves of the variance of its control points, along one axis


@dataclasses.dataclass(frozen=True, kw_only=True)
class Elastic(FilledOp):
    """Bend an image like rubber, as tissue, cloth and handwriting vary. Nothing folds: too strong a draw is weakened.

    Control points on a grid are shifted at random; a cubic B-spline carries all between them along.

    Args:
        shift: Range of the typical shift along each axis (root mean square), in shares of the shorter side, 0..0.2.
        spacing: Distance between control points, in shares of the shorter side, 0.02..0.5: the larger, the smoother.
        keep_frame: Points of the frame only slide along it, so that nothing leaves the image and no fill shows.
        fill: See `FilledOp`: RGB value outside the image, 0..255.
        mask_fill: See `FilledOp`.
        border: See `FilledOp`.
        interpolation: See `FilledOp`.

    Moves: image, mask, boxes, keypoints; boxes are those around the bent ones.
    Rejects: nothing.
    Source: P. Simard et al., Best Practices for Convolutional Neural Networks, ICDAR 2003; D. Rueckert et al., Nonrigid
        Registration Using Free-Form Deformations, IEEE TMI 18, 1999.

    >>> import hfaug
    >>> hfaug.ops.image.Elastic(shift=(0, 0.01)).spacing
    0.15
    """

    may_change: ClassVar[tuple[str, ...]] = ("straight lines", "text")

    shift: Annotated[tuple[float, float], Limit(0, 0.2, ordered=True)] = (0.01, 0.025)
    spacing: Annotated[float, Limit(0.02, 0.5)] = 0.15
    keep_frame: bool = True

    @property
    def keeps_size(self) -> bool:
        """True."""
        return True

    def warp(self, size: Size, rng: Stream) -> Field:
        """Draw the strength, then the shifts of all control points."""
        strength = rng.uniform(*self.shift) * min(size) / _SPREAD
        rows, columns = (min(_MOST, math.ceil(side / (self.spacing * min(size)))) for side in size)
        shifts = rng.generator().normal(0.0, 1.0, (2, rows + 3, columns + 3)) * strength
        if self.keep_frame:
            shifts = np.stack([_still_at_ends(shifts[0].T).T, _still_at_ends(shifts[1])])
        nodes = np.stack([_spline(_spline(one).T).T for one in shifts], axis=-1)
        return Field.bend(size, nodes, **self._style)


def _still_at_ends(shifts: Floats) -> Floats:
    """Control points mirrored with the other sign beyond both ends of the first axis, where the spline then is zero."""
    held = shifts.copy()
    held[1], held[-2] = 0.0, 0.0
    held[0], held[-1] = -held[2], -held[-3]
    return held


def _spline(shifts: Floats) -> Floats:
    """A uniform cubic B-spline along the first axis, at some points of each of its parts."""
    t = np.arange(_PARTS)[:, None] / _PARTS
    weights = np.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]) / 6
    parts = [sum(weights[k] * shifts[i + k] for k in range(4)) for i in range(len(shifts) - 3)]
    end = (shifts[-3] + 4 * shifts[-2] + shifts[-1]) / 6
    return np.concatenate([*parts, end[None]])
