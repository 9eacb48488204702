"""Add fog."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.fields import Share, ShareRange
from hfaug.kinds import PixelOp
from hfaug.ops.image.planes import clouds, on_colors
from hfaug.ops.image.veils import veil
from hfaug.randomness import Stream

__all__ = ["AddFog"]

_AIR = (0.86, 0.88, 0.90)
"""The colour of fog in daylight, in shares of white."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class AddFog(PixelOp):
    """Veil an image in fog: thin near the bottom, where things are near, thicker towards the top, and in soft patches.

    Args:
        density: Range of how much of the light of far things the fog swallows, 0..1; 0 changes nothing.
        patches: How uneven the fog is, 0..1.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: H. Koschmieder, Theorie der horizontalen Sichtweite, 1924, as in C. Sakaridis et al., Semantic Foggy Scene
        Understanding, arXiv:1708.07819; the distance is guessed from the height in the image.

    >>> import hfaug
    >>> hfaug.ops.image.AddFog(density=(0.2, 0.4)).density
    (0.2, 0.4)
    """

    may_change: ClassVar[tuple[str, ...]] = ("weather", "far and small objects")

    density: ShareRange = (0.35, 0.75)
    patches: Share = 0.5

    def pixels(self, array: npt.NDArray[Any], rng: Stream) -> npt.NDArray[Any]:
        """Draw the density, then the patches."""
        density = rng.uniform(*self.density)
        if density == 0 or not array.size:
            return array
        height, width = array.shape[:2]
        optical = -np.log(max(1 - density, 1e-3))  # of the farthest things
        distance = (1 - 0.6 * (np.arange(height, dtype=np.float32) + 0.5) / height)[:, None]
        uneven = clouds(height, width, rng.generator(), coarsest=2, octaves=5) - np.float32(0.5)
        depth = distance * (1 + np.float32(self.patches) * uneven) * np.float32(-optical)
        alpha = 1 - np.exp(depth)
        return on_colors(array, lambda colors: veil(colors, alpha, _AIR))
