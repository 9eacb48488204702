"""Posterise, solarise, invert: curves on levels that are no tone curves of a camera."""

from __future__ import annotations

import dataclasses
from typing import Annotated, ClassVar

import numpy as np

from hfaug.fields import Limit, ShareRange
from hfaug.kinds import CurveOp, ImageStats
from hfaug.randomness import Stream
from hfaug.rows import Curve

__all__ = ["Invert", "Posterize", "Solarize"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Invert(CurveOp):
    """Turn light into dark, as a negative does.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> op = hfaug.ops.image.Invert().sometimes(0.1)
    """

    may_change: ClassVar[tuple[str, ...]] = ("colour", "night and day")

    def curve(self, stats: ImageStats, rng: Stream) -> Curve:
        """The distance of each level from white; nothing is drawn."""
        return lambda levels, top: top - levels


@dataclasses.dataclass(frozen=True, kw_only=True)
class Posterize(CurveOp):
    """Keep the highest bits of each level, so that smooth shades become steps.

    Args:
        bits: Range of the number of bits that are kept, 1..8. With all 8, images of 8 bits stay as they are.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: E. Cubuk et al., AutoAugment, arXiv:1805.09501.

    >>> import hfaug
    >>> hfaug.ops.image.Posterize(bits=(2, 4)).bits
    (2, 4)
    """

    bits: Annotated[tuple[int, int], Limit(1, 8, ordered=True)] = (3, 6)

    def curve(self, stats: ImageStats, rng: Stream) -> Curve:
        """Draw the number of bits."""
        bits = rng.integers(self.bits[0], self.bits[1] + 1)
        return lambda levels, top: levels - np.mod(levels, (top + 1) >> bits)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Solarize(CurveOp):
    """Invert what is lighter than a threshold, as a print that saw light too early.

    Args:
        threshold: Range of the threshold, as a share of white, 0..1: levels from it up are inverted; 0 inverts all.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: E. Cubuk et al., AutoAugment, arXiv:1805.09501.

    >>> import hfaug
    >>> hfaug.ops.image.Solarize(threshold=(0.25, 0.75)).threshold
    (0.25, 0.75)
    """

    may_change: ClassVar[tuple[str, ...]] = ("colour",)

    threshold: ShareRange = (0.5, 0.9)

    def curve(self, stats: ImageStats, rng: Stream) -> Curve:
        """Draw the threshold; a share of 1 lies above white, so that nothing is inverted."""
        share = rng.uniform(*self.threshold)
        return lambda levels, top: np.where(levels >= share * (top + 1), top - levels, levels)
