"""Change the colour temperature of the light."""

from __future__ import annotations

import dataclasses
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.fields import Limit
from hfaug.kinds import ColorOp, ImageStats
from hfaug.randomness import Stream

__all__ = ["ChangeTemperature"]

_NEUTRAL_K = 6500.0
_GAMMA = 2.2  # near enough to the curve of sRGB, and a factor on light stays a factor on levels

# XYZ to linear sRGB, IEC 61966-2-1; its green row of the inverse tells how bright light is.
_TO_RGB = np.array(
    [[3.2404542, -1.5371385, -0.4985314], [-0.9692660, 1.8760108, 0.0415560], [0.0556434, -0.2040259, 1.0572252]]
)
_BRIGHTNESS = np.array([0.2126729, 0.7151522, 0.0721750])

# Polynomials of 1/T for x, and of x for y, each up to some temperature; highest power first.
_X = (
    (4000, (-0.2661239e9, -0.2343589e6, 0.8776956e3, 0.179910)),
    (25000, (-3.0258469e9, 2.1070379e6, 0.2226347e3, 0.240390)),
)
_Y = (
    (2222, (-1.1063814, -1.34811020, 2.18555832, -0.20219683)),
    (4000, (-0.9549476, -1.37418593, 2.09137015, -0.16748867)),
    (25000, (3.0817580, -5.87338670, 3.75112997, -0.37001483)),
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChangeTemperature(ColorOp):
    """Change the colour of the light, from candles to a blue sky. How bright white is stays.

    Args:
        kelvin: Range of the colour temperature, 2000 (orange) to 25000 (blue); 6500 changes nothing. It is drawn evenly
            in mired, that is in 1/kelvin, since steps of it look alike.
        clip: See `ColorOp`.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: the light of black bodies by the polynomials of B. Kang et al., J. Korean Phys. Soc. 41, 2002; as an
        augmentation S. Zini et al., Planckian Jitter, arXiv:2202.07993.

    >>> import hfaug
    >>> hfaug.ops.image.ChangeTemperature(kelvin=(3000, 6500)).kelvin
    (3000.0, 6500.0)
    """

    reads_image: ClassVar[bool] = False
    may_change: ClassVar[tuple[str, ...]] = ("colour", "time of day")

    kelvin: Annotated[tuple[float, float], Limit(2000, 25000, ordered=True)] = (4500, 11000)

    def color(self, stats: ImageStats, rng: Stream) -> npt.NDArray[np.float64]:
        """Draw the temperature."""
        low, high = self.kelvin
        gains = _light(1 / rng.uniform(1 / high, 1 / low)) / _light(_NEUTRAL_K)
        gains *= _BRIGHTNESS.sum() / (gains @ _BRIGHTNESS)
        return np.column_stack([np.diag(gains ** (1 / _GAMMA)), np.zeros(3)])


def _light(kelvin: float) -> npt.NDArray[np.float64]:
    """The light of a black body in linear sRGB, of brightness 1."""
    x = float(np.polyval(next(p for most, p in _X if kelvin <= most * (1 + 1e-9)), 1 / kelvin))
    y = float(np.polyval(next(p for most, p in _Y if kelvin <= most * (1 + 1e-9)), x))
    rgb: npt.NDArray[np.float64] = _TO_RGB @ np.array([x / y, 1, (1 - x - y) / y])
    return np.maximum(rgb, 1e-3)
