"""The answer of a box-shaped room to a click."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hfaug.kinds import Samples

__all__ = ["response_of"]

Array = npt.NDArray[np.float64]
_SPEED = 343.0
_WINDOW_S = 0.02
_FREE_PATHS = 5
"""Ways between two walls after which echoes come so thick and from all sides that they are noise."""


def response_of(
    size: Array, source: Array, microphone: Array, echo_s: float, rate: int, generator: np.random.Generator
) -> Samples:
    """The answer of a box-shaped room to a click, from its direct sound on: echoes by images of the source, then noise.

    Args:
        size: Length, width and height, in metres.
        source: Where the click is, in metres.
        microphone: Where it is heard, in metres.
        echo_s: Seconds until it has fallen by 60 dB.
        rate: Samples a second.
        generator: Draws the noise.

    >>> places = np.array([1.0, 1, 1]), np.array([1.0, 1, 2])
    >>> room = response_of(np.array([5.0, 4, 3]), *places, 0.3, 16_000, np.random.default_rng(0))
    >>> room.shape, int(np.abs(room[0]).argmax())
    ((1, 4801), 0)
    """
    volume, walls = size.prod(), 2 * (size[0] * size[1] + size[1] * size[2] + size[0] * size[2])
    direct_s = float(np.linalg.norm(source - microphone)) / _SPEED
    mixed_s = direct_s + max(1.5 * _WINDOW_S, _FREE_PATHS * 4 * volume / walls / _SPEED)
    reflected = np.sqrt(max(1 - min(0.161 * volume / (walls * echo_s), 0.99), 1e-4))  # by Sabine's formula
    found = np.zeros(round((direct_s + echo_s) * rate) + 1)
    places, strengths = _images(size, source, microphone, reflected, mixed_s)
    first, last = round(direct_s * rate), min(round(mixed_s * rate), len(found))
    places = np.rint(places * rate).astype(np.int64)
    np.add.at(found, places[places < last], strengths[places < last])
    window = round(_WINDOW_S * rate)
    level = np.sqrt(np.mean(found[max(first + 1, last - window) : last] ** 2)) if last > first + 1 else 0.0
    times = np.arange(window / 2, window / 2 + len(found) - last) / rate
    found[last:] = level * generator.standard_normal(len(times)) * 10 ** (-3 * times / echo_s)
    heard, since_s = found[first:], np.arange(len(found) - first) / rate
    for _ in range(3):  # between few walls echoes do not die away as Sabine has it
        heard *= 10 ** ((-60 / echo_s - _slope(heard, rate, -60 / echo_s)) * since_s / 20)
    return heard.astype(np.float32)[None]


def _slope(response: Array, rate: int, wanted: float) -> float:
    """Decibels a second by which what is still to come falls, from 5 to 35 dB below all; as wanted where it jumps."""
    left = np.cumsum(response[::-1] ** 2)[::-1]
    decay = 10 * np.log10(left / left[0] + 1e-12)
    within = np.flatnonzero((decay <= -5) & (decay >= -35))
    return float(np.polyfit(within / rate, decay[within], 1)[0]) if len(within) > _WINDOW_S * rate else wanted


def _images(size: Array, source: Array, microphone: Array, reflected: float, until_s: float) -> tuple[Array, Array]:
    """When the click and its echoes are heard up to a moment, in seconds, and how loud."""
    ways, bounces = [], []
    for axis in range(3):
        most = int(np.ceil(until_s * _SPEED / (2 * size[axis]))) + 1
        orders = np.arange(-most, most + 1)
        here = 2 * orders * size[axis]
        ways.append(np.concatenate([here + source[axis], here - source[axis]]) - microphone[axis])
        bounces.append(np.concatenate([2 * np.abs(orders), np.abs(2 * orders - 1)]))
    far = np.sqrt(ways[0][:, None, None] ** 2 + ways[1][:, None] ** 2 + ways[2] ** 2)
    strength = reflected ** (bounces[0][:, None, None] + bounces[1][:, None] + bounces[2]) / np.maximum(far, 0.1)
    heard = far <= until_s * _SPEED
    return far[heard] / _SPEED, strength[heard]
