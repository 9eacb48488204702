"""Let a sound come from afar."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt

from hfaug.fields import Limit
from hfaug.kinds import Samples, WaveOp
from hfaug.randomness import Stream

__all__ = ["AbsorbAir"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class AbsorbAir(WaveOp):
    """Take high frequencies away as the air between source and microphone does.

    Args:
        distance_m: Range of the distance, in metres, above 0.
        temperature_c: Range of the temperature, in degrees Celsius, -40..50.
        humidity: Range of the relative humidity, as a share 0.05..1.

    Moves: samples only; every time label stays: the sound is not later for its way.
    Rejects: nothing.
    Source: ISO 9613-1:1993, which audiomentations' AirAbsorption has as a table of nine bands for two temperatures.

    >>> import hfaug
    >>> hfaug.ops.audio.AbsorbAir(distance_m=(50, 100)).distance_m
    (50.0, 100.0)
    """

    distance_m: Annotated[tuple[float, float], Limit(0, ordered=True, above=True)] = (10, 100)
    temperature_c: Annotated[tuple[float, float], Limit(-40, 50, ordered=True)] = (10, 20)
    humidity: Annotated[tuple[float, float], Limit(0.05, 1, ordered=True)] = (0.3, 0.9)

    def wave(self, samples: Samples, rate: int, rng: Stream) -> Samples:
        """Draw the way and the weather."""
        far, warm, wet = (rng.uniform(*each) for each in (self.distance_m, self.temperature_c, self.humidity))
        length = samples.shape[1]
        padded = length + min(length, rate // 10)  # so that the end does not run into the start
        hz = np.fft.rfftfreq(padded, 1 / rate)
        spectrum = np.fft.rfft(samples, padded, axis=1) * 10 ** (-far * absorption_db(hz, warm, wet) / 20)
        return np.asarray(np.fft.irfft(spectrum, padded, axis=1)[:, :length], dtype=np.float32)


def absorption_db(hz: npt.NDArray[Any], celsius: float, humidity: float) -> npt.NDArray[np.float64]:
    """DB that air at sea level takes away on each metre.

    >>> absorption_db(np.array([1000.0]), 20, 0.7).round(5).tolist()
    [0.00498]
    """
    kelvin = celsius + 273.15
    warm = kelvin / 293.15
    vapour = 100 * humidity * 10 ** (-6.8346 * (273.16 / kelvin) ** 1.261 + 4.6151)
    oxygen = 24 + 4.04e4 * vapour * (0.02 + vapour) / (0.391 + vapour)
    nitrogen = warm**-0.5 * (9 + 280 * vapour * np.exp(-4.170 * (warm ** (-1 / 3) - 1)))
    squared = np.square(hz)
    relaxed = 0.01275 * np.exp(-2239.1 / kelvin) / (oxygen + squared / oxygen)
    relaxed = relaxed + 0.1068 * np.exp(-3352.0 / kelvin) / (nitrogen + squared / nitrogen)
    return np.asarray(8.686 * squared * (1.84e-11 * warm**0.5 + warm**-2.5 * relaxed))
