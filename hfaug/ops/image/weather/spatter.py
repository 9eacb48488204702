"""Spatter the lens with water or mud."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar, Literal

import numpy.typing as npt

from hfaug.fields import ShareRange
from hfaug.kinds import PixelOp
from hfaug.ops.image.planes import on_colors
from hfaug.ops.image.weather.drops import on_mud, on_water
from hfaug.randomness import Stream

__all__ = ["Spatter"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Spatter(PixelOp):
    """Spatter the lens: drops of water bend what lies behind them, mud covers it.

    Args:
        cover: Range of the share of the image that is covered, about, 0..1; 0 changes nothing.
        kind: ``water``, ``mud``, or ``any`` of both.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: D. Hendrycks, T. Dietterich, Benchmarking Neural Network Robustness, arXiv:1903.12261.

    >>> import hfaug
    >>> hfaug.ops.image.Spatter(kind="mud").kind
    'mud'
    """

    may_change: ClassVar[tuple[str, ...]] = ("weather", "what lies behind a drop")

    cover: ShareRange = (0.05, 0.2)
    kind: Literal["any", "water", "mud"] = "any"

    def pixels(self, array: npt.NDArray[Any], rng: Stream) -> npt.NDArray[Any]:
        """Draw how much and of what, then the drops."""
        cover, kind = rng.uniform(*self.cover), rng.choice(("water", "mud"))
        if cover == 0 or not array.size:
            return array
        kind = kind if self.kind == "any" else self.kind
        change = on_water if kind == "water" else on_mud
        return on_colors(array, lambda colors: change(colors, cover, rng.generator()))
