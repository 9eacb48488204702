"""Tone an image sepia."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.fields import ShareRange
from hfaug.kinds import ColorOp, ImageStats
from hfaug.randomness import Stream

__all__ = ["Sepia"]

_PLAIN = np.eye(3, 4)
_SEPIA = np.array([[0.393, 0.769, 0.189, 0], [0.349, 0.686, 0.168, 0], [0.272, 0.534, 0.131, 0]])
"""The weights that photo programs share; white becomes warm and is clipped in red and green."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sepia(ColorOp):
    """Tone an image brown, as old prints are.

    Args:
        strength: Range of how far the colours go towards sepia, 0..1; 0 changes nothing.
        clip: See `ColorOp`.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: folklore; the weights of common photo programs.

    >>> import hfaug
    >>> hfaug.ops.image.Sepia(strength=(1, 1)).strength
    (1.0, 1.0)
    """

    reads_image: ClassVar[bool] = False
    may_change: ClassVar[tuple[str, ...]] = ("colour",)

    strength: ShareRange = (0.5, 1)

    def color(self, stats: ImageStats, rng: Stream) -> npt.NDArray[np.float64]:
        """Draw the strength."""
        share = rng.uniform(*self.strength)
        return share * _SEPIA + (1 - share) * _PLAIN
