"""Change colours along their main directions."""

from __future__ import annotations

import dataclasses
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.fields import Limit
from hfaug.kinds import ColorOp, ImageStats
from hfaug.randomness import Stream

__all__ = ["JitterLighting"]

# Of the colours of ImageNet, in shares of white: how much they vary, and along which mixtures of red, green and blue.
_VARIANCE = np.array([0.2175, 0.0188, 0.0045])
_DIRECTIONS = np.array([[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]])


@dataclasses.dataclass(frozen=True, kw_only=True)
class JitterLighting(ColorOp):
    """Shift colours along the main directions in which those of photographs vary: PCA lighting, or fancy PCA.

    Args:
        sigma: Range of the standard deviation of the three weights, from 0 up.
        clip: See `ColorOp`.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: A. Krizhevsky et al., ImageNet Classification with Deep Convolutional Neural Networks, NIPS 2012.

    >>> import hfaug
    >>> hfaug.ops.image.JitterLighting(sigma=(0, 0.2)).sigma
    (0.0, 0.2)
    """

    reads_image: ClassVar[bool] = False
    may_change: ClassVar[tuple[str, ...]] = ("colour",)

    sigma: Annotated[tuple[float, float], Limit(0, ordered=True)] = (0.1, 0.1)

    def color(self, stats: ImageStats, rng: Stream) -> npt.NDArray[np.float64]:
        """Draw the standard deviation, then the three weights, that of the strongest direction first."""
        sigma = rng.uniform(*self.sigma)
        weights = np.array([rng.normal(0, sigma) for _ in range(3)])
        return np.column_stack([np.eye(3), 255 * _DIRECTIONS @ (weights * _VARIANCE)])
