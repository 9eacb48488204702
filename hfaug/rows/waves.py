"""What waits to be done to a sound: steps that fuse with their neighbours, and how each is carried out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from hfaug.errors import MissingExtra
from hfaug.media import counts
from hfaug.moves import TimeMap

__all__ = ["Edit", "Gain", "Resample", "Stretch", "Take", "WaveStep", "apply_step", "fuse_step", "resampled"]

Samples = npt.NDArray[np.float32]

_SLOWEST = 2.0
"""How much slower one pass of the engine may be: beyond it draws phases from a generator that nobody can seed."""


@dataclass(frozen=True)
class Gain:
    """Every sample times a number. Neighbours multiply."""

    ratio: float


@dataclass(frozen=True)
class Stretch:
    """Another length at the same pitch, or another pitch at the same length. Neighbours are one pass of the engine.

    Attributes:
        count: Samples before.
        length: Samples afterwards.
        rate: Samples a second.
        semitones: How much higher it sounds.
    """

    count: int
    length: int
    rate: int
    semitones: float = 0.0


@dataclass(frozen=True)
class Resample:
    """Another number of samples for the same waves. Neighbours are one pass.

    Attributes:
        count: Samples before.
        length: Samples afterwards.
        rate: Samples a second, before and afterwards, as a pair of numbers that need not be whole.
    """

    count: int
    length: int
    rates: tuple[float, float]


@dataclass(frozen=True)
class Take:
    """Stretches of the sound to the sample, forwards or backwards, with silence between. Neighbours are one.

    Attributes:
        map: Where samples go; its times are samples.
        rate: Samples a second.
    """

    map: TimeMap
    rate: int


@dataclass(frozen=True, eq=False)
class Edit:
    """Other samples in the same places.

    Attributes:
        change: Gets samples and rate; returns the same object for no change.
        rate: Samples a second when it was asked for.
        flow: How the same is done to a long sound block by block, if it can be; see `hfaug.rows.flow.Heard`.
    """

    change: Callable[[Samples, int], Samples]
    rate: int
    flow: Callable[[Any], Callable[[Samples], Samples]] | None = None


WaveStep: TypeAlias = Gain | Stretch | Resample | Take | Edit


def fuse_step(todo: list[WaveStep], step: WaveStep) -> None:
    """Put a step behind others, as one with its neighbour where both are of a kind; what cancels out goes."""
    last = todo[-1] if todo else None
    fused: WaveStep | None = None
    if isinstance(last, Gain) and isinstance(step, Gain):
        fused = Gain(last.ratio * step.ratio)
    elif isinstance(last, Stretch) and isinstance(step, Stretch):
        fused = Stretch(last.count, step.length, last.rate, last.semitones + step.semitones)
    elif isinstance(last, Resample) and isinstance(step, Resample):
        fused = Resample(last.count, step.length, (last.rates[0] * step.rates[0], last.rates[1] * step.rates[1]))
    elif isinstance(last, Take) and isinstance(step, Take):
        fused = Take(last.map.then(step.map), last.rate)
    if fused is not None:
        todo.pop()
    done = fused or step
    if not _is_nothing(done):
        todo.append(done)


def _is_nothing(step: WaveStep) -> bool:
    if isinstance(step, Gain):
        return abs(step.ratio - 1) < 1e-9
    if isinstance(step, Stretch):
        return step.count == step.length and abs(step.semitones) < 1e-9
    if isinstance(step, Resample):
        return step.count == step.length and step.rates[0] == step.rates[1]
    return isinstance(step, Take) and step.map.is_identity


def apply_step(samples: Samples, step: WaveStep) -> Samples:
    """Carry out one step; the given samples are not written into."""
    if isinstance(step, Gain):
        return samples * np.float32(step.ratio)
    if isinstance(step, Stretch):
        return stretched(samples, step.length, step.rate, step.semitones)
    if isinstance(step, Resample):
        return resampled(samples, step.length, *step.rates)
    if isinstance(step, Take):
        return taken(samples, step.map, step.rate)
    return step.change(samples, step.rate)


def taken(samples: Samples, moves: TimeMap, rate: int) -> Samples:
    """Samples by a map in samples; one stretch played forwards is a view, and costs nothing."""
    pieces, length = moves.pieces, round(moves.duration_s)
    if len(pieces) == 1 and pieces[0][2:] == (0.0, float(length)):
        return samples[:, round(pieces[0][0]) : round(pieces[0][1])]
    out = np.zeros((samples.shape[0], length), np.float32)
    for start, stop, at, end in pieces:
        piece = samples[:, round(start) : round(stop)]
        low, high = sorted((round(at), round(end)))
        if high - low != piece.shape[1]:
            piece = stretched(piece, high - low, rate)
        out[:, low:high] = piece[:, ::-1] if end < at else piece
    return out


def stretched(samples: Samples, length: int, rate: int, semitones: float = 0.0) -> Samples:
    """Samples made longer or shorter by Signalsmith's phase vocoder, which keeps moments in their places.

    Args:
        samples: Shape (channels, n).
        length: Samples of each channel afterwards.
        rate: Samples a second; it sets the size of the engine's blocks.
        semitones: How much higher they shall sound.
    """
    channels, count = samples.shape
    if not count or not length:
        return np.zeros((channels, length), np.float32)
    if length > _SLOWEST * count:
        return stretched(stretched(samples, round(_SLOWEST * count), rate), length, rate, semitones)
    try:
        from python_stretch.Signalsmith import Stretch as Engine
    except ImportError as error:
        raise MissingExtra.for_extra("audio", "python-stretch") from error
    counts.add("audio.stretch")
    engine = Engine()
    engine.preset(channels, rate)
    engine.setTimeFactor(count / length)
    if semitones:
        engine.setTransposeSemitones(semitones)
    return _of_length(np.asarray(engine.process(np.require(samples, np.float32, ["C", "W"]))), length)


def resampled(samples: Samples, length: int, before: float, after: float) -> Samples:
    """Samples of the same waves at another rate, by soxr.

    Args:
        samples: Shape (channels, n).
        length: Samples of each channel afterwards.
        before: Samples a second, in any unit.
        after: Samples a second afterwards, in the same unit.
    """
    if not samples.shape[1] or not length:
        return np.zeros((samples.shape[0], length), np.float32)
    try:
        import soxr
    except ImportError as error:
        raise MissingExtra.for_extra("audio", "soxr") from error
    counts.add("audio.resample")
    return _of_length(np.asarray(soxr.resample(samples.T, before, after).T, dtype=np.float32), length)


def _of_length(samples: Samples, length: int) -> Samples:
    """Samples cut, or filled with silence, to a length from which rounding keeps them."""
    if samples.shape[1] >= length:
        return samples[:, :length]
    return np.pad(samples, ((0, 0), (0, length - samples.shape[1])))
