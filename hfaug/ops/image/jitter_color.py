"""Jitter brightness, contrast, saturation and hue."""

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

__all__ = ["JitterColor"]

Strength = Annotated[float, Limit(0, 1)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class JitterColor(ColorOp):
    """Change brightness, contrast, saturation and hue together, as light and cameras do. One matrix, one pass.

    Args:
        brightness: Strength, 0..1: the factor is drawn from 1 - strength to 1 + strength.
        contrast: The same, about mid-grey (127.5), so that no statistics of the image are needed.
        saturation: The same, about the grey of each pixel.
        hue: Largest turn of the hue, as a share of the colour circle, 0..0.5; a rotation in YIQ, which keeps the luma.
        clip: See `ColorOp`.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: A. Howard, Some Improvements on Deep Convolutional Neural Network Based Image Classification,
        arXiv:1312.5402.

    >>> import hfaug
    >>> hfaug.ops.image.JitterColor(hue=0).hue
    0.0
    """

    may_change: ClassVar[tuple[str, ...]] = ("colour",)

    brightness: Strength = 0.2
    contrast: Strength = 0.2
    saturation: Strength = 0.2
    hue: Annotated[float, Limit(0, 0.5)] = 0.02

    @property
    def defers(self) -> bool:
        """True: it asks for no statistics of the image."""
        return True

    def color(self, stats: ImageStats, rng: Stream) -> npt.NDArray[np.float64]:
        """Draw the four factors; brightness first, hue last."""
        bright, contrast, saturation = (
            rng.uniform(1 - s, 1 + s) for s in (self.brightness, self.contrast, self.saturation)
        )
        turn = rng.uniform(-self.hue, self.hue) * 2 * math.pi
        vivid = saturation * np.eye(3) + (1 - saturation) * GREY
        spin = hue_turn(turn)
        linear = spin @ vivid * contrast * bright
        offset = spin @ vivid @ np.full(3, 127.5 * (1 - contrast))
        return np.column_stack([linear, offset])
