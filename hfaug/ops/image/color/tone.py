"""Bend the tone curve: gamma, and free hand."""

from __future__ import annotations

import dataclasses
import math
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.fields import Limit
from hfaug.kinds import CurveOp, ImageStats
from hfaug.randomness import Stream
from hfaug.rows import Curve

__all__ = ["ChangeGamma", "ChangeTone"]

Levels = npt.NDArray[np.float64]
Bend = Annotated[tuple[float, float], Limit(-0.3, 0.3, ordered=True)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChangeGamma(CurveOp):
    """Lighten or darken the middle of the tones; black stays black and white stays white.

    Args:
        gamma: Range of the exponent, from 0.05 to 20, drawn on a log scale; below 1 is lighter, 1 changes nothing.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: C. Poynton, The Rehabilitation of Gamma, Proc. SPIE 3299, 1998.

    >>> import hfaug
    >>> hfaug.ops.image.ChangeGamma(gamma=(0.5, 2)).gamma
    (0.5, 2.0)
    """

    gamma: Annotated[tuple[float, float], Limit(0.05, 20, ordered=True)] = (0.7, 1.4)

    def curve(self, stats: ImageStats, rng: Stream) -> Curve:
        """Draw the exponent."""
        gamma = math.exp(rng.uniform(*map(math.log, self.gamma)))
        return lambda levels, top: top * (levels / top) ** gamma


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChangeTone(CurveOp):
    """Bend the tone curve, as cameras and photo editors do: shadows and highlights become lighter or darker.

    Args:
        shadows: Range of how far the curve is pulled up at its dark end, as a share of white, -0.3..0.3.
        highlights: The same at its bright end.
        each: Whether each channel gets a curve of its own, which also tints the image.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: M. Afifi, M. Brown, What Else Can Fool Deep Learning?, arXiv:1912.06960, on colour errors of cameras.

    >>> import hfaug
    >>> hfaug.ops.image.ChangeTone(shadows=(0, 0.2)).shadows
    (0.0, 0.2)
    """

    may_change: ClassVar[tuple[str, ...]] = ("colour",)

    shadows: Bend = (-0.15, 0.15)
    highlights: Bend = (-0.15, 0.15)
    each: bool = False

    def curve(self, stats: ImageStats, rng: Stream) -> Curve:
        """Draw the bends; those of red first."""
        count = 3 if self.each else 1
        bends = [(rng.uniform(*self.shadows), rng.uniform(*self.highlights)) for _ in range(count)]

        def curve(levels: Levels, top: int) -> Levels:
            # A Bézier curve whose inner points lie at 1/3 and 2/3, where it is a plain polynomial of the level.
            x = levels / top
            low, high = 3 * (1 - x) ** 2 * x, 3 * (1 - x) * x**2
            return np.stack([top * (x + low * dark + high * bright) for dark, bright in bends], axis=1)

        return curve
