"""Emboss an image."""

from __future__ import annotations

import dataclasses
import math
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.fields import Angle, Limit
from hfaug.kinds import PixelOp
from hfaug.ops.image.quality.kernels import SELF, filtered
from hfaug.randomness import Stream

__all__ = ["Emboss"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Emboss(PixelOp):
    """Emboss an image: edges look lit from one side.

    Args:
        strength: Range of the relief, from 0 up; 0 changes nothing.
        degrees: Range of where the light comes from, counter-clockwise from the right, -360..360.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.image.Emboss(strength=(0.5, 0.5)).strength
    (0.5, 0.5)
    """

    may_change: ClassVar[tuple[str, ...]] = ()

    strength: Annotated[tuple[float, float], Limit(0, ordered=True)] = (0.2, 0.7)
    degrees: Angle = (0, 360)

    def pixels(self, array: npt.NDArray[Any], rng: Stream) -> npt.NDArray[Any]:
        """Draw relief and light."""
        strength, turn = rng.uniform(*self.strength), math.radians(rng.uniform(*self.degrees))
        across, down = math.cos(turn), -math.sin(turn)  # y points down
        slope = np.array([[0, down, 0], [across, 0, -across], [0, -down, 0]])
        return array if strength == 0 else filtered(array, SELF + strength * slope)
