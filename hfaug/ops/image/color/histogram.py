"""Spread levels by their histogram: equalise, automatic contrast."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.fields import Limit
from hfaug.kinds import CurveOp, ImageStats
from hfaug.randomness import Stream
from hfaug.rows import Curve

__all__ = ["AutoContrast", "Equalize"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Equalize(CurveOp):
    """Spread the levels of each channel so that all are about equally frequent.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: R. Gonzalez, R. Woods, Digital Image Processing; the table is that of Pillow's ``ImageOps.equalize``, as in
        E. Cubuk et al., AutoAugment, arXiv:1805.09501.

    >>> import hfaug
    >>> op = hfaug.ops.image.Equalize().sometimes(0.2)
    """

    reads_image: ClassVar[bool] = True
    may_change: ClassVar[tuple[str, ...]] = ("colour",)

    def curve(self, stats: ImageStats, rng: Stream) -> Curve:
        """What the histogram asks for; nothing is drawn."""
        columns = [_equalized(found) for found in _histograms(stats.array)]

        def curve(levels: npt.NDArray[np.float64], top: int) -> npt.NDArray[np.float64]:
            scale = top / (len(columns[0]) - 1)  # 1, unless images of another depth stand beside this one
            known = np.arange(len(columns[0])) * scale
            return np.stack([np.interp(levels, known, column * scale) for column in columns], axis=1)

        return curve


@dataclasses.dataclass(frozen=True, kw_only=True)
class AutoContrast(CurveOp):
    """Stretch each channel so that its darkest level becomes black and its lightest white.

    Args:
        cutoff: Range of the share of pixels at either end that may be clipped, from 0 up to 0.49.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: Pillow's ``ImageOps.autocontrast``, as in E. Cubuk et al., AutoAugment, arXiv:1805.09501.

    >>> import hfaug
    >>> hfaug.ops.image.AutoContrast(cutoff=(0.01, 0.01)).cutoff
    (0.01, 0.01)
    """

    reads_image: ClassVar[bool] = True
    may_change: ClassVar[tuple[str, ...]] = ("colour",)

    cutoff: Annotated[tuple[float, float], Limit(0, 0.49, ordered=True)] = (0, 0.02)

    def curve(self, stats: ImageStats, rng: Stream) -> Curve:
        """Draw the share, and stretch what the histogram leaves."""
        share = rng.uniform(*self.cutoff)
        ends = [_ends(found, share) for found in _histograms(stats.array)]

        def curve(levels: npt.NDArray[np.float64], top: int) -> npt.NDArray[np.float64]:
            flat = [low >= high for low, high in ends]
            return np.stack(
                [
                    levels if still else (levels - low) * (top / (high - low))
                    for (low, high), still in zip(ends, flat, strict=True)
                ],
                axis=1,
            )

        return curve


def _histograms(array: npt.NDArray[Any]) -> list[npt.NDArray[np.float64]]:
    """How often each level occurs in each colour channel."""
    import cv2

    size = 65536 if array.dtype == np.uint16 else 256
    channels = range(min(array.shape[2], 3))
    return [cv2.calcHist([array], [c], None, [size], [0, size]).ravel().astype(np.float64) for c in channels]


def _equalized(histogram: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
    """What becomes of each level; a histogram of 8 bits is shared out in whole pixels, as Pillow does."""
    top = len(histogram) - 1
    used = np.flatnonzero(histogram)
    step = (histogram.sum() - histogram[used[-1]]) / top if used.size else 0.0
    if top == 255:
        step = float(np.floor(step))
    if step <= 0:
        return np.arange(top + 1, dtype=np.float64)
    before = np.cumsum(histogram) - histogram
    return np.asarray(np.floor((before + np.floor(step / 2)) / step))


def _ends(histogram: npt.NDArray[np.float64], share: float) -> tuple[int, int]:
    """The darkest and the lightest level that are left when a share of the pixels at either end is cut off."""
    cut = share * histogram.sum()
    low = int(np.searchsorted(np.cumsum(histogram), cut, side="right"))
    high = len(histogram) - 1 - int(np.searchsorted(np.cumsum(histogram[::-1]), cut, side="right"))
    return low, high
