"""Soften or sharpen the finest detail."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.fields import Limit
from hfaug.kinds import PixelOp
from hfaug.ops.image.quality.kernels import SELF, filtered
from hfaug.randomness import Stream

__all__ = ["ChangeSharpness"]

_SMOOTH = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]]) / 13


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChangeSharpness(PixelOp):
    """Soften or sharpen the finest detail by a factor, as the enhancer that the published policies use.

    Args:
        factor: Range of the factor, from 0 (smooth) over 1 (no change) up (sharper).

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: Pillow's ``ImageEnhance.Sharpness``, as in E. Cubuk et al., AutoAugment, arXiv:1805.09501; the outermost
        pixels are changed like all others.

    >>> import hfaug
    >>> hfaug.ops.image.ChangeSharpness(factor=(0, 2)).factor
    (0.0, 2.0)
    """

    may_change: ClassVar[tuple[str, ...]] = ()

    factor: Annotated[tuple[float, float], Limit(0, ordered=True)] = (0.5, 1.5)

    def pixels(self, array: npt.NDArray[Any], rng: Stream) -> npt.NDArray[Any]:
        """Draw the factor."""
        factor = rng.uniform(*self.factor)
        return array if factor == 1 else filtered(array, factor * SELF + (1 - factor) * _SMOOTH)
