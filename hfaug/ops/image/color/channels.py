"""Shuffle, drop and shift colour channels."""

from __future__ import annotations

import dataclasses
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.fields import Limit
from hfaug.kinds import ColorOp, ImageStats
from hfaug.randomness import Stream

__all__ = ["DropChannels", "ShiftChannels", "ShuffleChannels"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ShuffleChannels(ColorOp):
    """Put red, green and blue in another order, so that a model does not lean on colours. All orders are as likely.

    Args:
        clip: See `ColorOp`.

    Moves: pixels only; every label stays. Grey images stay as they are.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> op = hfaug.ops.image.ShuffleChannels().sometimes(0.1)
    """

    reads_image: ClassVar[bool] = False
    may_change: ClassVar[tuple[str, ...]] = ("colour",)

    def color(self, stats: ImageStats, rng: Stream) -> npt.NDArray[np.float64]:
        """Draw the order."""
        return np.eye(3, 4)[rng.permutation(3)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class DropChannels(ColorOp):
    """Set some of red, green and blue to one level, as a broken sensor or cable does.

    Args:
        count: Range of how many channels are dropped, 0..3.
        level: The level they get, as a share of white, 0..1.
        clip: See `ColorOp`.

    Moves: pixels only; every label stays. Grey images show the luma of what their grey would become.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.image.DropChannels(count=(1, 2)).count
    (1, 2)
    """

    reads_image: ClassVar[bool] = False
    may_change: ClassVar[tuple[str, ...]] = ("colour",)

    count: Annotated[tuple[int, int], Limit(0, 3, ordered=True)] = (1, 1)
    level: Annotated[float, Limit(0, 1)] = 0

    def color(self, stats: ImageStats, rng: Stream) -> npt.NDArray[np.float64]:
        """Draw how many, then which."""
        dropped = rng.permutation(3)[: rng.integers(self.count[0], self.count[1] + 1)]
        matrix = np.eye(3, 4)
        matrix[dropped] = [0, 0, 0, 255 * self.level]
        return matrix


@dataclasses.dataclass(frozen=True, kw_only=True)
class ShiftChannels(ColorOp):
    """Add to red, green and blue, to each its own, as a colour cast does.

    Args:
        shift: Range of what is added to each channel, as a share of white, -1..1.
        clip: See `ColorOp`.

    Moves: pixels only; every label stays. Grey images get the luma of the three shifts.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.image.ShiftChannels(shift=(0, 0.1)).shift
    (0.0, 0.1)
    """

    reads_image: ClassVar[bool] = False
    may_change: ClassVar[tuple[str, ...]] = ("colour",)

    shift: Annotated[tuple[float, float], Limit(-1, 1, ordered=True)] = (-0.08, 0.08)

    def color(self, stats: ImageStats, rng: Stream) -> npt.NDArray[np.float64]:
        """Draw the three shifts, red first."""
        return np.column_stack([np.eye(3), [255 * rng.uniform(*self.shift) for _ in range(3)]])
