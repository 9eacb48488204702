"""Change how vivid colours are and which hue they have."""

from __future__ import annotations

import dataclasses
import math
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.fields import Limit
from hfaug.kinds import ColorOp, ImageStats
from hfaug.ops.image.yiq import GREY, hue_turn
from hfaug.randomness import Stream

__all__ = ["ChangeSaturation", "ShiftHue", "ToGray"]

_NOTHING = np.zeros(3)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChangeSaturation(ColorOp):
    """Make colours more or less vivid, as films, screens and cameras do. The luma of each pixel stays.

    Args:
        factor: Range of what the distance of each pixel from its grey is multiplied by: 0 is grey, 1 changes nothing.
        clip: See `ColorOp`.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: P. Haeberli, D. Voorhies, Image Processing by Interpolation and Extrapolation, IRIS Universe 28, 1994.

    >>> import hfaug
    >>> hfaug.ops.image.ChangeSaturation(factor=(0, 2)).factor
    (0.0, 2.0)
    """

    reads_image: ClassVar[bool] = False
    may_change: ClassVar[tuple[str, ...]] = ("colour",)

    factor: Annotated[tuple[float, float], Limit(0, ordered=True)] = (0.5, 1.5)

    def color(self, stats: ImageStats, rng: Stream) -> npt.NDArray[np.float64]:
        """Draw the factor."""
        factor = rng.uniform(*self.factor)
        return np.column_stack([factor * np.eye(3) + (1 - factor) * GREY, _NOTHING])


@dataclasses.dataclass(frozen=True, kw_only=True)
class ShiftHue(ColorOp):
    """Turn all colours around the colour circle, so that a model does not lean on them. The luma of each pixel stays.

    Args:
        degrees: Range of the turn, -180..180; red goes towards yellow when it is above 0.
        clip: See `ColorOp`.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: a rotation of the chrominance plane of YIQ, the colour space of NTSC.

    >>> import hfaug
    >>> hfaug.ops.image.ShiftHue(degrees=(-180, 180)).degrees
    (-180.0, 180.0)
    """

    reads_image: ClassVar[bool] = False
    may_change: ClassVar[tuple[str, ...]] = ("colour",)

    degrees: Annotated[tuple[float, float], Limit(-180, 180, ordered=True)] = (-18, 18)

    def color(self, stats: ImageStats, rng: Stream) -> npt.NDArray[np.float64]:
        """Draw the turn."""
        turn = -math.radians(rng.uniform(*self.degrees))  # I and Q go round the other way than HSV
        if turn == 0:
            return np.eye(3, 4)
        return np.column_stack([hue_turn(turn), _NOTHING])


@dataclasses.dataclass(frozen=True, kw_only=True)
class ToGray(ColorOp):
    """Take all colour away, as old films and night cameras do; the image keeps its channels.

    Args:
        clip: See `ColorOp`.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: the luma of ITU-R BT.601.

    >>> import hfaug
    >>> op = hfaug.ops.image.ToGray().sometimes(0.2)
    """

    reads_image: ClassVar[bool] = False
    may_change: ClassVar[tuple[str, ...]] = ("colour",)

    def color(self, stats: ImageStats, rng: Stream) -> npt.NDArray[np.float64]:
        """The luma in each channel; nothing is drawn."""
        return np.column_stack([GREY, _NOTHING])
