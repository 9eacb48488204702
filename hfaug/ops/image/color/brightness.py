"""Change brightness and contrast."""

from __future__ import annotations

import dataclasses
from typing import Annotated, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from hfaug.fields import Limit
from hfaug.kinds import ColorOp, ImageStats
from hfaug.randomness import Stream
from hfaug.rows import LUMA

__all__ = ["ChangeBrightness", "ChangeContrast"]

Factor = Annotated[tuple[float, float], Limit(0, ordered=True)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChangeBrightness(ColorOp):
    """Make an image lighter or darker, as exposure does.

    Args:
        factor: Range of what levels are multiplied by, from 0 (black) up; 1 changes nothing.
        shift: Range of what is added then, as a share of white, -1..1.
        clip: See `ColorOp`.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.image.ChangeBrightness(factor=(0.5, 1)).factor
    (0.5, 1.0)
    """

    reads_image: ClassVar[bool] = False

    factor: Factor = (0.7, 1.3)
    shift: Annotated[tuple[float, float], Limit(-1, 1, ordered=True)] = (0, 0)

    def color(self, stats: ImageStats, rng: Stream) -> npt.NDArray[np.float64]:
        """Draw the factor and the shift."""
        factor, shift = rng.uniform(*self.factor), rng.uniform(*self.shift)
        return _line(factor, 255 * shift)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChangeContrast(ColorOp):
    """Pull levels apart or together, as haze, lenses and cameras do.

    Args:
        factor: Range of what distances between levels are multiplied by, from 0 (flat) up; 1 changes nothing.
        about: The level that stays: ``middle`` grey, or the ``mean`` luma of the image, which must be looked at first.
        clip: See `ColorOp`.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.image.ChangeContrast(about="mean").about
    'mean'
    """

    factor: Factor = (0.7, 1.3)
    about: Literal["middle", "mean"] = "middle"

    @property
    def defers(self) -> bool:
        """Whether it asks for no statistics of the image."""
        return self.about == "middle"

    def color(self, stats: ImageStats, rng: Stream) -> npt.NDArray[np.float64]:
        """Draw the factor."""
        factor = rng.uniform(*self.factor)
        level = 127.5 if self.about == "middle" else _mean(stats)
        return _line(factor, (1 - factor) * level)


def _line(slope: float, offset: float) -> npt.NDArray[np.float64]:
    """The matrix that makes the same line of each channel."""
    return np.array([[slope, 0, 0, offset], [0, slope, 0, offset], [0, 0, slope, offset]], dtype=np.float64)


def _mean(stats: ImageStats) -> float:
    """The mean luma in levels of 8 bits."""
    import cv2

    array = stats.array
    means = np.array(cv2.mean(array)[:3])
    mean = float(means[0] if array.shape[2] == 1 else means @ LUMA)
    return mean / 257 if array.dtype == np.uint16 else mean
